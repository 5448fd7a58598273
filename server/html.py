"""HTML out of templates, every inserted value escaped unless it is markup already."""

import html
from functools import cache
from pathlib import Path
from string import Template

from starlette.responses import HTMLResponse

_FOLDER = Path(__file__).parent / "templates"
# Pages behind a secret address: kept by nobody on the way.
_HEADERS = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}


class Markup(str):
    """Text that is HTML already and is inserted as it stands."""

    __slots__ = ()


def fill(template: str, /, **values: str) -> Markup:
    """Fill `templates/TEMPLATE.html`; raises KeyError when the template names a value that is not given."""
    safe = {
        name: value if isinstance(value, Markup) else html.escape(value) for name, value in values.items()
    }
    return Markup(_template(template).substitute(safe))


def joined(*parts: Markup) -> Markup:
    """Pieces of markup one after the other."""
    return Markup("".join(parts))


def page(title: str, *body: Markup, status: int = 200) -> HTMLResponse:
    """A whole page, that works without scripts and without style sheets."""
    text = fill("frame", title=title, body=joined(*body))
    return HTMLResponse(text, status_code=status, headers=_HEADERS)


def notice(title: str, *paragraphs: str, status: int = 200) -> HTMLResponse:
    """A page that only says something."""
    return page(title, *(fill("paragraph", text=text) for text in paragraphs), status=status)


@cache
def _template(name: str) -> Template:
    return Template((_FOLDER / f"{name}.html").read_text(encoding="utf-8"))
