"""Whoever prepares an account before its owner comes has nothing of it afterwards: five ways, and what became of each."""

import pytest

from identity import ledger, sessions, sign_in
from identity.challenge import confirm_address, link_address
from identity.people import find_by_address
from identity.refusal import Refused
from identity.steps import Code, Done, Form
from mail.instant import DAY
from storage import credentials, identities
from storage.tables.people import Person
from storage.tables.words import SignInMethod, Strength
from tests.conftest import Clock
from tests.identity.papers import Mill
from tests.identity.world import CHALLENGE, PASSWORD

VICTIM = "victim@mill.example"
HERS = {"subject": "s-victim", "addresses": [[VICTIM, True]], "name": "Victim"}


@pytest.fixture
async def mill(mill: Mill) -> Mill:
    await mill.set(
        """
            [[provider]]
            key = "mill"
            kind = "paper"
            label = "The mill"
            vouches_for = ["mill.example"]
            [[provider]]
            key = "ticket"
            kind = "ticket"
            [[provider]]
            key = "password"
            kind = "password"
            """
    )
    return mill


async def come(mill: Mill, way: str) -> Person:
    """The owner of the address comes at last, by one way or the other."""
    if way == "ticket":
        return (await mill.world.by_ticket(VICTIM)).person
    step = await mill.sign_in(HERS)
    if isinstance(step, Code):
        step = await mill.step(step.attempt_id, code=(await mill.world.mails(VICTIM))[-1].code)
    assert isinstance(step, Done)
    return step.person


async def owner(mill: Mill) -> Person | None:
    async with mill.world.db.read() as reader:
        return await find_by_address(reader, VICTIM, robot_id=mill.robot.id)


async def addresses(mill: Mill, person: Person) -> list[str]:
    async with mill.world.db.read() as reader:
        return [row.address for row in await ledger.effective_addresses(reader, person.id, mill.robot.id)]


@pytest.mark.parametrize("way", ["ticket", "mill"])
async def test_a_password_that_was_set_before_opens_nothing(mill: Mill, way: str) -> None:
    """Pitfall 1: an account with a password is there when its owner comes by mail or by a provider."""
    squatter = await mill.world.person(VICTIM, password=PASSWORD, proved=False)
    victim = await come(mill, way)
    assert victim.id != squatter.id
    with pytest.raises(sign_in.WrongCredentials):
        await mill.world.by_password(VICTIM)
    assert await addresses(mill, squatter) == []
    async with mill.world.db.read() as reader:
        kept = await credentials.password_hash(reader, squatter.id)
    # What one domain's provider says does not take away what others may have begun elsewhere.
    assert (kept is None) is (way == "ticket")


@pytest.mark.parametrize("way", ["ticket", "mill"])
async def test_a_session_that_was_opened_before_does_not_become_the_owners(
    mill: Mill, way: str, clock: Clock
) -> None:
    """Pitfalls 1 and 4: somebody had the mailbox once, and stays signed in under it."""
    mallory = await mill.world.person("mallory@else.example")
    async with mill.world.db.write() as uow:
        await ledger.prove(
            uow, mallory.id, VICTIM, source=CHALLENGE, strength=Strength.MD5, expires_at=uow.now + DAY
        )
        _, token = await sessions.open_session(
            uow,
            mallory,
            mill.robot,
            method=SignInMethod.TICKET,
            strength=Strength.MD5,
            address=VICTIM,
        )
    before = await mill.world.who(token)
    assert before is not None
    assert before.sender == VICTIM
    clock.advance(days=2)
    victim = await come(mill, way)
    assert victim.id != mallory.id
    assert await mill.world.who(token) is None


@pytest.mark.parametrize("way", ["ticket", "mill"])
async def test_a_way_in_that_was_linked_before_leads_to_nobody(mill: Mill, way: str) -> None:
    """Pitfall 1: an account at a provider was tied to what its owner would sign in to."""
    squatter = await mill.world.person(VICTIM, proved=False)
    async with mill.world.db.write() as uow:
        await identities.add(
            uow,
            person_id=squatter.id,
            robot_id=mill.robot.id,
            provider=(await mill.entry()).identity_scope,
            issuer="mill",
            subject="s-mallory",
        )
    victim = await come(mill, way)
    step = await mill.sign_in({"subject": "s-mallory"})
    assert isinstance(step, Form), "nobody knows an address of theirs"
    async with mill.world.db.read() as reader:
        assert len(await identities.of_person(reader, squatter.id)) == (0 if way == "ticket" else 1)
        assert [each.subject for each in await identities.of_person(reader, victim.id)] == (
            ["s-victim"] if way == "mill" else []
        )


async def test_a_change_that_was_begun_before_is_not_ended_afterwards(mill: Mill) -> None:
    """Pitfalls 1 and 7: even the right code of a challenge that waited until the owner had come moves nothing."""
    mallory = await mill.world.actor("mallory@else.example")
    async with mill.world.db.write() as uow:
        await link_address(uow, mallory, VICTIM)
    code = (await mill.world.mails(VICTIM))[-1].code
    victim = await come(mill, "ticket")
    with pytest.raises(Refused):
        await confirm_address(mill.world.db, mallory, VICTIM, code)
    found = await owner(mill)
    assert found is not None
    assert found.id == victim.id
    assert mallory.person is not None
    assert await addresses(mill, mallory.person) == ["mallory@else.example"]


@pytest.mark.parametrize(
    "claim", [[VICTIM, False], ["victim@foreign.example", True]], ids=["unverified", "foreign"]
)
async def test_an_address_that_a_careless_provider_named_before_is_its_owners_alone(
    mill: Mill, claim: list[object]
) -> None:
    """Pitfalls 1, 2 and 3: somebody comes with an address that nobody checked, and its owner comes later."""
    hers, wanted = "mallory@mill.example", str(claim[0])
    paper = {"subject": "s-mallory", "addresses": [[hers, True], claim]}
    mallory = (await mill.done(paper)).person
    victim = (await mill.world.by_ticket(wanted)).person
    assert victim.id != mallory.id
    assert await addresses(mill, victim) == [wanted]
    assert (await mill.done(paper)).person.id == mallory.id
    assert await addresses(mill, mallory) == [hers]
    async with mill.world.db.read() as reader:
        assert await identities.of_person(reader, victim.id) == []
