"""Whoever comes through a provider is who the provider's issuer and subject say, and nobody by an address alone."""

import asyncio

import pytest

from identity import attempts, ledger, ways_in
from identity.entrance import actor_for_session
from identity.ledger import AddressTaken
from identity.linking import MOST_TEXT, LinkedElsewhere
from identity.people import find_by_address
from identity.provider import NotProved, ProviderAway
from identity.provider_sign_in import Onward
from identity.refusal import TooMany
from identity.sealed import AttemptInvalid, opened
from identity.secret import hashed
from identity.sign_in import UnknownProvider, WrongCode
from identity.steps import Code, Done, Form
from mail.instant import DAY
from storage import attributes, identities, sign_ins
from storage import ledger as rows
from storage.tables.words import AddressSource, Strength
from tests.conftest import Clock
from tests.identity.papers import FILE, Mill
from tests.identity.world import make_robot

ALICE = {"subject": "s-alice", "addresses": [["alice@mill.example", True]], "name": "Alice"}


async def addresses(mill: Mill, person_id: int) -> dict[str, Strength]:
    async with mill.world.db.read() as reader:
        return {
            row.address: row.strength
            for row in await ledger.effective_addresses(reader, person_id, mill.robot.id)
        }


async def test_the_first_sign_in_makes_an_account_and_the_next_one_finds_it(mill: Mill) -> None:
    first = await mill.done(ALICE)
    again = await mill.done(ALICE)
    assert first.person.id == again.person.id
    assert first.session.address == "alice@mill.example"
    assert await addresses(mill, first.person.id) == {"alice@mill.example": Strength.MD5}


async def test_another_address_at_the_provider_is_still_the_same_account(mill: Mill) -> None:
    """Row 41: the key is issuer and subject."""
    first = await mill.done(ALICE)
    moved = await mill.done({**ALICE, "addresses": [["liddell@mill.example", True]]})
    assert moved.person.id == first.person.id
    assert await addresses(mill, first.person.id) == {"liddell@mill.example": Strength.MD5}


async def test_the_old_address_with_another_subject_is_not_the_old_account(mill: Mill) -> None:
    """Row 41, pitfalls 2 and 4: whoever gets a recycled address has to show that the account is theirs, too."""
    await mill.done(ALICE)
    step = await mill.sign_in({**ALICE, "subject": "s-recycled"})
    assert isinstance(step, Code)


@pytest.mark.parametrize(
    "claim",
    [["victim@mill.example", False], ["victim@elsewhere.example", True]],
    ids=["unverified", "foreign"],
)
async def test_an_address_that_the_provider_may_not_vouch_for_grants_nothing(
    mill: Mill, claim: list[object]
) -> None:
    """Pitfalls 2, 3: a candidate, and the person is asked to prove it."""
    victim = await mill.world.person(str(claim[0]))
    done = await mill.done({**ALICE, "addresses": [*ALICE["addresses"], claim]})
    assert done.person.id != victim.id
    assert [*await addresses(mill, done.person.id)] == ["alice@mill.example"]


async def test_without_an_address_one_is_asked_for_and_counts_once_proved(mill: Mill) -> None:
    """Row 42."""
    step = await mill.sign_in({"subject": "s-carol"})
    assert isinstance(step, Form)
    code = await mill.step(step.attempt_id, fields={"other": "carol@home.example"})
    assert isinstance(code, Code)
    with pytest.raises(WrongCode):
        await mill.step(code.attempt_id, code="22222222")
    done = await mill.step(code.attempt_id, code=(await mill.world.mails("carol@home.example"))[-1].code)
    assert isinstance(done, Done)
    assert done.session.address == "carol@home.example"
    again = await mill.done({"subject": "s-carol"})
    assert again.person.id == done.person.id


async def test_a_code_can_be_guessed_five_times(mill: Mill) -> None:
    step = await mill.sign_in({"subject": "x", "addresses": [["a@home.example", True]]})
    assert isinstance(step, Code)
    for _ in range(5):
        with pytest.raises(WrongCode):
            await mill.step(step.attempt_id, code="22222222")
    with pytest.raises(AttemptInvalid):
        await mill.step(step.attempt_id, code=(await mill.world.mails("a@home.example"))[-1].code)


async def test_an_account_that_was_there_is_linked_only_after_its_mailbox_answered(mill: Mill) -> None:
    """Pitfall 5: no silent linking, however surely the provider knows the address."""
    before = await mill.world.person("alice@mill.example")
    step = await mill.sign_in(ALICE)
    assert isinstance(step, Code)
    async with mill.world.db.read() as reader:
        assert await identities.of_person(reader, before.id) == []
    done = await mill.step(step.attempt_id, code=(await mill.world.mails())[-1].code)
    assert isinstance(done, Done)
    assert done.person.id == before.id
    assert (await mill.done(ALICE)).person.id == before.id


async def test_a_state_is_good_once_in_one_browser_and_at_one_provider(mill: Mill) -> None:
    """Pitfalls 15, 30."""
    state = await mill.begin()
    with pytest.raises(NotProved):
        await mill.come_back(state, ALICE, mill.visitor("browser two"))
    with pytest.raises(NotProved):
        await mill.come_back(state, ALICE)
    with pytest.raises(NotProved):
        await mill.come_back("", ALICE)
    with pytest.raises(NotProved):
        await mill.come_back("made up", ALICE)


async def test_what_nobody_asked_for_leaves_no_more_rows_than_sign_ins_that_begin_here(mill: Mill) -> None:
    await mill.set(FILE.replace('addresses_last = "30d"', "settings = { begins_there = true }"))
    async with mill.world.db.write() as uow:
        place = attempts.network(mill.world.remote)
        await attempts.take(uow, [(attempts.BEGUN_NETWORK, place)] * (attempts.BEGUN_NETWORK.count - 1))
    assert isinstance(await mill.come_back("", ALICE), Done)
    with pytest.raises(TooMany):
        await mill.come_back("", ALICE)


async def test_of_fifty_answers_with_one_state_one_is_heard(mill: Mill) -> None:
    state = await mill.begin()
    outcomes = await asyncio.gather(
        *(mill.come_back(state, ALICE) for _ in range(20)), return_exceptions=True
    )
    assert sum(isinstance(each, Done) for each in outcomes) == 1
    assert all(isinstance(each, (Done, NotProved)) for each in outcomes)


async def test_what_another_sites_page_posts_ends_in_the_browser_that_began(mill: Mill) -> None:
    """Pitfall 31: a posted answer alone signs nobody in."""
    onward = await mill.come_back(await mill.begin(), ALICE, mill.visitor("nobody"), method="POST")
    assert isinstance(onward, Onward)
    with pytest.raises(NotProved):
        await mill.step(onward.attempt_id, mill.visitor("browser two"))
    done = await mill.step(onward.attempt_id)
    assert isinstance(done, Done)
    with pytest.raises(AttemptInvalid):
        await mill.step(onward.attempt_id)


async def test_an_assertion_is_believed_once(mill: Mill) -> None:
    """Pitfall 30."""
    until = mill.world.db.site.clock() + DAY
    await mill.done({**ALICE, "once": [["a-1", until]]})
    with pytest.raises(NotProved):
        await mill.sign_in({**ALICE, "once": [["a-1", until]]})


async def test_what_a_provider_no_longer_says_ends_and_other_sources_stay(mill: Mill) -> None:
    """Rows 51, 117. Pitfall 14."""
    two = {**ALICE, "addresses": [["alice@mill.example", True], ["a@corp.example", True]]}
    done = await mill.done({**two, "attributes": {"dept": ["math"], "room": ["1"]}})
    async with mill.world.db.write() as uow:
        await ledger.prove(
            uow, done.person.id, "a@corp.example", source=AddressSource.CHALLENGE, strength=Strength.MD5
        )
    await mill.done({**ALICE, "attributes": {"dept": ["art"]}})
    assert {*await addresses(mill, done.person.id)} == {"alice@mill.example", "a@corp.example"}
    async with mill.world.db.read() as reader:
        rows = await attributes.live(reader, [done.person.id], mill.robot.id)
    assert [(row.name, row.values_json) for row in rows] == [("dept", '["art"]')]


async def test_one_issuer_of_a_federation_does_not_take_back_anothers_word(mill: Mill) -> None:
    """Row 107: each home organization is a source of its own."""
    done = await mill.done({**ALICE, "attributes": {"dept": ["math"]}})
    visitor = mill.visitor(session=done.session)
    second = {"issuer": "other mill", "subject": "a", "addresses": [["a@corp.example", True]]}
    step = await mill.come_back(await mill.begin(visitor, linking_session=done.session), second, visitor)
    assert isinstance(step, Form)
    assert isinstance(await mill.step(step.attempt_id, visitor), Done)
    await mill.done({**ALICE, "attributes": {"dept": ["math"]}})
    await mill.done({**second, "attributes": {"dept": ["law"]}})
    assert {*await addresses(mill, done.person.id)} == {"alice@mill.example", "a@corp.example"}
    async with mill.world.db.read() as reader:
        rows = await attributes.live(reader, [done.person.id], mill.robot.id)
    assert {row.values_json for row in rows} == {'["math"]', '["law"]'}


async def test_an_address_that_is_somebody_elses_stays_theirs(mill: Mill) -> None:
    """Row 103: in conflict it is a candidate."""
    bob = await mill.world.person("bob@corp.example")
    done = await mill.done(
        {"subject": "x", "addresses": [["x@mill.example", True]]},
    )
    await mill.done({"subject": "x", "addresses": [["x@mill.example", True], ["bob@corp.example", True]]})
    assert [*await addresses(mill, done.person.id)] == ["x@mill.example"]
    async with mill.world.db.read() as reader:
        found = await find_by_address(reader, "bob@corp.example", robot_id=mill.robot.id)
    assert found is not None
    assert found.id == bob.id
    with pytest.raises(AddressTaken):
        async with mill.world.db.write() as uow:
            await ledger.prove(
                uow, done.person.id, "bob@corp.example", source=AddressSource.ADMIN, strength=Strength.MD5
            )


async def test_a_providers_word_counts_in_its_own_robot_alone(mill: Mill) -> None:
    """Decision 11: neither addresses nor accounts cross."""
    done = await mill.done(ALICE)
    other = await make_robot(mill.world.db, "other.test")
    async with mill.world.db.read() as reader:
        assert await ledger.effective_addresses(reader, done.person.id, other.id) == []
        assert await find_by_address(reader, "alice@mill.example", robot_id=other.id) is None
        assert await actor_for_session(reader, other, done.raw_token) is None
    there = Mill(mill.world, other)
    await there.set(FILE)
    assert (await there.done(ALICE)).person.id != done.person.id


async def test_a_provider_claims_no_more_than_a_password(mill: Mill) -> None:
    """Row 121: only a certificate proves an address as a signature does."""
    done = await mill.done({**ALICE, "strength": 4})
    assert done.session.strength is Strength.MD5


async def test_linking_shows_what_was_found_and_wants_the_button_in_the_same_session(mill: Mill) -> None:
    """Pitfall 6."""
    mine = await mill.world.by_ticket("me@home.example")
    visitor = mill.visitor(session=mine.session)
    state = await mill.begin(visitor, linking_session=mine.session)
    step = await mill.come_back(state, ALICE, visitor)
    assert isinstance(step, Form)
    assert "alice@mill.example" in step.text
    with pytest.raises(AttemptInvalid):
        await mill.step(step.attempt_id, mill.visitor())
    done = await mill.step(step.attempt_id, visitor)
    assert isinstance(done, Done)
    assert (await mill.done(ALICE)).person.id == mine.person.id


async def test_a_linked_account_is_not_linked_to_another_person(mill: Mill) -> None:
    await mill.done(ALICE)
    mine = await mill.world.by_ticket("me@home.example")
    visitor = mill.visitor(session=mine.session)
    step = await mill.come_back(await mill.begin(visitor, linking_session=mine.session), ALICE, visitor)
    assert isinstance(step, Form)
    with pytest.raises(LinkedElsewhere):
        await mill.step(step.attempt_id, visitor)


async def test_a_subject_for_one_visit_links_nothing(mill: Mill) -> None:
    """Pitfall 4: a transient name may be anybody's tomorrow."""
    done = await mill.done({**ALICE, "is_transient": True})
    async with mill.world.db.read() as reader:
        assert await identities.of_person(reader, done.person.id) == []
    assert isinstance(await mill.sign_in({**ALICE, "is_transient": True}), Code)


async def test_an_address_that_lapsed_asks_for_another_proof(mill: Mill) -> None:
    done = await mill.done(ALICE)
    async with mill.world.db.write() as uow:
        await rows.expire_others(
            uow,
            done.person.id,
            AddressSource.OIDC,
            (await mill.entry()).said_by("mill"),
            proved=[],
            claimed=[],
        )
    step = await mill.sign_in({"subject": "s-alice"})
    assert isinstance(step, Form)


async def test_a_provider_that_is_away_says_so_and_others_go_on(mill: Mill) -> None:
    await mill.set(FILE.replace('addresses_last = "30d"', "settings = { is_away = true }"))
    with pytest.raises(ProviderAway):
        await mill.begin()
    assert (await mill.world.by_ticket("me@home.example")).person


async def test_while_a_provider_is_away_for_an_hour_what_it_said_counts(mill: Mill, clock: Clock) -> None:
    """Row 107: addresses and attributes are read here, and hold until they lapse."""
    done = await mill.done({**ALICE, "attributes": {"dept": ["math"]}})
    await mill.set(FILE.replace('addresses_last = "30d"', "settings = { is_away = true }"))
    clock.advance(seconds=3600)
    with pytest.raises(ProviderAway):
        await mill.begin()
    assert [*await addresses(mill, done.person.id)] == ["alice@mill.example"]
    async with mill.world.db.read() as reader:
        assert [row.name for row in await attributes.live(reader, [done.person.id], mill.robot.id)] == [
            "dept"
        ]
        actor = await actor_for_session(reader, mill.robot, done.raw_token)
    assert actor is not None
    assert actor.addresses == ("alice@mill.example",)


async def test_what_the_file_does_not_name_is_not_offered(mill: Mill) -> None:
    with pytest.raises(UnknownProvider):
        await ways_in.begin(mill.world.db, mill.robot, "password", mill.visitor())


async def test_an_old_session_at_the_provider_is_no_fresh_proof_here(mill: Mill, clock: Clock) -> None:
    """Pitfall 54: the provider says when the person proved themselves, and nobody can say later than now."""
    old = await mill.done({**ALICE, "authenticated_at": clock.now - 2 * DAY})
    assert old.session.authenticated_at == clock.now - 2 * DAY
    future = await mill.done({**ALICE, "authenticated_at": clock.now + 2 * DAY})
    assert future.session.authenticated_at == clock.now
    silent = await mill.done(ALICE)
    assert silent.session.authenticated_at == clock.now


async def test_who_signs_in_again_because_the_old_proof_is_too_old_is_asked_for_a_fresh_one(
    mill: Mill, clock: Clock
) -> None:
    """Pitfall 54."""
    old = await mill.done({**ALICE, "authenticated_at": clock.now - DAY})
    new = await mill.done(ALICE)
    for session, is_fresh in ((old.session, True), (new.session, False), (None, False)):
        state = await mill.begin(mill.visitor(session=session))
        async with mill.world.db.read() as reader:
            row = await sign_ins.find(reader, hashed(state), mill.robot.id)
        assert row is not None
        assert opened(mill.world.db.site, "sign-in", row.kept)["provider"]["fresh"] == str(is_fresh)


BARE = {"subject": "s-alice", "addresses": [["alice@mill.example", True]]}


@pytest.mark.parametrize(
    "odd",
    [
        {"subject": "a\0b"},
        {"subject": "a\ud800"},
        {"issuer": "mill\0"},
        {"subject": "".join(chr(0x4E00 + n) for n in range(1_000))},
        {"name": "\ud800"},
        {"session": "\0"},
        {"addresses": [["alice\ud800@mill.example", True]]},
        {"attributes": {"groups": ["\ud800"]}},
        {"attributes": {"gr\0ups": ["staff"]}},
        {"authenticated_at": 2**70},
        {"authenticated_at": -1},
        {"once": [["an assertion", 2**70]]},
    ],
    ids=repr,
)
async def test_what_no_database_can_keep_is_refused_before_it_is_believed(
    mill: Mill, odd: dict[str, object]
) -> None:
    with pytest.raises(NotProved):
        await mill.sign_in({**BARE, **odd})
    assert isinstance(await mill.sign_in(BARE), Done)


async def test_a_flood_of_addresses_and_attributes_is_cut(mill: Mill) -> None:
    """In other spellings, too; NUL within an attribute's value is text."""
    flood = {
        "addresses": [[f"alice{n % 20}@{'MILL' if n % 2 else 'mill'}.example", True] for n in range(10_000)],
        "attributes": {f"a{n}": ["\0" + "x" * 2_000] * 500 for n in range(500)},
        "name": "x" * 1_000_000,
    }
    done = await mill.done({**BARE, **flood})
    assert done.person.display_name == ""
    assert len(await addresses(mill, done.person.id)) == 20
    async with mill.world.db.read() as reader:
        kept = await attributes.live(reader, [done.person.id], mill.robot.id)
    assert 0 < sum(len(each.values_json) for each in kept) <= MOST_TEXT
