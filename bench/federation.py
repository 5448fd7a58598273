"""What it costs to ask 20 peers of which 5 are dead and 5 slow: when the answer is there, our processor time, and what an open circuit costs.

`python -m bench.federation [--rounds 5] [--seconds 3] [--tries 1000] [--addresses 100000]`. SQLite, one person with one address and consent for all. The
peers that live are in a process of their own, so that the processor time is ours alone; signing, checking, HTTP and the
database included. Beside it, in the same run: ten bare requests by the same HTTP client without any signature, and a
round in which the ten bad peers' circuits are open. Then the other side (`_even_answers`): whether the time of our answers
tells an unknown address from one that did not agree, so many questions of each. And what it costs to name so many
addresses for a new peer (`_filling`).
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench import _even_answers, _filling
from bench._world import DOMAIN, sqlite_url
from federation import consents, discovery, peer_keys
from federation.asking import PeerStatus, ask_all
from federation.circuits import circuits_of
from federation.errors import PeerAway
from federation.fetching import Bounds, fetch
from federation.own_keys import ensured
from federation.remembered import remembered_of
from identity import sessions
from identity.actor import Actor, founder
from identity.entrance import actor_for_session
from identity.people import create_person
from lists.robots import create_robot
from storage import peers
from storage.database import Database
from storage.opening import migrate, open_database
from storage.site import Site
from storage.tables.federation import Peer
from storage.tables.words import ConsentMode, PeerTrust, SignInMethod, Strength
from tests.databases import free_port
from tests.federation.other_server import OtherServer

_EMAIL = "ada@example.org"
_GOOD, _SLOW, _DEAD = 10, 5, 5
_HERE = "http://127.0.0.1:9"


@dataclass(frozen=True, slots=True)
class Round:
    """One question to all: seconds until the last word, processor time in milliseconds, and what came."""

    seconds: float
    cpu_ms: float
    statuses: Counter[PeerStatus]


@contextmanager
def answering(asker: dict[str, Any]) -> Iterator[list[dict[str, str]]]:
    """The peers that live, and their documents."""
    command = [sys.executable, "-m", "bench._answering_peers", str(_GOOD), str(_SLOW)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(asker) + "\n")
        process.stdin.flush()
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


async def person(db: Database) -> Actor:
    """Ada, signed in, who agreed that everybody is asked."""
    async with db.write() as uow:
        robot = await create_robot(uow, founder(), DOMAIN)
        ada = await create_person(uow, _EMAIL, proved=True)
        _, token = await sessions.open_session(
            uow, ada, robot, method=SignInMethod.PASSWORD, strength=Strength.MD5, address=_EMAIL
        )
    async with db.read() as reader:
        actor = await actor_for_session(reader, robot, token)
    assert actor is not None
    async with db.write() as uow:
        await consents.update(uow, actor, outgoing=ConsentMode.ALL_TRUSTED)
    return actor


async def know(db: Database, issuer: str, document: str) -> Peer:
    """Trust a peer by its document."""
    async with db.write() as uow:
        found = discovery.read(document.encode(), issuer, uow.now)
        keys, said = peer_keys.kept(found.keys), discovery.kept(found.said)
        made = await peers.add(uow, discovery.host_of(issuer), issuer, found.endpoint, said, keys)
        return await peers.set_trust(uow, made.id, PeerTrust.MUTUAL, found.kid, keys)


async def asked(db: Database, ada: Actor, seconds: float, ids: list[int] | None = None) -> Round:
    """One question to all of them."""
    assert ada.person is not None
    remembered_of(db.site).forget_person(ada.person.id)
    began, cpu = time.perf_counter(), time.process_time()
    found = [each.status async for each in ask_all(db, ada, seconds=seconds, peer_ids=ids)]
    return Round(time.perf_counter() - began, (time.process_time() - cpu) * 1000, Counter(found))


async def bare(urls: list[str]) -> float:
    """Processor time in milliseconds of as many requests with the same client, unsigned."""
    cpu = time.process_time()
    bounds = Bounds(seconds=3, allows_private=True)
    for each in await asyncio.gather(
        *(fetch(f"{url}/nothing", bounds) for url in urls), return_exceptions=True
    ):
        assert not isinstance(each, PeerAway), each
    return (time.process_time() - cpu) * 1000


async def run(rounds: int, seconds: float, folder: Path) -> None:
    """All of it."""
    site = Site(public_url=_HERE, secret=b"b" * 32, federates_privately=True)
    url = sqlite_url(folder)
    await migrate(url)
    db = await open_database(url, site)
    ada = await person(db)
    async with db.write() as uow:
        own = await ensured(uow)
    asker = {"issuer": own.issuer, "agreement": own.agreement[0].jwk(), "email": _EMAIL}
    with answering(asker) as documents:
        known = [await know(db, each["issuer"], each["document"]) for each in documents]
        for _ in range(_DEAD):
            dead = OtherServer(f"http://127.0.0.1:{free_port()}")
            known.append(await know(db, dead.issuer, dead.document(site.clock())))
        good = [each.issuer for each in known[:_GOOD]]
        await asked(db, ada, seconds)
        found, without = [], []
        for _ in range(rounds):
            for each in known:
                circuits_of(site).forget(each.id)
            async with db.write() as uow:
                for each in known:
                    await peers.went(uow, each.id, failures=0, retry_at=None)
            found.append(await asked(db, ada, seconds))
            without.append(await bare(good))
        say(found, without, seconds)
        bad = known[_GOOD:]
        for each in bad:
            circuits_of(site).failed(each, site.clock(), opens=True)
        opened = [await asked(db, ada, seconds, [each.id for each in bad]) for _ in range(rounds)]
        nobody = [await asked(db, ada, seconds, []) for _ in range(rounds)]
        each_ms = (median(one.cpu_ms for one in opened) - median(one.cpu_ms for one in nobody)) / len(bad)
        sys.stdout.write(
            f"ten open circuits: {dict(opened[-1].statuses)}, answered in {median(one.seconds for one in opened) * 1000:.1f} ms; "
            f"{each_ms:.3f} ms of processor time each, beside a question to nobody\n"
        )
    await db.close()


def say(found: list[Round], without: list[float], seconds: float) -> None:
    """The figures of the rounds."""
    cpu = sorted(each.cpu_ms for each in found)
    sys.stdout.write(
        f"20 peers, 5 dead, 5 slow, deadline {seconds:g} s, {len(found)} rounds\n"
        f"statuses: { ({word.value: number for word, number in found[-1].statuses.items()}) }\n"
        f"answer after {median(each.seconds for each in found):.3f} s (worst {max(each.seconds for each in found):.3f} s)\n"
        f"our processor time {median(cpu):.1f} ms (least {cpu[0]:.1f}, most {cpu[-1]:.1f}); "
        f"ten bare requests by the same client {median(without):.1f} ms\n"
    )


def main() -> None:
    """Read the words of the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--tries", type=int, default=1000)
    parser.add_argument("--addresses", type=int, default=100_000)
    words = parser.parse_args()
    if words.rounds:
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(run(words.rounds, words.seconds, Path(folder)))
    if words.tries:
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(_even_answers.run(words.tries, Path(folder)))
    if words.addresses:
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(_filling.run(words.addresses, Path(folder)))


if __name__ == "__main__":
    main()
