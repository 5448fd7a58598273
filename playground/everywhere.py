"""The page of one person's lists on all servers, filling in as each server answers."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from playground.app import DemoPerson, sign_in_strip
from playground.pages import page, render
from server.html import Markup

PATH = "/playground/everywhere"


def everywhere_routes(people: Sequence[DemoPerson]) -> list[BaseRoute]:
    """`/playground/everywhere`, with `people` (demo only) to sign in as by one click."""
    nav = render("nav", mailbox=render("nav_mailbox"), peers=render("nav_peers"))

    async def show(_: Request) -> Response:
        body = render("everywhere", signin=sign_in_strip(people))
        return page("Your lists everywhere", nav, Markup(body), script="everywhere.js")

    return [Route(PATH, show)]
