"""Signing in with a password: the same words and work for everybody, limits by rate, nobody locked out by strangers."""

import asyncio

import pytest
from argon2 import PasswordHasher

from identity import passwords, sign_in
from identity.entrance import actor_for_token
from identity.ledger import add_candidate
from identity.password_change import WrongPassword, change_password
from identity.people import create_person
from identity.refusal import Invalid, SignInNeeded, TooMany
from identity.sealed import AttemptInvalid
from identity.standing import TokenNotEnough
from identity.tokens import create_token
from storage import credentials
from storage.database import Database
from storage.tables.words import AddressSource, SignInMethod, TokenScope
from tests.conftest import Clock
from tests.identity.world import CHALLENGE, PASSWORD, Watched, World, make_robot

DAY = 86_400_000_000


async def test_the_right_password_opens_a_session(world: World) -> None:
    person = await world.person("a@one.example", password=PASSWORD)
    done = await world.by_password("A@ONE.example")
    assert (done.person.id, done.session.method) == (person.id, SignInMethod.PASSWORD)
    actor = await world.who(done.raw_token)
    assert actor is not None
    assert (actor.sender, actor.method) == ("a@one.example", "md5")


async def test_wrong_unknown_unproved_and_passwordless_get_the_same_answer_after_the_same_work(
    world: World,
) -> None:
    """Pitfall 47."""
    await world.person("known@one.example", password=PASSWORD)
    await world.person("unproved@one.example", password=PASSWORD, proved=False)
    await world.person("ticketonly@one.example")
    watched = Watched(world.db)
    looking = World(watched, world.robot)
    seen = []
    for name, password in (
        ("known", "not the password"),
        ("unknown", PASSWORD),
        ("unproved", PASSWORD),
        ("ticketonly", PASSWORD),
    ):
        watched.told()
        verified, hashed = passwords.work.verified, passwords.work.hashed
        with pytest.raises(sign_in.WrongCredentials) as refused:
            await looking.by_password(f"{name}@one.example", password)
        seen.append(
            (
                refused.value.code,
                refused.value.message,
                refused.value.path,
                watched.told(),
                passwords.work.verified - verified,
                passwords.work.hashed - hashed,
            )
        )
    assert seen == [seen[0]] * 4
    assert seen[0][4:] == (1, 0)


async def test_a_password_of_an_expired_address_opens_nothing(world: World, clock: Clock) -> None:
    secret_hash = await passwords.hash_password(PASSWORD)
    async with world.db.write() as uow:
        person = await create_person(uow, "a@one.example", proved=True, expires_at=uow.now + DAY)
        await passwords.keep(uow, person.id, secret_hash)
    done = await world.by_password("a@one.example")
    clock.advance(days=1)
    with pytest.raises(sign_in.WrongCredentials):
        await world.by_password("a@one.example")
    assert await world.who(done.raw_token) is None


async def test_a_claimed_address_is_no_name_to_sign_in_under(world: World) -> None:
    person = await world.person("a@one.example", password=PASSWORD)
    async with world.db.write() as uow:
        await add_candidate(uow, person.id, "b@two.example", source=CHALLENGE)
    with pytest.raises(sign_in.WrongCredentials):
        await world.by_password("b@two.example")


async def test_a_directorys_address_is_a_name_in_its_own_robot_only(world: World) -> None:
    """Pitfall 3: a tenant's directory is no directory of others."""
    other = World(world.db, await make_robot(world.db, "other.test"))
    secret_hash = await passwords.hash_password(PASSWORD)
    async with world.db.write() as uow:
        person = await create_person(
            uow, "a@one.example", source=AddressSource.LDAP, proved=True, robot_id=world.robot.id
        )
        await passwords.keep(uow, person.id, secret_hash)
    assert (await world.by_password("a@one.example")).person.id == person.id
    with pytest.raises(sign_in.WrongCredentials):
        await other.by_password("a@one.example")


async def test_whoever_took_an_address_before_its_owner_is_left_with_nothing(world: World) -> None:
    """Pitfall 1: an account and a claim that were there before their owner."""
    squatter = await world.person("victim@one.example", password=PASSWORD, proved=False)
    helper = await world.person("mallory@one.example", password=PASSWORD)
    async with world.db.write() as uow:
        await add_candidate(uow, helper.id, "victim@one.example", source=CHALLENGE)
    victim = await world.by_ticket("victim@one.example")
    assert victim.person.id not in {squatter.id, helper.id}
    with pytest.raises(sign_in.WrongCredentials):
        await world.by_password("victim@one.example")
    async with world.db.read() as reader:
        assert await credentials.password_hash(reader, squatter.id) is None
        assert await credentials.password_hash(reader, victim.person.id) is None
    assert (await world.by_password("mallory@one.example")).person.id == helper.id


async def test_ten_failures_from_one_network_leave_the_owner_free_elsewhere(
    world: World, clock: Clock
) -> None:
    await world.person("a@one.example", password=PASSWORD)
    attacker = World(world.db, world.robot, remote="2001:db8:1:2::3")
    for _ in range(10):
        with pytest.raises(sign_in.WrongCredentials):
            await attacker.by_password("a@one.example", "a guess of theirs")
    attacker.remote = "2001:db8:1:2:ffff::4"
    with pytest.raises(TooMany) as refused:
        await attacker.by_password("a@one.example")
    assert refused.value.retry_after == clock.now + 900_000_000
    assert (await world.by_password("a@one.example")).raw_token
    clock.advance(seconds=900)
    assert (await attacker.by_password("a@one.example")).raw_token


async def test_the_limit_is_the_same_for_addresses_that_nobody_has(world: World) -> None:
    """Pitfall 47."""
    for _ in range(10):
        with pytest.raises(sign_in.WrongCredentials):
            await world.by_password("nobody@one.example")
    with pytest.raises(TooMany):
        await world.by_password("nobody@one.example")


async def test_a_hundred_failures_for_many_addresses_stop_a_network(world: World) -> None:
    """Pitfall 49."""

    async def fail(n: int) -> None:
        with pytest.raises(sign_in.WrongCredentials):
            await world.by_password(f"p{n}@one.example")

    for start in range(0, 100, 20):
        await asyncio.gather(*(fail(n) for n in range(start, start + 20)))
    with pytest.raises(TooMany):
        await world.by_password("another@one.example")


async def test_fifty_guesses_at_once_are_ten_guesses(world: World) -> None:
    """Pitfall 49."""
    await world.person("a@one.example", password=PASSWORD)
    verified = passwords.work.verified
    results = await asyncio.gather(
        *(world.by_password("a@one.example", f"guess number {n}") for n in range(50)), return_exceptions=True
    )
    assert sum(isinstance(each, sign_in.WrongCredentials) for each in results) == 10
    assert sum(isinstance(each, TooMany) for each in results) == 40
    assert passwords.work.verified - verified == 10


async def test_signing_in_rightly_is_never_too_much(world: World) -> None:
    await world.person("a@one.example", password=PASSWORD)
    done = [await world.by_password("a@one.example") for _ in range(12)]
    assert len({each.raw_token for each in done}) == 12


async def test_an_old_hash_is_made_anew_at_sign_in(world: World) -> None:
    person = await world.person("a@one.example")
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    async with world.db.write() as uow:
        await passwords.keep(uow, person.id, weak)
    await world.by_password("a@one.example")
    async with world.db.read() as reader:
        renewed = await credentials.password_hash(reader, person.id)
    assert renewed is not None
    assert renewed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    await world.by_password("a@one.example")


async def test_a_password_changed_while_the_old_one_is_being_verified_wins(world: World) -> None:
    person = await world.person("a@one.example", password=PASSWORD)
    newer = await passwords.hash_password("another fine password")

    async def change_first(database: Database) -> None:
        async with database.write() as uow:
            await passwords.keep(uow, person.id, newer)

    # The form, the counting, and then the transaction that would open the session.
    slow = Watched(world.db, before_write={3: change_first})
    with pytest.raises(sign_in.WrongCredentials):
        await World(slow, world.robot).by_password("a@one.example")
    assert slow.told().count("BEGIN") == 3


async def test_a_form_of_another_robot_or_an_hour_ago_is_refused(world: World, clock: Clock) -> None:
    other = await make_robot(world.db, "other.test")
    form = await world.form()
    given = {"identifier": "a@one.example", "password": PASSWORD}
    with pytest.raises(AttemptInvalid):
        await sign_in.finish(world.db, other, form.attempt_id, fields=given)
    clock.advance(hours=1)
    with pytest.raises(AttemptInvalid):
        await sign_in.finish(world.db, world.robot, form.attempt_id, fields=given)


async def test_a_form_leads_back_to_where_it_began(world: World) -> None:
    """Pitfall 21."""
    await world.person("a@one.example", password=PASSWORD)
    form = await world.form(return_to="/lists/welcome")
    done = await sign_in.finish(
        world.db,
        world.robot,
        form.attempt_id,
        fields={"identifier": "a@one.example", "password": PASSWORD},
    )
    assert done.return_to == "/lists/welcome"
    with pytest.raises(Invalid):
        await sign_in.finish(world.db, world.robot, form.attempt_id)


async def test_changing_a_password_ends_other_sessions_and_renews_the_token(world: World) -> None:
    """Pitfall 48."""
    await world.person("a@one.example", password=PASSWORD)
    other = await world.by_password("a@one.example")
    mine = await world.by_password("a@one.example")
    actor = await world.who(mine.raw_token)
    assert actor is not None
    with pytest.raises(WrongPassword):
        await change_password(world.db, actor, "another fine password", current="not it")
    with pytest.raises(WrongPassword):
        await change_password(world.db, actor, "another fine password")
    session, token = await change_password(world.db, actor, "another fine password", current=PASSWORD)
    assert token is not None
    assert session.id == mine.session.id
    assert await world.who(mine.raw_token) is None
    assert await world.who(other.raw_token) is None
    assert await world.who(token) is not None
    letter = (await world.mails("a@one.example"))[-1]
    assert "was changed" in letter.text


async def test_a_client_that_cannot_take_a_new_token_keeps_its_session(world: World) -> None:
    await world.person("a@one.example", password=PASSWORD)
    mine = await world.by_password("a@one.example")
    actor = await world.who(mine.raw_token)
    assert actor is not None
    _, token = await change_password(
        world.db, actor, "another fine password", current=PASSWORD, hands_out_token=False
    )
    assert token is None
    assert await world.who(mine.raw_token) is not None


async def test_guessing_the_old_password_in_a_stolen_session_is_limited(world: World) -> None:
    await world.person("a@one.example", password=PASSWORD)
    actor = await world.who((await world.by_password("a@one.example")).raw_token)
    assert actor is not None
    for _ in range(10):
        with pytest.raises(WrongPassword):
            await change_password(world.db, actor, "another fine password", current="a guess")
    with pytest.raises(TooMany):
        await change_password(world.db, actor, "another fine password", current=PASSWORD)


async def test_a_token_or_an_ended_session_changes_no_password(world: World) -> None:
    await world.person("a@one.example", password=PASSWORD)
    first = await world.who((await world.by_password("a@one.example")).raw_token)
    second = await world.who((await world.by_password("a@one.example")).raw_token)
    assert first is not None
    assert second is not None
    async with world.db.write() as uow:
        _, secret = await create_token(uow, first, "script", [TokenScope.ADMINISTRATE])
        by_token = await actor_for_token(uow, world.robot, secret)
    assert by_token is not None
    with pytest.raises(TokenNotEnough):
        await change_password(world.db, by_token, "another fine password", current=PASSWORD)
    await change_password(world.db, first, "another fine password", current=PASSWORD)
    with pytest.raises(SignInNeeded):
        await change_password(world.db, second, "a third fine password", current="another fine password")
