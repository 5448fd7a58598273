"""Second factors of one's own account: set up in two steps, taken away, and recovery codes made anew (row 32)."""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

from identity import mails, passkeys, second_factors
from identity.actor import Actor
from identity.ledger import effective_addresses
from identity.passkeys import PasskeyRefused
from identity.reach import OnlyHere, require_reach
from identity.refusal import Forbidden, Invalid, NotFound, Refused
from identity.sealed import AttemptInvalid, opened, sealed
from identity.second_factors import WrongSecondFactor
from identity.secret import new_secret, typed_code
from identity.sessions import rotate
from identity.standing import fresh_session, person_of
from identity.tickets import base_url
from identity.totp import matching_step, new_totp_secret, totp_uri
from mail.instant import MINUTE
from storage import audit, seen, sessions
from storage import second_factors as rows
from storage.database import Reader, UnitOfWork
from storage.site import Site
from storage.tables.access import Session
from storage.tables.lists import Robot
from storage.tables.people import Person
from storage.tables.second_factors import FactorKind, SecondFactor

MOST_FACTORS = 10
LONGEST_LABEL = 60
_LASTS = 30 * MINUTE
_SEAL = "second factor begun"
_LABELS = {FactorKind.TOTP: "Authenticator", FactorKind.PASSKEY: "Passkey"}


class TooManyFactors(Refused):
    """You have as many second factors as one can have; take one away first."""

    code = "LOCKED"


class FactorStays(Forbidden):
    """This domain asks a second factor of you: set up another one before you take this one away."""


class NoFactorYet(Invalid):
    """You have no second factor yet, so there is nothing to recover."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A second factor that waits for its first proof: for an authenticator its secret, for a passkey the question to it."""

    attempt_id: str
    secret: str = ""
    uri: str = ""
    passkey_options: str = ""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A new second factor. `codes` are recovery codes where there were none; `raw_token` is the session's from now on."""

    factor: SecondFactor
    codes: tuple[str, ...]
    session: Session
    raw_token: str | None


async def factors_of(reader: Reader, actor: Actor) -> tuple[list[SecondFactor], int]:
    """The asker's own second factors, oldest first, and how many recovery codes are left; raises SignInNeeded."""
    person = person_of(actor)
    return await rows.of_person(reader, person.id, actor.robot.id), await rows.codes_left(reader, person.id)


async def begin_factor(reader: Reader, actor: Actor, kind: FactorKind) -> Begun:
    """Begin to set one up; nothing is kept here before it has shown that it works. Raises TooManyFactors, SignInIsOld, OnlyHere."""
    person, session = fresh_session(actor, reader.now, sets_up_factor=True)
    where = await _where_it_counts(reader, session)
    known = await rows.of_person(reader, person.id, actor.robot.id)
    if len(known) >= MOST_FACTORS:
        raise TooManyFactors
    site, robot = reader.site, actor.robot
    kept: dict[str, Any] = {
        "kind": kind.value,
        "session": session.id,
        "robot": where,
        "once": new_secret(),
        "until": reader.now + _LASTS,
    }
    if kind is FactorKind.TOTP:
        secret = new_totp_secret()
        uri = totp_uri(secret, person.main_address, robot.title or robot.domain)
        return Begun(sealed(site, _SEAL, {**kept, "secret": secret}), secret=secret, uri=uri)
    question = passkeys.ask_to_register(
        base_url(site, robot),
        robot.title or robot.domain,
        account=person.main_address,
        handle=_handle(site, person),
        known=[each.credential for each in known if each.kind is FactorKind.PASSKEY],
    )
    attempt_id = sealed(site, _SEAL, {**kept, "challenge": question.challenge})
    return Begun(attempt_id, passkey_options=question.options)


async def confirm_factor(
    uow: UnitOfWork,
    actor: Actor,
    attempt_id: str,
    *,
    code: str = "",
    answer: str = "",
    label: str = "",
    hands_out_token: bool = True,
) -> Confirmed:
    """Keep the new one, once it has given a right code or a passkey's answer, in the session that began.

    The session goes on under another token, unless `hands_out_token` says that its holder cannot be handed one. At the
    first factor that counts everywhere all other sessions end, since they came without it. Raises AttemptInvalid, WrongSecondFactor, SignInIsOld.
    """
    person, session = fresh_session(actor, uow.now, sets_up_factor=True)
    kept = opened(uow.site, _SEAL, attempt_id)
    if kept["session"] != session.id or kept["until"] <= uow.now:
        raise AttemptInvalid
    known = await rows.of_person(uow, person.id, actor.robot.id)
    if len(known) >= MOST_FACTORS:
        raise TooManyFactors
    name = " ".join(label.split())[:LONGEST_LABEL] or _LABELS[FactorKind(kept["kind"])]
    factor = await _keep(uow, actor.robot, person, kept, code, answer, name)
    if not await seen.first_time(uow, _SEAL, kept["once"], kept["until"]):
        raise AttemptInvalid
    codes: list[str] = []
    if factor.robot_id is None and all(each.robot_id is not None for each in known):
        await sessions.revoke_all(uow, person.id, but=session.id)
        codes = await second_factors.new_recovery_codes(uow, person.id)
    renewed = await sessions.second_factor(uow, session.id, uow.now, needs=False)
    await _tell(uow, actor, person, "second_factor_added", f"{factor.label} (second factor)", is_added=True)
    if not hands_out_token:
        return Confirmed(factor, tuple(codes), renewed, None)
    return Confirmed(factor, tuple(codes), *await rotate(uow, renewed))


async def remove_factor(uow: UnitOfWork, actor: Actor, factor_id: int) -> None:
    """Take one away, and with the last one the recovery codes. Raises NotFound, FactorStays, SignInIsOld."""
    person, _ = fresh_session(actor, uow.now)
    known = await rows.of_person(uow, person.id, actor.robot.id)
    chosen = next((each for each in known if each.id == factor_id), None)
    if chosen is None:
        raise NotFound
    if len(known) == 1 and await second_factors.is_wanted(uow, actor.robot, person):
        raise FactorStays
    await rows.drop(uow, person.id, factor_id)
    if all(each.robot_id is not None for each in known if each is not chosen):
        await rows.drop_codes(uow, person.id)
    await _tell(
        uow, actor, person, "second_factor_removed", f"{chosen.label} (second factor)", is_added=False
    )


async def renew_codes(uow: UnitOfWork, actor: Actor) -> list[str]:
    """Ten new recovery codes instead of those before, shown only here. Raises NoFactorYet, SignInIsOld."""
    person, _ = fresh_session(actor, uow.now)
    if all(each.robot_id is not None for each in await rows.of_person(uow, person.id, actor.robot.id)):
        raise NoFactorYet
    codes = await second_factors.new_recovery_codes(uow, person.id)
    await _tell(uow, actor, person, "recovery_codes_renewed", "ten new recovery codes", is_added=True)
    return codes


async def forget_factors(uow: UnitOfWork, actor: Actor, person: Person) -> int:
    """Take all of somebody's second factors away, for the operator to whom they turned; how many there were."""
    there_were = await rows.drop_all(uow, person.id)
    if there_were:
        await _tell(
            uow,
            actor,
            person,
            "second_factor_removed",
            "all second factors (by the operator)",
            is_added=False,
        )
    return there_were


async def _where_it_counts(reader: Reader, session: Session) -> int | None:
    """The robot in which alone a factor set up by this session is asked for; None for every one. Raises OnlyHere.

    Whoever could set one up for every robot from a single one could lock the person out of all. Where the robot asks
    for a factor before anything else, one that counts there alone is enough.
    """
    try:
        await require_reach(reader, session)
    except OnlyHere:
        if not session.needs_second_factor:
            raise
        return session.robot_id
    return None


async def _keep(
    uow: UnitOfWork, robot: Robot, person: Person, kept: dict[str, Any], code: str, answer: str, label: str
) -> SecondFactor:
    if kept["kind"] == FactorKind.TOTP:
        step = matching_step(kept["secret"], typed_code(code), uow.now)
        if step is None:
            raise WrongSecondFactor(path=("code",))
        secret = second_factors.seal_secret(uow.site, kept["secret"])
        return await rows.add(
            uow,
            person_id=person.id,
            robot_id=kept["robot"],
            kind=FactorKind.TOTP,
            label=label,
            secret=secret,
            latest=step,
        )
    base = base_url(uow.site, robot)
    try:
        made = passkeys.registered(base, kept["challenge"], answer)
    except PasskeyRefused as refused:
        raise WrongSecondFactor(path=("credential",)) from refused
    if any(each.credential == made.credential for each in await rows.of_person(uow, person.id, robot.id)):
        raise WrongSecondFactor(path=("credential",))
    return await rows.add(
        uow,
        person_id=person.id,
        robot_id=kept["robot"],
        kind=FactorKind.PASSKEY,
        label=label,
        secret=made.public_key,
        credential=made.credential,
        host=passkeys.host_of(base),
        latest=made.count,
    )


async def _tell(
    uow: UnitOfWork, actor: Actor, person: Person, event: str, way: str, *, is_added: bool
) -> None:
    await audit.record(
        uow,
        event,
        actor=actor.sender,
        via=actor.via,
        robot_id=actor.robot.id,
        person_id=person.id,
        detail={"way": way},
    )
    for row in (await effective_addresses(uow, person.id, actor.robot.id))[:1]:
        await mails.way_in_changed(uow, actor.robot, row.address, way=way, is_added=is_added)


def _handle(site: Site, person: Person) -> bytes:
    """What an authenticator calls the account: nothing that tells of the person (WebAuthn, section 14.6.1)."""
    return hmac.digest(site.key("passkey account"), str(person.id).encode(), hashlib.sha256)
