"""`postroom demo`: the whole service in one process with a world to play in, until Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import sys
from collections.abc import AsyncIterator, Sequence

import typer
from starlette.routing import BaseRoute

from playground.app import playground_routes
from playground.demo_world import DOMAIN, PEOPLE, build_world
from playground.mailbox import Mailbox
from playground.serving import DOCS
from server.app import Pages
from server.asking import Asking, signed_in_as
from server.door import run_door
from server.logging import configure_logging
from server.serve import run_roles, run_until_signal
from server.settings import Settings, load_settings
from server.state import State, open_state
from server.web import Web
from server.worker import run_worker


def register(app: typer.Typer) -> None:
    """Add the command, plugged into the program by the entry point `postroom.commands`."""
    app.command("demo")(demo)


def demo() -> None:
    """Run everything with a demo world and a mailbox instead of a mail server, until Ctrl-C."""
    settings = demo_settings()
    configure_logging(settings)
    run_until_signal(lambda stop: run_demo(settings, stop))


def demo_settings() -> Settings:
    """The settings, made friendly for somebody at a terminal where nothing else was said."""
    found = load_settings()
    friendly = {"log_format": "console", "log_level": "warning", "mail_hostname": DOMAIN}
    unsaid = {name: value for name, value in friendly.items() if name not in found.model_fields_set}
    return found.model_copy(update=unsaid)


async def run_demo(settings: Settings, stop: asyncio.Event) -> None:
    """Serve the demo world until `stop` is set; the world is made where it is missing."""
    async with _mailbox(settings) as (mailbox, host, port):
        settings = settings.model_copy(update={"smtp_host": host, "smtp_port": port})
        async with open_state(settings) as state:
            await build_world(state.database)
            await run_roles(state, [Web(_pages(mailbox)), run_worker, run_door, _greet], stop)


@contextlib.asynccontextmanager
async def _mailbox(settings: Settings) -> AsyncIterator[tuple[Mailbox, str, int]]:
    """The mailbox and where mail is to be handed over.

    On a free port; where SMTP_HOST or SMTP_PORT is set, there, and if a mail server has that port already, it gets
    the mail.
    """
    mailbox = Mailbox(settings.data_dir / "mailbox")
    is_chosen = bool({"smtp_host", "smtp_port"} & settings.model_fields_set)
    host, port = (settings.smtp_host, settings.smtp_port) if is_chosen else ("127.0.0.1", 0)
    try:
        host, port = await mailbox.start(host, port)
    except OSError as reason:
        if reason.errno != errno.EADDRINUSE:
            raise
        sys.stderr.write(f"Mail goes to the server at {host} port {port}; the mailbox page stays empty.\n")
    try:
        yield mailbox, host, port
    finally:
        await mailbox.stop()


def _pages(mailbox: Mailbox) -> Pages:
    def pages(state: State) -> Sequence[BaseRoute]:
        return playground_routes(
            version=state.version,
            robot=DOMAIN,
            docs_folder=DOCS,
            people=PEOPLE,
            mailbox=mailbox,
            who=signed_in_as(Asking(state.database)),
            db=state.database,
        )

    return pages


async def _greet(state: State, stop: asyncio.Event) -> None:
    """Say where everything is, as soon as it is there."""
    settings = state.settings
    while not stop.is_set():
        try:
            _, writer = await asyncio.open_connection(settings.http_host, settings.http_port)
        except OSError:
            await asyncio.sleep(0.05)
            continue
        writer.close()
        sys.stdout.write(greeting(settings))
        sys.stdout.flush()
        await stop.wait()


def greeting(settings: Settings) -> str:
    """What a newcomer reads first."""
    url = settings.public_url
    people = "\n".join(f"  {person.email:32} {person.part}" for person in PEOPLE)
    return f"""
Postroom is running, with a world to play in.

  {url}/                     begin here
  {url}/playground           the GraphQL playground
  {url}/playground/mailbox   every mail that leaves
  {url}/docs                 the handbook
  {settings.lmtp_host}:{settings.lmtp_port} takes mail to {DOMAIN} by LMTP

Sign in as one of these; the password is "{PEOPLE[0].password}":

{people}

Ctrl-C ends it. Everything is kept in {settings.data_dir}; remove that to begin anew.
"""
