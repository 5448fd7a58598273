"""Addresses that look alike, fold alike or were somebody else's once: none of them is the other."""

import pytest

from identity import ledger, sign_in
from identity.people import find_by_address
from identity.steps import Code, Done
from mail.address import address_key, parse_address
from mail.instant import DAY
from storage import identities
from storage.tables.words import AddressSource, Strength
from tests.conftest import Clock
from tests.identity.papers import Mill
from tests.identity.world import PASSWORD, World

# Upper-casing, compatibility forms, transliteration and fonts make the first of each.
OTHERS = [
    ("mike@mill.example", "m\u0131ke@mill.example"),
    ("office@mill.example", "o\ufb03ce@mill.example"),
    ("strasse@mill.example", "stra\u00dfe@mill.example"),
    ("alice@mill.example", "\u0430lice@mill.example"),
    ("kate@mill.example", "\uff4bate@mill.example"),
    ("jos\u00e9@mill.example", "jose@mill.example"),
    ("alice@mill.example", "alice@m\u0131ll.example"),
    # Not even where its mail goes to the same person: what is proved of one is not proved of the other.
    ("ann@mill.example", "ann+lists@mill.example"),
    ("ann@gmail.com", "ann+lists@gmail.com"),
    ("alice@fussmill.example", "alice@fu\u00dfmill.example"),
]
SAME = [
    ("Kate@mill.example", "\u212aate@MILL.example"),
    ("jos\u00e9@mill.example", "jose\u0301@mill.example"),
    ("alice@mill.example", "alice@\uff4dill.example"),
    ("alice@b\u00fccher.example", "alice@XN--BCHER-KVA.example"),
]


@pytest.mark.parametrize(("victim", "alike"), OTHERS)
async def test_a_lookalike_is_somebody_else(world: World, victim: str, alike: str) -> None:
    """Pitfalls 8 and 10: no mail about the one goes to the other, no password of the one opens the other."""
    person = await world.person(victim, password=PASSWORD)
    with pytest.raises(sign_in.WrongCredentials):
        await world.by_password(alike)
    await world.ask_for_ticket(alike, is_reset=True)
    assert [address_key(each.to) for each in await world.mails()] == [address_key(alike)]
    assert address_key(alike) != address_key(victim)
    assert (await world.by_ticket(alike)).person.id != person.id
    assert (await world.by_password(victim)).person.id == person.id


@pytest.mark.parametrize(("victim", "alike"), OTHERS)
async def test_a_provider_that_names_a_lookalike_names_somebody_else(
    mill: Mill, victim: str, alike: str
) -> None:
    """Pitfalls 3 and 8: nor does it vouch for a domain that only looks like its own."""
    person = await mill.world.person(victim)
    step = await mill.sign_in({"subject": "s-alike", "addresses": [[alike, True]]})
    if parse_address(alike).domain == "mill.example":
        assert isinstance(step, Done)
        assert step.person.id != person.id
    else:
        assert isinstance(step, Code)
        assert [address_key(each.to) for each in await mill.world.mails()] == [address_key(alike)]


@pytest.mark.parametrize(("stored", "typed"), SAME)
async def test_another_spelling_of_an_address_is_answered_where_it_was_proved(
    world: World, stored: str, typed: str
) -> None:
    """Pitfall 8: a reset goes to the stored spelling, whatever was typed."""
    person = await world.person(stored)
    await world.ask_for_ticket(typed, is_reset=True)
    assert [each.to for each in await world.mails()] == [str(parse_address(stored))]
    assert (await world.by_ticket(typed)).person.id == person.id
    assert [each.to for each in await world.mails()] == [str(parse_address(stored))] * 2


async def test_whoever_gets_a_lapsed_mailbox_gets_the_mailbox_alone(mill: Mill, clock: Clock) -> None:
    """Pitfall 4: no account, address, password or way in of whoever had it before."""
    recycled, kept = "alice@mill.example", "liddell@home.example"
    former = (await mill.done({"subject": "s-former", "addresses": [[recycled, True]]})).person
    async with mill.world.db.write() as uow:
        await ledger.prove(
            uow,
            former.id,
            kept,
            source=AddressSource.CHALLENGE,
            strength=Strength.MD5,
            expires_at=uow.now + 365 * DAY,
        )
    clock.advance(days=31)
    later = (await mill.world.by_ticket(recycled)).person
    assert later.id != former.id
    async with mill.world.db.read() as reader:
        rows = await ledger.effective_addresses(reader, later.id, mill.robot.id)
        assert [row.address for row in rows] == [recycled]
        assert await identities.of_person(reader, later.id) == []
        found = await find_by_address(reader, kept, robot_id=mill.robot.id)
    assert found is not None
    assert found.id == former.id
    # The account at the provider is still the former one's, and takes the address from nobody.
    back = (await mill.done({"subject": "s-former", "addresses": [[recycled, True]]})).person
    assert back.id == former.id
    assert (await mill.world.by_ticket(recycled)).person.id == later.id
