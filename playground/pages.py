"""HTML pages from the templates beside this file, every inserted value escaped, every response guarded."""

from __future__ import annotations

import html
from functools import lru_cache
from pathlib import Path
from string import Template

from starlette.responses import HTMLResponse, JSONResponse

from playground.headers import GUARD_HEADERS

TEMPLATES = Path(__file__).parent / "templates"


class Markup(str):
    """Text that is HTML already and is inserted as it stands."""

    __slots__ = ()


def render(template: str, /, **values: str) -> Markup:
    """Fill `templates/TEMPLATE.html`; a value that is not `Markup` is escaped.

    Raises KeyError when the template names a value that is not given.
    """
    safe = {key: value if isinstance(value, Markup) else html.escape(value) for key, value in values.items()}
    return Markup(_template(template).substitute(safe))


def page(
    title: str, nav: Markup, body: Markup, *, script: str | None = None, status: int = 200
) -> HTMLResponse:
    """A whole page: the frame with `title` and `nav` around `body`, loading `static/SCRIPT` as a module."""
    tag = render("script", name=script) if script else Markup("")
    frame = render("frame", title=title, nav=nav, body=body, script=tag)
    headers = GUARD_HEADERS | {"Cache-Control": "no-store"}
    return HTMLResponse(frame, status_code=status, headers=headers)


def answer(content: object, *, status: int = 200) -> JSONResponse:
    """A JSON answer with the same guard; never cached."""
    headers = GUARD_HEADERS | {"Cache-Control": "no-store"}
    return JSONResponse(content, status_code=status, headers=headers)


@lru_cache
def _template(name: str) -> Template:
    return Template((TEMPLATES / f"{name}.html").read_text(encoding="utf-8"))
