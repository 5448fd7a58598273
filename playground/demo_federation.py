"""`postroom demo-federation`: three list servers that ask each other, one of them slow, and a hostile fourth, until Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer
import uvicorn
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from federation import named
from playground.app import playground_routes
from playground.demo import demo_settings
from playground.demo_federation_world import (
    ASSOCIATION,
    CHOIR,
    PEOPLE,
    UNIVERSITY,
    PlannedServer,
    befriend,
    build,
    thumbprints,
)
from playground.demo_hostile import hostile
from playground.everywhere import PATH, everywhere_routes
from playground.mailbox import Mailbox
from playground.serving import DOCS
from server.app import Pages
from server.asking import Asking, signed_in_as
from server.listening import PortUnusable, bound, in_words
from server.logging import configure_logging
from server.serve import run_roles, run_until_signal
from server.settings import Settings
from server.state import State, open_state
from server.web import UnsignalledUvicorn, Web
from server.worker import run_worker
from storage.tables.words import PeerTrust

_PORT = 8125
# Each has a loopback address of its own, since browsers keep cookies by host whatever the port.
_HOSTS = ("127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4")
_LATE_SECONDS = 1.2


@dataclass(frozen=True, slots=True)
class _Site:
    """Where a server is found, and where it listens itself."""

    planned: PlannedServer
    host: str
    port: int
    inner_port: int

    @property
    def name(self) -> str:
        """As the other servers know it."""
        return f"{self.host}:{self.port}"


def register(app: typer.Typer) -> None:
    """Add the command, plugged into the program by the entry point `postroom.commands`."""
    app.command("demo-federation")(demo_federation)


def demo_federation(
    port: int = typer.Option(
        _PORT, min=1, max=65534, help="The port of all servers; the slow one also takes the next."
    ),
) -> None:
    """Run three list servers that ask each other, a slow one among them, and a hostile one, until Ctrl-C."""
    settings = demo_settings()
    configure_logging(settings)
    with tempfile.TemporaryDirectory(prefix="postroom-federation-") as folder:
        try:
            run_until_signal(lambda stop: run_federation(settings, Path(folder), port, stop))
        except PortUnusable as taken:
            raise PortUnusable(
                f"Something listens on port {port} already; choose another one with --port."
            ) from taken


async def run_federation(settings: Settings, folder: Path, port: int, stop: asyncio.Event) -> None:
    """Serve the world until `stop` is set; everything is kept in `folder`."""
    sites = [
        _Site(UNIVERSITY, _HOSTS[0], port, port),
        _Site(ASSOCIATION, _HOSTS[1], port, port),
        _Site(CHOIR, _HOSTS[2], port, port + 1),
    ]
    mailbox = Mailbox()
    async with contextlib.AsyncExitStack() as opened:
        smtp = await mailbox.start("127.0.0.1", 0)
        opened.push_async_callback(mailbox.stop)
        states = []
        for each in sites:
            given = _settings(settings, folder, each, smtp)
            states.append(await opened.enter_async_context(open_state(given)))
            await build(states[-1].database, each.planned)
        liar, liars_keys = hostile(f"http://{_HOSTS[3]}:{port}")
        await opened.enter_async_context(_served(liar, _HOSTS[3], port))
        await opened.enter_async_context(_late(sites[2]))
        running = [
            asyncio.create_task(run_roles(state, [Web(_pages(mailbox, each)), run_worker], stop))
            for state, each in zip(states, sites, strict=True)
        ]
        greeting = asyncio.create_task(_ready(states, sites, f"{_HOSTS[3]}:{port}", liars_keys))
        try:
            await asyncio.wait(
                [*running, asyncio.create_task(_until(greeting, stop))], return_when="FIRST_COMPLETED"
            )
        finally:
            stop.set()
            greeting.cancel()
            ended = await asyncio.gather(*running, greeting, return_exceptions=True)
    for problem in ended:
        if isinstance(problem, Exception):
            raise problem


async def _until(greeting: asyncio.Task[None], stop: asyncio.Event) -> None:
    """Wait for the end, or for a beginning that failed."""
    await greeting
    await stop.wait()


def _settings(settings: Settings, folder: Path, site: _Site, smtp: tuple[str, int]) -> Settings:
    data = folder / site.planned.title.split()[0].lower()
    return settings.model_copy(
        update={
            "data_dir": data,
            "database_url": f"sqlite+aiosqlite:///{data}/postroom.db",
            "secret_key_file": data / "secret.key",
            "redis_url": "embedded",
            "http_host": site.host,
            "http_port": site.inner_port,
            "public_url": f"http://{site.name}",
            "mail_hostname": site.planned.domain,
            "smtp_host": smtp[0],
            "smtp_port": smtp[1],
            "smtp_servers": (),
            "federation_private": True,
        }
    )


def _pages(mailbox: Mailbox, site: _Site) -> Pages:
    is_first = site.planned is UNIVERSITY
    people = [each for each in PEOPLE if each.email in (*site.planned.accounts, site.planned.listmaster)]

    def pages(state: State) -> Sequence[BaseRoute]:
        shown = playground_routes(
            version=state.version,
            robot=site.planned.domain,
            docs_folder=DOCS,
            people=people,
            mailbox=mailbox,
            who=signed_in_as(Asking(state.database)),
            db=state.database,
        )
        return [*everywhere_routes(people), *shown] if is_first else shown

    return pages


@contextlib.asynccontextmanager
async def _served(app: ASGIApp, host: str, port: int) -> AsyncIterator[None]:
    """An application that is none of ours, on a port of its own."""
    listener = bound(host, port, "HTTP")
    server = UnsignalledUvicorn(
        uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", loop="none")
    )
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        server.should_exit = True
        await serving


@contextlib.asynccontextmanager
async def _late(site: _Site) -> AsyncIterator[None]:
    """The slow server's line: everything goes through, a moment after it was said."""

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(_LATE_SECONDS)
        try:
            inner_reader, inner_writer = await asyncio.open_connection(site.host, site.inner_port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_pass_on(reader, inner_writer), _pass_on(inner_reader, writer))

    with in_words(site.host, site.port, "HTTP"):
        server = await asyncio.start_server(relay, site.host, site.port)
    async with server:
        yield


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    writer.close()


async def _ready(states: list[State], sites: list[_Site], liar: str, liars_keys: list[str]) -> None:
    """Let the servers know each other as soon as they answer, and say where everything is."""
    for each in sites:
        await _open(each.host, each.inner_port)
    shown = [await thumbprints(each.database) for each in states]
    for number, state in enumerate(states):
        for other, keys in zip(sites, shown, strict=True):
            if other is not sites[number]:
                await befriend(state.database, other.name, keys, PeerTrust.MUTUAL)
    await befriend(states[0].database, liar, liars_keys, PeerTrust.MUTUAL)
    for state in states:
        await named.tidy(state.database)
    sys.stdout.write(greeting(sites, liar))
    sys.stdout.flush()


async def _open(host: str, port: int) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError:
            await asyncio.sleep(0.05)
            continue
        writer.close()
        return


def greeting(sites: Sequence[_Site], liar: str) -> str:
    """What a newcomer reads first."""
    urls = [f"http://{each.name}" for each in sites]
    people = "\n".join(f"  {person.email:38} {person.part}" for person in PEOPLE)
    return f"""
Three list servers are running that ask each other, and a hostile one.

  {urls[0]}   the university: sign in here
  {urls[1]}   the association, which tells of Ada at once
  {urls[2]}   the choir, which is slow, and asks Ada by mail first
  http://{liar}   a server that was taken over: its answers are not believed

  {urls[0]}{PATH}   one person's lists, filling in
  {urls[0]}/playground/mailbox      every mail that leaves any of them
  {urls[0]}/playground/peers        how each server does, for the administrator

Sign in at the university as one of these; the password is "{PEOPLE[0].password}":

{people}

Ctrl-C ends all of them; nothing is kept.
"""
