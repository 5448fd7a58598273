"""Reads a small XML document of a stranger: elements and text, and no other thing that XML has.

No document type, so no entities, no external references and no defaults; no comments and processing instructions, so that
a text is in one piece; UTF-8, whatever the document says (pitfalls 27, 28 and 41).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

_LARGEST = 256 * 1024
_DEEPEST = 30
_MOST_ELEMENTS = 10_000


class BadXML(ValueError):
    """This is no XML, or XML of a kind that is not read."""


@dataclass(slots=True)
class Element:
    """An element; `name` is `{namespace}local`, or the bare local name where it is in no namespace."""

    name: str
    attributes: Mapping[str, str]
    children: "list[Element]" = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text directly in it, without white space around it."""
        return "".join(self.pieces).strip(" \t\r\n")

    def named(self, name: str) -> "list[Element]":
        """Its own children of a name."""
        return [child for child in self.children if child.name == name]

    def everything(self) -> "Iterator[Element]":
        """Itself and all elements in it."""
        yield self
        for child in self.children:
            yield from child.everything()


def read_xml(raw: bytes) -> Element:
    """The root of a document of at most 256 KiB; raises BadXML."""
    if len(raw) > _LARGEST:
        raise BadXML("the document is too large")
    reader = _Reader()
    try:
        text = raw.decode("utf-8").encode("utf-8")
        reader.parser.Parse(text, True)
    except (expat.ExpatError, UnicodeDecodeError) as problem:
        raise BadXML(f"this is no XML in UTF-8: {problem}"[:200]) from problem
    if reader.root is None:
        raise BadXML("the document has no element")
    return reader.root


class _Reader:
    """Builds the tree while expat reads."""

    def __init__(self) -> None:
        self.root: Element | None = None
        self._open: list[Element] = []
        self._count = 0
        self.parser = expat.ParserCreate("utf-8", "}")
        self.parser.buffer_text = True
        self.parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = _forbidden("a document type")
        self.parser.EntityDeclHandler = _forbidden("an entity")
        self.parser.UnparsedEntityDeclHandler = _forbidden("an entity")
        self.parser.ExternalEntityRefHandler = _forbidden("an external entity")
        self.parser.CommentHandler = _forbidden("a comment")
        self.parser.ProcessingInstructionHandler = _forbidden("a processing instruction")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) >= _DEEPEST or self._count > _MOST_ELEMENTS:
            raise BadXML("the document is nested too deeply or has too many elements")
        element = Element(_named(name), {_named(key): value for key, value in attributes.items()})
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def _end(self, _name: str) -> None:
        self._open.pop()

    def _text(self, text: str) -> None:
        self._open[-1].pieces.append(text)


def _named(name: str) -> str:
    return "{" + name if "}" in name else name


class _forbidden:  # noqa: N801 - it is called like a function
    """Refuses a document as soon as it has something of this kind."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __call__(self, *_what_it_says: object) -> NoReturn:
        raise BadXML(f"the document has {self._what}")
