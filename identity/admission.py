"""The one door between a person who was found and their session: every way in passes here, and a second factor is asked for here."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from identity import attempts, mails, second_factors
from identity.browser import Browser
from identity.ledger import effective_addresses, effective_row, read_address
from identity.sealed import AttemptInvalid, opened, sealed
from identity.second_factors import PASSKEY_FIELD
from identity.secret import hashed, new_secret
from identity.sessions import open_session
from identity.steps import Done, Form, FormField
from mail.instant import MINUTE
from storage import audit, people, sessions, sign_ins
from storage import second_factors as factor_rows
from storage.database import Database, UnitOfWork
from storage.tables.lists import Robot
from storage.tables.people import Person
from storage.tables.words import SignInMethod, Strength

PREFIX = "s."
LASTS = 10 * MINUTE
TRIES = 5
STAGE = "second factor"
_TEXT = "Show your second factor, too: the code of your authenticator, or one of your recovery codes."
_WITH_PASSKEY = "Show your second factor, too: a passkey, the code of your authenticator, or a recovery code."


@dataclass(frozen=True, slots=True)
class Proved:
    """What a first factor has shown, and what the session is opened with; `provider` and on, where one vouched."""

    method: SignInMethod
    strength: Strength
    address: str
    needs_password_change: bool = False
    return_to: str = ""
    provider: str = ""
    provider_subject: str = ""
    provider_session: str = ""
    provider_kept: str = ""
    acr: str = ""
    authenticated_at: int | None = None


async def admit(
    uow: UnitOfWork, robot: Robot, person: Person, proved: Proved, browser: Browser
) -> Done | Form:
    """The session; or where the person has a second factor, the question for it.

    Who has none and needs one here gets a session that may only read until there is one.
    """
    factors = await factor_rows.of_person(uow, person.id, robot.id)
    if not factors:
        needs = await second_factors.is_wanted(uow, robot, person)
        return await _let_in(uow, robot, person, proved, browser, second_factor_at=None, needs=needs)
    question = second_factors.ask_to_sign(uow.site, robot, factors)
    handle = new_secret()
    kept = {
        "person": person.id,
        "proved": asdict(proved),
        "challenge": "" if question is None else question.challenge,
        "options": "" if question is None else question.options,
    }
    await sign_ins.add(
        uow,
        handle_hash=hashed(handle),
        browser_hash=b"",
        robot_id=robot.id,
        provider="",
        session_id=None,
        stage=STAGE,
        kept=sealed(uow.site, STAGE, kept),
        return_to=proved.return_to,
        expires_at=uow.now + LASTS,
    )
    return _question(PREFIX + handle, kept)


async def finish(
    db: Database, robot: Robot, attempt_id: str, given: Mapping[str, str], browser: Browser
) -> Done:
    """Let in whoever shows the second factor: `given` holds `code` or `passkey`.

    It opens its own transactions, so that wrong tries are counted. Raises AttemptInvalid, WrongSecondFactor, TooMany.
    """
    handle_hash = hashed(attempt_id.removeprefix(PREFIX))
    async with db.read() as reader:
        row = await sign_ins.find(reader, handle_hash, robot.id)
    if row is None or row.stage != STAGE:
        raise AttemptInvalid
    kept = opened(db.site, STAGE, row.kept)
    async with db.write() as uow:
        taken = await attempts.take(uow, _counted(kept["person"], given, browser))
        if await sign_ins.count_try(uow, handle_hash, robot.id, at_most=TRIES) is None:
            raise AttemptInvalid
    async with db.write() as uow:
        person = await people.find(uow, kept["person"])
        if person is None or await sign_ins.use(uow, handle_hash, robot.id) is None:
            raise AttemptInvalid
        proved = _proved(kept["proved"])
        # What was proved some minutes ago has to hold still.
        row_now = await effective_row(uow, person.id, robot.id, read_address(proved.address).key)
        if row_now is None:
            raise AttemptInvalid
        proved = replace(proved, strength=min(proved.strength, row_now.strength))
        shown = await second_factors.check(uow, robot, person, given, kept["challenge"])
        await attempts.give_back(uow, taken)
        if shown.factor is None:
            await _recovered(uow, robot, person, proved)
        return await _let_in(uow, robot, person, proved, browser, second_factor_at=uow.now, needs=False)


async def _let_in(
    uow: UnitOfWork,
    robot: Robot,
    person: Person,
    proved: Proved,
    browser: Browser,
    *,
    second_factor_at: int | None,
    needs: bool,
) -> Done:
    session, token = await open_session(
        uow,
        person,
        robot,
        method=proved.method,
        strength=proved.strength,
        address=proved.address,
        user_agent=browser.user_agent,
        needs_password_change=proved.needs_password_change,
        previous=browser.previous,
    )
    if proved.provider:
        session = await sessions.came_from(
            uow,
            session.id,
            provider=proved.provider,
            provider_subject=proved.provider_subject,
            provider_session=proved.provider_session,
            provider_kept=proved.provider_kept,
            acr=proved.acr,
            authenticated_at=proved.authenticated_at or uow.now,
        )
    if needs or second_factor_at != session.second_factor_at:
        session = await sessions.second_factor(uow, session.id, second_factor_at, needs=needs)
    return Done(person, session, token, proved.needs_password_change, proved.return_to)


async def _recovered(uow: UnitOfWork, robot: Robot, person: Person, proved: Proved) -> None:
    """Say that a recovery code was used: who has the paper could be somebody else."""
    left = await factor_rows.codes_left(uow, person.id)
    await audit.record(
        uow,
        "recovery_code_used",
        actor=proved.address,
        via="web",
        robot_id=robot.id,
        person_id=person.id,
        detail={"left": left},
    )
    for row in (await effective_addresses(uow, person.id, robot.id))[:1]:
        await mails.recovery_code_used(uow, robot, row.address, left=left)


def _counted(person_id: int, given: Mapping[str, str], browser: Browser) -> list[attempts.Counted]:
    place = attempts.network(browser.remote)
    counted = [(attempts.SECOND_PAIR, f"{person_id} {place}")]
    if not given.get(PASSKEY_FIELD) and second_factors.is_totp(given.get("code", "")):
        # Six digits could be guessed from many places; a passkey or a recovery code, which nobody guesses, still lets in.
        counted.append((attempts.TOTP_PERSON, str(person_id)))
    return counted


def _question(attempt_id: str, kept: Mapping[str, Any]) -> Form:
    field = FormField("code", "Code")
    text = _WITH_PASSKEY if kept["options"] else _TEXT
    return Form(attempt_id, (field,), text, passkey_options=kept["options"])


def _proved(data: Mapping[str, Any]) -> Proved:
    return Proved(**{**data, "method": SignInMethod(data["method"]), "strength": Strength(data["strength"])})
