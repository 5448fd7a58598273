"""A domain's settings have one name everywhere: at the command line, in plans, in the API."""

import pytest

from identity.actor import operator
from lists.offices import ListmastersOnly
from lists.robot_settings import ROBOT_SETTINGS, parse_robot_settings, robot_defaults, update_robot
from lists.robots import OperatorOnly
from lists.settings import BadSetting
from storage import robots
from storage.tables.lists import robots as robots_table
from tests.lists.test_plan import applied, exported
from tests.lists.world import World

WRONG = [
    ("create_list", "../etc"),
    ("create_list", "no_such_text"),
    ("dkim_method", "maybe"),
    ("scenario_dialect", "perl"),
    ("blocklist_operations", "send dance"),
    ("subaddress_domains", "gmail.com"),
    ("listmasters_are_owners", "perhaps"),
    ("colour", "red"),
]


def test_the_defaults_are_those_of_the_table() -> None:
    spelled = {
        name: str(column.server_default.arg).strip("'")  # type: ignore[union-attr]
        for name, column in robots_table.c.items()
        if name in robots.SETTING_COLUMNS
    }
    assert spelled == {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in robot_defaults().items()
    }
    assert {*ROBOT_SETTINGS} == {*robots.SETTING_COLUMNS}


async def test_a_new_robot_has_the_defaults(world: World) -> None:
    assert robots.values_of(world.home) == robot_defaults()


async def test_the_operator_changes_settings_and_it_is_written_down(world: World) -> None:
    async with world.database.write() as uow:
        changed = await update_robot(
            uow,
            operator(world.home),
            world.home,
            {"create_list": "closed", "blocklist_operations": "subscribe,send"},
        )
    assert (changed.create_list, changed.blocklist_operations) == ("closed", "send subscribe")
    async with world.database.read() as reader:
        assert await robots.by_id(reader, world.home.id) == changed
    assert ("robot_settings_changed", "operator", "") in await world.events()


@pytest.mark.parametrize(("name", "value"), WRONG)
async def test_a_wrong_setting_is_refused_and_nothing_changes(world: World, name: str, value: str) -> None:
    with pytest.raises(BadSetting):
        async with world.database.write() as uow:
            await update_robot(uow, operator(world.home), world.home, {"create_list": "closed", name: value})
    async with world.database.read() as reader:
        assert await robots.by_id(reader, world.home.id) == world.home


async def test_listmasters_change_all_but_what_listmasters_are(world: World) -> None:
    await world.listmaster(world.home, "lm@x.example")
    async with world.database.write() as uow:
        changed = await update_robot(uow, world.person("lm@x.example"), world.home, {"create_list": "closed"})
    assert changed.create_list == "closed"
    with pytest.raises(OperatorOnly):
        async with world.database.write() as uow:
            await update_robot(
                uow, world.person("lm@x.example"), world.home, {"listmasters_are_owners": False}
            )


async def test_owners_and_listmasters_of_other_domains_change_nothing(world: World) -> None:
    mlist = await world.make("info")
    await world.office(mlist, "owner@x.example")
    await world.listmaster(world.other, "lm@x.example")
    for actor in (
        world.person("owner@x.example"),
        world.person("lm@x.example"),
        world.person("lm@x.example", robot=world.other),
        world.nobody(),
    ):
        with pytest.raises(ListmastersOnly):
            async with world.database.write() as uow:
                await update_robot(uow, actor, world.home, {"create_list": "public_listmaster"})


async def test_a_plan_names_them_beside_title_and_lists(world: World) -> None:
    text = (
        "robots: {a.example: {title: Home, create_list: closed, listmasters_are_owners: false, "
        "subaddress_domains: univ.example=+}}"
    )
    lines = await applied(world, text)
    assert "~ robot a.example: create_list: 'listmaster' -> 'closed'" in lines
    assert await applied(world, text) == []
    written = await exported(world)
    assert "create_list: closed" in written
    assert "subaddress_domains: univ.example=+" in written
    assert await applied(world, written) == []


async def test_a_plan_makes_a_robot_with_its_settings(world: World) -> None:
    await applied(world, "robots: {new.example: {scenario_dialect: sympa}}")
    async with world.database.read() as reader:
        made = await robots.find(reader, "new.example")
    assert made is not None
    assert made.scenario_dialect == "sympa"


def test_booleans_come_as_yaml_writes_them() -> None:
    assert parse_robot_settings({"listmasters_are_owners": False}) == {"listmasters_are_owners": False}
