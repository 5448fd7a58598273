"""A scenario is put together from the nearest texts in few statements, compiled once, and read as its domain wants."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from identity.actor import operator
from lists.authorize import authorize, authorize_many
from lists.policies import ROBOT_SETTINGS, SETTINGS, policy_for, policy_name, scenario_of
from lists.robot_settings import update_robot
from scenarios.cache import compile_count
from scenarios.library import is_name
from scenarios.operations import OPERATIONS
from storage import lists, memberships, scenario_texts
from storage.tables.lists import MailingList, Robot
from storage.tables.words import Strength
from tests.lists.world import CountingReader, World

YES = "true() smtp,dkim,md5,smime -> do_it"
NO = "true() smtp,dkim,md5,smime -> reject(reason='house')"


async def write(world: World, operation: str, name: str, text: str, **place: int | None) -> None:
    where = {"robot_id": None, "list_id": None, **place}
    async with world.database.write() as uow:
        await scenario_texts.put(uow, operation=operation, name=name, text=text, **where)  # type: ignore[arg-type]


async def tuned(world: World, **settings: object) -> Robot:
    async with world.database.write() as uow:
        return await update_robot(uow, operator(world.home), world.home, settings)


async def asked(world: World, mlist: MailingList, operation: str = "review", **more: Any) -> str:
    async with world.database.read() as reader:
        actor = more.pop("actor", world.person("ann@x.example"))
        decision = await authorize(reader, actor, operation, mlist=mlist, **more)
    return decision.reason or decision.action


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
async def test_every_operation_has_a_scenario_that_is_there(world: World, operation: str) -> None:
    mlist = await world.make("info")
    name = policy_name(operation, mlist, world.home)
    governing = "review" if operation == "stats" else operation
    assert governing in {*SETTINGS, *ROBOT_SETTINGS}
    assert is_name(governing, name)
    async with world.database.read() as reader:
        decision = await authorize(reader, world.nobody(), operation, mlist=mlist)
    assert decision.reason not in ("scenario-missing", "scenario-malformed")


async def test_a_header_goes_before_the_rules_of_each_place(world: World) -> None:
    mlist, other = await world.make("info", review="public"), await world.make("news", review="public")
    await write(world, "include", "review.header", NO, robot_id=world.home.id, list_id=mlist.id)
    assert await asked(world, mlist) == "house"
    assert await asked(world, other) == "do_it"
    async with world.database.read() as reader:
        many = await authorize_many(reader, world.nobody(), "review", [mlist, other])
    assert [one.action for one in many.values()] == ["reject", "do_it"]


async def test_a_fragment_is_looked_for_on_the_list_then_the_robot_then_the_site(world: World) -> None:
    mlist = await world.make("info", review="public")
    await write(world, "review", "public", "include staff\n" + NO)
    assert await asked(world, mlist) == "scenario-malformed"
    await write(world, "include", "staff", "equal([sender],'ann@x.example') md5 -> do_it")
    assert await asked(world, mlist) == "do_it"
    await write(
        world, "include", "staff", "equal([sender],'bob@x.example') md5 -> do_it", robot_id=world.home.id
    )
    assert await asked(world, mlist) == "house"
    await write(world, "include", "staff", "include deeper", robot_id=world.home.id, list_id=mlist.id)
    await write(world, "include", "deeper", YES, robot_id=world.home.id)
    assert await asked(world, mlist) == "do_it"


async def test_text_and_header_are_one_statement_and_each_depth_of_fragments_is_one_more(
    world: World,
) -> None:
    mlist = await world.make("info", review="public")
    counts = []
    for text in (None, "include one\n" + YES):
        if text is not None:
            await write(world, "review", "public", text)
            await write(world, "include", "one", "include two")
            await write(world, "include", "two", YES)
        async with world.database.read() as reader:
            counting = CountingReader(reader)
            policy = await policy_for(counting, "review", world.home, mlist)
        assert not isinstance(scenario_of("review", policy), str)
        counts.append(len(counting.statements))
    assert counts == [1, 3]


async def test_ten_thousand_lists_on_one_text_compile_it_once(world: World) -> None:
    mlist = await world.make("info", review="public")
    await write(world, "review", "public", f"# {uuid4()}\n{YES}")
    mlists = [_like(mlist, number) for number in range(10_000)]
    before = compile_count()
    async with world.database.read() as reader:
        decisions = await authorize_many(reader, world.nobody(), "review", mlists)
    assert {one.action for one in decisions.values()} == {"do_it"}
    assert len(decisions) == 10_000
    assert compile_count() == before + 1


async def test_a_lists_own_text_of_the_same_name_stays_its_own(world: World) -> None:
    mlist, other = await world.make("info", review="public"), await world.make("news", review="public")
    await write(world, "review", "public", NO, robot_id=world.home.id, list_id=mlist.id)
    assert [await asked(world, each) for each in (mlist, other, mlist)] == ["house", "do_it", "house"]


async def test_the_blocklist_of_a_robot_goes_before_everything(world: World) -> None:
    mlist = await world.make("info", review="public", info="open")
    await write(world, "search", "blocklist.txt", "*@x.example", robot_id=world.home.id)
    assert await asked(world, mlist) == "do_it"
    world.home = await tuned(world, blocklist_operations="review")
    ann, eve = world.person("ann@x.example"), world.person("eve@y.example")
    async with world.database.read() as reader:
        blocked = await authorize(reader, ann, "review", mlist=mlist)
        info = await authorize(reader, ann, "info", mlist=mlist)
        other = await authorize(reader, eve, "review", mlist=mlist)
    assert (blocked.action, blocked.quiet, info.action, other.action) == ("reject", True, "do_it", "do_it")


async def test_a_parameterised_name_needs_no_text(world: World) -> None:
    mlist = await world.make("info", visibility="domains(univ.example)")
    found = [
        await asked(world, mlist, "visibility", actor=world.person(address))
        for address in ("ann@univ.example", "eve@x.example")
    ]
    assert found[0] == "do_it"
    assert found[1] != "do_it"


async def test_a_signature_counts_as_much_as_its_domain_says(world: World) -> None:
    mlist = await world.make("info")
    await write(world, "review", "owner", "true() dkim -> do_it\ntrue() smtp -> reject(reason='plain')")
    signed = {"via": "mail", "strength": Strength.DKIM}
    assert await asked(world, mlist, actor=world.person("ann@x.example", **signed)) == "do_it"
    world.home = await tuned(world, dkim_method="as_smtp")
    assert await asked(world, mlist, actor=world.person("ann@x.example", **signed)) == "plain"


async def test_in_sympas_dialect_the_persons_other_addresses_are_not_tried(world: World) -> None:
    mlist = await world.make("info", review="private")
    await world.put(mlist, "ann@home.example")
    assert await asked(world, mlist, actor=world.person("ann@x.example", "ann@home.example")) == "do_it"
    world.home = await tuned(world, scenario_dialect="sympa")
    assert await asked(world, mlist, actor=world.person("ann@x.example", "ann@home.example")) != "do_it"
    assert await asked(world, mlist, actor=world.person("ann@home.example", "ann@x.example")) == "do_it"


async def test_in_sympas_dialect_rules_that_read_the_membership_refuse_as_they_always_did(
    world: World,
) -> None:
    mlist = await world.make("info", review="private")
    await world.put(mlist, "ann@x.example")
    await write(world, "review", "private", "newer([subscriber->date],'2001y1m1d') md5 -> do_it")
    assert await asked(world, mlist) == "do_it"
    world.home = await tuned(world, scenario_dialect="sympa")
    assert await asked(world, mlist) == "error-performing-condition"


def _like(mlist: MailingList, number: int) -> MailingList:
    return replace(mlist, id=mlist.id + number, name=f"list{number}")


async def test_row_8_a_question_about_one_list_costs_the_same_with_five_hundred_subscriptions(
    world: World,
) -> None:
    mlist = await world.make("info", review="private")
    actor = world.person("ann@x.example", *(f"ann{n}@x.example" for n in range(30)))
    counts = []
    for wanted in (0, 500):
        async with world.database.write() as uow:
            values = lists.values_of(mlist)
            await lists.add_many(uow, world.home.id, [(f"l{n}", values) for n in range(wanted)])
            for each in await lists.of_robot(uow, world.home.id):
                row = memberships.row(address="ann7@x.example", address_key="ann7@x.example")
                await memberships.add_many(uow, each.id, [row])
        async with world.database.read() as reader:
            counting = CountingReader(reader)
            decision = await authorize(counting, actor, "review", mlist=mlist)
        assert (decision.action, decision.element) == ("do_it", "ann7@x.example")
        counts.append((len(counting.statements), counting.about("memberships")))
    assert counts == [(2, 1), (2, 1)]
