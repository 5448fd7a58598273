"""One process and its roles: web, worker and door side by side in one loop, ended together by one signal."""

import asyncio
import contextlib
import gc
import signal
from collections.abc import Awaitable, Callable, Generator, Sequence
from dataclasses import dataclass

import structlog
import uvicorn
import uvloop

from server.app import Pages, no_pages, web_application
from server.listening import bound
from server.presence import present
from server.settings import Settings
from server.state import State, open_state

log = structlog.get_logger(__name__)

Role = Callable[[State, asyncio.Event], Awaitable[None]]
_ENDING = (signal.SIGTERM, signal.SIGINT)
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


def run(settings: Settings, roles: Sequence[Role]) -> None:
    """Run roles in this process until SIGTERM or SIGINT; raises what made one of them fail."""

    async def serve(stop: asyncio.Event) -> None:
        async with open_state(settings) as state:
            await run_roles(state, roles, stop)

    run_until_signal(serve)


def run_until_signal(work: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Run `work` on a loop of its own; the event that it is given is set by SIGTERM or SIGINT."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_with_signals(work))


async def _with_signals(work: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    stop = asyncio.Event()
    for each in _ENDING:
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    await work(stop)


async def run_roles(state: State, roles: Sequence[Role], stop: asyncio.Event) -> None:
    """Run roles until `stop` is set or one of them fails; the others are told to stop before its error goes on."""
    # What was made until now lives as long as the process: looking through it again and again is wasted time.
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    tasks = [asyncio.ensure_future(role(state, stop)) for role in roles]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stop.set()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    for problem in ended:
        if isinstance(problem, BaseException):
            raise problem
