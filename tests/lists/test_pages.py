"""Pages of lists, members, subscriptions and messages: complete, without overlap, and only what one may see."""

import pytest

from identity.actor import operator
from lists import archive, directory, subscriptions
from lists.archive import NoSuchMessage
from lists.authorize import Rejected
from lists.directory import DirectoryFilter
from storage import lists, memberships, posts, robots, scenario_texts
from storage.keyset import Page, Window
from storage.lists import ListOrder
from storage.subscribers import MembershipOrder, Narrowing
from storage.tables.lists import MailingList, Membership
from storage.tables.words import MessageState, Reception, RoleKind, Visibility
from tests.conftest import Clock
from tests.lists.world import CountingReader, World


async def test_the_directory_shows_only_what_one_may_see_however_much_is_hidden(world: World) -> None:
    shown = [await world.make(f"open{n}", visibility="noconceal") for n in range(3)]
    hidden = [await world.make(f"hidden{n:03}", visibility="secret") for n in range(12)]
    mine = await world.make("mine", visibility="conceal")
    await world.put(mine, "ann@home.example")
    await world.office(hidden[5], "ann@x.example")
    actor = world.person("ann@x.example", "ann@home.example")
    async with world.database.read() as reader:
        seen = await directory.page_of_lists(reader, actor, Window(50))
        strangers = await directory.page_of_lists(reader, world.nobody(), Window(2))
        rest = await directory.page_of_lists(
            reader, world.nobody(), Window(2, after=ListOrder.NAME.place(strangers.rows[-1]))
        )
        counts = [await directory.count_of_lists(reader, who) for who in (actor, world.nobody())]
    assert [mlist.name for mlist in seen.rows] == ["hidden005", "mine", "open0", "open1", "open2"]
    assert [mlist.id for mlist in (*strangers.rows, *rest.rows)] == [mlist.id for mlist in shown]
    assert (strangers.has_more, rest.has_more, counts) == (True, False, [5, 3])


@pytest.mark.parametrize("own_rules", [False, True])
async def test_the_count_agrees_with_the_pages_for_everybody(world: World, *, own_rules: bool) -> None:
    for n, visibility in enumerate(("noconceal", "conceal", "secret", "identified") * 2):
        for robot in (world.home, world.other):
            mlist = await world.make(f"list{n}", robot, visibility=visibility)
            if n in (1, 4, 5):
                await world.put(mlist, "ann@home.example")
            if n in (2, 4):
                await world.office(mlist, "ann@x.example")
    await world.listmaster(world.home, "lm@x.example")
    async with world.database.write() as uow:
        closed = await lists.find(uow, "list0", "a.example")
        assert closed is not None
        put = scenario_texts.put
        hidden = "true() smtp,md5 -> reject"
        await put(
            uow, robot_id=None, list_id=closed.id, operation="visibility", name="noconceal", text=hidden
        )
        if own_rules:
            text = "match([list->name],/[13]$/) smtp,md5 -> do_it"
            home = world.home.id
            await put(uow, robot_id=home, list_id=None, operation="visibility", name="secret", text=text)
            await put(uow, robot_id=home, list_id=None, operation="visibility", name="conceal", text=text)
    people = (
        world.nobody(),
        world.person("eve@x.example"),
        world.person("ann@x.example", "ann@home.example"),
        world.person("lm@x.example"),
        operator(world.home),
    )
    async with world.database.read() as reader:
        for actor in people:
            for robot_id in (None, world.home.id, world.other.id):
                wanted = DirectoryFilter(robot_id=robot_id)
                page = await directory.page_of_lists(reader, actor, Window(99), wanted=wanted)
                assert await directory.count_of_lists(reader, actor, wanted) == len(page.rows)


async def test_the_directory_costs_the_same_for_one_and_for_many_lists(world: World) -> None:
    costs = []
    for round_ in range(2):
        for n in range(1 if round_ == 0 else 30):
            await world.make(f"list{round_}{n}", visibility="conceal")
        async with world.database.read() as reader:
            counting = CountingReader(reader)
            await directory.page_of_lists(counting, world.person("ann@x.example"), Window(20))
            costs.append(len(counting.statements))
    assert costs == [4, 4]


async def test_the_directory_is_walked_in_both_directions_and_orders(world: World) -> None:
    names = ["d", "a", "c", "e", "b"]
    for name in names:
        await world.make(name, visibility="noconceal")

    async def walk(order: ListOrder, *, descending: bool, from_end: bool) -> list[str]:
        found: list[str] = []
        window = Window(2, from_end=from_end)
        while True:
            page = await directory.page_of_lists(
                reader, world.nobody(), window, order=order, descending=descending
            )
            some = [mlist.name for mlist in page.rows]
            found = [*some, *found] if from_end else [*found, *some]
            if not page.has_more:
                return found
            place = order.place(page.rows[0 if from_end else -1])
            window = Window(2, before=place, from_end=True) if from_end else Window(2, after=place)

    async with world.database.read() as reader:
        for from_end in (False, True):
            for order, expected in (
                (ListOrder.NAME, sorted(names)),
                (ListOrder.CREATED_AT, names),
                (ListOrder.LATEST_MESSAGE_AT, names),
            ):
                assert await walk(order, descending=False, from_end=from_end) == expected
                assert await walk(order, descending=True, from_end=from_end) == expected[::-1]


async def test_the_directory_is_searched_and_kept_to_a_robot(world: World) -> None:
    await world.make("alpha", visibility="noconceal", description="100% Wool_")
    await world.make("beta", visibility="noconceal")
    await world.make("alpha", world.other, visibility="noconceal")
    async with world.database.read() as reader:
        for search, robot_id, expected in (
            ("ALPH", None, ["alpha@a.example", "alpha@b.example"]),
            ("alph", world.home.id, ["alpha@a.example"]),
            ("0% wool_", None, ["alpha@a.example"]),
            ("_", None, ["alpha@a.example"]),
            ("%", world.other.id, []),
        ):
            wanted = DirectoryFilter(robot_id=robot_id, search=search)
            page = await directory.page_of_lists(reader, world.nobody(), Window(9), wanted=wanted)
            assert [mlist.address for mlist in page.rows] == expected
            assert await directory.count_of_lists(reader, world.nobody(), wanted) == len(expected)


async def conceal(world: World, mlist: MailingList, address: str) -> None:
    async with world.database.write() as uow:
        await memberships.add(
            uow, mlist.id, address=address, address_key=address, visibility=Visibility.CONCEAL
        )


async def test_concealed_members_are_for_owners_eyes(world: World) -> None:
    mlist = await world.make("info", review="private")
    await world.office(mlist, "owner@x.example")
    await world.put(mlist, "ann@x.example", "bob@x.example")
    await conceal(world, mlist, "shy@x.example")
    async with world.database.read() as reader:
        for actor, expected in (
            (world.person("ann@x.example"), ["ann", "bob"]),
            (world.person("shy@x.example"), ["ann", "bob"]),
            (world.person("owner@x.example"), ["ann", "bob", "shy"]),
            (operator(world.home), ["ann", "bob", "shy"]),
        ):
            page = await subscriptions.members(reader, actor, mlist, Window(9))
            assert [one.address[:3] for one in page.rows] == expected
            assert await subscriptions.count_of_members(reader, actor, mlist) == len(expected)
        found = await subscriptions.members(
            reader, world.person("ann@x.example"), mlist, Window(9), narrowing=Narrowing(search="shy")
        )
        assert found.rows == []
        for telling in (Narrowing(is_bouncing=True), Narrowing(reception=(Reception.NOMAIL,))):
            told = await subscriptions.members(
                reader, world.person("ann@x.example"), mlist, Window(9), narrowing=telling
            )
            assert len(told.rows) == 2
        with pytest.raises(Rejected):
            await subscriptions.members(reader, world.person("eve@x.example"), mlist, Window(9))
        with pytest.raises(Rejected):
            await subscriptions.count_of_members(reader, world.nobody(), mlist)


async def test_listmasters_who_do_not_own_see_what_others_see(world: World) -> None:
    async with world.database.write() as uow:
        strict = await robots.add(uow, "c.example", "C", listmasters_are_owners=False)
    mlist = await world.make("info", strict, review="listmaster")
    async with world.database.write() as uow:
        await memberships.add(uow, mlist.id, address="ann@x.example", address_key="ann@x.example")
    await conceal(world, mlist, "shy@x.example")
    await world.listmaster(strict, "lm@x.example")
    async with world.database.read() as reader:
        page = await subscriptions.members(
            reader, world.person("lm@x.example", robot=strict), mlist, Window(9)
        )
    assert [one.address for one in page.rows] == ["ann@x.example"]


async def test_members_are_searched_narrowed_and_ordered(world: World, clock: Clock) -> None:
    mlist = await world.make("info")
    for n, (address, mode) in enumerate(
        (
            ("cid@x.example", Reception.MAIL),
            ("ann@y.example", Reception.DIGEST),
            ("bob@x.example", Reception.MAIL),
        )
    ):
        clock.advance(seconds=1)
        async with world.database.write() as uow:
            await memberships.add(
                uow,
                mlist.id,
                address=address,
                address_key=address,
                reception=mode,
                display_name=f"Name {n} of_{address[:3].upper()}",
            )
    boss = operator(world.home)

    async def names(order: MembershipOrder = MembershipOrder.EMAIL, **narrowing: object) -> list[str]:
        page: Page[Membership] = await subscriptions.members(
            reader,
            boss,
            mlist,
            Window(9),
            order=order,
            narrowing=Narrowing(**narrowing),  # type: ignore[arg-type]
        )
        return [one.address[:3] for one in page.rows]

    async with world.database.read() as reader:
        assert await names() == ["ann", "bob", "cid"]
        assert await names(MembershipOrder.SUBSCRIBED_AT) == ["cid", "ann", "bob"]
        assert await names(search="X.EXAMPLE") == ["bob", "cid"]
        assert await names(search="of_ann") == ["ann"]
        assert await names(reception=(Reception.DIGEST,)) == ["ann"]
        assert await names(is_bouncing=True) == []
        assert await names(is_bouncing=False, reception=(Reception.MAIL,)) == ["bob", "cid"]


async def test_my_subscriptions_come_with_their_lists_in_one_statement(world: World) -> None:
    one, two, abroad = await world.make("one"), await world.make("two"), await world.make("one", world.other)
    await world.put(one, "ann@x.example", "bob@x.example")
    await world.put(two, "ann@home.example", "ann@x.example")
    await world.put(abroad, "ann@x.example")
    actor = world.person("ann@x.example", "ann@home.example")
    async with world.database.read() as reader:
        counting = CountingReader(reader)
        page = await subscriptions.my_memberships(counting, actor, Window(9))
        assert len(counting.statements) == 1
        assert await subscriptions.count_of_mine(reader, actor) == 3
        some = await subscriptions.my_memberships(
            reader, actor, Window(9), addresses=("ANN@home.example", "bob@x.example")
        )
        by_list = await subscriptions.my_memberships_of(reader, actor, [one, two, abroad])
        nothing = await subscriptions.my_memberships(reader, world.nobody(), Window(9))
    assert [(mlist.address, one.address) for one, mlist in page.rows] == [
        ("one@a.example", "ann@x.example"),
        ("two@a.example", "ann@home.example"),
        ("two@a.example", "ann@x.example"),
    ]
    assert [membership.address for membership, _ in some.rows] == ["ann@home.example"]
    assert {key: len(found) for key, found in by_list.items()} == {one.id: 1, two.id: 2, abroad.id: 0}
    assert nothing.rows == []


async def test_my_subscriptions_are_walked_without_overlap(world: World) -> None:
    for n in range(7):
        await world.put(await world.make(f"list{n}"), "ann@x.example", "ann@home.example")
    actor = world.person("ann@x.example", "ann@home.example")
    for order in MembershipOrder:
        async with world.database.read() as reader:
            seen: list[int] = []
            window = Window(3)
            while True:
                page = await subscriptions.my_memberships(reader, actor, window, order=order, descending=True)
                seen += [membership.id for membership, _ in page.rows]
                if not page.has_more:
                    break
                window = Window(3, after=order.place(*page.rows[-1]))
        assert len(seen) == len(set(seen)) == 14


async def test_my_offices_come_with_their_lists(world: World) -> None:
    one, abroad = await world.make("one"), await world.make("one", world.other)
    await world.office(one, "ann@home.example", RoleKind.EDITOR)
    await world.office(abroad, "ann@x.example")
    actor = world.person("ann@x.example", "ann@home.example")
    async with world.database.read() as reader:
        page = await subscriptions.my_roles(reader, actor, Window(9))
        assert await subscriptions.count_of_my_roles(reader, actor) == 1
    [(role, mlist)] = page.rows
    assert (role.kind, mlist) == (RoleKind.EDITOR, one)


async def post(world: World, mlist: MailingList, key: str, *, archived: bool = True) -> None:
    async with world.database.write() as uow:
        kept = await posts.keep(
            uow,
            list_id=mlist.id,
            message_id=f"<{key}@x.example>",
            author=f"{key.title()} <{key}@x.example>",
            subject=key,
            raw=f"Subject: {key}\r\n\r\nhi\r\n".encode(),
            state=MessageState.DISTRIBUTED,
            in_reply_to="",
            archive_key=f"{mlist.id}-{key}",
        )
        assert kept is not None
        if archived:
            await posts.archive(uow, kept, mlist.id)


async def test_the_archive_is_read_latest_first_by_those_who_may(world: World, clock: Clock) -> None:
    mlist = await world.make("info", archive_web_access="private")
    await world.put(mlist, "ann@home.example")
    starts = []
    for key in ("one", "two", "three"):
        clock.advance(seconds=10)
        starts.append(clock.now)
        await post(world, mlist, key)
    await post(world, mlist, "held", archived=False)
    actor = world.person("ann@x.example", "ann@home.example")
    async with world.database.read() as reader:
        first = await archive.messages(reader, actor, mlist, Window(2))
        last = first.rows[-1]
        rest = await archive.messages(reader, actor, mlist, Window(2, after=(last.archived_at, last.id)))
        span = await archive.messages(reader, actor, mlist, Window(9), since=starts[1], until=starts[2])
        wrote = await archive.messages(reader, actor, mlist, Window(9), author="TWO@")
        assert await archive.count_of_messages(reader, actor, mlist) == 3
        for stranger in (world.nobody(), world.person("eve@x.example")):
            with pytest.raises(Rejected):
                await archive.messages(reader, stranger, mlist, Window(2))
            with pytest.raises(Rejected):
                await archive.message_by_key(reader, stranger, mlist, f"{mlist.id}-one")
    assert [one.subject for one in (*first.rows, *rest.rows)] == ["three", "two", "one"]
    assert ([one.subject for one in span.rows], [one.subject for one in wrote.rows]) == (["two"], ["two"])


async def test_a_permalink_opens_only_the_archive_of_its_own_list(world: World) -> None:
    public = await world.make("public", archive_web_access="public")
    closed = await world.make("closed", archive_web_access="closed")
    await post(world, public, "open")
    await post(world, closed, "secret")
    await post(world, public, "held", archived=False)
    async with world.database.read() as reader:
        found = await archive.message_by_key(reader, world.nobody(), public, f"{public.id}-open")
        assert (
            await archive.raw_message(reader, world.nobody(), public, found) == b"Subject: open\r\n\r\nhi\r\n"
        )
        for key in (f"{closed.id}-secret", f"{public.id}-held", "nothing"):
            with pytest.raises(NoSuchMessage):
                await archive.message_by_key(reader, world.nobody(), public, key)
        boss = operator(world.home)
        foreign = await archive.message_by_key(reader, boss, closed, f"{closed.id}-secret")
        with pytest.raises(NoSuchMessage):
            await archive.raw_message(reader, world.nobody(), public, foreign)
    assert archive.permalink(world.database.site, public, "k") == (
        "https://lists.example.test/lists/public/archive/k"
    )
