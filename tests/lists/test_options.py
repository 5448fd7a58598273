"""People change how they get a list's mail, pause, and move between their own addresses."""

import pytest

from lists import everywhere, options
from lists.membership import NoSuchMembership
from lists.offices import OwnersOnly, TokenTooNarrow
from lists.options import (
    NO_SUSPENSION,
    AlreadyThere,
    BadSuspension,
    NotYourAddress,
    Suspension,
)
from storage import memberships, takers
from storage.database import Reader
from storage.tables.lists import MailingList, Membership
from storage.tables.words import Reception, Strength, TokenScope, Visibility
from tests.conftest import Clock
from tests.lists.world import World


async def member(world: World, mlist: MailingList, address: str) -> Membership:
    async with world.database.read() as reader:
        found = await memberships.find(reader, mlist.id, address)
    assert found is not None
    return found


async def gets_mail(reader: Reader, mlist: MailingList, member: Membership, instant: int) -> bool:
    """Whether a post that was accepted at that instant goes to the member."""
    last = await takers.last_member(reader, mlist.id)
    span = takers.Span(0, mlist.id, mlist.robot_id, instant, after=0, upto=last, last=last)
    return member.id in {each.id for each in (await takers.of_chunk(reader, span, author_keys=[])).takers}


async def test_a_pause_ends_by_itself_and_keeps_the_mode(world: World, clock: Clock) -> None:
    mlist = await world.make("info")
    await world.put(mlist, "ann@x.example")
    before = await member(world, mlist, "ann@x.example")
    day = 86_400_000_000
    async with world.database.write() as uow:
        paused = await options.update(
            uow,
            world.person("ann@x.example"),
            before,
            reception=Reception.DIGEST,
            suspension=Suspension(clock.now + day, clock.now + 10 * day),
        )
    async with world.database.read() as reader:
        states = [
            await gets_mail(reader, mlist, paused, clock.now + days * day) for days in (0, 1, 9, 10, 11)
        ]
    assert states == [True, False, False, True, True]
    assert paused.reception is Reception.DIGEST


async def test_an_open_pause_lasts_until_it_is_ended(world: World, clock: Clock) -> None:
    mlist = await world.make("info")
    await world.put(mlist, "ann@x.example")
    actor = world.person("ann@x.example")
    async with world.database.write() as uow:
        current = await memberships.find(uow, mlist.id, "ann@x.example")
        assert current is not None
        paused = await options.update(uow, actor, current, suspension=Suspension(clock.now))
        assert not await gets_mail(uow, mlist, paused, clock.now + 10**15)
        resumed = await options.update(uow, actor, paused, suspension=NO_SUSPENSION)
        assert await gets_mail(uow, mlist, resumed, clock.now + 1)
        with pytest.raises(BadSuspension):
            await options.update(uow, actor, current, suspension=Suspension(clock.now, clock.now))


async def test_one_act_pauses_all_addresses_on_all_lists_of_this_robot_only(
    world: World, clock: Clock
) -> None:
    one, two, abroad = await world.make("one"), await world.make("two"), await world.make("one", world.other)
    await world.put(one, "ann@x.example", "bob@x.example")
    await world.put(two, "ann@home.example")
    await world.put(abroad, "ann@x.example")
    actor = world.person("ann@x.example", "ann@home.example")
    async with world.database.write() as uow:
        changed = (await everywhere.set_options(uow, actor, suspension=Suspension(clock.now))).changed
    assert {(each.list_id, each.address) for each in changed} == {
        (one.id, "ann@x.example"),
        (two.id, "ann@home.example"),
    }
    ann, bob = await member(world, one, "ann@x.example"), await member(world, one, "bob@x.example")
    far = await member(world, abroad, "ann@x.example")
    async with world.database.read() as reader:
        assert not await gets_mail(reader, one, ann, clock.now)
        assert await gets_mail(reader, one, bob, clock.now)
        assert await gets_mail(reader, abroad, far, clock.now)
    async with world.database.write() as uow:
        await everywhere.set_options(uow, actor, suspension=NO_SUSPENSION)
    async with world.database.read() as reader:
        assert await gets_mail(reader, one, ann, clock.now)


async def test_a_subscription_moves_to_another_proved_address_of_the_same_person(world: World) -> None:
    mlist = await world.make("info")
    await world.put(mlist, "ann@x.example", "taken@home.example")
    current = await member(world, mlist, "ann@x.example")
    actor = world.person("ann@x.example", "ann@home.example", "taken@home.example")
    async with world.database.write() as uow:
        with pytest.raises(NotYourAddress):
            await options.update(uow, actor, current, address="victim@x.example")
        with pytest.raises(AlreadyThere):
            await options.update(uow, actor, current, address="taken@home.example")
        moved = await options.update(uow, actor, current, address="Ann@Home.example")
    assert (moved.id, moved.address_key, moved.domain) == (current.id, "ann@home.example", "home.example")
    assert moved.subscribed_at == current.subscribed_at


async def test_a_moderated_member_stays_so_under_the_new_address(world: World) -> None:
    mlist = await world.make("info")
    await world.office(mlist, "owner@x.example")
    await world.put(mlist, "ann@x.example")
    current = await member(world, mlist, "ann@x.example")
    actor = world.person("ann@x.example", "ann@home.example")
    async with world.database.write() as uow:
        with pytest.raises(OwnersOnly):
            await options.update(uow, actor, current, is_moderated=False)
        await options.update(uow, world.person("owner@x.example"), current, is_moderated=True)
        moved = await options.update(uow, actor, current, address="ann@home.example")
    assert moved.is_moderated


async def test_an_owner_changes_a_mode_but_never_the_address(world: World) -> None:
    mlist = await world.make("info")
    await world.office(mlist, "owner@x.example")
    await world.put(mlist, "ann@x.example")
    current = await member(world, mlist, "ann@x.example")
    owner = world.person("owner@x.example", "owner@home.example")
    async with world.database.write() as uow:
        changed = await options.update(uow, owner, current, visibility=Visibility.CONCEAL)
        with pytest.raises(NotYourAddress):
            await options.update(uow, owner, current, address="owner@home.example")
    assert changed.visibility is Visibility.CONCEAL


async def test_somebody_elses_membership_looks_absent(world: World) -> None:
    mlist = await world.make("info")
    await world.put(mlist, "ann@x.example")
    current = await member(world, mlist, "ann@x.example")
    strangers = [
        world.nobody(),
        world.person("eve@x.example"),
        world.person("ann@x.example", robot=world.other),
    ]
    async with world.database.read() as reader:
        for actor in strangers:
            with pytest.raises(NoSuchMembership):
                await options.membership_for(reader, actor, current.id)
        with pytest.raises(NoSuchMembership):
            await options.membership_for(reader, world.person("ann@x.example"), 999_999)


async def test_a_plain_mail_changes_no_options(world: World) -> None:
    mlist = await world.make("info")
    await world.put(mlist, "ann@x.example")
    current = await member(world, mlist, "ann@x.example")
    forged = world.person("ann@x.example", via="mail", strength=Strength.SMTP)
    async with world.database.write() as uow:
        with pytest.raises(OwnersOnly):
            await options.update(uow, forged, current, reception=Reception.NOMAIL)
        with pytest.raises(TokenTooNarrow):
            token = world.person("ann@x.example", scopes=frozenset({TokenScope.READ}))
            await options.update(uow, token, current, reception=Reception.NOMAIL)
