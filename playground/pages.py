"""HTML pages from the templates beside this file, every inserted value escaped, every response guarded."""

from __future__ import annotations

from pathlib import Path

from starlette.responses import HTMLResponse, JSONResponse

from playground.headers import GUARD_HEADERS
from server.html import Markup, Templates

TEMPLATES = Path(__file__).parent / "templates"


render = Templates(TEMPLATES).fill


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
