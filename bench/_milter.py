"""A milter door in a process of its own: `python -m bench._milter URL PORT`, or `accept PORT` for one that only nods."""

import asyncio
import sys

import uvloop

from bench._world import SITE
from delivery.door.milter import Gate, MilterDoor, SeenMessage
from delivery.screening import Screening
from mail.status import Reply
from storage.opening import open_database

_YES = Reply(250, "2.0.0", "yes")


class Nod:
    """Takes every message."""

    async def recipient(self, recipient: str) -> Reply | None:
        return _YES

    async def message(self, seen: SeenMessage) -> Reply:
        return _YES


async def serve(url: str, port: int) -> None:
    """Serve until the process is ended."""
    gate: Gate = Nod() if url == "accept" else Screening(await open_database(url, SITE))
    await MilterDoor(gate, size_limit=10_240_000).listen("127.0.0.1", port)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1], int(sys.argv[2])))
