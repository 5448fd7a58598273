"""The service as a document: read, compared, applied, written out, and always with the same result."""

import pytest

from identity.actor import operator
from identity.refusal import Invalid
from lists import plan_changes
from lists.plan import BadPlan, read_plan
from lists.plan_export import export
from lists.robots import OperatorOnly
from storage import lists
from storage.tables.words import ListStatus, RoleKind
from tests.lists.world import World

DOCUMENT = """
robots:
  a.example:
    title: Home
    listmasters: [lm@a.example]
    lists:
      info: {subject: "Ünïcode: news", send: public, priority: z, owners: [ann@x.example, bob@x.example]}
      staff:
        subject: Staff
        strict_main_address: true
        message_size_limit: 10M
        privileged_owners: [ann@x.example]
        editors: [eve@x.example]
  c.example:
    title: New
    lists:
      info: {subject: Elsewhere}
"""


async def applied(world: World, text: str, *, prune: bool = False) -> list[str]:
    async with world.database.read() as reader:
        changes = await plan_changes.diff(reader, read_plan(text), prune=prune)
    await plan_changes.apply(world.database, operator(world.home), changes)
    return changes.lines()


async def exported(world: World) -> str:
    async with world.database.read() as reader:
        return await export(reader)


async def test_applying_twice_changes_nothing_the_second_time(world: World) -> None:
    first = await applied(world, DOCUMENT)
    assert "+ list info@a.example" in first
    assert "+ robot c.example" in first
    assert await applied(world, DOCUMENT) == []
    async with world.database.read() as reader:
        info = await lists.find(reader, "info", "a.example")
        staff = await lists.find(reader, "staff", "a.example")
    assert info is not None
    assert staff is not None
    assert (info.subject, info.send, info.priority) == ("Ünïcode: news", "public", 10)
    assert (staff.strict_main_address, staff.message_size_limit) == (True, 10 * 1024**2)


async def test_an_export_applied_elsewhere_exports_the_same_bytes(world: World) -> None:
    await applied(world, DOCUMENT)
    text = await exported(world)
    assert await applied(world, text) == []
    assert await exported(world) == text
    assert read_plan(text).robots[0].lists[0].values == read_plan(DOCUMENT).robots[0].lists[0].values


async def test_what_a_plan_does_not_mention_is_left_alone(world: World) -> None:
    await applied(world, DOCUMENT)
    lines = await applied(world, "robots: {a.example: {lists: {info: {subject: Changed}}}}")
    assert lines == ["~ list info@a.example: subject: 'Ünïcode: news' -> 'Changed'"]
    async with world.database.read() as reader:
        info = await lists.find(reader, "info", "a.example")
        assert info is not None
        assert info.send == "public"
        assert len(await lists.of_robot(reader, world.home.id)) == 2


async def test_pruning_closes_and_naming_again_opens(world: World) -> None:
    await applied(world, DOCUMENT)
    only = "robots: {a.example: {lists: {info: {}}}}"
    assert await applied(world, only, prune=True) == ["- list staff@a.example (closed)"]
    assert await applied(world, only, prune=True) == []
    async with world.database.read() as reader:
        staff = await lists.find(reader, "staff", "a.example")
        abroad = await lists.find(reader, "info", "c.example")
    assert staff is not None
    assert abroad is not None
    assert (staff.status, abroad.status) == (ListStatus.CLOSED, ListStatus.OPEN)
    [line] = await applied(world, "robots: {a.example: {lists: {staff: {}}}}")
    assert "opened" in line


async def test_offices_follow_the_plan(world: World) -> None:
    await applied(world, DOCUMENT)
    lines = await applied(
        world, "robots: {a.example: {lists: {info: {owners: [Bob@x.example, new@x.example]}}}}"
    )
    assert lines == [
        "+ owner new@x.example of info@a.example",
        "- owner ann@x.example of info@a.example",
    ]
    async with world.database.read() as reader:
        assert await plan_changes.diff(reader, read_plan("robots: {a.example: {listmasters: []}}"))
    assert (await applied(world, "robots: {a.example: {listmasters: [two@a.example]}}"))[0] == (
        f"+ {RoleKind.LISTMASTER.value} two@a.example"
    )


async def test_only_the_operator_applies(world: World) -> None:
    async with world.database.read() as reader:
        changes = await plan_changes.diff(reader, read_plan(DOCUMENT))
    with pytest.raises(OperatorOnly):
        await plan_changes.apply(world.database, world.person("eve@x.example"), changes)


async def test_an_unknown_scenario_is_told_before_anything_changes(world: World) -> None:
    async with world.database.read() as reader:
        with pytest.raises(Invalid, match="send"):
            await plan_changes.diff(reader, read_plan("robots: {a.example: {lists: {x: {send: nosuch}}}}"))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("robots: [", "YAML"),
        ("robots: 3", "names with values"),
        ("[1, 2]", "names with values"),
        ("robots: {not a domain: {}}", "not a domain"),
        ("robots: {a.example: {colour: red}}", "colour"),
        ("robots: {a.example: {lists: {info-request: {}}}}", "info-request"),
        ("robots: {a.example: {lists: {info: {priority: 12}}}}", "priority"),
        ("robots: {a.example: {lists: {info: {colour: red}}}}", "colour"),
        ("robots: {a.example: {lists: {info: {owners: ann@x.example}}}}", "owners"),
        ("robots: {a.example: {lists: {info: {owners: [nobody]}}}}", "owners"),
        ("robots: {a.example: {lists: {info: {}, INFO: {}}}}", "twice"),
        ("robots: {a.example: {}, A.example: {}}", "twice"),
        ("!!python/object/apply:os.system ['true']", "YAML"),
    ],
)
def test_a_bad_plan_says_where_it_is_bad(text: str, named: str) -> None:
    with pytest.raises(BadPlan, match=named):
        read_plan(text)


async def test_thousands_of_lists_are_made_in_one_go(world: World) -> None:
    names = [f"list{n:04}" for n in range(2_500)]
    text = "robots:\n  a.example:\n    lists:\n" + "".join(
        f"      {name}: {{subject: S {name}, send: public, owners: [o{n % 7}@x.example]}}\n"
        for n, name in enumerate(names)
    )
    assert len(await applied(world, text)) == 5_000
    assert await applied(world, text) == []
    async with world.database.read() as reader:
        assert len(await lists.of_robot(reader, world.home.id)) == 2_500
