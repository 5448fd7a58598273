"""Each role of each process registers itself while it runs, so that one view shows all hosts (rows 24, 29)."""

import asyncio
import contextlib
import os
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Mapping

import orjson
import structlog

from mail.instant import DAY
from server.state import State, in_background
from storage import nodes

log = structlog.get_logger(__name__)
_EVERY_SECONDS = 10.0
_SILENT_FOR = DAY

Detail = Callable[[], Mapping[str, object]]


@contextlib.asynccontextmanager
async def present(state: State, role: str, *, name: str = "", detail: Detail = dict) -> AsyncIterator[None]:
    """Be registered as a node in a `role` during the block; `detail` is what it says of itself each time.

    Without a `name` one is made that no other process has, also none on a copy of this machine.
    """
    own = name or f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    started_at = state.site.clock()
    await _sign(state, own, role, started_at, detail)
    try:
        async with in_background(_keep_signing(state, own, role, started_at, detail), f"presence-{role}"):
            yield
    finally:
        await _go(state, own)


async def _keep_signing(state: State, name: str, role: str, started_at: int, detail: Detail) -> None:
    while True:
        await asyncio.sleep(_EVERY_SECONDS)
        await _sign(state, name, role, started_at, detail)


async def _sign(state: State, name: str, role: str, started_at: int, detail: Detail) -> None:
    try:
        async with state.database.write(durable=False) as uow:
            await nodes.sign(
                uow,
                name=name,
                role=role,
                host=socket.gethostname(),
                pid=os.getpid(),
                version=state.version,
                detail=orjson.dumps(dict(detail())).decode(),
                started_at=started_at,
            )
            await nodes.drop_silent(uow, before=uow.now - _SILENT_FOR)
    except Exception:
        # Nothing depends on it, and there is another time.
        log.exception("presence_not_signed")


async def _go(state: State, name: str) -> None:
    try:
        async with state.database.write(durable=False) as uow:
            await nodes.go(uow, name)
    except Exception:
        log.exception("presence_not_signed")
