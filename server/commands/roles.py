"""`postroom serve`, `web`, `worker`, `door`: run one role, or all of them in one process."""

from collections.abc import Sequence
from importlib import import_module

import typer
from starlette.routing import BaseRoute

from server.door import run_door
from server.logging import configure_logging
from server.plugs import PAGES, plugged
from server.serve import Role, run
from server.settings import load_settings
from server.state import State
from server.worker import run_worker


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (serve, web, worker, door):
        app.command(command.__name__)(command)


def serve() -> None:
    """Run everything in one process: web, worker and LMTP door."""
    _run([_web(), run_worker, run_door])


def web() -> None:
    """Run the web role: GraphQL, pages, health and metrics."""
    _run([_web()])


def worker() -> None:
    """Run the delivering role: hand queued mail to the mail server."""
    _run([run_worker])


def door() -> None:
    """Run the LMTP door, where the mail server hands us mail."""
    _run([run_door])


def _web() -> Role:
    # GraphQL is half of what there is to load, and neither workers nor doors need it.
    role: Role = import_module("server.web").Web(_plugged_pages)
    return role


def _run(roles: Sequence[Role]) -> None:
    settings = load_settings()
    configure_logging(settings)
    run(settings, roles)


def _plugged_pages(state: State) -> Sequence[BaseRoute]:
    return [route for point in plugged(PAGES).values() for route in point.load()(state)]
