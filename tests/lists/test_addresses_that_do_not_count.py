"""An address that is a candidate, has expired, or is known in another domain only never changes a decision (rows 118, 119)."""

from dataclasses import dataclass

import pytest

from identity import ledger
from identity.actor import operator
from identity.entrance import actor_for_mail, actor_for_token
from identity.people import create_person
from identity.tokens import make_token
from lists import offices
from lists.authorize import authorize, authorize_many
from storage.database import Reader
from storage.tables.lists import MailingList, Robot
from storage.tables.people import Person
from storage.tables.words import AddressSource, ModerationKind, RoleKind, Strength, TokenScope
from tests.conftest import Clock
from tests.lists.world import World

MAIN, ALTERNATE = "main@x.example", "alternate@y.example"
DAY = 86_400_000_000
OPERATIONS = {
    "send": "private",
    "review": "private",
    "visibility": "conceal",
    "info": "private",
    "archive_web_access": "private",
    "archive_mail_access": "private",
    "add": "auth",
    "invite": "private",
    "remind": "owner",
    "tracking": "private",
}


@dataclass(frozen=True)
class State:
    """What the ledger says of the alternate; `days` from now until it expires, None for never."""

    is_proved: bool
    days: float | None
    is_here: bool
    source: AddressSource = AddressSource.CHALLENGE

    @property
    def counts(self) -> bool:
        """Whether it should."""
        return self.is_proved and self.is_here and (self.days is None or self.days > 0)


STATES = [
    State(is_proved, days, is_here, source)
    for source in (AddressSource.CHALLENGE, AddressSource.LDAP)
    for is_proved in (True, False)
    for days in (None, 1, 0, -0.001, -400)
    for is_here in (True, False)
    if is_here or is_proved
]


async def world_with(world: World, clock: Clock, state: State | None) -> tuple[Person, MailingList, str]:
    """A list that the alternate is on, owns and moderates, and a person with that alternate."""
    mlist = await world.make("info", **OPERATIONS)
    await world.put(mlist, ALTERNATE)
    for kind in (RoleKind.OWNER, RoleKind.EDITOR):
        await world.office(mlist, ALTERNATE, kind)
    async with world.database.write() as uow:
        person = await create_person(uow, MAIN, proved=True, strength=Strength.MD5)
        _, secret = await make_token(uow, operator(world.home), person.id, "t", (TokenScope.ADMINISTRATE,))
    begun = clock.now
    clock.now -= 500 * DAY
    async with world.database.write() as uow:
        if state is not None and state.is_proved:
            await ledger.prove(
                uow,
                person.id,
                ALTERNATE,
                source=state.source,
                strength=Strength.MD5,
                robot_id=None
                if state.is_here and state.source is AddressSource.CHALLENGE
                else _scope(world, state).id,
                expires_at=None if state.days is None else begun + int(state.days * DAY),
            )
        elif state is not None:
            await ledger.add_candidate(uow, person.id, ALTERNATE, source=state.source)
    clock.now = begun
    return person, mlist, secret


def _scope(world: World, state: State) -> Robot:
    return world.home if state.is_here else world.other


async def decisions(world: World, mlist: MailingList, secret: str) -> list[object]:
    found: list[object] = []
    async with world.database.read() as reader:
        for actor in (
            await actor_for_token(reader, world.home, secret),
            await actor_for_mail(reader, world.home, MAIN, Strength.SMTP),
            await actor_for_mail(reader, world.home, MAIN, Strength.SMIME),
        ):
            assert actor is not None
            for operation in OPERATIONS:
                one = await authorize(reader, actor, operation, mlist=mlist)
                many = await authorize_many(reader, actor, operation, [mlist])
                assert many[mlist.id].action == one.action
                found.append((operation, one.action, one.reason, one.element, one.line))
            found.append(await offices.is_owner(reader, actor, mlist))
            found.append(await offices.may_decide(reader, actor, mlist, ModerationKind.MESSAGE))
        found.append(await _person_of(reader, world.home, ALTERNATE))
    return found


async def _person_of(reader: Reader, robot: Robot, address: str) -> bool:
    return (await actor_for_mail(reader, robot, address, Strength.SMTP)).person is not None


@pytest.mark.parametrize("state", STATES, ids=str)
async def test_rows_118_and_119_only_what_counts_changes_a_decision(
    world: World, clock: Clock, state: State
) -> None:
    """Pitfalls 2 and 4."""
    _, mlist, secret = await world_with(world, clock, state)
    found = await decisions(world, mlist, secret)
    allowed = [each for each in found if isinstance(each, tuple) and each[1] == "do_it"]
    if state.counts:
        assert {each[0] for each in allowed} == {*OPERATIONS}
        assert found[-1]
    else:
        assert allowed == []
        assert True not in found
        assert not any(isinstance(each, tuple) and each[3] == ALTERNATE for each in found)


async def test_it_is_as_if_the_address_were_not_there_at_all(world: World, clock: Clock) -> None:
    person, mlist, secret = await world_with(world, clock, None)
    without = await decisions(world, mlist, secret)
    async with world.database.write() as uow:
        await ledger.add_candidate(uow, person.id, ALTERNATE, source=AddressSource.CHALLENGE)
    assert await decisions(world, mlist, secret) == without
    async with world.database.write() as uow:
        await ledger.prove(
            uow,
            person.id,
            ALTERNATE,
            source=AddressSource.CHALLENGE,
            strength=Strength.MD5,
            expires_at=uow.now + DAY,
        )
    assert await decisions(world, mlist, secret) != without
    clock.advance(days=1)
    assert await decisions(world, mlist, secret) == without


async def test_strangers_never_pass_what_members_may(world: World) -> None:
    mlist = await world.make("info", **OPERATIONS)
    await world.put(mlist, ALTERNATE)
    async with world.database.read() as reader:
        for actor in (
            world.nobody(),
            world.nobody(world.other),
            world.person(ALTERNATE, robot=world.other),
            await actor_for_mail(reader, world.home, "eve@evil.example", Strength.SMIME),
        ):
            for operation in OPERATIONS:
                decision = await authorize(reader, actor, operation, mlist=mlist)
                assert decision.action == "reject", (operation, actor)
