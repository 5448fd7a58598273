"""The web role: HTTP on one port, until it is told to stop."""

import asyncio
import contextlib
from collections.abc import Generator
from dataclasses import dataclass

import structlog
import uvicorn

from server.app import Pages, no_pages, web_application
from server.listening import bound
from server.presence import present
from server.state import State

log = structlog.get_logger(__name__)

# What the web still has in hand may be answered; sockets of subscriptions are closed at once.
_GRACE_SECONDS = 1


@dataclass(frozen=True, slots=True)
class Web:
    """The web role, with the pages that the floor above contributes."""

    pages: Pages = no_pages

    async def __call__(self, state: State, stop: asyncio.Event) -> None:
        """Answer HTTP until `stop` is set; raises PortUnusable."""
        settings = state.settings
        listener = bound(settings.http_host, settings.http_port, "HTTP")
        server = UnsignalledUvicorn(
            uvicorn.Config(
                web_application(state, self.pages),
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                lifespan="off",
                loop="none",
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
        )
        log.info("web_open", host=settings.http_host, port=settings.http_port)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        stopping = asyncio.create_task(stop.wait())
        try:
            async with present(state, "web"):
                await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
            server.should_exit = True
            await serving
        finally:
            stopping.cancel()


class UnsignalledUvicorn(uvicorn.Server):
    """A web server that leaves the signals of the process alone."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        # Signals are for the whole process, see `run`.
        yield
