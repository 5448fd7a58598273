"""What a family is made of, which addresses are its lists', and what its data come to, line by line."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.actor import operator
from identity.refusal import Refused
from lists import families
from lists.csv_cells import BadRow
from lists.families import definition_of
from lists.family_addresses import check_address, name_for, parameters_in
from lists.family_definition import BadParameters, complete, document_of, read_definition, render
from lists.family_instances import NothingToMake, instantiate
from lists.family_rows import BadFamilyData, Entry, entries_of
from lists.offices import ListmastersOnly
from lists.settings import BadSetting
from storage import families as kept
from storage import lists, roles
from storage.tables.words import ListStatus, RoleKind
from tests.lists.world import World

TEXT = """
name: teams
parameters:
  team: {pattern: "[a-z]+"}
  size: {allowed: [small, large], default: small}
template:
  subject: "{team} of {listname}@{domain}"
  custom_vars: "team={team}; size={size}"
  owners: ["{team}@example.edu"]
constraints:
  subject: "{team} of {listname}@{domain}"
  priority: [5, 6]
"""
DEFINITION = read_definition(document_of(TEXT))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: [", "YAML"),
        ("just text", "names with values"),
        ("name: x\nunknown: 1", "unknown"),
        ("name: ''", "name"),
        ("name: x\nparameters: {Upper: {}}", "Upper"),
        ("name: x\nparameters: {listname: {}}", "listname"),
        ("name: x\nparameters: {a: {pattern: '('}}", "pattern of a"),
        ("name: x\nparameters: {a: {pattern: '[a-z]+', default: '1'}}", "own default"),
        ("name: x\nparameters: {a: {other: 1}}", "other"),
        ("name: x\ntemplate: {subject: '{b}'}", "{b}"),
        ("name: x\ntemplate: {colour: red}", "colour"),
        ("name: x\nconstraints: {colour: red}", "colour"),
        ("name: x\ntemplate: {priority: 12}", "priority"),
        ("name: x\ntemplate: {send: public}\nconstraints: {send: private}", "constraint on send"),
        ("name: x\ntemplate: {send: nosuch}", "nosuch"),
        ("name: x\ncreate_list: nosuch", "nosuch"),
        ("name: x\nmost_lists: 0", "most_lists"),
        ("name: x\nidle_lifetime: soon", "idle_lifetime"),
        ("name: x\nby_mail: true", "address"),
        ("name: x\naddress: team", "address"),
        ("name: x\ntemplate: {subject: [a, b]}", "plain value"),
        ("name: [x, y]", "plain value"),
        ("name: x\nparameters: {a: {pattern: '[a-z]+'}}\naddress: '{a}-team'", "fixed characters"),
        ("name: x\nparameters: {a: {}}\naddress: 'team+{a}'", "allowed values or a pattern"),
        ("name: x\nparameters: {a: {allowed: [Law]}}\naddress: 'team+{a}'", "small letters"),
        ("name: x\nparameters: {a: {allowed: [x]}, b: {}}\naddress: 'team+{a}'", "default"),
        ("name: x\nparameters: {a: {allowed: [x]}, b: {allowed: [x]}}\naddress: 'team+{a}{b}'", "Between"),
        ("name: x\nparameters: {a: {allowed: [x]}}\naddress: 'Team {a}'", "address"),
    ],
)
async def test_a_definition_that_makes_no_sense_is_refused_with_what_is_wrong(
    world: World, text: str, said: str
) -> None:
    async with world.database.write() as uow:
        with pytest.raises(Refused) as refused:
            await families.define(uow, operator(world.home), world.home, text)
    assert said in refused.value.message
    async with world.database.read() as reader:
        assert await kept.of_robot(reader, world.home.id) == []


async def test_only_listmasters_define_families_each_in_their_own_domain(world: World) -> None:
    await world.listmaster(world.home, "lm@a.example")
    async with world.database.write() as uow:
        for actor, robot in (
            (world.person("u@a.example"), world.home),
            (world.person("lm@a.example"), world.other),
        ):
            with pytest.raises(ListmastersOnly):
                await families.define(uow, actor, robot, TEXT)
        family = await families.define(uow, world.person("lm@a.example"), world.home, TEXT)
        assert (await families.named(uow, world.home, "Teams")).id == family.id
        with pytest.raises(families.NoSuchFamily):
            await families.named(uow, world.other, "teams")


def test_a_list_is_made_of_its_parameters_in_one_pass() -> None:
    parameters = complete(DEFINITION, {"team": "law"})
    assert parameters == {"team": "law", "size": "small"}
    made = render(DEFINITION, "law", "a.example", parameters)
    assert made.values["subject"] == "law of law@a.example"
    # What the template leaves open is what the constraint allows.
    assert made.values["priority"] == 5
    assert made.people == {"owners": ("law@example.edu",)}


@pytest.mark.parametrize("value", ["", "Law 1", "law; admin=1", "law\nx", "{size}", "x" * 300])
def test_a_value_that_the_parameter_does_not_take_is_refused(value: str) -> None:
    with pytest.raises(BadParameters):
        complete(DEFINITION, {"team": value})
    with pytest.raises(BadParameters):
        complete(DEFINITION, {"team": "law", "other": "x"})


def test_a_value_without_a_form_can_neither_add_variables_nor_fill_places() -> None:
    free = read_definition(document_of(TEXT.replace('{pattern: "[a-z]+"}', "{}")))
    for value in ("law; admin=1", "law\nadmin=1", "law\u2028x"):
        with pytest.raises(BadParameters):
            complete(free, {"team": value})
    made = render(free, "law", "a.example", complete(free, {"team": "{size}"}))
    assert made.values["subject"] == "{size} of law@a.example"
    assert made.people == {"owners": ("{size}@example.edu",)}


ADDRESS = "team+{team}-{size}.list"


def test_an_address_is_read_in_one_way_only() -> None:
    assert check_address(DEFINITION, ADDRESS) == "team+"
    name = name_for(ADDRESS, {"team": "law", "size": "small"})
    assert name == "team+law-small.list"
    assert parameters_in(ADDRESS, name) == {"team": "law", "size": "small"}
    with pytest.raises(BadParameters):
        name_for(ADDRESS, {"team": "law-x", "size": "small"})
    assert parameters_in(ADDRESS, "team+law-x-small.list") == {"team": "law", "size": "x-small"}


@given(
    st.text(string.ascii_lowercase + string.digits + "._-+", max_size=30),
    st.text(string.ascii_lowercase + string.digits + "._-+", max_size=30),
)
def test_what_an_address_says_is_what_it_was_made_of(team: str, size: str) -> None:
    try:
        name = name_for(ADDRESS, {"team": team, "size": size})
    except BadParameters:
        return
    assert parameters_in(ADDRESS, name) == {"team": team, "size": size}


def test_a_data_file_tells_each_entry_with_its_line() -> None:
    table = 'name;team\n\nlaw;law\nbad\n"arts";arts\n'
    assert [*entries_of(table, is_yaml=False)] == [
        Entry(3, "law", {"team": "law"}),
        BadRow(4, "INVALID", "This line has 1 cells; the header has 2."),
        Entry(5, "arts", {"team": "arts"}),
    ]
    entries = "- name: law\n  team: law\n- just text\n- name: arts\n  team: [a, b]\n- team: maths\n"
    found = [*entries_of(entries, is_yaml=True)]
    assert [each.line for each in found] == [1, 3, 4, 6]
    assert [isinstance(each, BadRow) for each in found] == [False, True, True, False]
    for text, is_yaml in (("name,name\nx,y\n", False), ("name: law", True), ("- [", True)):
        with pytest.raises(BadFamilyData):
            [*entries_of(text, is_yaml=is_yaml)]


async def run(
    world: World, text: str, *, close_missing: bool = True, dry_run: bool = False
) -> tuple[int, ...]:
    """Instantiate from a table; created, updated, closed, unchanged, failed."""
    async with world.database.read() as reader:
        family = await families.named(reader, world.home, "teams")
    report = await instantiate(
        world.database,
        operator(world.home),
        world.home,
        family,
        entries_of(text, is_yaml=False),
        close_missing=close_missing,
        dry_run=dry_run,
    )
    return (report.created, report.updated, report.closed, report.unchanged, report.failed)


async def test_offices_follow_the_data_and_leave_alone_what_people_gave_by_hand(world: World) -> None:
    async with world.database.write() as uow:
        await families.define(uow, operator(world.home), world.home, TEXT)
    assert await run(world, "name,team\nlaw,law\n") == (1, 0, 0, 0, 0)
    async with world.database.read() as reader:
        mlist = await lists.find(reader, "law", world.home.domain)
    assert mlist is not None
    await world.office(mlist, "hand@a.example")
    assert await run(world, "name,team\nlaw,law\n") == (0, 0, 0, 1, 0)
    assert await run(world, "name,team\nlaw,lawyers\n") == (0, 1, 0, 0, 0)
    async with world.database.read() as reader:
        held = {role.address for role in await roles.of_list(reader, mlist.id, RoleKind.OWNER)}
        changed = await lists.find(reader, "law", world.home.domain)
    assert held == {"lawyers@example.edu", "hand@a.example"}
    assert changed is not None
    assert changed.subject == "lawyers of law@a.example"
    assert await run(world, "name,team\nlaw,lawyers\n") == (0, 0, 0, 1, 0)


async def test_a_new_constraint_is_carried_through_by_the_next_run(world: World) -> None:
    async with world.database.write() as uow:
        await families.define(uow, operator(world.home), world.home, TEXT)
    await run(world, "name,team\nlaw,law\narts,arts\n")
    async with world.database.write() as uow:
        await families.define(
            uow, operator(world.home), world.home, TEXT.replace("priority: [5, 6]", "priority: 7")
        )
    assert await run(world, "name,team\nlaw,law\narts,arts\n", dry_run=True) == (0, 2, 0, 0, 0)
    assert await run(world, "name,team\nlaw,law\narts,arts\n") == (0, 2, 0, 0, 0)
    assert await run(world, "name,team\nlaw,law\narts,arts\n") == (0, 0, 0, 2, 0)
    async with world.database.read() as reader:
        assert {each.priority for each in await lists.of_robot(reader, world.home.id)} == {7}


async def test_a_file_of_nothing_closes_nothing(world: World) -> None:
    async with world.database.write() as uow:
        await families.define(uow, operator(world.home), world.home, TEXT)
    await run(world, "name,team\nlaw,law\n")
    for text in ("", "name,team\n"):
        with pytest.raises(NothingToMake):
            await run(world, text)
    assert await run(world, "name,team\n,\n", close_missing=False) == (0, 0, 0, 0, 0)
    async with world.database.read() as reader:
        assert [each.status for each in await lists.of_robot(reader, world.home.id)] == [ListStatus.OPEN]


async def test_a_bad_entry_that_names_its_list_keeps_it_open(world: World) -> None:
    async with world.database.write() as uow:
        await families.define(uow, operator(world.home), world.home, TEXT)
    await run(world, "name,team\nlaw,law\narts,arts\nmaths,maths\n")
    assert await run(world, "name,team\nlaw,LAW1!\narts,arts\n") == (0, 0, 1, 1, 1)
    async with world.database.read() as reader:
        found = {each.name: each.status for each in await lists.of_robot(reader, world.home.id)}
    assert found == {
        "law": ListStatus.OPEN, "arts": ListStatus.OPEN, "maths": ListStatus.FAMILY_CLOSED,
    }  # fmt: skip


async def test_a_scenario_that_nobody_wrote_is_told_for_the_list_that_wants_it(world: World) -> None:
    text = TEXT.replace('  subject: "{team} of', '  send: "{team}"\n  subject: "{team} of', 1)
    async with world.database.write() as uow:
        family = await families.define(uow, operator(world.home), world.home, text)
    assert definition_of(family).settings["send"] == "{team}"
    assert await run(world, "name,team\nlaw,public\narts,nosuch\n") == (1, 0, 0, 0, 1)


def test_what_a_template_cannot_say_is_no_setting() -> None:
    with pytest.raises(BadSetting):
        read_definition(document_of("template: {language: '!!'}"))
