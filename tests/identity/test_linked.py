"""A person sees the ways in that they linked, adds more, and never loses the last one."""

import pytest

from identity import linked
from identity.attributes import attribute_record
from identity.entrance import actor_for_session
from identity.ledger import LastWayIn, effective_addresses, prove
from identity.refusal import NotFound
from identity.standing import SignInIsOld
from identity.steps import Done, Elsewhere, Form
from storage import identities, ledger
from storage.tables.words import AddressSource, Strength
from tests.conftest import Clock
from tests.identity.papers import FILE, Mill

ALICE = {"subject": "s-alice", "addresses": [["alice@mill.example", True]], "name": "Alice"}


async def test_the_way_in_is_shown_with_its_issuer_and_use(mill: Mill) -> None:
    actor = await mill.actor(await mill.done(ALICE))
    async with mill.world.db.read() as reader:
        [mine] = await linked.linked_identities(reader, actor)
    assert (mine.label, mine.identity.issuer, mine.identity.subject) == ("The mill", "mill", "s-alice")


async def test_the_last_way_in_stays(mill: Mill) -> None:
    """Pitfall 12: the address counts only because the provider says so."""
    actor = await mill.actor(await mill.done(ALICE))
    async with mill.world.db.read() as reader:
        [mine] = await linked.linked_identities(reader, actor)
    with pytest.raises(LastWayIn):
        async with mill.world.db.write() as uow:
            await linked.unlink_identity(uow, actor, mine.id)


async def test_with_a_mailbox_of_ones_own_it_can_go_and_takes_its_word_along(mill: Mill) -> None:
    done = await mill.done({**ALICE, "addresses": [["alice@mill.example", True], ["a@corp.example", True]]})
    other = await mill.done({**ALICE, "addresses": [["alice@mill.example", True], ["a@corp.example", True]]})
    actor = await mill.actor(done)
    async with mill.world.db.write() as uow:
        await prove(
            uow, done.person.id, "alice@mill.example", source=AddressSource.CHALLENGE, strength=Strength.MD5
        )
        [mine] = await linked.linked_identities(uow, actor)
        await linked.unlink_identity(uow, actor, mine.id)
    async with mill.world.db.read() as reader:
        assert await identities.of_person(reader, done.person.id) == []
        left = await effective_addresses(reader, done.person.id, mill.robot.id)
        assert [row.address for row in left] == ["alice@mill.example"]
        assert await actor_for_session(reader, mill.robot, other.raw_token) is None
        assert await actor_for_session(reader, mill.robot, done.raw_token) is not None
    assert "taken from" in (await mill.world.mails("alice@mill.example"))[-1].text


@pytest.mark.parametrize(
    "staying", [(), ("another mill",)], ids=["the only one", "one of another issuer stays"]
)
async def test_what_it_said_beside_addresses_ends_with_it_too(mill: Mill, staying: tuple[str, ...]) -> None:
    """Pitfall 14: a group that nobody speaks for any more opens nothing."""
    done = await mill.done({**ALICE, "attributes": {"groups": ["staff"]}})
    actor = await mill.actor(done)
    async with mill.world.db.write() as uow:
        await prove(
            uow, done.person.id, "alice@mill.example", source=AddressSource.CHALLENGE, strength=Strength.MD5
        )
        mine, *_ = await linked.linked_identities(uow, actor)
        for issuer in staying:
            await identities.add(
                uow,
                person_id=done.person.id,
                robot_id=mill.robot.id,
                provider=mine.identity.provider,
                issuer=issuer,
                subject="s-alice",
            )
        assert await attribute_record(uow, done.person.id, mill.robot.id) == {"groups": ("staff",)}
        await linked.unlink_identity(uow, actor, mine.id)
        assert await attribute_record(uow, done.person.id, mill.robot.id) == {}
        rows = await ledger.of_address(uow, done.person.id, "alice@mill.example")
        assert [row.source for row in rows if row.expires_at is None or row.expires_at > uow.now] == [
            AddressSource.CHALLENGE
        ]


async def test_where_no_mail_signs_in_a_mailbox_is_no_way_in(mill: Mill) -> None:
    await mill.set(FILE.partition('[[provider]]\nkey = "ticket"')[0])
    done = await mill.done(ALICE)
    async with mill.world.db.write() as uow:
        await prove(
            uow, done.person.id, "alice@mill.example", source=AddressSource.CHALLENGE, strength=Strength.MD5
        )
    actor = await mill.actor(done)
    with pytest.raises(LastWayIn):
        async with mill.world.db.write() as uow:
            [mine] = await linked.linked_identities(uow, actor)
            await linked.unlink_identity(uow, actor, mine.id)


async def test_nobody_takes_somebody_elses_away(mill: Mill) -> None:
    await mill.done(ALICE)
    mallory = await mill.actor(await mill.done({"subject": "m", "addresses": [["m@mill.example", True]]}))
    async with mill.world.db.read() as reader:
        found = await identities.find(reader, (await mill.entry()).identity_scope, "mill", "s-alice")
    assert found is not None
    with pytest.raises(NotFound):
        async with mill.world.db.write() as uow:
            await linked.unlink_identity(uow, mallory, found.id)


async def test_a_way_in_is_added_from_a_fresh_session_and_the_mailbox_is_told(
    mill: Mill, clock: Clock
) -> None:
    """Pitfalls 6, 54."""
    mine = await mill.world.by_ticket("me@home.example")
    actor = await mill.actor(mine)
    visitor = mill.visitor(session=mine.session)
    begun = await linked.begin_linking(mill.world.db, actor, "mill", visitor)
    assert isinstance(begun, Elsewhere)
    step = await mill.come_back(begun.url.partition("state=")[2], ALICE, visitor)
    assert isinstance(step, Form)
    assert isinstance(await mill.step(step.attempt_id, visitor), Done)
    assert "added to" in (await mill.world.mails("me@home.example"))[-1].text
    clock.advance(seconds=24 * 3600)
    with pytest.raises(SignInIsOld):
        await linked.begin_linking(mill.world.db, actor, "mill", visitor)
