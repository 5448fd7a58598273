"""Applications that a robot trusts to speak for people: what may be said of one, its keys, and the end of the trust (rows 43, 44)."""

import ipaddress
import re
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

import orjson

from identity.actor import Actor
from identity.application_keys import MOST_KEYS, NewKey
from identity.refusal import Invalid, NotFound, Taken
from mail.address import address_key
from mail.errors import BadAddress
from scenarios.operations import OPERATIONS
from storage import applications, audit
from storage.database import Reader, UnitOfWork
from storage.tables.applications import Application, ApplicationKey
from storage.tables.words import TokenScope

# What no scenario governs: the acts of an owner, and those of a moderator.
OFFICES = frozenset({"own", "moderate"})
LONGEST_NAME = 64
MOST_WORDS = 100
_CLIENT = "app_"
LONGEST_VALUE = 2_000
_VARIABLE = re.compile(r"[A-Za-z_][\w.\-]{0,63}", re.ASCII)


class NoSuchApplication(NotFound):
    """There is no such application in this domain."""


class NameTaken(Taken):
    """This domain has, or had, an application of this name; take another one."""


class TooManyKeys(Invalid):
    """An application has at most 10 keys; let the old ones end first."""


class KeyKnown(Taken):
    """The application has this key already; make a new one."""


@dataclass(frozen=True, slots=True)
class Trust:
    """What an application is trusted with; everything that is left empty is not allowed, but `networks`: from anywhere."""

    operations: Collection[str] = ()
    scopes: Collection[TokenScope] = ()
    assertable: Collection[str] = ()
    fixed: Mapping[str, str] = field(default_factory=dict)
    domains: Collection[str] = ()
    networks: Collection[str] = ()
    requires_grant: bool = False


async def register(
    uow: UnitOfWork, actor: Actor, name: str, keys: Collection[NewKey], trust: Trust
) -> Application:
    """Trust an application in the actor's robot from now on; whoever calls this has seen that the actor may.

    Raises Invalid, NameTaken, BadKey.
    """
    shown = " ".join(name.split())
    if not 0 < len(shown) <= LONGEST_NAME or not shown.isprintable():
        raise Invalid(f"A name has 1 to {LONGEST_NAME} characters.", path=("name",))
    if shown.startswith(_CLIENT):
        raise Invalid(f"A name cannot begin like a client id, with {_CLIENT}.", path=("name",))
    if not keys:
        raise Invalid("An application needs a public key.", path=("jwks",))
    words = _words(trust) | {"client_id": f"{_CLIENT}{secrets.token_urlsafe(16)}", "name": shown}
    made = await applications.add(uow, actor.robot.id, words, requires_grant=trust.requires_grant)
    if made is None:
        raise NameTaken(path=("name",))
    for key in keys:
        await _add_key(uow, made, key)
    detail = {**words, "requires_grant": made.requires_grant, "kids": [key.kid for key in keys]}
    await _record(uow, actor, made, "application_registered", detail)
    return made


async def rotate(
    uow: UnitOfWork, actor: Actor, application: Application, keys: Collection[NewKey], *, overlap: int
) -> list[ApplicationKey]:
    """Add keys and let all older ones end in `overlap` microseconds; raises TooManyKeys, KeyKnown."""
    # Whoever rotates at the same time waits here.
    if await applications.lock(uow, application.id) is None:
        raise NoSuchApplication
    known = await applications.keys(uow, [application.id])
    if {key.kid for key in keys} & {key.kid for key in known}:
        raise KeyKnown(path=("jwks",))
    living = [key for key in known if key.not_after is None or key.not_after > uow.now]
    if len(living) + len(keys) > MOST_KEYS:
        raise TooManyKeys(path=("jwks",))
    await applications.end_keys(uow, application.id, until=uow.now + overlap)
    for key in keys:
        await _add_key(uow, application, key)
    await _record(uow, actor, application, "application_keys_rotated", {"kids": [key.kid for key in keys]})
    return await applications.keys(uow, [application.id])


async def revoke(uow: UnitOfWork, actor: Actor, application: Application) -> Application:
    """End the trust: what the application has open ends with it, at once. Raises NoSuchApplication when it is over."""
    ended = await applications.revoke(uow, application.id)
    if ended is None:
        raise NoSuchApplication
    await _record(uow, actor, application, "application_revoked", {})
    return ended


async def find(reader: Reader, robot_id: int, word: str) -> Application:
    """The robot's application with this name or client id; raises NoSuchApplication."""
    found = await applications.find(reader, robot_id, word)
    if found is None:
        raise NoSuchApplication
    return found


def scopes_of(words: str) -> frozenset[TokenScope]:
    """Scope words as they are kept."""
    return frozenset(TokenScope(word) for word in words.split())


def within(wanted: Iterable[TokenScope], allowed: Collection[TokenScope]) -> frozenset[TokenScope]:
    """Those of the wanted scopes that are allowed; ADMINISTRATE holds all others."""
    if TokenScope.ADMINISTRATE in allowed:
        return frozenset(wanted)
    return frozenset(allowed) if TokenScope.ADMINISTRATE in wanted else frozenset(wanted) & frozenset(allowed)


def may_name(application: Application, address: str) -> bool:
    """Whether an address is in one of the domains of which the application may name people."""
    try:
        domain = address_key(address).rpartition("@")[2]
    except BadAddress:
        return False
    return domain in application.domains.split()


def variables_of(application: Application, said: Mapping[str, str]) -> dict[str, str]:
    """What counts of what the application says: the names it may use, and then its fixed values, which always win (row 44)."""
    allowed = application.assertable.split()
    return {name: value for name, value in said.items() if name in allowed} | fixed_of(application)


def fixed_of(application: Application) -> dict[str, str]:
    """The values that it always has."""
    found: dict[str, str] = orjson.loads(application.fixed)
    return found


def is_permitted(application: Application, remote_address: str) -> bool:
    """Whether a request may come from there."""
    permitted = application.networks.split()
    if not permitted:
        return True
    try:
        place = ipaddress.ip_address(remote_address.partition("%")[0])
    except ValueError:
        return False
    plain = (place.ipv4_mapped or place) if isinstance(place, ipaddress.IPv6Address) else place
    return any(plain in ipaddress.ip_network(each) for each in permitted)


def _words(trust: Trust) -> dict[str, str]:
    known = {*OPERATIONS, *OFFICES}
    for name, value in trust.fixed.items():
        if len(value) > LONGEST_VALUE:
            raise Invalid(
                f"The value of {name} has more than {LONGEST_VALUE} characters.", path=("fixed_assertions",)
            )
    fixed = dict(zip(_each(trust.fixed, _variable, "fixed_assertions"), trust.fixed.values(), strict=True))
    return {
        "operations": " ".join(
            _each(trust.operations, lambda word: word if word in known else None, "operations")
        ),
        "scopes": " ".join(sorted({scope.value for scope in trust.scopes})),
        "assertable": " ".join(_each(trust.assertable, _variable, "allowed_assertions")),
        "fixed": orjson.dumps(fixed).decode(),
        "domains": " ".join(_each(trust.domains, _domain, "domains")),
        "networks": " ".join(_each(trust.networks, _network, "permitted_networks")),
    }


def _each(given: Collection[str], read: Callable[[str], str | None], path: str) -> list[str]:
    """Every word as it is kept; raises Invalid for one that cannot be."""
    if len(given) > MOST_WORDS:
        raise Invalid(f"Name at most {MOST_WORDS}.", path=(path,))
    found = {word: read(word) for word in given}
    wrong = [word for word, kept in found.items() if kept is None]
    if wrong:
        raise Invalid(f"{wrong[0]!r} cannot stand here: {_WANTED[path]}.", path=(path,))
    return list(dict.fromkeys(kept for kept in found.values() if kept is not None))


_WANTED = {
    "operations": f"an operation of scenarios ({', '.join(sorted(OPERATIONS))}), `own` or `moderate` is wanted",
    "allowed_assertions": "a name is letters, digits, `_`, `-` and `.`",
    "fixed_assertions": "a name is letters, digits, `_`, `-` and `.`",
    "domains": "a mail domain is wanted",
    "permitted_networks": "a network such as 192.0.2.0/24 or 2001:db8::/32 is wanted",
}


def _variable(word: str) -> str | None:
    return word if _VARIABLE.fullmatch(word) else None


def _domain(word: str) -> str | None:
    try:
        return address_key(f"x@{word}").rpartition("@")[2]
    except BadAddress:
        return None


def _network(word: str) -> str | None:
    try:
        return str(ipaddress.ip_network(word))
    except ValueError:
        return None


async def _add_key(uow: UnitOfWork, application: Application, key: NewKey) -> None:
    await applications.add_key(
        uow,
        application.id,
        kid=key.kid,
        algorithm=key.algorithm,
        jwk=key.jwk,
        not_before=key.not_before,
        not_after=key.not_after,
    )


async def _record(
    uow: UnitOfWork, actor: Actor, application: Application, event: str, detail: Mapping[str, object]
) -> None:
    await audit.record(
        uow,
        event,
        actor=actor.sender,
        via=actor.via,
        robot_id=application.robot_id,
        person_id=None if actor.person is None else actor.person.id,
        detail={"application": application.name, "client_id": application.client_id, **detail},
    )
