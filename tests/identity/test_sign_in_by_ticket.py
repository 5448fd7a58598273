"""Signing in by mail: the ticket proves the address, works once, and tells nobody who has an account."""

import asyncio
import hashlib

import pytest
from sqlalchemy import select

from identity import sign_in
from identity.password_change import WrongPassword, change_password
from identity.refusal import Invalid, Refused, TooMany
from identity.sealed import AttemptInvalid
from identity.steps import Done
from identity.tickets import TicketInvalid, look
from mail.message import parse_message
from storage.query import Query
from storage.tables.access import tickets
from storage.tables.people import people
from storage.tables.words import SignInMethod, Strength
from tests.conftest import Clock
from tests.identity.world import PASSWORD, Watched, World, make_robot

PEOPLE = Query(select(people.c.main_address).order_by(people.c.id), str)
PAYLOADS = Query(select(tickets.c.payload), str)


async def everybody(world: World) -> list[str]:
    async with world.db.read() as reader:
        return await reader.all(PEOPLE)


async def finish(world: World, attempt_id: str, code: str) -> Done:
    return await sign_in.finish(world.db, world.robot, attempt_id, code=code, browser=world.browser)


async def test_a_newcomer_joins_by_the_mailed_link(world: World) -> None:
    done = await world.by_ticket("New@One.example")
    assert (done.session.method, done.session.strength) == (SignInMethod.TICKET, Strength.MD5)
    assert not done.needs_password_change
    actor = await world.who(done.raw_token)
    assert actor is not None
    assert (actor.sender, actor.method, actor.via) == ("New@one.example", "md5", "web")
    assert await everybody(world) == ["New@one.example"]


async def test_somebody_known_signs_in_with_the_typed_code(world: World) -> None:
    person = await world.person("a@one.example")
    step = await world.ask_for_ticket("a@one.example")
    letter = (await world.mails())[-1]
    done = await finish(world, step.attempt_id, f" {letter.code.lower()} ")
    assert done.person.id == person.id
    with pytest.raises(TicketInvalid):
        await finish(world, step.attempt_id, letter.code)
    with pytest.raises(TicketInvalid):
        await sign_in.finish_by_ticket(world.db, world.robot, letter.secret)


async def test_the_secret_of_the_link_is_taken_in_place_of_the_code(world: World) -> None:
    step = await world.ask_for_ticket("a@one.example")
    done = await finish(world, step.attempt_id, (await world.mails())[-1].secret)
    assert done.person.main_address == "a@one.example"


async def test_the_answer_the_mail_and_the_work_are_the_same_for_known_and_unknown(world: World) -> None:
    """Pitfall 47."""
    await world.person("known@one.example", password=PASSWORD)
    watched = Watched(world.db)
    looking = World(watched, world.robot)
    known = await looking.ask_for_ticket("known@one.example")
    asked_for_known = watched.told()
    unknown = await looking.ask_for_ticket("other@one.example")
    assert watched.told() == asked_for_known
    assert len(asked_for_known) > 8
    assert len(known.attempt_id) == len(unknown.attempt_id)
    assert known.masked_destination == "k•••@one.example"
    assert unknown.masked_destination == "o•••@one.example"
    assert known.expires_at == unknown.expires_at
    one, other = await world.mails()
    blank = one.text.replace(one.secret, "S").replace(one.code, "C").replace("known@", "X@")
    assert blank == other.text.replace(other.secret, "S").replace(other.code, "C").replace("other@", "X@")


async def test_the_mail_is_no_answer_to_anybody_and_names_no_secret_in_its_subject(world: World) -> None:
    await world.ask_for_ticket("a@one.example")
    letter = (await world.mails())[-1]
    message = parse_message(letter.raw)
    assert letter.reverse_path == ""
    assert message.first("Auto-Submitted") == "auto-generated"
    assert str(message.mailboxes("From")[0]) == "Lists of the Test <listmaster@example.test>"
    assert letter.code not in str(message.first("Subject"))
    assert f"https://lists.example.test/t/{letter.secret}" in letter.text


async def test_mail_goes_to_the_address_that_was_proved_and_not_to_the_spelling_typed(world: World) -> None:
    """Pitfall 8."""
    await world.person("Alice@one.example")
    await world.ask_for_ticket("aLICE@ONE.example")
    assert [each.to for each in await world.mails()] == ["Alice@one.example"]


async def test_the_database_holds_neither_secret_nor_code(world: World) -> None:
    """Pitfall 45."""
    await world.ask_for_ticket("a@one.example")
    letter = (await world.mails())[-1]
    async with world.db.read() as reader:
        stored = await reader.first(PAYLOADS)
        ticket = await look(reader, letter.secret)
    assert stored is not None
    assert ticket is not None
    plain = letter.code.replace("-", "")
    assert plain not in stored
    assert hashlib.sha256(plain.encode()).hexdigest() not in stored
    assert letter.secret not in repr(ticket)


async def test_looking_at_a_ticket_ten_times_does_not_use_it_up(world: World) -> None:
    """Pitfall 44."""
    await world.ask_for_ticket("a@one.example")
    secret = (await world.mails())[-1].secret
    async with world.db.read() as reader:
        seen = [await look(reader, secret) for _ in range(10)]
    assert len({each.id for each in seen if each is not None}) == 1
    assert await everybody(world) == []
    done = await sign_in.finish_by_ticket(world.db, world.robot, secret)
    async with world.db.read() as reader:
        assert await look(reader, secret) is None
    assert await world.who(done.raw_token) is not None


async def test_of_fifty_who_redeem_a_ticket_at_once_one_signs_in(world: World) -> None:
    await world.ask_for_ticket("a@one.example")
    secret = (await world.mails())[-1].secret
    tries = [sign_in.finish_by_ticket(world.db, world.robot, secret) for _ in range(50)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(each, Done) for each in results) == 1
    assert sum(isinstance(each, TicketInvalid) for each in results) == 49
    assert await everybody(world) == ["a@one.example"]


async def test_two_tickets_of_one_newcomer_redeemed_at_once_make_one_person(world: World) -> None:
    for _ in range(4):
        await world.ask_for_ticket("a@one.example")
    secrets = [each.secret for each in await world.mails()]
    done = await asyncio.gather(*(sign_in.finish_by_ticket(world.db, world.robot, each) for each in secrets))
    assert len({each.person.id for each in done}) == 1
    assert await everybody(world) == ["a@one.example"]


async def test_a_ticket_is_worth_nothing_after_an_hour(world: World, clock: Clock) -> None:
    """Pitfall 45."""
    step = await world.ask_for_ticket("a@one.example")
    letter = (await world.mails())[-1]
    clock.advance(hours=1)
    with pytest.raises(TicketInvalid):
        await sign_in.finish_by_ticket(world.db, world.robot, letter.secret)
    with pytest.raises(AttemptInvalid):
        await finish(world, step.attempt_id, letter.code)


async def test_a_ticket_of_one_robot_opens_nothing_in_another_and_stays_good(world: World) -> None:
    other = await make_robot(world.db, "other.test")
    step = await world.ask_for_ticket("a@one.example")
    letter = (await world.mails())[-1]
    with pytest.raises(TicketInvalid):
        await sign_in.finish_by_ticket(world.db, other, letter.secret)
    with pytest.raises(AttemptInvalid):
        await sign_in.finish(world.db, other, step.attempt_id, code=letter.code)
    assert (await sign_in.finish_by_ticket(world.db, world.robot, letter.secret)).raw_token


async def test_five_wrong_codes_spend_the_code_but_not_the_link(world: World) -> None:
    step = await world.ask_for_ticket("a@one.example")
    letter = (await world.mails())[-1]
    for n in range(5):
        with pytest.raises(sign_in.WrongCode):
            await finish(world, step.attempt_id, f"2222222{n + 2}")
    with pytest.raises(TicketInvalid):
        await finish(world, step.attempt_id, letter.code)
    assert (await sign_in.finish_by_ticket(world.db, world.robot, letter.secret)).raw_token


async def test_fifty_wrong_codes_at_once_are_five_tries(world: World) -> None:
    """Pitfall 49."""
    step = await world.ask_for_ticket("a@one.example")
    results = await asyncio.gather(
        *(finish(world, step.attempt_id, "22222222") for _ in range(50)), return_exceptions=True
    )
    assert sum(isinstance(each, sign_in.WrongCode) for each in results) == 5
    assert sum(isinstance(each, TicketInvalid) for each in results) == 45


async def test_a_code_belongs_to_the_attempt_that_it_was_mailed_for(world: World) -> None:
    await world.ask_for_ticket("victim@one.example")
    victims = (await world.mails())[-1]
    mine = await world.ask_for_ticket("mallory@one.example")
    with pytest.raises(sign_in.WrongCode):
        await finish(world, mine.attempt_id, victims.code)


@pytest.mark.parametrize("attempt_id", ["", "x", "é", "A" * 80, "=" * 10])
async def test_an_attempt_that_we_did_not_make_is_refused(world: World, attempt_id: str) -> None:
    with pytest.raises(AttemptInvalid):
        await finish(world, attempt_id, "22222222")


async def test_a_changed_attempt_is_refused(world: World) -> None:
    step = await world.ask_for_ticket("a@one.example")
    changed = step.attempt_id[:30] + ("A" if step.attempt_id[30] != "A" else "B") + step.attempt_id[31:]
    with pytest.raises(AttemptInvalid):
        await finish(world, changed, (await world.mails())[-1].code)


async def test_six_mails_an_hour_to_one_address_are_too_many_known_or_not(world: World, clock: Clock) -> None:
    await world.person("known@one.example")
    for address in ("known@one.example", "unknown@one.example"):
        for _ in range(5):
            await world.ask_for_ticket(address)
        with pytest.raises(TooMany) as refused:
            await world.ask_for_ticket(address)
        assert refused.value.retry_after == clock.now + 3_600_000_000
    elsewhere = World(world.db, world.robot, remote="198.51.100.7")
    await elsewhere.ask_for_ticket("known@one.example")
    clock.advance(hours=1)
    await world.ask_for_ticket("known@one.example")


async def test_a_used_ticket_no_longer_counts_as_a_mail_too_many(world: World) -> None:
    done = [await world.by_ticket("a@one.example") for _ in range(12)]
    assert len({each.raw_token for each in done}) == 12


async def test_a_reset_wants_a_new_password_before_anything_else(world: World) -> None:
    await world.person("a@one.example", password=PASSWORD)
    before = await world.by_password("a@one.example")
    done = await world.by_ticket("a@one.example", is_reset=True)
    assert done.needs_password_change
    actor = await world.who(done.raw_token)
    assert actor is not None
    assert actor.scopes is not None
    assert len(actor.scopes) == 1
    session, token = await change_password(world.db, actor, "another fine password")
    assert token is not None
    assert not session.needs_password_change
    assert await world.who(done.raw_token) is None
    assert await world.who(before.raw_token) is None
    renewed = await world.who(token)
    assert renewed is not None
    assert renewed.scopes is None
    with pytest.raises(sign_in.WrongCredentials):
        await world.by_password("a@one.example")
    assert (await world.by_password("a@one.example", "another fine password")).person.id == done.person.id


async def test_an_old_ticket_session_does_not_replace_the_old_password(world: World, clock: Clock) -> None:
    await world.person("a@one.example", password=PASSWORD)
    actor = await world.actor("a@one.example")
    clock.advance(hours=13)
    with pytest.raises(WrongPassword):
        await change_password(world.db, actor, "another fine password")


async def test_no_mail_ever_holds_a_password(world: World) -> None:
    await world.person("a@one.example", password=PASSWORD)
    actor = await world.actor("a@one.example")
    await change_password(world.db, actor, "another fine password")
    letters = await world.mails()
    assert len(letters) == 2
    assert all(PASSWORD not in each.text for each in letters)
    assert all("another fine password" not in each.text for each in letters)


@pytest.mark.parametrize(
    "place",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "https:evil",
        "/a b",
    ],
)
async def test_nobody_is_sent_elsewhere_after_signing_in(world: World, place: str) -> None:
    """Pitfall 21."""
    with pytest.raises(Invalid):
        await world.ask_for_ticket("a@one.example", return_to=place)


@pytest.mark.parametrize("place", ["/lists/welcome", "https://lists.example.test/portal"])
async def test_places_of_our_own_are_returned_to(world: World, place: str) -> None:
    await world.ask_for_ticket("a@one.example", return_to=place)
    done = await sign_in.finish_by_ticket(world.db, world.robot, (await world.mails())[-1].secret)
    assert done.return_to == place


async def test_what_is_no_address_or_no_way_to_sign_in_is_said(world: World) -> None:
    with pytest.raises(Invalid):
        await world.ask_for_ticket("not an address")
    async with world.db.write() as uow:
        with pytest.raises(Refused) as refused:
            await sign_in.start(uow, world.robot, "telepathy", "a@one.example")
    assert refused.value.code == "UNSUPPORTED"


async def test_a_main_address_does_not_expire(world: World, clock: Clock) -> None:
    first = await world.by_ticket("a@one.example")
    clock.advance(days=300)
    again = await world.by_ticket("a@one.example")
    assert again.person.id == first.person.id
