"""XML from strangers: read by one parser, without DTD, with bounded size and depth, and texts always whole."""

from xml.etree import ElementTree as ET
from xml.parsers import expat

from mail.instant import SECOND, from_rfc3339, to_rfc3339

SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
SAMLP = "{urn:oasis:names:tc:SAML:2.0:protocol}"
DS = "{http://www.w3.org/2000/09/xmldsig#}"
XENC = "{http://www.w3.org/2001/04/xmlenc#}"
_DEEPEST = 60
_PIECE = 64 * 1024


class BadDocument(Exception):
    """The document is not what SAML allows; the text says why, without quoting it."""


def parse(document: bytes, largest: int) -> ET.Element:
    """The root of a document of at most `largest` bytes; raises BadDocument for what is unfit or dangerous (pitfall 28).

    Comments are left out, so that a text is what its signature covers: the whole of it (pitfall 27).
    """
    if len(document) > largest:
        raise BadDocument(f"larger than {largest} bytes")
    _refuse_dangers(document)
    parser = ET.XMLParser()  # noqa: S314 — as above
    # In pieces, so that reading a large federation in a thread lets others work in between.
    for start in range(0, len(document), _PIECE):
        parser.feed(document[start : start + _PIECE])
    return parser.close()


def _refuse_dangers(document: bytes) -> None:
    if b"\0" in document:
        raise BadDocument("not UTF-8")
    try:
        document.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise BadDocument("not UTF-8") from problem
    depth = 0

    def refuse_dtd(*_: object) -> None:
        raise BadDocument("it has a DTD")

    def refuse_instruction(*_: object) -> None:
        raise BadDocument("it has a processing instruction")

    def check_declaration(version: str, encoding: str | None, _standalone: int) -> None:
        if version != "1.0" or (encoding or "utf-8").lower() not in {"utf-8", "us-ascii"}:
            raise BadDocument("not XML 1.0 in UTF-8")

    def enter(_name: str, _attributes: object) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise BadDocument("nested too deeply")

    def leave(_name: str) -> None:
        nonlocal depth
        depth -= 1

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = refuse_dtd
    parser.EntityDeclHandler = refuse_dtd
    parser.ProcessingInstructionHandler = refuse_instruction
    parser.XmlDeclHandler = check_declaration
    parser.StartElementHandler = enter
    parser.EndElementHandler = leave
    try:
        parser.Parse(document, True)
    except expat.ExpatError as problem:
        raise BadDocument("not well-formed XML") from problem


def text_of(element: ET.Element | None) -> str:
    """The whole text of an element, "" where there is none; raises BadDocument for elements within it."""
    if element is None:
        return ""
    if len(element):
        raise BadDocument(f"{local_name(element)} is no plain text")
    return (element.text or "").strip(" \t\r\n")


def local_name(element: ET.Element) -> str:
    """The name of an element without its namespace."""
    return element.tag.rpartition("}")[2]


def the_only(parent: ET.Element, tag: str) -> ET.Element:
    """The one child of this name; raises BadDocument for none or several."""
    found = parent.findall(tag)
    if len(found) != 1:
        raise BadDocument(f"{len(found)} elements {tag.rpartition('}')[2]} where one has to be")
    return found[0]


def at_most_one(parent: ET.Element, tag: str) -> ET.Element | None:
    """The child of this name, if there is one; raises BadDocument for several."""
    return the_only(parent, tag) if parent.find(tag) is not None else None


def instant(text: str) -> int:
    """An xs:dateTime as microseconds since the epoch; raises BadDocument for one without a zone (SAML Core 1.3.3)."""
    try:
        return from_rfc3339(text)
    except ValueError as problem:
        raise BadDocument("a time that does not exist, or has no zone") from problem


def instant_text(moment: int) -> str:
    """The xs:dateTime of an instant, in whole seconds."""
    return to_rfc3339(moment - moment % SECOND)
