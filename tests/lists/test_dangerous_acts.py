"""Acts that can do much harm want a sign-in of the last hours, from whoever asks in a session (pitfall 54, RFC 9470)."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from identity import sessions
from identity.actor import Actor
from identity.entrance import actor_for_session
from identity.people import create_person
from identity.standing import MULTI_FACTOR, SINGLE_FACTOR, SecondFactorFirst, SignInIsOld
from lists import mailing_lists, robot_settings, roles
from lists.csv_export import export_members
from storage import roles as offices
from storage import sessions as stored
from storage.database import UnitOfWork
from storage.tables.lists import MailingList
from storage.tables.words import RoleKind, SignInMethod, Strength
from tests.conftest import Clock
from tests.lists.world import World

BOSS = "boss@one.example"
Act = Callable[[UnitOfWork, Actor, MailingList], Awaitable[object]]


async def export(uow: UnitOfWork, actor: Actor, mlist: MailingList) -> object:
    return [piece async for piece in export_members(uow, actor, mlist)]


async def grant(uow: UnitOfWork, actor: Actor, mlist: MailingList) -> object:
    return await roles.grant(uow, actor, mlist, "new@one.example", RoleKind.EDITOR)


async def make_listmaster(uow: UnitOfWork, actor: Actor, mlist: MailingList) -> object:
    return await roles.grant_listmaster(uow, actor, actor.robot, "new@one.example")


async def revoke(uow: UnitOfWork, actor: Actor, mlist: MailingList) -> object:
    other = await roles.grant(uow, replace(actor, session=None), mlist, "o@one.example", RoleKind.EDITOR)
    return await roles.revoke(uow, actor, other.id)


async def settings(uow: UnitOfWork, actor: Actor, mlist: MailingList) -> object:
    return await robot_settings.update_robot(uow, actor, actor.robot, {"dkim_method": "own"})


ACTS: list[Act] = [export, grant, make_listmaster, revoke, settings, mailing_lists.close_list]


async def boss(
    world: World, *, second_factor: bool = False, needs_one: bool = False
) -> tuple[Actor, MailingList]:
    """A listmaster in a session of now, and a list."""
    mlist = await world.make("l")
    await world.listmaster(world.home, BOSS)
    await world.office(mlist, "owner@one.example")
    async with world.database.write() as uow:
        person = await create_person(uow, BOSS, proved=True)
        session, token = await sessions.open_session(
            uow,
            person,
            world.home,
            method=SignInMethod.PASSWORD,
            strength=Strength.MD5,
            address=BOSS,
        )
        at = uow.now if second_factor else None
        await stored.second_factor(uow, session.id, at, needs=needs_one)
    async with world.database.read() as reader:
        actor = await actor_for_session(reader, world.home, token)
    assert actor is not None
    return actor, mlist


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
async def test_a_session_of_the_last_hours_may(world: World, act: Act) -> None:
    actor, mlist = await boss(world)
    async with world.database.write() as uow:
        assert await act(uow, actor, mlist)


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
@pytest.mark.parametrize("second_factor", [True, False])
async def test_an_older_one_is_told_what_to_sign_in_with(
    world: World, clock: Clock, act: Act, *, second_factor: bool
) -> None:
    actor, mlist = await boss(world, second_factor=second_factor)
    clock.advance(hours=13)
    async with world.database.write() as uow:
        with pytest.raises(SignInIsOld) as refused:
            await act(uow, actor, mlist)
    assert refused.value.acr == (MULTI_FACTOR if second_factor else SINGLE_FACTOR)


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
async def test_without_the_second_factor_that_is_needed_nothing_dangerous_is_done(
    world: World, act: Act
) -> None:
    actor, mlist = await boss(world, needs_one=True)
    # However wide the scopes are that somebody gave such a session by mistake.
    actor = replace(actor, scopes=None)
    async with world.database.write() as uow:
        with pytest.raises(SecondFactorFirst):
            await act(uow, actor, mlist)


async def test_an_office_of_ones_own_is_given_up_whenever(world: World, clock: Clock) -> None:
    actor, mlist = await boss(world)
    await world.office(mlist, BOSS, RoleKind.EDITOR)
    clock.advance(hours=13)
    async with world.database.write() as uow:
        own = await offices.of_list(uow, mlist.id, RoleKind.EDITOR)
        assert (await roles.revoke(uow, actor, own[0].id)).address == BOSS


async def test_an_api_token_is_bounded_by_its_scopes_alone(world: World, clock: Clock) -> None:
    actor, mlist = await boss(world)
    clock.advance(hours=13)
    async with world.database.write() as uow:
        assert await grant(uow, replace(actor, session=None, via="token"), mlist)
