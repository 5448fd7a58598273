"""Whether the time of an answer tells a peer that an address is known: questions over HTTP about addresses in random order.

Half of them are on a list and did not agree, half nobody knows. The clock of the server goes four minutes ahead for each
question, so that no budget of the peer runs out; each address is asked about once.
"""

import asyncio
import random
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import uvicorn
from starlette.applications import Starlette

from bench._world import DOMAIN, sqlite_url
from bench.identity import chance
from federation import named, question
from federation.discovery import QUESTIONS
from federation.signatures import sign_request
from identity.actor import founder, operator
from lists import rosters
from lists.mailing_lists import create_list
from lists.robots import create_robot
from mail.instant import MINUTE
from server.federation_door import federation_routes, settled
from storage.database import Database
from storage.opening import migrate, open_database
from storage.site import Site
from tests.federation.asking_world import HERE, URL, Asker, asker

_AT_ONCE = 100


class AdvancingClock:
    """Real time, and as much more as was added."""

    def __init__(self) -> None:
        self.ahead = 0

    def __call__(self) -> int:
        return time.time_ns() // 1000 + self.ahead


async def run(tries: int, folder: Path) -> None:
    """So many questions of each kind, and what their times tell."""
    clock = AdvancingClock()
    url = sqlite_url(folder)
    await migrate(url)
    db = await open_database(url, Site(public_url=HERE, secret=b"b" * 32, clock=clock))
    try:
        members = [f"known{number}@x.example" for number in range(tries)]
        await _world(db, members)
        other = await asker(db)
        await named.fill(db, other.peer, other.own)
        shuffled = random.Random(4)
        asked = [(True, each) for each in members]
        asked += [(False, f"nobody{number}@x.example") for number in range(tries)]
        shuffled.shuffle(asked)
        async with _door(db) as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            taken: dict[bool, list[float]] = {True: [], False: []}
            sizes: set[int] = set()
            for is_known, address in asked:
                clock.ahead += 4 * MINUTE
                seconds, size = await _one(client, other, address)
                taken[is_known].append(seconds)
                sizes.add(size)
    finally:
        await db.close()
    _say(taken, sizes)


async def _world(db: Database, members: list[str]) -> None:
    async with db.write() as uow:
        robot = await create_robot(uow, founder(), DOMAIN)
        settings = {"visibility": "noconceal"}
        mlist = await create_list(uow, operator(robot), robot, "news", "News", settings, [f"owner@{DOMAIN}"])
        for start in range(0, len(members), _AT_ONCE):
            await rosters.add(uow, operator(robot), mlist, members[start : start + _AT_ONCE], quiet=True)


@asynccontextmanager
async def _door(db: Database) -> AsyncIterator[int]:
    config = uvicorn.Config(
        Starlette(routes=federation_routes(db)), port=0, log_config=None, access_log=False, lifespan="off"
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield int(server.servers[0].sockets[0].getsockname()[1])
    finally:
        server.should_exit = True
        await serving


async def _one(client: httpx.AsyncClient, other: Asker, address: str) -> tuple[float, int]:
    """How long one answer took, in seconds, and its octets; what goes on after it is waited for outside."""
    body = question.body_of(question.WHICH, question.which_variables([other.subject(address)]))
    sent = sign_request(other.other.keys, url=URL, body=body, destination=HERE, now=other.now)
    began = time.perf_counter()
    answer = await client.post(QUESTIONS, content=sent.body, headers=dict(sent.headers))
    took = time.perf_counter() - began
    if answer.status_code != 200 or answer.json()["data"]["peerWhich"]["answers"][0]["subscriptions"]:
        raise RuntimeError(f"not the answer that was expected: {answer.text[:300]}")
    await settled()
    return took, len(answer.content)


def _say(taken: dict[bool, list[float]], sizes: set[int]) -> None:
    known, unknown = statistics.median(taken[True]), statistics.median(taken[False])
    sys.stdout.write(
        f"{len(taken[True])} questions about addresses that did not agree, {len(taken[False])} about unknown ones, over HTTP\n"
        f"medians {known * 1e3:.3f} ms and {unknown * 1e3:.3f} ms, difference {(known - unknown) * 1e6:+.1f} us "
        f"({(known / unknown - 1) * 100:+.3f} %), p = {chance(taken):.2f}; lengths of the answers: {sorted(sizes)}\n"
    )
