"""HTML out of templates, every inserted value escaped unless it is markup already."""

import html
from pathlib import Path
from string import Template

from starlette.responses import HTMLResponse

# Pages behind a secret address: kept by nobody on the way.
_HEADERS = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}


class Markup(str):
    """Text that is HTML already and is inserted as it stands."""

    __slots__ = ()


class Templates:
    """The templates of one folder, each read once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, Template] = {}

    def fill(self, template: str, /, **values: str) -> Markup:
        """Fill TEMPLATE.html; a value that is not `Markup` is escaped.

        Raises KeyError when the template names a value that is not given.
        """
        found = self._read.get(template)
        if found is None:
            text = (self._folder / f"{template}.html").read_text(encoding="utf-8")
            found = self._read[template] = Template(text)
        return Markup(found.substitute({name: _escaped(value) for name, value in values.items()}))


def _escaped(value: str) -> Markup:
    return value if isinstance(value, Markup) else Markup(html.escape(value))


fill = Templates(Path(__file__).parent / "templates").fill


def joined(*parts: Markup) -> Markup:
    """Pieces of markup one after the other."""
    return Markup("".join(parts))


NOTHING = Markup("")


def page(title: str, *body: Markup, status: int = 200, nav: Markup = NOTHING) -> HTMLResponse:
    """A whole page, that works without scripts and without style sheets; `nav` stands before what it is about."""
    text = fill("frame", title=title, nav=nav, body=joined(*body))
    return HTMLResponse(text, status_code=status, headers=_HEADERS)


def notice(title: str, *paragraphs: str, status: int = 200) -> HTMLResponse:
    """A page that only says something."""
    return page(title, *(fill("paragraph", text=text) for text in paragraphs), status=status)
