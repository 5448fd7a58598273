"""A real uvicorn on a free port with the GraphQL face over a small world, in a process of its own."""

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import uvicorn

from identity.actor import operator
from identity.tokens import make_token
from storage.opening import migrate, open_database
from storage.site import Site
from storage.tables.people import Person
from storage.tables.words import TokenScope
from tests.databases import free_port
from tests.resolvers.lists_world import scene_in
from tests.server.graphql_world import World, world_of

_PATIENCE = 30


@dataclass(frozen=True)
class Served:
    """Where it listens, and an API token for each role of the scene."""

    url: str
    tokens: dict[str, str]


@contextlib.contextmanager
def graphql_server(folder: Path) -> Iterator[Served]:
    """Start it, wait until it answers, and stop it at the end."""
    port = free_port()
    note = folder / "served.json"
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.wire.graphql_server", str(folder), str(port), str(note)],
            stdout=log,
            stderr=log,
        )
    try:
        yield _answering(process, f"http://127.0.0.1:{port}/graphql", note, folder / "server.log")
    finally:
        process.terminate()
        process.wait(10)


def _answering(process: "subprocess.Popen[bytes]", url: str, note: Path, log: Path) -> Served:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(httpx.TransportError, FileNotFoundError, json.JSONDecodeError):
            httpx.post(url, json={"query": "{ __typename }"}).raise_for_status()
            return Served(url, json.loads(note.read_text()))
        time.sleep(0.1)
    raise RuntimeError(f"The server did not answer:\n{log.read_text()}")


async def _token(world: World, person: Person) -> str:
    async with world.db.write() as uow:
        _, secret = await make_token(
            uow, operator(world.robot), person.id, "a test's", {TokenScope.ADMINISTRATE}
        )
    return secret


async def _serve(folder: Path, port: int, note: Path) -> None:
    url = f"sqlite+aiosqlite:///{folder}/world.db"
    await migrate(url)
    opened = await open_database(url, Site(f"http://127.0.0.1:{port}", b"s" * 32))
    async with world_of(opened) as world:
        scene = await scene_in(world)
        await scene.make("quiet", send="editorkeyonly", visibility="secret", archive_web_access="public")
        await scene.put("talk", *(f"member{n}@example.net" for n in range(30)))
        await scene.mail("talk", "alice@example.edu", "An archived message")
        await scene.mail("quiet", "alice@example.edu", "A waiting message")
        note.write_text(json.dumps({role: await _token(world, who) for role, who in scene.people.items()}))
        await uvicorn.Server(uvicorn.Config(world.app, port=port, log_level="warning")).serve()
    await opened.close()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])))
