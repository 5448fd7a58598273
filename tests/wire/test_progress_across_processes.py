"""How far a delivery is comes live from one process while another one delivers, at most twice a second, with an end."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from storage import memberships
from tests.databases import new_postgresql
from tests.resolvers.lists_world import scene_in
from tests.resolvers.test_live import PROGRESS, open_for
from tests.resolvers.test_mail import sent
from tests.server.graphql_world import world_of
from tests.server.sockets import Socket, connected
from tests.wire.processes import opened, worker_process
from tests.wire.sink import Sink

MEMBERS = 3_000


async def following(socket: Socket) -> dict[str, Any]:
    """The next message of a subscription, however long it takes a process to start."""
    found: dict[str, Any] = {"type": "ping"}
    while found["type"] in ("ping", "pong"):
        found = json.loads((await socket.from_server.get())["text"])
    return found


@pytest.mark.system
async def test_progress_is_told_by_a_process_that_does_not_deliver(postgresql: str, tmp_path: Path) -> None:
    url = await new_postgresql(postgresql)
    events: list[tuple[float, dict[str, Any]]] = []
    async with opened(url) as database, world_of(database) as world, Sink(keeps_data=False) as sink:
        scene = await scene_in(world)
        await scene.make("many", personalization="always", send="public")
        names = [f"m{n}@example.net" for n in range(MEMBERS)]
        async with database.write() as uow:
            rows = [memberships.row(address=each, address_key=each) for each in names]
            await memberships.add_many(uow, scene.lists["many"].id, rows)
        await scene.mail("many", "m0@example.net")
        (delivery,) = await sent(scene, name="many")
        async with connected(world.app) as socket:
            await open_for(scene, "owner", socket, PROGRESS, id=delivery["id"])
            first = (await socket.receive())["payload"]["data"]["deliveryProgress"]
            assert (first["isFinal"], first["progress"]["handedOver"]) == (False, 0)
            with worker_process(url, tmp_path / "worker", sink.port, worker_connections="1"):
                async with asyncio.timeout(60):
                    while (message := await following(socket))["type"] == "next":
                        events.append((time.monotonic(), message["payload"]["data"]["deliveryProgress"]))
            assert message["type"] == "complete"
    handed_over = [event["progress"]["handedOver"] for _, event in events]
    assert handed_over == sorted(handed_over)
    # It was told on the way, and at the end once.
    assert len(events) > 1
    assert [event["isFinal"] for _, event in events] == [False] * (len(events) - 1) + [True]
    assert handed_over[-1] == events[-1][1]["progress"]["total"]
    assert handed_over[-1] >= MEMBERS
    # Half a second from each to the next, but for what a busy machine holds up.
    times = [at for at, _ in events]
    assert times[-1] - times[0] > 0.5 * (len(times) - 2)
