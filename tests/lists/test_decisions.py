"""Decisions are kept where they were taken, at the price of one statement; refusals outlive an undone transaction."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lists import decisions
from lists.authorize import Rejected, authorize, require
from mail.instant import DAY
from mail.message import parse_message
from storage import decisions as stored
from storage.database import Database
from storage.keyset import Window
from storage.later import Later
from storage.tables.decisions import KeptDecision
from storage.tables.lists import MailingList
from tests.identity.world import Watched
from tests.lists.world import World


async def kept(world: World, mlist: MailingList, **wanted: Any) -> list[KeptDecision]:
    """What is kept about a list, newest first."""
    async with world.database.read() as reader:
        return (await stored.of_list(reader, mlist.id, Window(100), **wanted)).rows


async def test_a_decision_is_kept_with_its_change_and_named_by_its_id(world: World) -> None:
    mlist = await world.make("info", send="private")
    await world.put(mlist, "ann@home.example")
    actor = world.person("ann@x.example", "ann@home.example")
    message = parse_message(b"Message-ID: <1@x>\r\n\r\nhi\r\n")
    async with world.database.write() as uow:
        decision = await authorize(uow, actor, "send", mlist=mlist, message=message)
    [row] = await kept(world, mlist)
    assert (row.id, row.at) == (decision.id, world.database.site.clock())
    assert (row.operation, row.action, row.scenario) == ("send", "do_it", "private")
    assert (row.sender, row.element, row.method, row.message_id) == (
        "ann@x.example",
        "ann@home.example",
        "md5",
        "<1@x>",
    )
    # Nobody asks which rules did not let somebody in.
    assert row.trace == "[]"
    assert decisions.as_decision(row).line == decision.line
    assert not world.database.site.later.waiting


async def test_keeping_costs_one_statement_and_nothing_where_nothing_is_kept(world: World) -> None:
    mlist = await world.make("info", send="private", review="private")
    watched = Watched(world.database)
    actor = world.person("ann@x.example")
    async with watched.write() as uow:
        for record in (False, True):
            watched.told()
            await authorize(uow, actor, "send", mlist=mlist, record=record)
            found = [each for each in watched.told() if each.startswith("INSERT INTO decisions")]
            assert len(found) == (1 if record else 0)
    async with watched.read() as reader:
        watched.told()
        refused = await authorize(reader, actor, "review", mlist=mlist)
        assert not [each for each in watched.told() if "decisions" in each]
    assert refused.id in world.database.site.later.waiting


async def test_a_refusal_outlives_the_transaction_that_it_undid(world: World) -> None:
    mlist = await world.make("info", subscribe="closed")
    with pytest.raises(Rejected) as refused:
        async with world.database.write() as uow:
            await require(uow, world.person("eve@x.example"), "subscribe", mlist=mlist)
    assert await kept(world, mlist) == []
    name = refused.value.decision.id
    async with world.database.read() as reader:
        assert (await decisions.find(reader, name)) is not None
    assert await decisions.write_waiting(world.database) == 1
    [row] = await kept(world, mlist)
    assert (row.id, row.action) == (name, "reject")
    assert decisions.steps_of(row)[-1].outcome == "true"


async def test_a_refusal_that_was_committed_is_written_once(world: World) -> None:
    mlist = await world.make("info", send="closed")
    async with world.database.write() as uow:
        await authorize(uow, world.person("eve@x.example"), "send", mlist=mlist)
    assert len(world.database.site.later.waiting) == 1
    assert await decisions.write_waiting(world.database) == 0
    assert len(await kept(world, mlist)) == 1


async def test_what_waits_for_a_list_that_never_came_to_be_hurts_nobody(world: World) -> None:
    mlist = await world.make("info", send="closed", review="owner")
    async with world.database.read() as reader:
        await authorize(reader, world.person("eve@x.example"), "review", mlist=mlist)
        await authorize(reader, world.person("eve@x.example"), "send", mlist=mlist)
    later = world.database.site.later
    first = next(iter(later.waiting.values()))
    later.put(replace(first, id="v" * 26, list_id=999_999, person_id=999_999))
    assert await decisions.write_waiting(world.database) == 3
    assert not later.waiting
    async with world.database.read() as reader:
        orphan = await stored.by_id(reader, "v" * 26)
    assert orphan is not None
    assert (orphan.list_id, orphan.person_id) == (None, None)


async def test_the_shelf_is_bounded_and_says_what_it_let_go(world: World) -> None:
    mlist = await world.make("info", send="closed")
    later = Later(capacity=3)
    async with world.database.read() as reader:
        for _ in range(5):
            await authorize(reader, world.person("eve@x.example"), "send", mlist=mlist)
    rows = [*world.database.site.later.waiting.values()]
    for row in rows:
        later.put(row)
    assert [*later.waiting.values()] == rows[2:]
    assert later.dropped == 2


async def test_decisions_are_forgotten_when_their_time_is_over(world: World, clock: Any) -> None:
    mlist = await world.make("info", send="public")
    for _ in range(3):
        async with world.database.write() as uow:
            await authorize(uow, world.person("ann@x.example"), "send", mlist=mlist)
        clock.advance(days=10)
    async with world.database.write() as uow:
        assert await decisions.drop_old(uow, before=uow.now - 25 * DAY) == 1
    assert len(await kept(world, mlist)) == 2


async def test_pages_are_narrowed_by_operation_and_answer(world: World) -> None:
    mlist = await world.make("info", send="closed", subscribe="open")
    async with world.database.write() as uow:
        for operation in ("send", "subscribe", "send"):
            await authorize(uow, world.person("ann@x.example"), operation, mlist=mlist)
    assert len(await kept(world, mlist)) == 3
    assert len(await kept(world, mlist, operations=["send"])) == 2
    assert [row.operation for row in await kept(world, mlist, actions=["do_it"])] == ["subscribe"]
    assert await kept(world, mlist, operations=["send"], actions=["do_it"]) == []


@given(st.integers(min_value=0, max_value=2**57), st.integers(min_value=0, max_value=2**57))
def test_ids_are_in_the_order_of_time_and_differ_at_the_same_instant(one: int, other: int) -> None:
    earlier, later = sorted((one, other))
    first, second = decisions.new_id(earlier), decisions.new_id(later)
    assert decisions.is_id(first)
    assert decisions.id_of_number(decisions.number_of(first)) == first
    assert first != second
    if later // 1000 > earlier // 1000:
        assert first < second


async def test_ids_are_sorted_alike_by_both_databases(database: Database, world: World) -> None:
    mlist = await world.make("info", send="public")
    names = []
    for _ in range(20):
        async with world.database.write() as uow:
            names.append((await authorize(uow, world.person("ann@x.example"), "send", mlist=mlist)).id)
    assert [row.id for row in await kept(world, mlist)] == sorted(names, reverse=True)
