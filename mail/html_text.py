"""HTML as the text a person would read in it, in one pass that hostile markup cannot slow down."""

import html
import re
from collections.abc import Iterator

_TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]*+)[^<>]*+>|<[!?][^<>]*+>")
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "blockquote",
        "br",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "td",
        "th",
        "tr",
        "ul",
    ]
)
_UNSHOWN = frozenset({"head", "script", "style", "title", "template", "noscript"})
_SPACES = re.compile(r"[ \t\r\n\f\u00a0]+")
_GAPS = re.compile(r"\n{3,}")


def html_as_text(markup: str) -> str:
    """Return the readable text of an HTML document; never raises, in time linear in its length."""
    lines = ("".join(_pieces(markup))).split("\n")
    text = "\n".join(_SPACES.sub(" ", line).strip() for line in lines)
    return _GAPS.sub("\n\n", text).strip()


def _pieces(markup: str) -> Iterator[str]:
    unshown = ""
    for chunk in _outside_comments(markup):
        position = 0
        for match in _TAG.finditer(chunk):
            name = (match[1] or "").lower()
            if not unshown:
                yield _plain(chunk[position : match.start()])
            position = match.end()
            is_end = match[0].startswith("</")
            if unshown:
                unshown = "" if is_end and name == unshown else unshown
            elif name in _UNSHOWN and not is_end:
                unshown = name
            elif name in _BLOCKS:
                yield "\n"
        if not unshown:
            yield _plain(chunk[position:])


def _plain(text: str) -> str:
    return _SPACES.sub(" ", html.unescape(text))


def _outside_comments(markup: str) -> Iterator[str]:
    position = 0
    while (start := markup.find("<!--", position)) >= 0:
        yield markup[position:start]
        end = markup.find("-->", start + 4)
        if end < 0:
            return
        position = end + 3
    yield markup[position:]
