"""Sessions and API tokens: opaque, hashed, bound to their robot, listed, ended."""

import pytest
from sqlalchemy import select

from identity import ledger, sessions, tokens
from identity.browser import Browser
from identity.entrance import actor_for_token
from identity.refusal import Forbidden, Invalid, NotFound, SignInNeeded
from identity.sign_in import finish_by_ticket
from storage.query import Query
from storage.tables.access import sessions as session_table
from storage.tables.access import tokens as token_table
from storage.tables.words import TokenScope
from tests.conftest import Clock
from tests.identity.world import World, make_robot

SESSION_HASHES = Query(select(session_table.c.token_hash), bytes)
TOKEN_HASHES = Query(select(token_table.c.secret_hash), bytes)
DAY = 86_400_000_000


async def test_a_session_of_one_robot_is_nothing_in_another(world: World) -> None:
    other = World(world.db, await make_robot(world.db, "other.test"))
    done = await world.by_ticket("a@one.example")
    assert await world.who(done.raw_token) is not None
    assert await other.who(done.raw_token) is None


async def test_signing_in_again_makes_a_new_token_and_ends_the_old_session(world: World) -> None:
    """Pitfall 48."""
    first = await world.by_ticket("a@one.example")
    await world.ask_for_ticket("a@one.example")
    second = await finish_by_ticket(
        world.db, world.robot, (await world.mails())[-1].secret, browser=Browser(previous=first.session)
    )
    assert second.raw_token != first.raw_token
    assert await world.who(first.raw_token) is None
    assert await world.who(second.raw_token) is not None


async def test_after_rotation_only_the_new_token_opens_the_session(world: World) -> None:
    """Pitfall 48."""
    done = await world.by_ticket("a@one.example")
    async with world.db.write() as uow:
        session, token = await sessions.rotate(uow, done.session)
    assert session.id == done.session.id
    assert session.expires_at == done.session.expires_at
    assert await world.who(done.raw_token) is None
    assert await world.who(token) is not None


async def test_an_ended_session_is_not_rotated_back_to_life(world: World) -> None:
    """Pitfall 48."""
    done = await world.by_ticket("a@one.example")
    actor = await world.who(done.raw_token)
    assert actor is not None
    async with world.db.write() as uow:
        await sessions.sign_out(uow, actor)
        with pytest.raises(SignInNeeded):
            await sessions.rotate(uow, done.session)
    assert await world.who(done.raw_token) is None


async def test_the_database_holds_no_token_that_works(world: World) -> None:
    """Pitfall 45."""
    done = await world.by_ticket("a@one.example")
    actor = await world.who(done.raw_token)
    assert actor is not None
    async with world.db.write() as uow:
        _, secret = await tokens.create_token(uow, actor, "script", [TokenScope.READ])
    async with world.db.read() as reader:
        stored = [*await reader.all(SESSION_HASHES), *await reader.all(TOKEN_HASHES)]
    assert len(stored) == 2
    for raw in (done.raw_token, secret):
        assert all(raw.encode() not in each for each in stored)
    for each in stored:
        assert await world.who(each.hex()) is None


async def test_a_session_ends_after_its_lifetime_however_busy_it_was(world: World, clock: Clock) -> None:
    """Pitfall 48."""
    done = await world.by_ticket("a@one.example")
    for _ in range(29):
        clock.advance(days=1)
        async with world.db.write() as uow:
            await sessions.touch(uow, done.session)
    assert await world.who(done.raw_token) is not None
    clock.advance(days=1)
    assert await world.who(done.raw_token) is None


async def test_use_is_noted_once_an_hour_at_most(world: World, clock: Clock) -> None:
    done = await world.by_ticket("a@one.example")
    clock.advance(seconds=3_599)
    assert not sessions.is_stale(done.session, clock.now)
    async with world.db.write() as uow:
        await sessions.touch(uow, done.session)
    actor = await world.who(done.raw_token)
    assert actor is not None
    assert actor.session == done.session
    clock.advance(seconds=1)
    assert sessions.is_stale(done.session, clock.now)
    async with world.db.write() as uow:
        await sessions.touch(uow, done.session)
        seen = await sessions.find_session(uow, actor, done.session.id)
    assert seen.last_seen_at == clock.now


async def test_sessions_are_listed_and_ended_singly(world: World) -> None:
    one, two = await world.by_ticket("a@one.example"), await world.by_ticket("a@one.example")
    actor = await world.who(two.raw_token)
    assert actor is not None
    async with world.db.write() as uow:
        assert [each.id for each in await sessions.list_sessions(uow, actor)] == [
            two.session.id,
            one.session.id,
        ]
        await sessions.revoke(uow, actor, one.session.id)
        with pytest.raises(NotFound):
            await sessions.revoke(uow, actor, one.session.id)
    assert await world.who(one.raw_token) is None
    assert await world.who(two.raw_token) is not None


async def test_nobody_ends_or_sees_the_session_of_somebody_else(world: World) -> None:
    mine = await world.by_ticket("a@one.example")
    mallory = await world.actor("mallory@one.example")
    async with world.db.write() as uow:
        with pytest.raises(NotFound):
            await sessions.revoke(uow, mallory, mine.session.id)
        with pytest.raises(NotFound):
            await sessions.find_session(uow, mallory, mine.session.id)
    assert await world.who(mine.raw_token) is not None


async def test_signing_out_everywhere_ends_every_session(world: World) -> None:
    done = [await world.by_ticket("a@one.example") for _ in range(3)]
    actor = await world.who(done[0].raw_token)
    assert actor is not None
    async with world.db.write() as uow:
        assert await sessions.sign_out_everywhere(uow, actor, keep_this=True) == 2
    assert [await world.who(each.raw_token) is None for each in done] == [False, True, True]
    async with world.db.write() as uow:
        assert await sessions.sign_out_everywhere(uow, actor) == 1
    assert await world.who(done[0].raw_token) is None


async def test_a_token_acts_under_the_main_address_within_its_scopes(world: World) -> None:
    actor = await world.actor("a@one.example")
    async with world.db.write() as uow:
        token, secret = await tokens.create_token(uow, actor, "my script", [TokenScope.POST, TokenScope.READ])
        asker = await actor_for_token(uow, world.robot, secret)
    assert asker is not None
    assert secret.startswith("pr_")
    assert token.prefix == secret[:8]
    assert (asker.sender, asker.via, asker.method) == ("a@one.example", "token", "md5")
    assert asker.may(TokenScope.POST)
    assert not asker.may(TokenScope.SUBSCRIBE)


async def test_a_token_makes_no_tokens_and_changes_no_addresses(world: World) -> None:
    """Pitfall 54."""
    actor = await world.actor("a@one.example")
    assert actor.person is not None
    async with world.db.write() as uow:
        _, secret = await tokens.create_token(uow, actor, "script", [TokenScope.ADMINISTRATE])
        asker = await actor_for_token(uow, world.robot, secret)
        assert asker is not None
        with pytest.raises(Forbidden):
            await tokens.create_token(uow, asker, "another", [TokenScope.READ])
        with pytest.raises(Forbidden):
            await sessions.sign_out_everywhere(uow, asker)
        row = (await ledger.all_addresses(uow, actor.person.id))[0]
        with pytest.raises(Forbidden):
            await ledger.set_main(uow, asker, row.id)
        assert [each.label for each in await tokens.list_tokens(uow, asker)] == ["script"]


async def test_a_token_ends_after_ninety_days_or_when_it_is_told_to(world: World, clock: Clock) -> None:
    actor = await world.actor("a@one.example")
    async with world.db.write() as uow:
        lasting, secret = await tokens.create_token(uow, actor, "one", [TokenScope.READ])
        ended, ended_secret = await tokens.create_token(uow, actor, "two", [TokenScope.READ])
        await tokens.revoke(uow, actor, ended.id)
        with pytest.raises(NotFound):
            await tokens.revoke(uow, actor, ended.id)
    clock.advance(days=89)
    async with world.db.read() as reader:
        assert await actor_for_token(reader, world.robot, secret) is not None
        assert await actor_for_token(reader, world.robot, ended_secret) is None
        assert [each.id for each in await tokens.list_tokens(reader, actor)] == [lasting.id]
    clock.advance(days=1)
    async with world.db.read() as reader:
        assert await actor_for_token(reader, world.robot, secret) is None


async def test_nobody_ends_the_token_of_somebody_else(world: World) -> None:
    actor, mallory = await world.actor("a@one.example"), await world.actor("mallory@one.example")
    async with world.db.write() as uow:
        token, secret = await tokens.create_token(uow, actor, "one", [TokenScope.READ])
        with pytest.raises(NotFound):
            await tokens.revoke(uow, mallory, token.id)
        assert await actor_for_token(uow, world.robot, secret) is not None


@pytest.mark.parametrize(
    ("label", "scopes", "days"),
    [
        ("", [TokenScope.READ], 1),
        ("x" * 101, [TokenScope.READ], 1),
        ("x", [], 1),
        ("x", [TokenScope.READ], 0),
        ("x", [TokenScope.READ], 400),
        ("a\x00b", [TokenScope.READ], 1),
    ],
)
async def test_a_token_has_a_label_a_scope_and_an_end_within_a_year(
    world: World, label: str, scopes: list[TokenScope], days: int
) -> None:
    actor = await world.actor("a@one.example")
    async with world.db.write() as uow:
        with pytest.raises(Invalid):
            await tokens.create_token(uow, actor, label, scopes, expires_at=uow.now + days * DAY)


async def test_a_token_of_somebody_without_an_address_in_force_opens_nothing(world: World) -> None:
    actor = await world.actor("a@one.example")
    assert actor.person is not None
    async with world.db.write() as uow:
        _, secret = await tokens.create_token(uow, actor, "one", [TokenScope.READ])
        row = (await ledger.all_addresses(uow, actor.person.id))[0]
        await ledger.prove(
            uow,
            actor.person.id,
            row.address,
            source=row.source,
            strength=row.strength,
            expires_at=uow.now,
        )
        assert await actor_for_token(uow, world.robot, secret) is None
