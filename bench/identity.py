"""What finding out who asks costs among a million ledger rows, whether timing tells known addresses, and what many sign-ins do to the loop.

1. `actor_for_session` (a session, its person, all addresses that count: one statement) beside one bare look-up by key.
2. A wrong password, and a request for a sign-in mail, for known and unknown addresses in turn: medians, and how often a
   random relabelling of the same times differs as much (a permutation test).
3. Password sign-ins in a row, several at a time, with a heartbeat in the loop: its worst delay.
"""

import argparse
import asyncio
import contextlib
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import uvloop
from sqlalchemy import insert, select

from bench._world import opened, sqlite_url
from identity import passwords, sign_in, ways_in
from identity.actor import founder
from identity.browser import Browser
from identity.entrance import actor_for_session
from identity.people import create_person
from identity.provider_sign_in import Visitor
from identity.sessions import open_session
from identity.sign_in import WrongCredentials
from identity.steps import Done, Form
from lists.robots import create_robot
from storage import people as stored
from storage.database import Database
from storage.query import Query, param
from storage.tables.lists import Robot
from storage.tables.people import addresses, people
from storage.tables.words import SignInMethod, Strength

ROBOT = "lists.example.org"
EACH = 5
_CHUNK = 2_000
_PASSWORD = "correct horse battery staple"
_PERSON = Query(
    insert(people).values(
        id=param("id"),
        display_name="",
        main_address=param("address"),
        main_key=param("address"),
        created_at=param("now"),
    ),
    int,
)
_ROW = Query(
    insert(addresses).values(
        person_id=param("person_id"),
        address=param("address"),
        address_key=param("address"),
        source=param("source"),
        source_ref="",
        strength=Strength.MD5.value,
        proved_at=param("now"),
        confirmed_at=param("now"),
        expires_at=param("until"),
        created_at=param("now"),
    ),
    int,
)
_BARE = Query(select(people.c.main_address).where(people.c.id == param("id")), str)


async def fill(db: Database, rows: int) -> None:
    """So many ledger rows, five for each person, of two sources."""
    count = rows // EACH
    for start in range(0, count, _CHUNK):
        async with db.write(durable=False) as uow:
            numbers = range(start, min(count, start + _CHUNK))
            named = {"now": uow.now, "until": uow.now + 10**15}
            await uow.run_many(
                _PERSON, [{"id": 10 + n, "address": f"p{n}@one.example", "now": uow.now} for n in numbers]
            )
            await uow.run_many(
                _ROW,
                [
                    {
                        "person_id": 10 + n,
                        "address": f"p{n}@{['one', 'two', 'three', 'four', 'five'][k]}.example",
                        "source": "ldap" if k % 2 else "challenge",
                        **named,
                    }
                    for n in numbers
                    for k in range(EACH)
                ],
            )


async def some_sessions(db: Database, robot: Robot, rows: int, count: int) -> list[str]:
    """Session tokens of people at random."""
    tokens = []
    chosen = random.Random(1).sample(range(rows // EACH), count)
    async with db.write(durable=False) as uow:
        for person in await stored.by_ids(uow, [10 + n for n in chosen]):
            _, token = await open_session(
                uow,
                person,
                robot,
                method=SignInMethod.PASSWORD,
                strength=Strength.MD5,
                address=person.main_address,
            )
            tokens.append(token)
    return tokens


async def times_of(asks: list[Callable[[], Awaitable[object]]]) -> list[float]:
    """How long each took, in seconds."""
    found = []
    for ask in asks:
        began = time.perf_counter()
        await ask()
        found.append(time.perf_counter() - began)
    return found


async def resolving(db: Database, robot: Robot, rows: int) -> None:
    tokens = await some_sessions(db, robot, rows, 2_000)

    async def actor(token: str) -> None:
        async with db.read() as reader:
            found = await actor_for_session(reader, robot, token)
        if found is None or len(found.identities) != EACH:
            raise RuntimeError("not the actor that was expected")

    async def bare(number: int) -> None:
        async with db.read() as reader:
            await reader.first(_BARE, id=10 + number)

    mine = await times_of([lambda token=token: actor(token) for token in tokens])  # type: ignore[misc]
    reference = await times_of([lambda n=n: bare(n * 7) for n in range(len(tokens))])  # type: ignore[misc]
    for name, values in (("session, person and addresses", mine), ("one bare look-up", reference)):
        cuts = statistics.quantiles(values, n=100)
        print(f"  {name:32} p50 {cuts[49] * 1e3:7.3f} ms   p99 {cuts[98] * 1e3:7.3f} ms")
    print(f"  ratio of the medians {statistics.median(mine) / statistics.median(reference):.1f}")


async def wrong_password(db: Database, robot: Robot, address: str, place: str) -> None:
    visitor = Visitor(Browser("bench", place), "bench")
    step = await ways_in.begin(db, robot, "password", visitor)
    assert isinstance(step, Form)
    given = {"identifier": address, "password": "not it at all"}
    with contextlib.suppress(WrongCredentials):
        await ways_in.go_on(db, robot, step.attempt_id, visitor, fields=given)


async def ticket(db: Database, robot: Robot, address: str, place: str) -> None:
    visitor = Visitor(Browser("bench", place), "bench")
    await ways_in.begin(db, robot, "ticket", visitor, identifier=address)


def _place(number: int) -> str:
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


async def telling(
    db: Database, robot: Robot, tries: int, ask: Callable[..., Awaitable[None]], name: str
) -> None:
    """Known and unknown in random order, so that whatever drifts drifts for both."""
    shuffled = random.Random(2)
    labels = [True, False] * tries
    shuffled.shuffle(labels)
    taken: dict[bool, list[float]] = {True: [], False: []}
    for number, is_known in enumerate(labels):
        address = f"p{number}@one.example" if is_known else f"q{number}@one.example"
        began = time.perf_counter()
        await ask(db, robot, address, _place(number))
        taken[is_known].append(time.perf_counter() - began)
    known, unknown = statistics.median(taken[True]), statistics.median(taken[False])
    print(
        f"  {name:16} known {known * 1e3:8.3f} ms  unknown {unknown * 1e3:8.3f} ms  "
        f"difference {(known - unknown) * 1e6:+8.1f} us ({(known / unknown - 1) * 100:+.2f} %)  p = {chance(taken):.2f}"
    )


def chance(taken: dict[bool, list[float]]) -> float:
    """How often two random halves of the same times differ as much in their medians."""
    everything = [*taken[True], *taken[False]]
    half, seen = len(taken[True]), abs(statistics.median(taken[True]) - statistics.median(taken[False]))
    shuffled, rounds, more = random.Random(3), 500, 0
    for _ in range(rounds):
        shuffled.shuffle(everything)
        more += abs(statistics.median(everything[:half]) - statistics.median(everything[half:])) >= seen
    return more / rounds


@contextlib.asynccontextmanager
async def heartbeat(every: float = 0.005) -> AsyncIterator[list[float]]:
    """How late the loop was for a task that wants to run every few milliseconds, in seconds."""
    late: list[float] = []

    async def beat() -> None:
        while True:
            wanted = time.perf_counter() + every
            await asyncio.sleep(every)
            late.append(time.perf_counter() - wanted)

    task = asyncio.create_task(beat())
    try:
        yield late
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def many(db: Database, robot: Robot, count: int, at_once: int) -> None:
    secret_hash = await passwords.hash_password(_PASSWORD)
    async with db.write() as uow:
        person = await create_person(uow, "many@home.example", proved=True)
        await passwords.keep(uow, person.id, secret_hash)
    left = iter(range(count))

    async def one_after_the_other() -> None:
        for number in left:
            async with db.write(durable=False) as uow:
                step = await sign_in.start(uow, robot, "password")
            assert isinstance(step, Form)
            given = {"identifier": "many@home.example", "password": _PASSWORD}
            done = await sign_in.finish(
                db, robot, step.attempt_id, fields=given, browser=Browser("bench", _place(number))
            )
            assert isinstance(done, Done)

    began = time.perf_counter()
    async with heartbeat() as late:
        await asyncio.gather(*(one_after_the_other() for _ in range(at_once)))
    took = time.perf_counter() - began
    cuts = statistics.quantiles(late, n=1000)
    print(
        f"  {count} sign-ins, {at_once} at a time: {count / took:.1f}/s; the loop was late by "
        f"p50 {cuts[499] * 1e3:.2f} ms, p99.9 {cuts[998] * 1e3:.2f} ms, worst {max(late) * 1e3:.2f} ms"
    )


async def run(rows: int, tries: int, sign_ins: int, at_once: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        async with opened(sqlite_url(Path(place))) as db:
            async with db.write() as uow:
                robot = await create_robot(uow, founder(), ROBOT)
            await fill(db, rows)
            print(f"who asks, among {rows} ledger rows (SQLite)")
            await resolving(db, robot, rows)
            print(f"known and unknown addresses, {tries} tries each")
            await telling(db, robot, tries, ticket, "sign-in mail")
            await telling(db, robot, tries, wrong_password, "wrong password")
            print("many sign-ins")
            await many(db, robot, sign_ins, at_once)


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--rows", type=int, default=1_000_000)
    words.add_argument("--tries", type=int, default=1_000)
    words.add_argument("--sign-ins", type=int, default=1_000)
    words.add_argument("--at-once", type=int, default=8)
    given = words.parse_args()
    uvloop.run(run(given.rows, given.tries, given.sign_ins, given.at_once))


if __name__ == "__main__":
    main()
