"""Limits, repeated mutations and clean-up."""

import asyncio

import pytest

from identity import attempts, housekeeping, idempotency
from identity.attempts import Limit
from identity.refusal import Conflict, Invalid, TooMany
from storage.database import Database
from tests.conftest import Clock
from tests.identity.world import World

THREE = Limit("test", 3, 60_000_000)
WIDE = Limit("wide", 100, 60_000_000)


async def take(db: Database, subject: str, limit: Limit = THREE) -> list[int]:
    async with db.write() as uow:
        return await attempts.take(uow, [(limit, subject), (WIDE, "everybody")])


async def test_a_window_slides(database: Database, clock: Clock) -> None:
    for _ in range(3):
        await take(database, "a")
        clock.advance(seconds=20)
    clock.advance(seconds=-1)
    with pytest.raises(TooMany) as refused:
        await take(database, "a")
    assert refused.value.retry_after == clock.now + 1_000_000
    await take(database, "b")
    clock.advance(seconds=1)
    await take(database, "a")
    with pytest.raises(TooMany):
        await take(database, "a")


async def test_a_refusal_is_not_counted_itself(database: Database, clock: Clock) -> None:
    for _ in range(3):
        await take(database, "a")
    for _ in range(20):
        with pytest.raises(TooMany):
            await take(database, "a")
    clock.advance(seconds=60)
    await take(database, "a")


async def test_what_is_given_back_does_not_count(database: Database) -> None:
    for _ in range(10):
        taken = await take(database, "a")
        assert len(taken) == 2
        async with database.write() as uow:
            await attempts.give_back(uow, taken)


async def test_of_twenty_at_once_three_pass(database: Database) -> None:
    results = await asyncio.gather(*(take(database, "a") for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(each, list) for each in results) == 3
    assert sum(isinstance(each, TooMany) for each in results) == 17


@pytest.mark.parametrize(
    ("remote", "place"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unix", "unix"),
        ("", ""),
    ],
)
def test_a_network_is_one_ipv4_address_or_one_ipv6_customer(remote: str, place: str) -> None:
    assert attempts.network(remote) == place


async def ask(db: Database, key: str, value: object, answer: str) -> str:
    async with db.write() as uow:
        known = await idempotency.remember(uow, "session 1", "subscribe", key, idempotency.input_hash(value))
        if known is not None:
            return known
        await idempotency.keep(uow, "session 1", "subscribe", key, answer)
        return answer


async def test_the_same_key_gives_the_first_answer_again_for_a_day(database: Database, clock: Clock) -> None:
    assert await ask(database, "k", {"a": 1, "b": 2}, "first") == "first"
    clock.advance(hours=23)
    assert await ask(database, "k", {"b": 2, "a": 1}, "second") == "first"
    clock.advance(hours=1)
    assert await ask(database, "k", {"a": 1, "b": 2}, "third") == "third"


async def test_the_same_key_with_another_input_is_a_conflict(database: Database) -> None:
    await ask(database, "k", {"a": 1}, "first")
    with pytest.raises(Conflict) as refused:
        await ask(database, "k", {"a": 2}, "second")
    assert refused.value.code == "CONFLICT"


async def test_another_asker_or_operation_may_use_the_same_key(database: Database) -> None:
    await ask(database, "k", {"a": 1}, "first")
    async with database.write() as uow:
        hashed = idempotency.input_hash({"a": 2})
        assert await idempotency.remember(uow, "session 2", "subscribe", "k", hashed) is None
        assert await idempotency.remember(uow, "session 1", "unsubscribe", "k", hashed) is None


async def test_a_mutation_that_failed_may_be_sent_again(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with database.write() as uow:
            await idempotency.remember(uow, "session 1", "subscribe", "k", idempotency.input_hash(1))
            raise ZeroDivisionError
    assert await ask(database, "k", 1, "done") == "done"


async def test_ten_at_once_with_one_key_get_one_answer(database: Database) -> None:
    answers = await asyncio.gather(*(ask(database, "k", 1, f"answer {n}") for n in range(10)))
    assert len(set(answers)) == 1


@pytest.mark.parametrize("key", ["", "x" * 201, "a\0b", "a\ud800b"])
async def test_a_key_that_cannot_be_kept_is_refused(database: Database, key: str) -> None:
    with pytest.raises(Invalid):
        await ask(database, key, 1, "answer")


async def test_tidying_takes_away_only_what_gives_nothing(world: World, clock: Clock) -> None:
    await world.ask_for_ticket("x@one.example")
    done = await world.by_ticket("a@one.example")
    async with world.db.write() as uow:
        assert await housekeeping.tidy(uow) == 0
    clock.advance(days=29)
    assert await world.who(done.raw_token) is not None
    async with world.db.write() as uow:
        assert await housekeeping.tidy(uow) > 0
    assert await world.who(done.raw_token) is not None
    clock.advance(days=60)
    async with world.db.write() as uow:
        assert await housekeeping.tidy(uow) >= 2
        assert await housekeeping.tidy(uow) == 0
    assert (await world.by_ticket("a@one.example")).person.id == done.person.id
