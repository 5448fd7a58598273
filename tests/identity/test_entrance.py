"""Who is asking: the presented address first, then the main one, then the others, none stronger than its proof."""

import pytest

from identity.actor import stranger
from identity.auth_config import robots_whose_sessions_count, set_auth_config
from identity.entrance import actor_for_mail, actor_for_session, actor_for_ticket
from identity.ledger import prove
from identity.people import create_person, update_profile
from identity.refusal import Invalid, SignInNeeded
from identity.standing import SecondFactorFirst, fresh_session
from identity.tickets import issue, look, url
from scenarios.request import Identity
from storage.tables.words import AddressSource, Strength, TicketPurpose, TokenScope
from tests.identity.world import World, make_robot


async def alice(world: World) -> int:
    person = await world.person("a@one.example")
    async with world.db.write() as uow:
        for address, source, strength in (
            ("b@two.example", AddressSource.CHALLENGE, Strength.MD5),
            ("c@three.example", AddressSource.X509_SAN, Strength.SMIME),
            ("d@four.example", AddressSource.SUBADDRESS, Strength.SMTP),
        ):
            await prove(uow, person.id, address, source=source, strength=strength)
    return person.id


async def test_a_session_presents_its_own_address_before_the_main_one(world: World) -> None:
    await alice(world)
    actor = await world.actor("b@two.example")
    assert actor.sender == "b@two.example"
    assert actor.identities == (
        Identity("b@two.example", "md5"),
        Identity("a@one.example", "md5"),
        Identity("c@three.example", "smime"),
        Identity("d@four.example", "smtp"),
    )


async def test_a_session_is_no_stronger_than_the_link_of_its_address(world: World) -> None:
    await alice(world)
    actor = await world.actor("d@four.example")
    assert (actor.strength, actor.method) == (Strength.SMTP, "smtp")
    assert actor.identities[0] == Identity("d@four.example", "smtp")


async def test_a_link_that_became_weaker_weakens_the_sessions_that_are_open(world: World) -> None:
    person_id = await alice(world)
    done = await world.by_ticket("b@two.example")
    async with world.db.write() as uow:
        await prove(uow, person_id, "b@two.example", source=AddressSource.CHALLENGE, strength=Strength.SMTP)
    actor = await world.who(done.raw_token)
    assert actor is not None
    assert actor.method == "smtp"


async def test_a_mail_brings_the_persons_other_addresses_and_its_own_strength(world: World) -> None:
    person_id = await alice(world)
    async with world.db.read() as reader:
        actor = await actor_for_mail(reader, world.robot, "B@two.example", Strength.SMTP)
    assert actor.person is not None
    assert actor.person.id == person_id
    assert (actor.method, actor.via, actor.session) == ("smtp", "mail", None)
    assert actor.addresses == ("B@two.example", "a@one.example", "c@three.example", "d@four.example")


async def test_a_mail_of_somebody_unknown_is_of_its_address_and_nobody_else(world: World) -> None:
    async with world.db.read() as reader:
        actor = await actor_for_mail(reader, world.robot, "x@one.example", Strength.DKIM)
    assert (actor.person, actor.method) == (None, "dkim")
    assert actor.identities == (Identity("x@one.example", "dkim"),)


async def test_a_ticket_stands_for_its_address_and_not_for_the_person(world: World) -> None:
    await alice(world)
    other = await make_robot(world.db, "other.test")
    async with world.db.write() as uow:
        secret = await issue(
            uow, TicketPurpose.MODERATE, robot_id=world.robot.id, address="b@two.example", lifetime=1_000
        )
        ticket = await look(uow, secret)
        assert ticket is not None
        actor = await actor_for_ticket(uow, world.robot, ticket)
        assert await actor_for_ticket(uow, other, ticket) is None
    assert actor is not None
    assert actor.identities == (Identity("b@two.example", "md5"),)
    assert (actor.person, actor.session, actor.via) == (None, None, "ticket")
    assert url(world.db.site, world.robot, secret) == f"https://lists.example.test/t/{secret}"


async def test_a_token_that_was_never_given_out_opens_nothing(world: World) -> None:
    for token in ("", "x", "\ud800", "pr_", "0" * 5000):
        assert await world.who(token) is None


async def test_a_person_changes_name_and_language(world: World) -> None:
    actor = await world.actor("a@one.example")
    async with world.db.write() as uow:
        person = await update_profile(uow, actor, display_name="  Ada   Lovelace ", locale="de-AT")
        assert (person.display_name, person.locale) == ("Ada Lovelace", "de-AT")
        person = await update_profile(uow, actor, locale="fr")
        assert person.locale == "fr"
        for name, locale in (("x" * 201, None), ("a\x07b", None), (None, "not a language")):
            with pytest.raises(Invalid):
                await update_profile(uow, actor, display_name=name, locale=locale)
        with pytest.raises(SignInNeeded):
            await update_profile(uow, stranger(world.robot), display_name="x")


async def test_an_account_needs_a_real_address(world: World) -> None:
    async with world.db.write() as uow:
        with pytest.raises(Invalid):
            await create_person(uow, "no address", proved=True)


async def test_a_session_of_another_robot_waits_for_the_second_factor_that_this_one_asks_for(
    world: World,
) -> None:
    """Whoever takes another robot's sessions as its own does not take its rules along."""
    done = await world.by_ticket("a@one.example")
    strict, lax = await make_robot(world.db, "strict.test"), await make_robot(world.db, "lax.test")
    async with world.db.write() as uow:
        await set_auth_config(
            uow, strict, f'second_factor = "everybody"\nsessions_of = ["{world.robot.domain}"]'
        )
    async with world.db.read() as reader:
        for robot, scopes in ((strict, frozenset({TokenScope.READ})), (lax, None), (world.robot, None)):
            actor = await actor_for_session(reader, robot, done.raw_token, also_of=[world.robot.id])
            assert actor is not None
            assert actor.scopes == scopes
            if scopes:
                with pytest.raises(SecondFactorFirst):
                    fresh_session(actor, reader.now)


async def test_trust_in_sessions_goes_one_step_and_not_on(world: World) -> None:
    """One takes another's, and that one a third's: the third's sessions are no good at the first."""
    done = await world.by_ticket("a@one.example")
    first, second = await make_robot(world.db, "first.test"), await make_robot(world.db, "second.test")
    async with world.db.write() as uow:
        await set_auth_config(uow, first, 'sessions_of = ["second.test"]')
        await set_auth_config(uow, second, f'sessions_of = ["{world.robot.domain}"]')
    async with world.db.read() as reader:
        for robot, is_in in ((first, False), (second, True)):
            also_of = await robots_whose_sessions_count(reader, robot)
            actor = await actor_for_session(reader, robot, done.raw_token, also_of=also_of)
            assert (actor is not None) is is_in
