"""The routes of everything a newcomer opens in the browser, ready to be hung into the server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from playground.docs import docs_routes
from playground.headers import GUARD_HEADERS
from playground.letterbox import mailbox_routes
from playground.mailbox import Mailbox
from playground.operations import read_operations
from playground.pages import answer, page, render
from playground.peers import peer_routes
from server.html import Markup
from storage.database import Database

# Under which address somebody is signed in; "" for a stranger.
Who = Callable[[Request], Awaitable[str]]
STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody of the demo world whom a newcomer may sign in as; `part` says in a few words who that is."""

    email: str
    password: str
    part: str


def playground_routes(
    *,
    version: str,
    robot: str,
    docs_folder: Path,
    people: Sequence[DemoPerson] = (),
    mailbox: Mailbox | None = None,
    who: Who | None = None,
    db: Database | None = None,
) -> list[BaseRoute]:
    """`/`, `/playground…` and `/docs…` for the robot of that domain.

    `people` (demo only) are shown with their passwords; without a `mailbox` there is no mailbox page. `who` tells
    under which address whoever opens the front page is signed in; with a `db` there is a page of other servers.
    """
    operations = [operation.as_json() for operation in read_operations()]
    nav = render(
        "nav",
        mailbox=render("nav_mailbox") if mailbox else Markup(""),
        peers=render("nav_peers") if db else Markup(""),
    )
    start = render("front_demo" if people else "front_plain", people=_people("person_row", people))

    async def front(request: Request) -> Response:
        address = "" if who is None else await who(request)
        account = render("front_account", address=address) if address else render("front_stranger")
        body = render(
            "front",
            version=version,
            robot=robot,
            start=start,
            account=account if who is not None else Markup(""),
            address=str(request.base_url).rstrip("/"),
            mailbox=render("front_mailbox") if mailbox else Markup(""),
        )
        return page(robot, nav, body)

    async def playground(_: Request) -> Response:
        body = render("playground", signin=sign_in_strip(people))
        return page("Playground", nav, body, script="playground.js")

    async def examples(_: Request) -> Response:
        return answer(operations)

    return [
        Route("/", front),
        Route("/playground", playground),
        Route("/playground/operations.json", examples),
        *(mailbox_routes(mailbox, nav) if mailbox else ()),
        *(peer_routes(db, nav) if db else ()),
        Mount("/playground/static", _GuardedFiles(directory=STATIC)),
        *docs_routes(docs_folder, version, nav),
    ]


class _GuardedFiles(StaticFiles):
    """Static files under the same guard as the pages, checked for a newer version on each use."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(GUARD_HEADERS | {"Cache-Control": "no-cache"})
        return response


def sign_in_strip(people: Sequence[DemoPerson]) -> Markup:
    """Who is signed in, and how to change that; `static/signin.js` brings it to life."""
    return render("signin", people=_people("person_button", people))


def _people(template: str, people: Sequence[DemoPerson]) -> Markup:
    return Markup(
        "".join(
            render(template, email=person.email, password=person.password, part=person.part)
            for person in people
        )
    )
