"""Documents of a list on both databases: who may do what, and what happens at the same time."""

import asyncio
from dataclasses import fields, replace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.actor import operator
from identity.refusal import Forbidden, NotFound, Refused
from lists import mailing_lists
from lists.authorize import Rejected, authorize
from lists.documents import access, changes, listing, rules, trash
from lists.documents.access import NoSuchDocument, NotAllOfIt
from lists.documents.bundle import named
from lists.documents.changes import IntoItself, NameInUse, TooDeep
from lists.documents.tree import DEEPEST, Folder, Item, Tree, tree_of
from lists.settings import BadSetting
from storage import documents as stored
from storage.database import Reader
from storage.tables.documents import Document
from storage.tables.lists import MailingList
from storage.tables.words import RoleKind
from tests.lists.documents_world import (
    EDITOR,
    MEMBER,
    OWNER,
    folder,
    outcome,
    rule,
    shelf,
    top,
)
from tests.lists.world import CountingReader, World


@pytest.mark.parametrize("policy", ["owner", "private", "private-https", "public"])
async def test_reading_is_what_explaining_says(world: World, policy: str) -> None:
    mlist = await shelf(world, d_read="owner")
    await folder(world, mlist, "a")
    row_id = (await top(world, mlist)).tree.children(await top(world, mlist))[0].row_id
    async with world.database.write() as uow:
        await stored.set_rules(uow, row_id or 0, policy, None, binds=False)
    people = [world.person(OWNER), world.person(MEMBER), world.person("else@x.example"), world.nobody()]
    seen, told = [], []
    for person in people:
        async with world.database.read() as reader:
            told.append(
                (await authorize(reader, person, "d_read", mlist=replace(mlist, d_read=policy))).action
            )
            found = (await access.opened(reader, person, mlist)).at("a")
            seen.append("do_it" if found is not None and found.is_readable else "reject")
    assert seen == told
    # The web says of no request that it came over https, which this rule asks for.
    assert ("do_it" in seen) is (policy != "private-https")


@pytest.mark.parametrize("policy", ["editor", "owner", "private", "private-https", "public"])
async def test_changing_is_what_explaining_says(world: World, policy: str) -> None:
    mlist = await shelf(world, d_read="public", d_edit="owner")
    await world.office(mlist, EDITOR, RoleKind.EDITOR)
    await folder(world, mlist, "a")
    await rule(world, mlist, "a", None, policy)
    people = [
        world.person(OWNER),
        world.person(MEMBER),
        world.person(EDITOR),
        world.person("else@x.example"),
        world.nobody(),
    ]
    for number, person in enumerate(people):
        async with world.database.read() as reader:
            told = (await authorize(reader, person, "d_edit", mlist=replace(mlist, d_edit=policy))).action
        async with world.database.write() as uow:
            inside = access.readable_folder((await access.opened(uow, person, mlist)).at("a"))
            made = await outcome(changes.create_folder(uow, person, inside, f"n{number}"))
        if told == "do_it":
            assert isinstance(made, Folder)
        else:
            assert isinstance(made, Rejected if told == "reject" else access.OnlyHandedIn)


async def test_somebody_who_may_read_and_not_change_is_told_which_rule_said_so(world: World) -> None:
    mlist = await shelf(world)
    async with world.database.write() as uow:
        tree = await access.opened(uow, world.person(MEMBER), mlist)
        with pytest.raises(Rejected) as refused:
            await changes.create_folder(uow, world.person(MEMBER), tree.top, "mine")
    assert refused.value.decision.scenario == "owner"
    assert refused.value.decision.id


async def test_another_robots_people_change_nothing_here(world: World) -> None:
    mlist = await shelf(world, d_edit="public", d_read="public", visibility="noconceal")
    key = (await folder(world, mlist, "a")).id
    there = world.person("else@y.example", robot=world.other)
    async with world.database.write() as uow:
        with pytest.raises(NoSuchDocument):
            await access.item_by_key(uow, there, key)


async def test_absent_hidden_and_gone_are_one_answer(world: World) -> None:
    mlist = await shelf(world)
    key = (await folder(world, mlist, "a")).id
    await rule(world, mlist, "a", "owner")
    said = set()
    async with world.database.read() as reader:
        for who, number in (
            (MEMBER, key),
            (MEMBER, 999_999),
            (MEMBER, 999_998),
            ("else@x.example", mlist.id * 2),
        ):
            with pytest.raises(NotFound) as refused:
                await access.item_by_key(reader, world.person(who), number)
            said.add((refused.value.message, refused.value.code))
    assert len(said) == 1


async def test_two_who_move_folders_into_each_other_make_no_circle(world: World) -> None:
    mlist = await shelf(world)
    a, b = await folder(world, mlist, "a"), await folder(world, mlist, "b")

    async def into(item: Folder, target: Folder) -> Item | Refused:
        async with world.database.write() as uow:
            mine = await access.item_by_key(uow, world.person(OWNER), item.id)
            fresh = access.readable_folder(await access.item_by_key(uow, world.person(OWNER), target.id))
            return await changes.move(uow, world.person(OWNER), mine, fresh)

    done = await asyncio.gather(outcome(into(a, b)), outcome(into(b, a)))
    assert sorted(isinstance(each, IntoItself) for each in done) == [False, True]
    paths = [each.path for each in (await top(world, mlist)).tree.below(await top(world, mlist))]
    assert len(paths) == 2


async def test_of_two_who_make_the_same_name_one_succeeds(world: World) -> None:
    mlist = await shelf(world)

    async def make(name: str) -> Item | Refused:
        async with world.database.write() as uow:
            tree = await access.opened_by_id(uow, world.person(OWNER), mlist.id)
            return await changes.create_folder(uow, world.person(OWNER), tree.top, name)

    done = await asyncio.gather(*(outcome(make(name)) for name in ("Été", "ÉTÉ", "E\u0301te\u0301")))
    assert sorted(isinstance(each, NameInUse) for each in done) == [False, True, True]


async def test_folders_lie_only_so_deep(world: World) -> None:
    mlist = await shelf(world)
    path = "/".join("x" * (DEEPEST - 1))
    await folder(world, mlist, path)
    with pytest.raises(TooDeep):
        await folder(world, mlist, f"{path}/y")
    await folder(world, mlist, "a/b")
    async with world.database.write() as uow:
        tree = await access.opened(uow, world.person(OWNER), mlist)
        a, deep = (
            access.readable(tree.at("a")),
            access.readable_folder(tree.at("/".join("x" * (DEEPEST - 2)))),
        )
        with pytest.raises(TooDeep):
            await changes.move(uow, world.person(OWNER), a, deep)


async def test_what_hides_something_is_neither_removed_nor_moved_by_who_does_not_see_it(world: World) -> None:
    mlist = await shelf(world, d_edit="private")
    await folder(world, mlist, "a/hidden")
    await folder(world, mlist, "b")
    await rule(world, mlist, "a/hidden", "owner", "owner")
    async with world.database.write() as uow:
        tree = await access.opened(uow, world.person(MEMBER), mlist)
        a, b = access.readable(tree.at("a")), access.readable_folder(tree.at("b"))
        with pytest.raises(NotAllOfIt):
            await trash.remove(uow, world.person(MEMBER), a.id)
        with pytest.raises(NotAllOfIt):
            await changes.move(uow, world.person(MEMBER), a, b)
        assert (await changes.move(uow, world.person(MEMBER), a, name="renamed")).path == "/renamed"


async def test_rules_are_for_owners_and_name_scenarios_that_exist(world: World) -> None:
    mlist = await shelf(world, d_edit="private")
    await folder(world, mlist, "a")
    async with world.database.write() as uow:
        member = await access.opened(uow, world.person(MEMBER), mlist)
        with pytest.raises(Forbidden):
            await rules.set_rules(uow, world.person(MEMBER), access.readable(member.at("a")), "public", None)
    for bad in ("nonsense", "../send.public", "a\nb"):
        with pytest.raises(BadSetting):
            await rule(world, mlist, "a", bad)
    with pytest.raises(changes.NotTheTop):
        await rule(world, mlist, "", "public")
    with pytest.raises(rules.LocksYouOut):
        await rule(world, mlist, "a", "private-https")
    await rule(world, mlist, "a", "domains(x.example)")
    assert (await top(world, mlist)).tree.at("a") is not None


async def test_a_thousand_items_take_as_many_statements_as_ten(world: World) -> None:
    mlist = await shelf(world)
    counts = []
    for more in (10, 990):
        async with world.database.write() as uow:
            for number in range(more):
                name = f"{more}-{number}"
                await stored.add(uow, mlist.id, None, name, slot=f"0/{name}", author=OWNER)
        async with world.database.read() as reader:
            counting = CountingReader(reader)
            tree = await access.opened(cast(Reader, counting), world.person(MEMBER), mlist)
            assert len(listing.tree_to(tree.top, 3)) == (10 if more == 10 else 1000)
            counts.append(len(counting.statements))
    assert counts[0] == counts[1] <= 4


async def test_the_list_of_the_trash_keeps_what_its_reader_may_not_read(world: World) -> None:
    mlist = await shelf(world, d_edit="private")
    for name in ("open", "hidden"):
        await folder(world, mlist, name)
    await rule(world, mlist, "hidden", "owner")
    async with world.database.write() as uow:
        tree = await access.opened(uow, world.person(OWNER), mlist)
        keys = {name: access.readable(tree.at(name)).id for name in ("open", "hidden")}
        for key in keys.values():
            await trash.remove(uow, world.person(OWNER), key)
    async with world.database.write() as uow:
        around = (await access.opened(uow, world.person(MEMBER), mlist)).top
        assert [row.name for row in await trash.removed_from(uow, world.person(MEMBER), around)] == ["open"]
        with pytest.raises(NoSuchDocument):
            await trash.restore(uow, world.person(MEMBER), keys["hidden"])
        with pytest.raises(NoSuchDocument):
            await trash.remove(uow, world.person(MEMBER), keys["hidden"])
        with pytest.raises(Forbidden):
            await trash.remove(uow, world.person(MEMBER), keys["open"])


async def test_what_lay_in_a_removed_folder_comes_back_after_the_folder(world: World) -> None:
    mlist = await shelf(world)
    await folder(world, mlist, "a/b")
    async with world.database.write() as uow:
        tree = await access.opened(uow, world.person(OWNER), mlist)
        a, b = access.readable(tree.at("a")), access.readable(tree.at("a/b"))
        await trash.remove(uow, world.person(OWNER), b.id)
        await trash.remove(uow, world.person(OWNER), a.id)
        with pytest.raises(trash.FolderGone):
            await trash.restore(uow, world.person(OWNER), b.id)
        await trash.restore(uow, world.person(OWNER), a.id)
        assert (await access.opened(uow, world.person(OWNER), mlist)).at("a/b") is None
        assert (await trash.restore(uow, world.person(OWNER), b.id)).path == "/a/b"


async def test_a_closed_list_keeps_its_documents_to_itself(world: World) -> None:
    mlist = await shelf(world, d_read="public", visibility="noconceal")
    key = (await folder(world, mlist, "a")).id
    async with world.database.write() as uow:
        await mailing_lists.close_list(uow, operator(world.home), mlist)
    async with world.database.read() as reader:
        with pytest.raises(NotFound):
            await access.item_by_key(reader, world.nobody(), key)


POLICIES = st.sampled_from([None, None, "public", "owner"])
SHAPES = st.lists(st.tuples(st.integers(0, 12), st.booleans(), POLICIES, st.booleans()), max_size=14)


def tree_from(shape: list[tuple[int, bool, str | None, bool]], mlist: MailingList) -> Tree:
    """A tree in which each item lies in one of the folders before it."""
    rows: list[Document] = []
    for number, (place, is_folder, policy, binds) in enumerate(shape, start=1):
        folders = [None, *(row.id for row in rows if row.is_folder)]
        rows.append(
            Document(
                number, 1, folders[place % len(folders)], is_folder, f"n{number}", policy, None, binds and is_folder,
                "a@x.example", None, False, 0, 0, None, None, 0, "", "",
            )
        )  # fmt: skip
    return tree_of(mlist, rows)


@given(SHAPES)
def test_no_list_search_or_zip_shows_what_may_not_be_read(
    shape: list[tuple[int, bool, str | None, bool]],
) -> None:
    values = {each.name: "" for each in fields(MailingList)} | {"id": 1, "name": "t", "d_read": "public"}
    tree = replace(tree_from(shape, MailingList(**values)), readable=frozenset({"public"}))  # type: ignore[arg-type]
    found = listing.listed(tree.top, recursive=True)
    assert all(each.is_readable for each in found)
    assert ([each.id for each, _ in named(tree.top)] and True) or not found
    assert {each.id for each, _ in named(tree.top)} == {each.id for each in found}
    for each in found:
        assert "…" not in each.path
    for each in tree.below(tree.top):
        assert each.row is not None
        above = [holder for holder in tree.around(each) if holder.row is not None and holder.row.binds]
        if above:
            # The outermost binding folder's rules, exactly.
            assert each.rules.read == above[-1].rules.read
        elif each.row.d_read is not None:
            assert each.rules.read == each.row.d_read
