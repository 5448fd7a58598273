"""Topics order the directory, and one whose policy refuses the viewer is absent by every path."""

from dataclasses import replace

import pytest

from identity.actor import Actor, operator, stranger
from identity.refusal import Refused
from lists import directory, mailing_lists, topics
from lists.directory import DirectoryFilter
from lists.plan import read_plan
from lists.plan_changes import apply, diff
from lists.plan_export import export
from lists.robot_settings import update_robot
from lists.settings import BadSetting
from lists.topics import remove_topic, set_topic, topics_of_list, visible_topics
from storage import lists as stored
from storage.keyset import Window
from tests.lists.world import World

BOSS, OWNER = "boss@x.example", "own@x.example"


async def tree(world: World) -> None:
    """Science with physics, which only listmasters see, and arts for whoever is signed in."""
    await world.listmaster(world.home, BOSS)
    async with world.database.write() as uow:
        boss = world.person(BOSS)
        await set_topic(uow, boss, world.home, "science", "The sciences")
        await set_topic(uow, boss, world.home, "science/physics", "Physics", "conceal")
        await set_topic(uow, boss, world.home, "science/physics/optics", "Optics")
        await set_topic(uow, boss, world.home, "arts", "Arts", "identified")
        await set_topic(uow, boss, world.home, "sci_fi", "Tales")


async def names(world: World, actor: Actor) -> list[str]:
    """What the actor sees."""
    async with world.database.read() as reader:
        return [topic.name for topic in await visible_topics(reader, actor, world.home)]


async def under(world: World, actor: Actor, topic: str) -> list[str]:
    """The lists that the directory shows under a topic."""
    wanted = DirectoryFilter(world.home.id, topic=topic)
    async with world.database.read() as reader:
        page = await directory.page_of_lists(reader, actor, Window(50), wanted=wanted)
        assert await directory.count_of_lists(reader, actor, wanted) == len(page.rows)
        return [mlist.name for mlist in page.rows]


async def test_who_sees_a_topic_is_said_by_its_own_policy_or_its_robots(world: World) -> None:
    await tree(world)
    ann, unknown = world.person("ann@x.example"), stranger(world.home)
    everything = ["arts", "sci_fi", "science", "science/physics", "science/physics/optics"]
    assert await names(world, world.person(BOSS)) == everything
    assert await names(world, operator(world.home)) == everything
    # Optics has no rule of its own, and lies under what is hidden.
    assert await names(world, ann) == ["arts", "sci_fi", "science"]
    assert await names(world, unknown) == ["sci_fi", "science"]
    async with world.database.write() as uow:
        robot = await update_robot(uow, world.person(BOSS), world.home, {"topics_visibility": "identified"})
    async with world.database.read() as reader:
        assert await visible_topics(reader, replace(unknown, robot=robot), robot) == []


async def test_a_hidden_topic_is_absent_by_every_path(world: World) -> None:
    await tree(world)
    mlist = await world.make("light", visibility="noconceal", topics="science/physics, arts")
    await world.make("waves", visibility="noconceal", topics="science/physics/optics")
    await world.make("stars", visibility="noconceal", topics="science sci_fi")
    await world.make("other", visibility="noconceal")
    boss, ann = world.person(BOSS), world.person("ann@x.example")
    assert await under(world, boss, "science") == ["light", "stars", "waves"]
    assert await under(world, boss, "Science/Physics") == ["light", "waves"]
    assert await under(world, ann, "science") == ["stars"]
    assert await under(world, ann, "science/physics") == await under(world, ann, "never") == []
    assert await under(world, ann, "sci") == []
    assert await under(world, ann, "sci_fi") == ["stars"]
    async with world.database.read() as reader:
        shown = [
            [each.name for each in topics_of_list(await visible_topics(reader, who, world.home), mlist)]
            for who in (boss, ann)
        ]
    assert shown == [["arts", "science/physics"], ["arts"]]


async def test_owners_set_what_they_see_and_keep_what_they_do_not(world: World) -> None:
    await tree(world)
    mlist = await world.make("light", topics="science/physics")
    await world.office(mlist, OWNER)
    owner = world.person(OWNER)

    async def put(text: str) -> str:
        async with world.database.write() as uow:
            return (await mailing_lists.update_settings(uow, owner, mlist, {"topics": text})).topics

    assert await put("arts, Science") == "arts science science/physics"
    assert await put("") == "science/physics"
    refused = []
    for unknown in ("science/physics", "never"):
        with pytest.raises(BadSetting) as told:
            await put(unknown)
        refused.append(told.value.message.replace(unknown, "…"))
    assert len({*refused}) == 1
    with pytest.raises(BadSetting):
        await put("not a topic!")
    async with world.database.write() as uow:
        with pytest.raises(BadSetting):
            await mailing_lists.create_list(
                uow, operator(world.home), world.home, "new", "New", {"topics": "never"}
            )


async def test_only_listmasters_make_topics_and_each_lies_under_one_that_is_there(world: World) -> None:
    await tree(world)
    boss = world.person(BOSS)
    for actor, name, title, policy in (
        (world.person(OWNER), "music", "Music", None),
        (boss, "music/early", "Early", None),
        (boss, "Mu sic", "Music", None),
        (boss, "a/b/c/d/e", "Deep", None),
        (boss, "music", "x" * 201, None),
        (boss, "music", " ", None),
        (boss, "music", "Music", "no-such-policy"),
    ):
        async with world.database.write() as uow:
            with pytest.raises(Refused):
                await set_topic(uow, actor, world.home, name, title, policy)
    async with world.database.write() as uow:
        kept = await set_topic(uow, boss, world.home, "arts", "Fine arts")
        assert (kept.title, kept.visibility) == ("Fine arts", "identified")
        assert (await set_topic(uow, boss, world.home, "arts", visibility="")).visibility == ""


async def test_a_topic_that_goes_is_taken_off_its_lists(world: World) -> None:
    await tree(world)
    one = await world.make("light", topics="arts science sci_fi")
    boss = world.person(BOSS)
    async with world.database.write() as uow:
        for name in ("science", "never"):
            with pytest.raises(Refused):
                await remove_topic(uow, boss, world.home, name)
        with pytest.raises(Refused):
            await remove_topic(uow, world.person(OWNER), world.home, "arts")
        await remove_topic(uow, boss, world.home, "sci_fi")
    async with world.database.read() as reader:
        found = await stored.by_id(reader, one.id)
    assert found is not None
    assert found.topics == "arts science"
    assert "sci_fi" not in await names(world, boss)


async def test_a_robot_has_no_more_topics_than_can_be_shown(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topics, "MOST_TOPICS", 5)
    await tree(world)
    async with world.database.write() as uow:
        with pytest.raises(topics.TooManyTopics):
            await set_topic(uow, world.person(BOSS), world.home, "more")


async def test_plans_carry_topics_and_exports_give_them_back(world: World) -> None:
    text = (
        f"robots: {{{world.home.domain}: {{topics: {{arts: Arts, arts/music: {{title: Music, visibility: conceal}}}}, "
        "lists: {choir: {topics: [arts/music]}}}}"
    ).replace("[arts/music]", "arts/music")
    wanted = read_plan(text)
    async with world.database.read() as reader:
        changes = await diff(reader, wanted)
    assert [line for line in changes.lines() if "topic" in line] == [
        f"~ topic arts of {world.home.domain}: 'Arts'",
        f"~ topic arts/music of {world.home.domain}: 'Music', seen by conceal",
    ]
    await apply(world.database, operator(world.home), changes)
    async with world.database.read() as reader:
        assert (await diff(reader, wanted)).lines() == []
        exported = await export(reader)
        assert (await diff(reader, read_plan(exported))).lines() == []
    assert "visibility: conceal" in exported
    assert "topics: arts/music" in exported
    for bad in ("topics: {a b: X}", "topics: {x/y: Y}", "lists: {choir: {topics: never}}"):
        async with world.database.read() as reader:
            with pytest.raises(Refused):
                await diff(reader, read_plan(f"robots: {{{world.home.domain}: {{{bad}}}}}"))
