"""A tree of scenario files in both databases: all of it or nothing, and never over what somebody wrote meanwhile."""

import pytest

from identity.actor import operator
from lists import scenario_texts as texts
from lists.authorize import authorize
from lists.offices import ListmastersOnly
from lists.scenario_import import Import, MalformedTree, SourceFile, carry_out, plan_import
from lists.scenario_places import Place
from lists.scenario_texts import TextChanged
from scenarios.dialect import Dialect
from scenarios.file_names import read_file_name
from tests.lists.world import World

RULES = "title House\ninclude staff\ntrue() smtp,dkim,md5,smime -> reject(reason='send_closed')\n"
STAFF = "search(staff.txt) smtp,dkim,md5,smime -> do_it\n"


def file(name: str, text: str) -> SourceFile:
    """A file of the tree."""
    return SourceFile(f"scenari/{name}", read_file_name(name), text)


TREE = [file("send.house", RULES), file("include.staff", STAFF), file("staff.txt", "*@staff.example\n")]


async def planned(
    world: World, files: list[SourceFile], place: Place, dialect: Dialect | None = None
) -> Import:
    """The tree, judged by the operator."""
    async with world.database.read() as reader:
        return await plan_import(reader, operator(world.home), place, files, dialect=dialect)


async def test_what_was_taken_over_governs_together(world: World) -> None:
    place = Place(world.home)
    plan = await planned(world, TREE, place)
    assert [each.fate for each in plan.entries] == ["new"] * 3
    async with world.database.write() as uow:
        assert await carry_out(uow, operator(world.home), plan) == 3
    mlist = await world.make("talk", send="house")
    async with world.database.read() as reader:
        told = [
            (await authorize(reader, world.person(who), "send", mlist=mlist)).action
            for who in ("ann@staff.example", "bob@else.example")
        ]
    assert told == ["do_it", "reject"]
    assert [each.fate for each in (await planned(world, TREE, place)).entries] == ["same"] * 3


async def test_a_fragment_of_the_tree_counts_and_a_missing_one_is_malformed(world: World) -> None:
    plan = await planned(world, TREE[:1], Place(world.home))
    [entry] = plan.of("malformed")
    assert (entry.line, "include.staff" in entry.sentence) == (2, True)
    with pytest.raises(MalformedTree):
        async with world.database.write() as uow:
            await carry_out(uow, operator(world.home), plan)


async def test_nothing_of_a_tree_is_written_when_one_text_changed_meanwhile(world: World) -> None:
    place, actor = Place(world.home), operator(world.home)
    plan = await planned(world, TREE, place)
    async with world.database.write() as uow:
        await texts.write(uow, actor, place, "search", "staff.txt", "*@else.example\n", expected=None)
    with pytest.raises(TextChanged):
        async with world.database.write() as uow:
            await carry_out(uow, actor, plan)
    async with world.database.read() as reader:
        found = await texts.every(reader, actor, place, own_only=True)
    assert [(each.name, each.text) for each in found] == [("staff.txt", "*@else.example\n")]


async def test_a_tree_is_judged_against_what_governs_there_and_against_sympas_reading(world: World) -> None:
    strict = "title x\nis_subscriber([listname],[user->email]) smtp,dkim,md5,smime -> do_it\n"
    [entry] = (await planned(world, [file("send.public", strict)], Place(world.home))).entries
    assert {(each.role, each.effect) for each in entry.effect.here} >= {("stranger", "loses")}
    assert {(each.role, each.effect) for each in entry.effect.dialects} == {("alternate", "gains")}
    [as_sympa] = (
        await planned(world, [file("send.public", strict)], Place(world.home), Dialect.SYMPA)
    ).entries
    assert ("alternate", "loses") in {(each.role, each.effect) for each in as_sympa.effect.here}


async def test_only_those_who_run_a_place_take_a_tree_over(world: World) -> None:
    async with world.database.read() as reader:
        with pytest.raises(ListmastersOnly):
            await plan_import(reader, world.person("guest@a.example"), Place(world.home), TREE)
