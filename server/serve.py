"""One process and its roles: web, worker and door side by side in one loop, ended together by one signal."""

import asyncio
import gc
import signal
from collections.abc import Awaitable, Callable, Sequence

import uvloop

from server.settings import Settings
from server.state import State, open_state

Role = Callable[[State, asyncio.Event], Awaitable[None]]
_ENDING = (signal.SIGTERM, signal.SIGINT)


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
