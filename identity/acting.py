"""An application speaks for a person: its signed assertion is exchanged once for a session of some minutes (rows 43 to 45)."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

import orjson

from identity.actor import THROUGH, Actor
from identity.applications import is_permitted, may_name, scopes_of, variables_of, within
from identity.assertions import Assertion, AssertionRefused, check, unfit, unread
from identity.grants import GrantNeeded
from identity.ledger import AddressTaken, effective_addresses, prove
from identity.people import create_person, find_by_address
from identity.refusal import Forbidden, Invalid
from identity.secret import hashed, new_secret
from identity.tickets import base_url
from mail.address import parse_address
from mail.instant import DAY, MINUTE
from scenarios.request import Identity
from storage import applications, audit, ledger, people, seen, sessions
from storage.database import Database, Reader, UnitOfWork
from storage.tables.access import Session
from storage.tables.applications import Application
from storage.tables.lists import Robot
from storage.tables.people import LedgerRow, Person
from storage.tables.words import AddressSource, SignInMethod, Strength, TokenScope

# How a token of such a session begins; it is good as a bearer's only, never in a cookie.
PREFIX = "pa_"
LIFETIME = 10 * MINUTE
# How long an address counts on an application's word alone, counted anew from each time that it speaks.
WORD_LIFETIME = 30 * DAY
_SHOWN = 20


class ScopeNotAllowed(Forbidden):
    """The application may not use this scope."""


class NotItsPeople(Invalid):
    """This application may not speak for this address."""


@dataclass(frozen=True, slots=True)
class Acting:
    """A session in which an application speaks for a person; `raw_token` is shown only here."""

    session: Session
    raw_token: str


async def act_as(
    db: Database,
    robot: Robot,
    assertion: str,
    scopes: Collection[TokenScope],
    *,
    remote_address: str = "",
    user_agent: str = "",
) -> Acting:
    """Exchange a signed assertion for a session with these scopes, in which the application speaks for the person it names.

    Raises AssertionRefused, always the same to whoever sent it; and to an application that signed it as it should:
    ScopeNotAllowed, and GrantNeeded, whether or not there is such a person.
    """
    application: Application | None = None
    try:
        async with db.read() as reader:
            application, said = await _read(reader, robot, assertion, remote_address)
        if not scopes:
            raise Invalid("Name at least one scope.", path=("scopes",))
        async with db.write() as uow:
            return await _open(uow, robot, application, said, frozenset(scopes), user_agent)
    except AddressTaken:
        # Another assertion for the same new address came meanwhile: now there is a person to speak for.
        return await act_as(
            db, robot, assertion, scopes, remote_address=remote_address, user_agent=user_agent
        )
    except _Heard as heard:
        application, refused = heard.application, heard.refused
    except AssertionRefused as refusal:
        refused = refusal
    if application is not None and refused.is_signed:
        await _note(db, application, refused)
    raise AssertionRefused(refused.why)


class _Heard(Exception):
    """An assertion of a known application that is not accepted."""

    def __init__(self, application: Application, refused: AssertionRefused) -> None:
        self.application = application
        self.refused = refused


async def _read(
    reader: Reader, robot: Robot, text: str, remote_address: str
) -> tuple[Application, Assertion]:
    given = unread(text)
    application = await applications.find(reader, robot.id, given.issuer)
    if application is None or application.client_id != given.issuer or application.revoked_at is not None:
        raise AssertionRefused("unknown application")
    keys = await applications.keys(reader, [application.id])
    try:
        said = check(given, keys, audience=base_url(reader.site, robot), now=reader.now)
        if not is_permitted(application, remote_address):
            raise unfit("network")
        if not may_name(application, said.subject):
            raise unfit("domain")
    except AssertionRefused as refused:
        raise _Heard(application, refused) from None
    return application, said


async def _open(
    uow: UnitOfWork,
    robot: Robot,
    known: Application,
    said: Assertion,
    wanted: frozenset[TokenScope],
    user_agent: str,
) -> Acting:
    application = await applications.used(uow, known.id)
    if application is None:
        raise AssertionRefused("unknown application")
    if not await seen.first_time(uow, f"application {application.id}", said.id, said.expires_at):
        raise unfit("replayed")
    if within(wanted, scopes_of(application.scopes)) != wanted:
        raise ScopeNotAllowed(path=("scopes",))
    person, row, is_new = await _person(uow, robot, application, said.subject, wanted)
    token = PREFIX + new_secret()
    kept = {name: value for name, value in said.variables.items() if name in application.assertable.split()}
    session = await sessions.add(
        uow,
        token_hash=hashed(token),
        person_id=person.id,
        robot_id=robot.id,
        method=SignInMethod.TRUSTED_APPLICATION,
        strength=min(Strength.MD5, row.strength),
        address=row.address,
        user_agent="".join(each for each in user_agent[:200] if each.isprintable()),
        needs_password_change=False,
        expires_at=uow.now + LIFETIME,
        application_id=application.id,
        scopes=" ".join(sorted(scope.value for scope in wanted)),
        assertions=orjson.dumps(kept).decode(),
    )
    await audit.record(
        uow,
        "application_acted",
        actor=row.address,
        via=THROUGH + application.name,
        robot_id=robot.id,
        person_id=person.id,
        address=row.address,
        detail={
            "client_id": application.client_id,
            "assertion": said.id,
            "scopes": session.scopes,
            "asserted": sorted(kept),
            "dropped": _dropped(said.variables, kept),
            "person_made": is_new,
        },
    )
    return Acting(session, token)


def _dropped(said: Iterable[str], kept: Collection[str]) -> list[str]:
    return sorted(name[:64] for name in said if name not in kept)[:_SHOWN]


async def _person(
    uow: UnitOfWork, robot: Robot, application: Application, subject: str, wanted: frozenset[TokenScope]
) -> tuple[Person, LedgerRow, bool]:
    """Whom the application means, the row that speaks for the address, and whether they are new here.

    Whoever holds the address is meant; the application's word never takes it from anybody, nor revives what somebody
    else once proved: it extends only what it said itself.
    """
    address = parse_address(subject)
    person = await find_by_address(uow, str(address), robot_id=robot.id)
    if application.requires_grant:
        grant = None if person is None else await applications.granted(uow, application.id, person.id)
        if grant is None or within(wanted, scopes_of(grant.scopes)) != wanted:
            raise GrantNeeded
    holder = await ledger.holder(uow, address.key) if person is None else person.id
    is_new = holder is None
    if holder is None:
        person = await create_person(
            uow,
            str(address),
            source=AddressSource.TRUSTED_APP,
            source_ref=_source(application),
            proved=True,
            strength=Strength.MD5,
            robot_id=robot.id,
            expires_at=uow.now + WORD_LIFETIME,
        )
    else:
        person = await _extended(uow, robot, application, holder, address.key)
    row = await _row_in_force(uow, person.id, robot.id, address.key)
    if row is None:
        raise unfit("address")
    return person, row, is_new


async def _extended(
    uow: UnitOfWork, robot: Robot, application: Application, person_id: int, key: str
) -> Person:
    """Let the application's own word hold for another while, where it is what this person has the address by."""
    rows = await ledger.of_address(uow, person_id, key)
    own = next((row for row in rows if _is_word_of(application, row)), None)
    if own is not None:
        await prove(
            uow,
            own.person_id,
            own.address,
            source=AddressSource.TRUSTED_APP,
            source_ref=own.source_ref,
            strength=Strength.MD5,
            robot_id=robot.id,
            expires_at=uow.now + WORD_LIFETIME,
        )
    found = await people.find(uow, person_id)
    if found is None:
        raise unfit("address")
    return found


def _source(application: Application) -> str:
    return f"application {application.id}"


def _is_word_of(application: Application, row: LedgerRow) -> bool:
    return (row.source, row.source_ref) == (AddressSource.TRUSTED_APP, _source(application))


async def _row_in_force(reader: Reader, person_id: int, robot_id: int, key: str) -> LedgerRow | None:
    rows = await effective_addresses(reader, person_id, robot_id)
    return next((row for row in rows if row.address_key == key), None)


async def _note(db: Database, application: Application, refused: AssertionRefused) -> None:
    async with db.write(durable=False) as uow:
        await audit.record(
            uow,
            "assertion_refused",
            actor=application.client_id,
            via=THROUGH + application.name,
            robot_id=application.robot_id,
            detail={"why": refused.why},
        )


async def actor_for_application(
    reader: Reader, robot: Robot, raw_token: str, *, remote_address: str = ""
) -> Actor | None:
    """The person for whom an application speaks in the session that the token opens, computed anew from what holds now.

    None when the session, the trust, the person's leave, or the address ended, or the request comes from elsewhere.
    Addresses of the person of which the application may not speak do not count, and are not known to it.
    """
    session = await sessions.of_application_by_token(reader, hashed(raw_token), robot.id)
    if session is None or session.application_id is None:
        return None
    application = (await applications.by_ids(reader, [session.application_id])).get(session.application_id)
    person = await people.find(reader, session.person_id)
    if application is None or application.revoked_at is not None or person is None:
        return None
    scopes = await _scopes_now(reader, application, session)
    rows = [
        row
        for row in await effective_addresses(reader, person.id, robot.id)
        if may_name(application, row.address)
    ]
    key = parse_address(session.address).key
    sender = next((row for row in rows if row.address_key == key), None)
    if sender is None or not scopes or not is_permitted(application, remote_address):
        return None
    strength = min(Strength.MD5, session.strength, sender.strength)
    others = (Identity(row.address, row.strength.method) for row in rows if row is not sender)
    somebody = Actor(
        robot,
        sender=sender.address,
        identities=(Identity(sender.address, strength.method), *others),
        strength=strength,
        person=_as_known(application, person, sender),
        session=session,
        remote_address=remote_address,
    )
    return replace(through(application, somebody, orjson.loads(session.assertions)), scopes=scopes)


def through(application: Application, actor: Actor, said: Mapping[str, str]) -> Actor:
    """Somebody as they would ask if the application spoke for them; raises NotItsPeople where it may not."""
    if application.revoked_at is not None or not may_name(application, actor.sender):
        raise NotItsPeople
    return replace(
        actor,
        identities=tuple(one for one in actor.identities if may_name(application, one.address)),
        strength=min(Strength.MD5, actor.strength),
        via=THROUGH + application.name,
        scopes=scopes_of(application.scopes),
        application=application.name,
        assertions=variables_of(application, said),
        operations=frozenset(application.operations.split()),
    )


async def _scopes_now(reader: Reader, application: Application, session: Session) -> frozenset[TokenScope]:
    scopes = within(scopes_of(session.scopes), scopes_of(application.scopes))
    if not application.requires_grant:
        return scopes
    grant = await applications.granted(reader, application.id, session.person_id)
    return frozenset() if grant is None else within(scopes, scopes_of(grant.scopes))


def _as_known(application: Application, person: Person, sender: LedgerRow) -> Person:
    if may_name(application, person.main_address):
        return person
    return replace(person, main_address=sender.address, main_key=sender.address_key)
