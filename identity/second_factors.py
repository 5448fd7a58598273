"""Second factors: what is right for a code or a passkey's answer, and who has to have one (row 32).

Whoever gets here has shown a first factor, so a stranger's failures reach nobody (pitfall 50 holds for the first one).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from identity import passkeys
from identity.auth_config import auth_config
from identity.passkeys import PasskeyRefused, Question
from identity.refusal import Refused
from identity.sealed import opened, sealed
from identity.secret import CODE_LENGTH, code_hash, new_code, shown_code, typed_code
from identity.tickets import base_url
from identity.totp import DIGITS, matching_step
from storage import ledger, roles, second_factors
from storage.base_keys import base_key
from storage.database import Reader, UnitOfWork
from storage.site import Site
from storage.tables.lists import Robot
from storage.tables.people import Person
from storage.tables.second_factors import FactorKind, SecondFactor

RECOVERY_CODES = 10
# The field of a form that holds a passkey's answer.
PASSKEY_FIELD = "passkey"
_SEAL = "second factor"


class WrongSecondFactor(Refused):
    """This is not right, or it was used before: wait for the next code, or use a recovery code."""

    code = "WRONG_CREDENTIALS"


@dataclass(frozen=True, slots=True)
class Shown:
    """How somebody has shown their second factor: with one of theirs, or with a recovery code (None)."""

    factor: SecondFactor | None


async def is_wanted(reader: Reader, robot: Robot, person: Person) -> bool:
    """Whether the robot's file asks this person for a second factor."""
    wanted = (await auth_config(reader, robot)).second_factor
    if wanted != "listmasters":
        return wanted == "everybody"
    offices = {each.address_key for each in await roles.of_robot(reader, robot.id)}
    keys = {row.address_key for row in await ledger.live(reader, person.id, robot.id)}
    return bool(offices & (keys | {base_key(key) for key in keys}))


def ask_to_sign(site: Site, robot: Robot, factors: Sequence[SecondFactor]) -> Question | None:
    """The question to passkeys that are good for this robot's host; None where there are none."""
    base = base_url(site, robot)
    known = [each.credential for each in _passkeys_for(base, factors)]
    return passkeys.ask_to_sign(base, known) if known else None


def is_totp(typed: str) -> bool:
    """Whether what was typed has the form of an authenticator's code."""
    code = typed_code(typed)
    return len(code) == DIGITS and code.isascii() and code.isdigit()


async def check(
    uow: UnitOfWork, robot: Robot, person: Person, given: Mapping[str, str], challenge: str
) -> Shown:
    """What was given for the second factor, used up; raises WrongSecondFactor.

    `given` holds `code`, or `passkey` with the answer to the question whose `challenge` this is.
    """
    factors = await second_factors.of_person(uow, person.id, robot.id)
    if given.get(PASSKEY_FIELD):
        return Shown(await _by_passkey(uow, robot, factors, given[PASSKEY_FIELD], challenge))
    typed = typed_code(given.get("code", ""))
    if is_totp(typed):
        return Shown(await _by_totp(uow, factors, typed))
    if len(typed) != CODE_LENGTH or not await second_factors.use_code(
        uow, person.id, _recovery_hash(uow.site, person.id, typed)
    ):
        raise WrongSecondFactor(path=("code",))
    return Shown(None)


async def new_recovery_codes(uow: UnitOfWork, person_id: int) -> list[str]:
    """Ten codes that work once each, instead of any before; they are shown only here."""
    codes = [new_code() for _ in range(RECOVERY_CODES)]
    await second_factors.put_codes(
        uow, person_id, [_recovery_hash(uow.site, person_id, code) for code in codes]
    )
    return [shown_code(code) for code in codes]


def seal_secret(site: Site, secret: str) -> str:
    """An authenticator's secret as it is kept."""
    return sealed(site, _SEAL, secret)


async def _by_totp(uow: UnitOfWork, factors: Sequence[SecondFactor], typed: str) -> SecondFactor:
    for factor in factors:
        if factor.kind is not FactorKind.TOTP:
            continue
        step = matching_step(opened(uow.site, _SEAL, factor.secret), typed, uow.now)
        if step is not None and await second_factors.used(uow, factor.id, step):
            return factor
    raise WrongSecondFactor(path=("code",))


async def _by_passkey(
    uow: UnitOfWork, robot: Robot, factors: Sequence[SecondFactor], answer: str, challenge: str
) -> SecondFactor:
    base = base_url(uow.site, robot)
    try:
        name = passkeys.credential_in(answer)
        factor = next(each for each in _passkeys_for(base, factors) if each.credential == name)
        count = passkeys.signed_count(base, challenge, answer, public_key=factor.secret, count=factor.latest)
    except (PasskeyRefused, StopIteration) as refused:
        raise WrongSecondFactor(path=(PASSKEY_FIELD,)) from refused
    if not await second_factors.used(uow, factor.id, count):
        raise WrongSecondFactor(path=(PASSKEY_FIELD,))
    return factor


def _passkeys_for(base: str, factors: Sequence[SecondFactor]) -> list[SecondFactor]:
    host = passkeys.host_of(base)
    return [each for each in factors if each.kind is FactorKind.PASSKEY and each.host == host]


def _recovery_hash(site: Site, person_id: int, code: str) -> str:
    return code_hash(site, code, f"recovery {person_id}")
