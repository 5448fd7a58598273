"""The handbook in the browser: the Markdown files of `docs/`, rendered without any HTML of their own, and their pictures."""

from __future__ import annotations

import re
from pathlib import Path

from markdown_it import MarkdownIt
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from playground.headers import GUARD_HEADERS
from playground.pages import page, render
from server.html import Markup

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
# The beginning of a link to a page beside this one.
_BESIDE = re.compile(r"\]\((?![a-z]+:|[/#])")


def docs_routes(folder: Path, version: str, nav: Markup) -> list[BaseRoute]:
    """`/docs`, the contents (README.md, or else every title), `/docs/NAME.md` for each Markdown file under `folder`, and `/docs/images/NAME.png`."""

    async def contents(_: Request) -> Response:
        index = folder / "README.md"
        if index.is_file():
            text = _BESIDE.sub("](/docs/", index.read_text(encoding="utf-8"))
            return page("Handbook", nav, render("doc", version=version, text=Markup(_MARKDOWN.render(text))))
        entries = "".join(
            render("doc_entry", name=name, title=_title(path)) for name, path in _files(folder).items()
        )
        body = render("docs", version=version, entries=Markup(entries))
        return page("Handbook", nav, body)

    async def document(request: Request) -> Response:
        name = str(request.path_params["name"])
        files = _files(folder)
        path = files.get(name) or files.get(f"{name}.md")
        if path is None:
            return page("Not found", nav, render("not_found"), status=404)
        text = path.read_text(encoding="utf-8")
        body = render("doc", version=version, text=Markup(_MARKDOWN.render(text)))
        return page(_title(path), nav, body)

    async def image(request: Request) -> Response:
        path = _images(folder).get(str(request.path_params["name"]))
        if path is None:
            return page("Not found", nav, render("not_found"), status=404)
        return FileResponse(path, media_type="image/png", headers=GUARD_HEADERS)

    return [
        Route("/docs", contents),
        Route("/docs/images/{name}", image),
        Route("/docs/{name:path}", document),
    ]


def _images(folder: Path) -> dict[str, Path]:
    return {path.name: path for path in (folder / "images").glob("*.png")}


def _files(folder: Path) -> dict[str, Path]:
    """The documents by their name in the address; only what lies in the folder can be named at all."""
    found = sorted(folder.rglob("*.md"), key=lambda path: (len(path.parts), path))
    return {path.relative_to(folder).as_posix(): path for path in found}


def _title(path: Path) -> str:
    with path.open(encoding="utf-8") as lines:
        first = next((line for line in lines if line.startswith("# ")), "# " + path.stem)
    return first[2:].strip()
