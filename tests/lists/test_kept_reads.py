"""Who was let into reading something is kept without a statement, alike readings as one, and not for the owners' eyes."""

from dataclasses import replace
from typing import Any

import pytest

from identity.refusal import Refused
from lists import decisions, explaining
from lists.authorize import authorize, authorize_many
from lists.mailing_lists import NoSuchList, seen, visible_among
from lists.robot_settings import update_robot
from storage import decisions as stored
from storage.keyset import Window
from storage.later import Later
from storage.tables.decisions import KeptDecision
from storage.tables.lists import MailingList
from tests.identity.world import Watched
from tests.lists.world import World


async def kept(world: World, mlist: MailingList) -> list[KeptDecision]:
    """Everything that is kept about a list, or that waits, newest first."""
    await decisions.write_waiting(world.database, everything=True)
    async with world.database.read() as reader:
        return (await stored.of_list(reader, mlist.id, Window(100))).rows


async def test_what_lets_a_reader_in_is_kept_and_explained_to_them_and_to_listmasters(world: World) -> None:
    mlist = await world.make("info", review="public", info="open", visibility="noconceal")
    await world.office(mlist, "own@x.example")
    await world.listmaster(world.home, "boss@x.example")
    reader_of_it, owner = [
        replace(world.person(each), person=None) for each in ("ann@x.example", "own@x.example")
    ]
    found = {}
    async with world.database.read() as reader:
        for operation in ("review", "info", "visibility"):
            found[operation] = (await authorize(reader, reader_of_it, operation, mlist=mlist)).id
    assert all(found.values())
    rows = await kept(world, mlist)
    assert {(row.operation, row.action, row.sender, row.is_plain_read) for row in rows} == {
        (operation, "do_it", "ann@x.example", True) for operation in found
    }
    async with world.database.read() as reader:
        own = await explaining.account(reader, reader_of_it, found["review"])
        assert (own.told.decision.scenario, own.told.decision.action) == ("public", "do_it")
        boss = replace(world.person("boss@x.example"), person=None)
        assert (await explaining.account(reader, boss, found["info"])).row.sender == "ann@x.example"
        with pytest.raises(explaining.NoSuchDecision):
            await explaining.account(reader, owner, found["review"])
        for who, count in ((owner, 0), (boss, 3)):
            page = await explaining.page_of_list(reader, who, mlist, Window(10))
            assert len(page.rows) == count


async def test_a_reading_costs_no_statement_more_than_one_that_is_not_kept(world: World) -> None:
    mlist = await world.make("info", review="private", visibility="identified", info="private")
    await world.put(mlist, "ann@x.example")
    others = [await world.make(f"other{n}", visibility="conceal") for n in range(5)]
    watched = Watched(world.database)

    async def statements(keep: str) -> list[str]:
        actor = world.person("ann@x.example")
        actor = replace(actor, robot=replace(actor.robot, decisions_of_reads=keep))
        async with watched.read() as reader:
            watched.told()
            for operation in ("review", "visibility", "info", "archive_web_access", "tracking"):
                await authorize(reader, actor, operation, mlist=mlist)
            await visible_among(reader, actor, others)
            return watched.told()

    assert await statements("all") == await statements("refused")
    assert not [each for each in await statements("all") if "decisions" in each]
    async with watched.write() as uow:
        watched.told()
        await seen(uow, world.person("ann@x.example"), mlist)
        assert not [each for each in watched.told() if "decisions" in each]


async def test_alike_readings_of_a_minute_are_one_row_with_a_count(world: World, clock: Any) -> None:
    mlist = await world.make("info", review="public")
    ann, bob = world.person("ann@x.example"), world.person("bob@x.example")
    names = set()
    for actor in (ann, ann, bob, ann):
        async with world.database.read() as reader:
            names.add((await authorize(reader, actor, "review", mlist=mlist)).id)
        clock.advance(seconds=10)
    assert len(names) == 2
    # Nothing is written before the minute is over, so that it is written once.
    assert await decisions.write_waiting(world.database) == 0
    async with world.database.read() as reader:
        assert [(await decisions.find(reader, name)) is not None for name in names] == [True, True]
    clock.advance(seconds=60)
    async with world.database.read() as reader:
        later = (await authorize(reader, ann, "review", mlist=mlist)).id
    assert later not in names
    rows = await kept(world, mlist)
    assert sorted((row.sender, row.times) for row in rows) == [
        ("ann@x.example", 1),
        ("ann@x.example", 3),
        ("bob@x.example", 1),
    ]


async def test_a_question_about_many_lists_is_one_row_that_says_what_each_rule_answered(world: World) -> None:
    open_ones = [await world.make(f"open{n}", visibility="noconceal") for n in range(3)]
    hidden = [await world.make(f"hidden{n}", visibility="conceal") for n in range(2)]
    await world.listmaster(world.home, "boss@x.example")
    actor = world.person("ann@x.example")
    async with world.database.read() as reader:
        found = await authorize_many(reader, actor, "visibility", [*open_ones, *hidden])
    [name] = {each.id for each in found.values()}
    await decisions.write_waiting(world.database, everything=True)
    async with world.database.read() as reader:
        told = (await explaining.account(reader, world.person("boss@x.example"), name)).told
        assert told.decision.condition == "5 lists at once"
        said = {(step.origin, step.condition) for step in told.steps}
        assert said == {
            ("visibility.noconceal", "true() -> do_it (3)"),
            ("visibility.conceal", "true() -> reject (2)"),
        }
        # Whoever asked does not learn how many lists are hidden from them.
        own = (await explaining.account(reader, actor, name)).told
        assert (own.decision.condition, own.steps) == (None, ())


async def test_a_refused_sight_of_a_list_is_kept_and_tells_nothing(world: World) -> None:
    mlist = await world.make("info", visibility="secret")
    async with world.database.read() as reader:
        with pytest.raises(NoSuchList) as refused:
            await seen(reader, world.person("eve@x.example"), mlist)
    assert not hasattr(refused.value, "decision")
    [row] = await kept(world, mlist)
    assert (row.action, row.sender, row.is_plain_read) == ("reject", "eve@x.example", False)
    assert decisions.steps_of(row)[-1].outcome == "true"


async def test_a_robot_may_keep_refused_readings_only(world: World) -> None:
    mlist = await world.make("info", review="private", info="open", visibility="noconceal")
    await world.listmaster(world.home, "boss@x.example")
    async with world.database.write() as uow:
        wish = {"decisions_of_reads": "refused"}
        robot = await update_robot(uow, world.person("boss@x.example"), world.home, wish)
        with pytest.raises(Refused):
            await update_robot(uow, world.person("boss@x.example"), world.home, {"decisions_of_reads": "no"})
    actor = replace(world.person("eve@x.example"), robot=robot)
    async with world.database.read() as reader:
        assert not (await authorize(reader, actor, "info", mlist=mlist)).id
        many = await authorize_many(reader, actor, "visibility", [mlist, await world.make("talk")])
        assert {each.id for each in many.values()} == {""}
        assert (await authorize(reader, actor, "review", mlist=mlist)).id
    assert [row.operation for row in await kept(world, mlist)] == ["review"]


async def test_somebody_from_another_domain_is_a_stranger_in_what_is_kept(world: World) -> None:
    mlist = await world.make("info", review="closed", info="open")
    elsewhere = replace(world.person("ann@x.example"), robot=replace(world.home, id=world.home.id + 77))
    async with world.database.read() as reader:
        assert not (await authorize(reader, elsewhere, "info", mlist=mlist)).id
        await authorize(reader, elsewhere, "review", mlist=mlist)
    [row] = await kept(world, mlist)
    assert (row.sender, row.person_id) == ("nobody", None)


async def test_readings_never_push_out_a_refusal(world: World) -> None:
    mlist = await world.make("info", review="closed", info="open")
    async with world.database.read() as reader:
        await authorize(reader, world.person("eve@x.example"), "review", mlist=mlist)
        await authorize(reader, world.person("ann@x.example"), "info", mlist=mlist)
    shelf = world.database.site.later
    [refusal], [reading] = [*shelf.waiting.values()], [each.row for each in shelf.reads.values()]
    later = Later(capacity=4)
    later.put(refusal)
    for n in range(20):
        later.put_read(n, replace(reading, id=f"{n:026}"))
    assert (len(later.reads), later.dropped) == (4, 16)
    later.ripen(reading.at)
    assert refusal.id in later.waiting
    # The oldest go first where the shelf is more than half full, and no more of them than there is room for.
    assert [*later.waiting] == [refusal.id, f"{16:026}"]
    assert len(later.reads) == 3
