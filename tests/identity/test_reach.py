"""Whoever runs one robot's provider can be everybody who comes through it there, and nobody anywhere else (decision 11)."""

import pytest

from identity import (
    factor_changes,
    keeping,
    ledger,
    linked,
    linking,
    merging,
    password_change,
    removal,
    sessions,
    tokens,
)
from identity.actor import Actor, operator
from identity.address_evidence import revoke_evidence
from identity.auth_config import set_auth_config
from identity.challenge import confirm_address, link_address
from identity.entrance import actor_for_session, actor_for_token
from identity.people import find_by_address
from identity.provider import Claimed, Evidence
from identity.reach import OnlyHere, reach_of
from identity.refusal import NotFound
from identity.seen_addresses import may_see, rows_seen
from identity.steps import Code, Done, Form
from identity.totp import STEP, code_at
from storage import identities
from storage import second_factors as rows
from storage import sessions as stored
from storage.tables.lists import Robot
from storage.tables.people import Person
from storage.tables.second_factors import FactorKind
from storage.tables.words import Strength, TokenScope
from tests.conftest import Clock
from tests.identity.papers import FILE, Mill
from tests.identity.world import CHALLENGE, PASSWORD, World, make_robot

HOME = "victim@home.example"
# What the victim's account at the mill says once the mill's operator wants it to.
FORGED = {"subject": "s-victim", "addresses": [[HOME, True], ["evil@mill.example", True]]}


@pytest.fixture
async def other(mill: Mill) -> Robot:
    """Another robot of the server, with which the mill has nothing to do."""
    return await make_robot(mill.world.db, "other.test")


@pytest.fixture
async def victim(mill: Mill) -> Person:
    """Somebody who has an address on the whole server, and once came through the mill."""
    person = await mill.world.person(HOME)
    step = await mill.sign_in({"subject": "s-victim", "addresses": [[HOME, True]]})
    assert isinstance(step, Code)
    done = await mill.step(step.attempt_id, code=(await mill.world.mails(HOME))[-1].code)
    assert isinstance(done, Done)
    assert done.person.id == person.id
    return person


async def forged(mill: Mill) -> Actor:
    """The mill's operator at the browser, as the victim."""
    done = await mill.done(FORGED, mill.visitor("the operator's browser"))
    actor = await mill.world.who(done.raw_token)
    assert actor is not None
    return actor


async def test_a_providers_word_for_one_robot_makes_no_token_for_all(
    mill: Mill, other: Robot, victim: Person
) -> None:
    actor = await forged(mill)
    async with mill.world.db.write() as uow:
        with pytest.raises(OnlyHere):
            await tokens.create_token(uow, actor, "x", [TokenScope.ADMINISTRATE])
    own = await mill.world.actor(HOME)
    async with mill.world.db.write() as uow:
        _, secret = await tokens.create_token(uow, own, "x", [TokenScope.READ])
    async with mill.world.db.read() as reader:
        assert await actor_for_token(reader, other, secret) is not None


async def test_what_another_robots_provider_says_is_seen_from_there_and_by_its_person_alone(
    mill: Mill, other: Robot, victim: Person
) -> None:
    """No tenant reads another's: proved addresses and claims of the other robot's provider."""
    there = Mill(mill.world, other)
    await there.set(FILE)
    async with mill.world.db.write() as uow:
        entry = await there.entry(robot=other)
        said = [["work@mill.example", True], ["claim@elsewhere.example", True]]
        told = {"issuer": "mill", "subject": "w", "addresses": tuple(Claimed(*each) for each in said)}
        await linking.attach(uow, other, entry, Evidence(**told), victim)  # type: ignore[arg-type]
    secret = {"work@mill.example", "claim@elsewhere.example"}
    own, here = await mill.world.actor(HOME), await forged(mill)
    listmaster = operator(mill.robot)
    async with mill.world.db.read() as reader:
        assert secret <= {row.address for row in await rows_seen(reader, own, victim.id)}
        for asker in (here, listmaster):
            seen = await rows_seen(reader, asker, victim.id)
            assert secret.isdisjoint({row.address for row in seen})
            assert HOME in {row.address for row in seen}
        for row in await ledger.all_addresses(reader, victim.id):
            assert await may_see(reader, here, row) is (row.address not in secret)


async def test_a_mail_to_an_address_of_one_robot_sets_no_password_for_all(
    mill: Mill, other: Robot, victim: Person
) -> None:
    await forged(mill)
    done = await mill.world.by_ticket("evil@mill.example", is_reset=True)
    assert done.person.id == victim.id
    actor = await mill.world.who(done.raw_token)
    assert actor is not None
    with pytest.raises(OnlyHere):
        await password_change.change_password(mill.world.db, actor, PASSWORD)
    with pytest.raises(password_change.WrongPassword):
        await password_change.change_password(mill.world.db, actor, PASSWORD, current="a guess")


async def test_what_counts_elsewhere_is_not_taken_away_from_here(
    mill: Mill, other: Robot, victim: Person
) -> None:
    own = await mill.world.actor(HOME)
    async with mill.world.db.write() as uow:
        row = await ledger.prove(
            uow,
            victim.id,
            "second@home.example",
            source=CHALLENGE,
            strength=Strength.MD5,
        )
    actor = await forged(mill)
    async with mill.world.db.write() as uow:
        evil = await ledger.effective_row(uow, victim.id, mill.robot.id, "evil@mill.example")
        assert evil is not None
        with pytest.raises(OnlyHere):
            await ledger.unlink(uow, actor, row.id)
        with pytest.raises(OnlyHere):
            await revoke_evidence(uow, actor, row.id)
        with pytest.raises(OnlyHere):
            await ledger.set_main(uow, actor, evil.id)
        await ledger.unlink(uow, actor, evil.id)
        await ledger.unlink(uow, own, row.id)


async def test_a_way_in_for_all_is_neither_added_nor_taken_away_from_one(
    mill: Mill, other: Robot, victim: Person
) -> None:
    async with mill.world.db.write() as uow:
        await set_auth_config(uow, None, FILE.replace('key = "mill"', 'key = "everywhere"'))
        kept = await identities.add(
            uow, person_id=victim.id, robot_id=None, provider="*:paper", issuer="mill", subject="s-general"
        )
    await mill.set(f"inherit = true\n{FILE}")
    actor = await forged(mill)
    with pytest.raises(OnlyHere):
        await linked.begin_linking(mill.world.db, actor, "everywhere", mill.visitor(session=actor.session))
    async with mill.world.db.write() as uow:
        with pytest.raises(NotFound):
            await linked.unlink_identity(uow, actor, kept.id)
        assert [each.identity.robot_id for each in await linked.linked_identities(uow, actor)] == [
            mill.robot.id
        ]


async def test_on_a_server_with_one_robot_there_is_nothing_to_keep_apart(mill: Mill, victim: Person) -> None:
    actor = await forged(mill)
    assert actor.session is not None
    async with mill.world.db.write() as uow:
        assert await reach_of(uow, actor.session) is None
        await tokens.create_token(uow, actor, "x", [TokenScope.READ])


async def test_an_address_that_is_added_counts_as_far_as_the_session_reaches(
    mill: Mill, other: Robot, victim: Person
) -> None:
    actor = await forged(mill)
    async with mill.world.db.write() as uow:
        await link_address(uow, actor, "evil@evil.example")
    code = (await mill.world.mails("evil@evil.example"))[-1].code
    row = await confirm_address(mill.world.db, actor, "evil@evil.example", code)
    assert row.robot_id == mill.robot.id
    async with mill.world.db.read() as reader:
        assert await find_by_address(reader, "evil@evil.example", robot_id=other.id) is None
        here = await find_by_address(reader, "evil@evil.example", robot_id=mill.robot.id)
        assert here is not None
        assert here.id == victim.id


async def test_what_was_shown_to_the_whole_server_is_not_narrowed_from_one_robot(
    mill: Mill, other: Robot, victim: Person
) -> None:
    own = await mill.world.actor(HOME)
    for actor in (own, await forged(mill)):
        async with mill.world.db.write() as uow:
            await link_address(uow, actor, "second@home.example")
        code = (await mill.world.mails("second@home.example"))[-1].code
        await confirm_address(mill.world.db, actor, "second@home.example", code)
    async with mill.world.db.read() as reader:
        assert await find_by_address(reader, "second@home.example", robot_id=other.id) is not None


async def test_an_account_is_not_joined_to_another_from_one_robot(
    mill: Mill, other: Robot, victim: Person
) -> None:
    """With the other account's session as proof, one of one robot would give away what counts in all."""
    await forged(mill)
    forged_token = (await mill.done(FORGED, mill.visitor("the operator's browser"))).raw_token
    operator = await mill.world.actor("operator@evil.example")
    async with mill.world.db.write() as uow:
        with pytest.raises(OnlyHere):
            await merging.join(uow, operator, forged_token)
    actor = await mill.world.who(forged_token)
    assert actor is not None
    mine = (await mill.world.by_ticket("operator@evil.example")).raw_token
    async with mill.world.db.write() as uow:
        with pytest.raises(OnlyHere):
            await merging.join(uow, actor, mine)
        with pytest.raises(OnlyHere):
            await removal.ask(uow, actor)


async def test_who_is_known_in_one_robot_alone_can_leave_it(mill: Mill, other: Robot) -> None:
    done = await mill.done({"subject": "s-alice", "addresses": [["alice@mill.example", True]]})
    actor = await mill.world.who(done.raw_token)
    assert actor is not None
    async with mill.world.db.write() as uow:
        assert await removal.ask(uow, actor) == "alice@mill.example"


async def test_an_address_that_is_kept_counts_where_it_counted(
    mill: Mill, other: Robot, victim: Person, clock: Clock
) -> None:
    """The mailbox answers for itself; whose it is only the mill has said."""
    await mill.done({**FORGED, "addresses": [["evil@mill.example", True]]})
    clock.advance(days=20)
    await keeping.warn_of_lapsing(mill.world.db)
    warned = (await mill.world.mails(HOME))[-1]
    async with mill.world.db.write() as uow:
        await keeping.ask_address(uow, warned.secret)
    asked = (await mill.world.mails("evil@mill.example"))[-1]
    async with mill.world.db.write() as uow:
        await keeping.keep_address(uow, asked.secret)
    clock.advance(days=20)
    async with mill.world.db.read() as reader:
        assert await find_by_address(reader, "evil@mill.example", robot_id=other.id) is None
        assert await find_by_address(reader, "evil@mill.example", robot_id=mill.robot.id) is not None


async def test_nobody_is_locked_out_of_all_robots_from_one(mill: Mill, other: Robot, victim: Person) -> None:
    actor = await forged(mill)
    async with mill.world.db.read() as reader:
        with pytest.raises(OnlyHere):
            await factor_changes.begin_factor(reader, actor, FactorKind.TOTP)


async def test_a_factor_that_one_robot_wants_is_asked_for_in_that_robot_alone(
    mill: Mill, other: Robot, clock: Clock
) -> None:
    """The mill's operator makes the robot want one, and sets one up as the victim: it must not lock them out elsewhere."""
    db = mill.world.db
    person = await mill.world.person(HOME, password=PASSWORD)
    step = await mill.sign_in({"subject": "s-victim", "addresses": [[HOME, True]]})
    assert isinstance(step, Code)
    assert isinstance(await mill.step(step.attempt_id, code=(await mill.world.mails(HOME))[-1].code), Done)
    await mill.set(f'second_factor = "everybody"\n{FILE}')
    actor = await forged(mill)
    async with db.read() as reader:
        begun = await factor_changes.begin_factor(reader, actor, FactorKind.TOTP)
    code = code_at(begun.secret, clock() // STEP)
    async with db.write() as uow:
        made = await factor_changes.confirm_factor(uow, actor, begun.attempt_id, code=code)
    assert made.codes == ()
    async with db.read() as reader:
        assert len(await rows.of_person(reader, person.id, mill.robot.id)) == 1
        assert await rows.of_person(reader, person.id, other.id) == []
    assert isinstance(await mill.sign_in(FORGED, mill.visitor("again")), Form)
    assert isinstance(await World(db, other).password_step(HOME), Done)


async def test_a_provider_does_not_flood_those_whose_addresses_it_names(
    mill: Mill, other: Robot, victim: Person
) -> None:
    """As many accounts there as its operator likes, each of which says that it is the victim."""
    holder = await mill.world.person("holder@mill.example")
    for number in range(6):
        claims = [[f"m{number}@mill.example", True], ["holder@mill.example", True]]
        await mill.sign_in({"subject": f"m{number}", "addresses": claims[:1]})
        await mill.done({"subject": f"m{number}", "addresses": claims})
    assert len(await mill.world.mails("holder@mill.example")) == 3
    assert holder.id != victim.id


async def test_what_somebody_has_open_in_other_robots_is_neither_seen_nor_ended_from_one(
    mill: Mill, other: Robot, victim: Person
) -> None:
    here, mill.world.robot = mill.world.robot, other
    there = await mill.world.by_ticket(HOME)
    mill.world.robot = here
    actor = await forged(mill)
    async with mill.world.db.write() as uow:
        assert there.session.id not in [each.id for each in await sessions.list_sessions(uow, actor)]
        with pytest.raises(NotFound):
            await sessions.revoke(uow, actor, there.session.id)
        await sessions.sign_out_everywhere(uow, actor)
    async with mill.world.db.read() as reader:
        assert await actor_for_session(reader, other, there.raw_token) is not None
        assert actor.session is not None
        assert actor.session.id not in [each.id for each in await stored.of_person(reader, victim.id)]
