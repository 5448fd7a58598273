"""The pages that the playground contributes to a server in earnest: front page, playground, handbook, no mailbox."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from starlette.routing import BaseRoute

from playground.app import playground_routes
from server.asking import Asking, signed_in_as
from server.state import State

DOCS = Path(__file__).parent.parent / "docs"


def pages(state: State) -> Sequence[BaseRoute]:
    """Routes for an open state, plugged into the server by the entry point `postroom.pages`."""
    host = urlsplit(state.site.public_url).hostname or ""
    who = signed_in_as(Asking(state.database))
    return playground_routes(version=state.version, robot=host, docs_folder=DOCS, who=who, db=state.database)
