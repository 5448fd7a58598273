"""A second factor is asked for at one door, whichever way somebody came, and is right once."""

import asyncio
from dataclasses import dataclass, replace

import pytest

from identity import admission, factor_changes, second_factors, sign_in, tokens, ways_in
from identity.actor import Actor, operator
from identity.attempts import SECOND_PAIR, TOTP_PERSON
from identity.auth_config import set_auth_config
from identity.browser import Browser
from identity.entrance import actor_for_token
from identity.factor_changes import Confirmed, FactorStays
from identity.provider_sign_in import Visitor
from identity.refusal import NotFound, TooMany
from identity.sealed import AttemptInvalid, opened
from identity.second_factors import WrongSecondFactor
from identity.standing import (
    MULTI_FACTOR,
    SecondFactorFirst,
    SignInIsOld,
    TokenNotEnough,
    fresh_session,
)
from identity.steps import Done, Form
from identity.tickets import base_url
from identity.totp import STEP, code_at
from storage import roles
from storage import second_factors as rows
from storage.tables.second_factors import FactorKind
from storage.tables.words import RoleKind, TokenScope
from tests.conftest import Clock
from tests.identity.soft_passkey import SoftPasskey
from tests.identity.world import PASSWORD, World, make_robot

A = "a@one.example"


@dataclass
class Enrolled:
    """Somebody with an authenticator."""

    world: World
    secret: str
    made: Confirmed

    def code(self, *, late: int = 0) -> str:
        """What the authenticator shows now, or some steps later."""
        return code_at(self.secret, self.world.db.site.clock() // STEP + late)

    async def second(self, step: Done | Form, browser: Browser | None = None, **given: str) -> Done:
        """Answer the question for the second factor."""
        assert isinstance(step, Form)
        return await admission.finish(
            self.world.db, self.world.robot, step.attempt_id, given, browser or self.world.browser
        )


async def actor_of(world: World, token: str) -> Actor:
    found = await world.who(token)
    assert found is not None
    return found


async def enrol(world: World, done: Done) -> Enrolled:
    """Give whoever signed in an authenticator."""
    actor = await actor_of(world, done.raw_token)
    async with world.db.read() as reader:
        begun = await factor_changes.begin_factor(reader, actor, FactorKind.TOTP)
    code = code_at(begun.secret, world.db.site.clock() // STEP)
    async with world.db.write() as uow:
        made = await factor_changes.confirm_factor(uow, actor, begun.attempt_id, code=code, label="My phone")
    return Enrolled(world, begun.secret, made)


@pytest.fixture
async def alice(world: World, clock: Clock) -> Enrolled:
    """Alice, who has a password and an authenticator."""
    await world.person(A, password=PASSWORD)
    enrolled = await enrol(world, await world.by_password(A))
    clock.advance(seconds=90)
    return enrolled


async def give_file(world: World, text: str) -> None:
    async with world.db.write() as uow:
        await set_auth_config(
            uow, world.robot, text + '\n[[provider]]\nkey = "password"\nkind = "password"\n'
        )


async def test_a_password_alone_opens_nothing_for_whoever_has_an_authenticator(alice: Enrolled) -> None:
    step = await alice.world.password_step(A)
    assert isinstance(step, Form)
    assert [field.name for field in step.fields] == ["code"]
    done = await alice.second(step, code=alice.code())
    assert done.session.second_factor_at == alice.world.db.site.clock()
    assert await alice.world.who(done.raw_token) is not None


async def test_a_mailed_link_passes_the_same_door(alice: Enrolled) -> None:
    await alice.world.ask_for_ticket(A, is_reset=True)
    secret = (await alice.world.mails(A))[-1].secret
    step = await sign_in.finish_by_ticket(alice.world.db, alice.world.robot, secret)
    done = await alice.second(step, code=alice.code())
    assert done.needs_password_change
    assert done.session.needs_password_change


async def test_a_code_is_right_once(alice: Enrolled) -> None:
    code = alice.code()
    await alice.second(await alice.world.password_step(A), code=code)
    step = await alice.world.password_step(A)
    with pytest.raises(WrongSecondFactor):
        await alice.second(step, code=code)


async def test_of_two_with_one_code_one_gets_in(alice: Enrolled) -> None:
    steps = [await alice.world.password_step(A) for _ in range(2)]
    code = alice.code()
    found = await asyncio.gather(*(alice.second(step, code=code) for step in steps), return_exceptions=True)
    assert sorted(type(each).__name__ for each in found) == ["Done", "WrongSecondFactor"]


async def test_the_code_that_set_it_up_lets_nobody_in(world: World) -> None:
    await world.person(A, password=PASSWORD)
    enrolled = await enrol(world, await world.by_password(A))
    with pytest.raises(WrongSecondFactor):
        await enrolled.second(await world.password_step(A), code=enrolled.code())


async def test_an_older_code_than_the_last_one_is_refused(alice: Enrolled) -> None:
    await alice.second(await alice.world.password_step(A), code=alice.code())
    with pytest.raises(WrongSecondFactor):
        await alice.second(await alice.world.password_step(A), code=alice.code(late=-1))


async def test_an_answered_question_is_over_and_an_unanswered_one_lapses(
    alice: Enrolled, clock: Clock
) -> None:
    step = await alice.world.password_step(A)
    await alice.second(step, code=alice.code())
    with pytest.raises(AttemptInvalid):
        await alice.second(step, code=alice.made.codes[0])
    late = await alice.world.password_step(A)
    clock.advance(seconds=601)
    with pytest.raises(AttemptInvalid):
        await alice.second(late, code=alice.code())


async def test_five_wrong_codes_end_a_question(alice: Enrolled) -> None:
    step = await alice.world.password_step(A)
    for _ in range(5):
        with pytest.raises(WrongSecondFactor):
            await alice.second(step, code="000000")
    with pytest.raises(AttemptInvalid):
        await alice.second(step, code=alice.code())


async def test_a_question_of_one_robot_is_none_of_another(alice: Enrolled) -> None:
    step = await alice.world.password_step(A)
    assert isinstance(step, Form)
    other = await make_robot(alice.world.db, "other.test")
    with pytest.raises(AttemptInvalid):
        await admission.finish(
            alice.world.db, other, step.attempt_id, {"code": alice.code()}, alice.world.browser
        )


async def test_recovery_codes_work_once_each_and_are_told_of(alice: Enrolled) -> None:
    assert len(set(alice.made.codes)) == 10
    code = alice.made.codes[3]
    await alice.second(await alice.world.password_step(A), code=code.lower().replace("-", " "))
    assert "Unused codes: 9" in (await alice.world.mails(A))[-1].text
    with pytest.raises(WrongSecondFactor):
        await alice.second(await alice.world.password_step(A), code=code)


async def test_nothing_that_lets_in_is_stored_in_the_clear(alice: Enrolled) -> None:
    async with alice.world.db.read() as reader:
        [factor] = await rows.of_person(reader, alice.made.factor.person_id, alice.world.robot.id)
    assert alice.secret not in factor.secret
    assert opened(alice.world.db.site, "second factor", factor.secret) == alice.secret


async def test_guesses_from_elsewhere_reach_nobody_who_does_not_know_the_password(alice: Enrolled) -> None:
    """Pitfall 50: without the first factor there is no question to answer wrongly."""
    for _ in range(SECOND_PAIR.count + 5):
        with pytest.raises(sign_in.WrongCredentials):
            await alice.world.password_step(f"a{_}@one.example", "not it at all")
    await alice.second(await alice.world.password_step(A), code=alice.code())


async def test_guesses_from_one_place_leave_other_places_alone(alice: Enrolled) -> None:
    thief = Browser("x", "203.0.113.9")
    refused = 0
    for _ in range(3):
        step = await alice.world.password_step(A, browser=thief)
        for _ in range(5):
            try:
                await alice.second(step, browser=thief, code="000000")
            except TooMany:
                refused += 1
            except WrongSecondFactor:
                continue
    assert refused == 5
    await alice.second(await alice.world.password_step(A), code=alice.code())


async def test_six_digits_are_not_guessed_from_many_places_and_recovery_codes_still_let_in(
    alice: Enrolled,
) -> None:
    for number in range(TOTP_PERSON.count):
        place = Browser("x", f"203.0.{number // 5}.9")
        with pytest.raises(WrongSecondFactor):
            await alice.second(await alice.world.password_step(A, browser=place), place, code="000000")
    step = await alice.world.password_step(A)
    with pytest.raises(TooMany):
        await alice.second(step, code=alice.code())
    await alice.second(step, code=alice.made.codes[0])


async def test_the_first_factor_ends_sessions_that_came_without_it_and_renews_the_own_token(
    world: World,
) -> None:
    await world.person(A, password=PASSWORD)
    elsewhere, here = await world.by_password(A), await world.by_password(A)
    enrolled = await enrol(world, here)
    assert await world.who(elsewhere.raw_token) is None
    assert await world.who(here.raw_token) is None
    assert enrolled.made.raw_token is not None
    actor = await actor_of(world, enrolled.made.raw_token)
    assert actor.session is not None
    assert actor.session.id == here.session.id
    assert "My phone" in (await world.mails(A))[-1].text


async def test_a_begun_factor_belongs_to_its_session_and_is_kept_once(world: World) -> None:
    await world.person(A, password=PASSWORD)
    first = await world.by_password(A)
    actor = await actor_of(world, first.raw_token)
    async with world.db.read() as reader:
        begun = await factor_changes.begin_factor(reader, actor, FactorKind.TOTP)
    code = code_at(begun.secret, world.db.site.clock() // STEP)
    other = await actor_of(world, (await world.by_password(A)).raw_token)
    with pytest.raises(AttemptInvalid):
        async with world.db.write() as uow:
            await factor_changes.confirm_factor(uow, other, begun.attempt_id, code=code)
    with pytest.raises(WrongSecondFactor):
        async with world.db.write() as uow:
            await factor_changes.confirm_factor(uow, actor, begun.attempt_id, code="000000")
    async with world.db.write() as uow:
        made = await factor_changes.confirm_factor(uow, actor, begun.attempt_id, code=code)
    assert made.raw_token is not None
    again = await actor_of(world, made.raw_token)
    with pytest.raises(AttemptInvalid):
        async with world.db.write() as uow:
            await factor_changes.confirm_factor(uow, again, begun.attempt_id, code=code)


@pytest.mark.parametrize("wanted", ["listmasters", "everybody"])
async def test_who_needs_one_and_has_none_reads_until_it_is_set_up(world: World, wanted: str) -> None:
    person = await world.person(A, password=PASSWORD)
    await give_file(world, f'second_factor = "{wanted}"')
    if wanted == "listmasters":
        assert (await actor_of(world, (await world.by_password(A)).raw_token)).scopes is None
        async with world.db.write() as uow:
            await roles.add(
                uow,
                robot_id=world.robot.id,
                list_id=None,
                kind=RoleKind.LISTMASTER,
                address=A,
                address_key=A,
            )
    done = await world.by_password(A)
    actor = await actor_of(world, done.raw_token)
    assert actor.scopes == frozenset({TokenScope.READ})
    with pytest.raises(SecondFactorFirst):
        fresh_session(actor, world.db.site.clock())
    enrolled = await enrol(world, done)
    assert enrolled.made.raw_token is not None
    actor = await actor_of(world, enrolled.made.raw_token)
    assert actor.scopes is None
    fresh_session(actor, world.db.site.clock())
    with pytest.raises(FactorStays):
        async with world.db.write() as uow:
            await factor_changes.remove_factor(uow, actor, enrolled.made.factor.id)
    async with world.db.write() as uow:
        assert await factor_changes.forget_factors(uow, operator(world.robot), person) == 1


async def test_whoever_takes_the_last_one_away_needs_none_any_more(alice: Enrolled) -> None:
    done = await alice.second(await alice.world.password_step(A), code=alice.code())
    actor = await actor_of(alice.world, done.raw_token)
    async with alice.world.db.write() as uow:
        with pytest.raises(NotFound):
            await factor_changes.remove_factor(uow, actor, 4711)
        await factor_changes.remove_factor(uow, actor, alice.made.factor.id)
        assert await rows.codes_left(uow, actor.person.id if actor.person else 0) == 0
        with pytest.raises(factor_changes.NoFactorYet):
            await factor_changes.renew_codes(uow, actor)
    assert isinstance(await alice.world.password_step(A), Done)


async def test_new_recovery_codes_replace_the_old_ones(alice: Enrolled) -> None:
    done = await alice.second(await alice.world.password_step(A), code=alice.code())
    actor = await actor_of(alice.world, done.raw_token)
    async with alice.world.db.write() as uow:
        codes = await factor_changes.renew_codes(uow, actor)
    with pytest.raises(WrongSecondFactor):
        await alice.second(await alice.world.password_step(A), code=alice.made.codes[0])
    await alice.second(await alice.world.password_step(A), code=codes[0])


async def test_signing_in_again_goes_on_with_the_same_session_under_another_token(
    alice: Enrolled, clock: Clock
) -> None:
    """Pitfalls 48 and 54: what was old is fresh, and the old token opens nothing."""
    done = await alice.second(await alice.world.password_step(A), code=alice.code())
    clock.advance(hours=13)
    actor = await actor_of(alice.world, done.raw_token)
    with pytest.raises(SignInIsOld) as refused:
        fresh_session(actor, clock())
    assert refused.value.acr == MULTI_FACTOR
    browser = replace(alice.world.browser, previous=actor.session)
    step = await alice.world.password_step(A, browser=browser)
    with pytest.raises(SignInIsOld):
        fresh_session(await actor_of(alice.world, done.raw_token), clock())
    again = await alice.second(step, browser=browser, code=alice.code())
    assert again.session.id == done.session.id
    assert await alice.world.who(done.raw_token) is None
    fresh_session(await actor_of(alice.world, again.raw_token), clock())


async def test_somebody_else_at_the_same_browser_gets_a_session_of_their_own(world: World) -> None:
    await world.person(A, password=PASSWORD)
    await world.person("b@one.example", password=PASSWORD)
    first = await world.by_password(A)
    browser = replace(world.browser, previous=first.session)
    second = await world.password_step("b@one.example", browser=browser)
    assert isinstance(second, Done)
    assert second.session.id != first.session.id
    assert await world.who(first.raw_token) is None


async def test_the_general_way_in_takes_the_answer_too(alice: Enrolled) -> None:
    step = await alice.world.password_step(A)
    assert isinstance(step, Form)
    done = await ways_in.go_on(
        alice.world.db,
        alice.world.robot,
        step.attempt_id,
        Visitor(alice.world.browser),
        fields={"code": alice.code()},
    )
    assert isinstance(done, Done)


class TestPasskeys:
    """Passkeys beside, or instead of, an authenticator."""

    async def made(self, world: World) -> tuple[SoftPasskey, Confirmed]:
        await world.person(A, password=PASSWORD)
        actor = await actor_of(world, (await world.by_password(A)).raw_token)
        base = base_url(world.db.site, world.robot)
        passkey = SoftPasskey(base, base.partition("//")[2])
        async with world.db.read() as reader:
            begun = await factor_changes.begin_factor(reader, actor, FactorKind.PASSKEY)
        async with world.db.write() as uow:
            made = await factor_changes.confirm_factor(
                uow, actor, begun.attempt_id, answer=passkey.register(begun.passkey_options)
            )
        return passkey, made

    async def answer(self, world: World, passkey: SoftPasskey) -> Done:
        step = await world.password_step(A)
        assert isinstance(step, Form)
        given = {"passkey": passkey.sign(step.passkey_options)}
        return await admission.finish(world.db, world.robot, step.attempt_id, given, world.browser)

    @pytest.mark.parametrize("count", [0, 7])
    async def test_a_passkey_lets_in_again_and_again(self, world: World, count: int) -> None:
        passkey, _ = await self.made(world)
        passkey.count = count
        for _ in range(2):
            assert (await self.answer(world, passkey)).session.second_factor_at is not None

    async def test_an_answer_is_good_for_its_own_question(self, world: World) -> None:
        passkey, _ = await self.made(world)
        first, second = await world.password_step(A), await world.password_step(A)
        assert isinstance(first, Form)
        assert isinstance(second, Form)
        given = {"passkey": passkey.sign(first.passkey_options)}
        with pytest.raises(WrongSecondFactor):
            await admission.finish(world.db, world.robot, second.attempt_id, given, world.browser)

    @pytest.mark.parametrize("lie", ["origin", "host", "id", "key"])
    async def test_whatever_is_not_this_passkey_here_is_refused(self, world: World, lie: str) -> None:
        passkey, _ = await self.made(world)
        stranger = SoftPasskey("https://evil.example", "evil.example")
        setattr(passkey, lie, getattr(stranger, lie))
        with pytest.raises(WrongSecondFactor):
            await self.answer(world, passkey)

    async def test_a_copy_that_counts_from_before_is_refused(self, world: World) -> None:
        passkey, _ = await self.made(world)
        passkey.count = 9
        await self.answer(world, passkey)
        passkey.count = 3
        with pytest.raises(WrongSecondFactor):
            await self.answer(world, passkey)

    @pytest.mark.parametrize("answer", ["", "{}", "[]", "x", '{"id": 5}', "9" * 20_000, '{"rawId": "é"}'])
    async def test_nonsense_is_refused(self, world: World, answer: str) -> None:
        await self.made(world)
        step = await world.password_step(A)
        assert isinstance(step, Form)
        with pytest.raises(WrongSecondFactor):
            await admission.finish(
                world.db, world.robot, step.attempt_id, {"passkey": answer, "code": ""}, world.browser
            )

    async def test_recovery_codes_let_in_whoever_has_only_a_passkey(self, world: World) -> None:
        _, made = await self.made(world)
        step = await world.password_step(A)
        assert isinstance(step, Form)
        given = {"code": made.codes[0]}
        assert (
            await admission.finish(world.db, world.robot, step.attempt_id, given, world.browser)
        ).raw_token


async def test_an_api_token_sets_up_no_second_factor(world: World) -> None:
    person = await world.person(A, password=PASSWORD)
    async with world.db.write() as uow:
        _, secret = await tokens.make_token(
            uow, operator(world.robot), person.id, "t", [TokenScope.ADMINISTRATE]
        )
    async with world.db.read() as reader:
        actor = await actor_for_token(reader, world.robot, secret)
        assert actor is not None
        with pytest.raises(TokenNotEnough):
            await factor_changes.begin_factor(reader, actor, FactorKind.TOTP)
    assert second_factors.RECOVERY_CODES == 10
