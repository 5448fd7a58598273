"""A small site of the playground's routes alone, with a mailbox in memory and two documents."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient
from starlette.applications import Starlette

from playground.app import DemoPerson, playground_routes
from playground.mailbox import Mailbox

ALICE = DemoPerson("alice@example.edu", "demo", 'a member & "more"')


@pytest.fixture
def mailbox() -> Mailbox:
    """An empty mailbox in memory."""
    return Mailbox()


@pytest.fixture
def docs_folder(tmp_path: Path) -> Path:
    """A handbook of two documents."""
    (tmp_path / "docs" / "decisions").mkdir(parents=True)
    (tmp_path / "docs" / "start.md").write_text(
        "# How to start\n\n<script>alert(1)</script>\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    )
    (tmp_path / "docs" / "decisions" / "0001.md").write_text("# A decision\n\n[start](../start.md)\n")
    (tmp_path / "secret.md").write_text("# Not for reading\n")
    return tmp_path / "docs"


@pytest.fixture
async def browser(mailbox: Mailbox, docs_folder: Path) -> AsyncIterator[AsyncClient]:
    """A client of the demo's pages."""
    routes = playground_routes(
        version="1.2.3",
        robot="lists.example.org",
        docs_folder=docs_folder,
        people=[ALICE],
        mailbox=mailbox,
    )
    async with AsyncClient(
        transport=ASGITransport(Starlette(routes=routes)), base_url="http://lists.test"
    ) as client:
        yield client


@pytest.fixture
async def visitor(docs_folder: Path) -> AsyncIterator[AsyncClient]:
    """A client of the same pages on a server in earnest: no demo people, no mailbox."""
    routes = playground_routes(version="1.2.3", robot="lists.example.org", docs_folder=docs_folder)
    async with AsyncClient(
        transport=ASGITransport(Starlette(routes=routes)), base_url="http://lists.test"
    ) as client:
        yield client
