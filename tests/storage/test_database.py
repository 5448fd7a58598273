"""The door to SQL behaves the same on both databases."""

import asyncio

import pytest
from sqlalchemy import insert, select

from storage.database import Database, one
from storage.query import Query, any_of, param, query_for
from storage.tables.lists import Robot, robots

ADD = Query(
    insert(robots)
    .values(domain=param("domain"), created_at=param("now"), listmasters_are_owners=param("strict"))
    .returning(robots.c.id),
    int,
)
BY_DOMAIN = query_for(Robot, robots, where=lambda s: s.where(robots.c.domain == param("domain")))
SOME = query_for(Robot, robots, where=lambda s: s.where(any_of(robots.c.id, "ids")).order_by(robots.c.id))
DOMAINS = Query(select(robots.c.domain).order_by(robots.c.id), str)


async def test_a_row_comes_back_as_its_record(database: Database) -> None:
    async with database.write() as uow:
        key = await one(uow, ADD, domain="a.example", now=uow.now, strict=False)
        mine = await uow.first(BY_DOMAIN, domain="a.example")
    async with database.read() as reader:
        found = await reader.first(BY_DOMAIN, domain="a.example")
    assert found is not None
    assert found == mine
    assert (found.id, found.listmasters_are_owners) == (key, False)


async def test_a_failed_block_leaves_nothing(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with database.write() as uow:
            await uow.run(ADD, domain="a.example", now=1, strict=True)
            raise ZeroDivisionError
    async with database.read() as reader:
        assert await reader.all(DOMAINS) == []


async def test_a_list_parameter_of_any_length_is_one_statement(database: Database) -> None:
    async with database.write() as uow:
        keys = [await one(uow, ADD, domain=f"{n}.example", now=1, strict=True) for n in range(5)]
    async with database.read() as reader:
        assert [r.id for r in await reader.all(SOME, ids=[keys[4], keys[1]])] == [keys[1], keys[4]]
        assert await reader.all(SOME, ids=[]) == []


async def test_a_forgotten_parameter_is_an_error_and_never_null(database: Database) -> None:
    async with database.write() as uow:
        with pytest.raises(Exception, match="strict"):
            await uow.run(ADD, domain="a.example", now=1)


async def test_twenty_writers_at_once_all_get_their_turn(database: Database) -> None:
    async def add(n: int) -> None:
        async with database.write() as uow:
            await uow.run(ADD, domain=f"{n}.example", now=1, strict=True)

    await asyncio.gather(*(add(n) for n in range(20)))
    async with database.read() as reader:
        assert len(await reader.all(DOMAINS)) == 20


async def test_many_rows_stream_in_order(database: Database) -> None:
    async with database.write() as uow:
        await uow.run_many(ADD_PLAIN, ({"domain": f"{n:05}.example", "now": n} for n in range(1_500)))
    async with database.read() as reader:
        seen = [domain async for domain in reader.stream(DOMAINS)]
    assert seen == [f"{n:05}.example" for n in range(1_500)]


async def test_an_announcement_follows_the_commit_and_only_the_commit(database: Database) -> None:
    heard: list[str] = []

    async def hear(what: str) -> None:
        async with database.read() as reader:
            heard.append(f"{what} after {len(await reader.all(DOMAINS))}")

    database.announce = hear
    async with database.write() as uow:
        await uow.run(ADD, domain="a.example", now=1, strict=True)
        uow.announce()
    with pytest.raises(ZeroDivisionError):
        async with database.write() as uow:
            uow.announce()
            raise ZeroDivisionError
    assert heard == ["deliver after 1"]


ADD_PLAIN = Query(insert(robots).values(domain=param("domain"), created_at=param("now")), int)
