"""Signing in through a provider: begun here, proved there, ended in the browser that began it (rows 38, 41, 42, 103).

Each step is a row that is used up by the next one, so nothing can be played twice; its secrets are sealed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from identity import attempts, linking, mails
from identity.admission import Proved, admit
from identity.auth_config import Entry
from identity.begun_sign_ins import LASTS, SENT, begun_sign_in
from identity.believing import believed, bounded
from identity.browser import Browser
from identity.elsewhere import web_address
from identity.evenly import evenly
from identity.evidence_kept import as_data, from_data
from identity.ledger import CHALLENGE_LIFETIME, confirm, effective_row, read_address
from identity.people import create_person, find_by_address
from identity.provider import (
    Ask,
    Evidence,
    Inbound,
    NotProved,
    Place,
    ProviderAway,
    Redirect,
    Submit,
    Wish,
)
from identity.sealed import AttemptInvalid, opened, sealed
from identity.secret import code_hash, code_is_right, hashed, new_code, new_secret
from identity.sign_in import CODE_TRIES, WrongCode
from identity.steps import Code, Done, Elsewhere, Form, FormField, Step
from identity.tickets import base_url
from mail.address import address_key, masked
from storage import people, sign_ins
from storage.database import Database, UnitOfWork
from storage.tables.access import Session
from storage.tables.lists import Robot
from storage.tables.people import Person
from storage.tables.providers import SignIn
from storage.tables.words import AddressSource

PREFIX = "p."
ASKED, ARRIVED, CHOOSE, CODE, LINK = "asked", "arrived", "choose", "code", "link"
_OTHER = "another address"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whoever is signing in: what their request says of itself, and the secret that only their browser has."""

    browser: Browser
    secret: str = ""


@dataclass(frozen=True, slots=True)
class Onward:
    """Believed; the browser has to come by itself, with its cookie, to go on with this attempt.

    `is_its_browser`: the request had that cookie already, or the sign-in began with it, at the provider.
    """

    attempt_id: str
    is_its_browser: bool


def place_of(db: Database, robot: Robot, entry: Entry) -> Place:
    """Where a provider is plugged in."""
    base = base_url(db.site, robot)
    return Place(base, f"{base}/auth/{robot.domain}/{entry.key}", entry.key, db.site.clock())


async def start(
    db: Database,
    robot: Robot,
    entry: Entry,
    visitor: Visitor,
    *,
    return_to: str = "",
    linking_session: Session | None = None,
    is_fresh: bool = False,
    organization: str = "",
    login_hint: str = "",
) -> Form | Elsewhere:
    """Begin at a provider; `linking_session` is that of somebody who wants to add it to their account.

    `return_to` is a place of ours already. Raises ProviderAway, TooMany.
    """
    handle = new_secret()
    wish = Wish(handle, is_fresh, login_hint, organization)
    begun = await bounded(entry, entry.module.begin(entry.settings, place_of(db, robot, entry), wish))
    if not isinstance(begun, Ask):
        web_address(begun.url)
    stage = ASKED if isinstance(begun, Ask) else SENT
    kept = {} if isinstance(begun, Ask) else {"provider": dict(begun.kept)}
    async with db.write(durable=False) as uow:
        await attempts.take(uow, [(attempts.BEGUN_NETWORK, attempts.network(visitor.browser.remote))])
        row = await sign_ins.add(
            uow,
            handle_hash=hashed(handle),
            browser_hash=hashed(visitor.secret),
            robot_id=robot.id,
            provider=entry.key,
            session_id=None if linking_session is None else linking_session.id,
            stage=stage,
            kept=sealed(uow.site, "sign-in", kept),
            return_to=return_to,
            expires_at=uow.now + LASTS,
        )
    match begun:
        case Redirect(url=url):
            return Elsewhere(PREFIX + handle, url, row.expires_at)
        case Submit(url=url, fields=fields):
            return Elsewhere(PREFIX + handle, url, row.expires_at, fields)
        case Ask(fields=asked):
            return Form(PREFIX + handle, asked)


async def arrive(
    db: Database, robot: Robot, entry: Entry, inbound: Inbound, visitor: Visitor
) -> Step | Onward:
    """What came back from a provider; a request that another site's page made ends in `Onward`, since it has no cookie.

    The attempt is used up, whatever comes of it. Raises NotProved, ProviderAway.
    """
    state = entry.module.state_of(entry.settings, inbound)
    row = await begun_sign_in(db, robot, entry, state, visitor.secret, visitor.browser.remote)
    is_own_visit = inbound.method == "GET"
    if is_own_visit:
        _require_browser(row, visitor)
    kept = opened(db.site, "sign-in", row.kept)["provider"]
    work = entry.module.complete(entry.settings, place_of(db, robot, entry), inbound, kept)
    try:
        evidence = await believed(db, robot, entry, work)
    except (NotProved, ProviderAway) as refused:
        refused.return_to = row.return_to
        raise
    if is_own_visit:
        return await _settle(db, robot, entry, row, evidence, visitor)
    async with db.write(durable=False) as uow:
        attempt_id = await _next(uow, row, ARRIVED, {"evidence": as_data(evidence)})
    return Onward(attempt_id, hashed(visitor.secret) == row.browser_hash)


async def go_on(
    db: Database,
    robot: Robot,
    entries: Mapping[str, Entry],
    attempt_id: str,
    fields: Mapping[str, str],
    code: str,
    visitor: Visitor,
) -> Step:
    """The next step of a begun sign-in. Raises AttemptInvalid, WrongCode, NotProved, ProviderAway, TooMany."""
    handle_hash = hashed(attempt_id.removeprefix(PREFIX))
    async with db.read() as reader:
        row = await sign_ins.find(reader, handle_hash, robot.id)
    if row is None or row.provider not in entries:
        raise AttemptInvalid
    entry, kept = entries[row.provider], opened(db.site, "sign-in", row.kept)
    match row.stage:
        case "asked":
            return await _by_form(db, robot, entry, row, handle_hash, fields, visitor)
        case "arrived":
            _require_browser(row, visitor)
            await _use(db, handle_hash, robot)
            return await _settle(db, robot, entry, row, from_data(kept["evidence"]), visitor)
        case "choose":
            return await _chosen(db, robot, entry, row, handle_hash, kept, fields, visitor)
        case "code":
            return await _by_code(db, robot, entry, row, handle_hash, kept, code, visitor)
        case "link":
            return await _linked(db, robot, entry, row, handle_hash, kept, visitor)
        case _:
            raise AttemptInvalid


async def _by_form(
    db: Database,
    robot: Robot,
    entry: Entry,
    row: SignIn,
    handle_hash: bytes,
    fields: Mapping[str, str],
    visitor: Visitor,
) -> Step:
    place = attempts.network(visitor.browser.remote)
    who = fields.get("identifier", "").strip().lower()
    async with db.write(durable=False) as uow:
        taken = await attempts.take(
            uow,
            [(attempts.PASSWORD_PAIR, f"{entry.ref} {who} {place}"), (attempts.PASSWORD_NETWORK, place)],
        )
    inbound = Inbound("POST", "", form=fields, peer=visitor.browser.remote)
    work = entry.module.complete(entry.settings, place_of(db, robot, entry), inbound, {})
    evidence = await believed(db, robot, entry, work)
    async with db.write(durable=False) as uow:
        await attempts.give_back(uow, taken)
    await _use(db, handle_hash, robot)
    return await _settle(db, robot, entry, row, evidence, visitor)


async def _settle(
    db: Database, robot: Robot, entry: Entry, row: SignIn, evidence: Evidence, visitor: Visitor
) -> Step:
    """From believed evidence to a session, or to the question that is open."""
    async with evenly(), db.write() as uow:
        if row.session_id is not None:
            return await _ask_to_link(uow, row, entry, evidence)
        await linking.take_turn(uow, entry, evidence)
        person = await linking.recognise(uow, robot, entry, evidence)
        if person is None:
            person = await linking.welcome(uow, robot, entry, evidence)
        if person is not None:
            done = await _open(uow, robot, entry, row, evidence, person, visitor)
            if done is not None:
                return done
        return await _ask_address(uow, robot, entry, row, evidence, visitor)


async def _ask_address(
    uow: UnitOfWork, robot: Robot, entry: Entry, row: SignIn, evidence: Evidence, visitor: Visitor
) -> Form | Code:
    choices = linking.addresses_to_prove(entry, evidence)
    if len(choices) == 1:
        return await _mail_code(uow, robot, row, evidence, choices[0], visitor)
    handle = await _next(uow, row, CHOOSE, {"evidence": as_data(evidence)})
    fields = [FormField("address", "Mail address", choices=(*choices, _OTHER))] if choices else []
    fields.append(FormField("other", "Another mail address" if choices else "Mail address"))
    text = "Which mail address is yours? A code is sent to it, and it counts once you have typed it here."
    return Form(handle, tuple(fields), text)


async def _chosen(
    db: Database,
    robot: Robot,
    entry: Entry,
    row: SignIn,
    handle_hash: bytes,
    kept: Mapping[str, Any],
    fields: Mapping[str, str],
    visitor: Visitor,
) -> Step:
    chosen, typed = fields.get("address", "").strip(), fields.get("other", "").strip()
    address = read_address(typed or ("" if chosen == _OTHER else chosen), "fields")
    async with evenly(), db.write() as uow:
        if await sign_ins.use(uow, handle_hash, robot.id) is None:
            raise AttemptInvalid
        return await _mail_code(uow, robot, row, from_data(kept["evidence"]), str(address), visitor)


async def _mail_code(
    uow: UnitOfWork, robot: Robot, row: SignIn, evidence: Evidence, address: str, visitor: Visitor
) -> Code:
    """The same mail, answer and work, whether or not somebody has the address (pitfall 47)."""
    key, place = read_address(address).key, attempts.network(visitor.browser.remote)
    await attempts.take(
        uow,
        [
            (attempts.MAIL_PAIR, f"{key} {place}"),
            (attempts.MAIL_NETWORK, place),
            (attempts.MAIL_ADDRESS, key),
        ],
    )
    holder = await find_by_address(uow, address, robot_id=robot.id)
    stored = await effective_row(uow, 0 if holder is None else holder.id, robot.id, key)
    to = address if stored is None else stored.address
    code = new_code()
    kept = {"evidence": as_data(evidence), "address": to, "code": code_hash(uow.site, code, to)}
    attempt_id = await _next(uow, row, CODE, kept)
    await mails.prove_address(uow, robot, to, code=code)
    return Code(attempt_id, masked(address), uow.now + LASTS)


async def _by_code(
    db: Database,
    robot: Robot,
    entry: Entry,
    row: SignIn,
    handle_hash: bytes,
    kept: Mapping[str, Any],
    code: str,
    visitor: Visitor,
) -> Step:
    async with db.write() as uow:
        counted = await sign_ins.count_try(uow, handle_hash, robot.id, at_most=CODE_TRIES)
    if counted is None:
        raise AttemptInvalid
    address, evidence = kept["address"], from_data(kept["evidence"])
    if not code_is_right(db.site, code, address, kept["code"]):
        raise WrongCode(path=("code",))
    async with db.write() as uow:
        await linking.take_turn(uow, entry, evidence, address)
        if await sign_ins.use(uow, handle_hash, robot.id) is None:
            raise AttemptInvalid
        person = await _holder(uow, robot, address)
        await linking.attach(uow, robot, entry, evidence, person)
        done = await _open(uow, robot, entry, row, evidence, person, visitor, address=address)
        assert done is not None
        return done


async def _holder(uow: UnitOfWork, robot: Robot, address: str) -> Person:
    """Whose mailbox it is that was just shown to be the asker's: the person who has it, or a new one."""
    person = await find_by_address(uow, address, robot_id=robot.id)
    if person is None:
        return await create_person(
            uow,
            address,
            source=AddressSource.CHALLENGE,
            proved=True,
            expires_at=uow.now + CHALLENGE_LIFETIME,
        )
    await confirm(uow, person.id, address)
    return person


async def _ask_to_link(uow: UnitOfWork, row: SignIn, entry: Entry, evidence: Evidence) -> Form:
    """What was found is shown before anything is linked (pitfall 6)."""
    handle = await _next(uow, row, LINK, {"evidence": as_data(evidence)})
    named = (
        ", ".join(linking.addresses_to_prove(entry, evidence)) or evidence.display_name or evidence.subject
    )
    return Form(handle, (), f"Add {entry.label} ({named}) to your account as a way to sign in?")


async def _linked(
    db: Database,
    robot: Robot,
    entry: Entry,
    row: SignIn,
    handle_hash: bytes,
    kept: Mapping[str, Any],
    visitor: Visitor,
) -> Done:
    """The button was pressed, in the very session that asked, which is still fresh."""
    mine = visitor.browser.previous
    if mine is None or mine.id != row.session_id:
        raise AttemptInvalid
    evidence = from_data(kept["evidence"])
    async with db.write() as uow:
        await linking.take_turn(uow, entry, evidence)
        if await sign_ins.use(uow, handle_hash, robot.id) is None:
            raise AttemptInvalid
        person = await people.find(uow, mine.person_id)
        assert person is not None
        # To an address that was there before the new way in.
        before = await effective_row(uow, person.id, robot.id, address_key(mine.address))
        await linking.attach(uow, robot, entry, evidence, person)
        if before is not None:
            await mails.way_in_changed(uow, robot, before.address, way=entry.label, is_added=True)
    return Done(person, mine, "", needs_password_change=False, return_to=row.return_to)


async def _open(
    uow: UnitOfWork,
    robot: Robot,
    entry: Entry,
    row: SignIn,
    evidence: Evidence,
    person: Person,
    visitor: Visitor,
    *,
    address: str = "",
) -> Done | Form | None:
    """The session, under an address that counts, or the question for a second factor; None without an address (row 42)."""
    found = await linking.best_address(uow, robot, person, evidence)
    if address:
        found = await effective_row(uow, person.id, robot.id, read_address(address).key) or found
    if found is None:
        return None
    proved = Proved(
        entry.module.METHOD,
        min(linking.strength_of(entry, evidence), found.strength),
        found.address,
        return_to=row.return_to,
        provider=f"{entry.identity_scope} {evidence.issuer}",
        provider_subject=evidence.subject,
        provider_session=evidence.session,
        provider_kept=sealed(uow.site, "provider session", {"key": entry.key, **evidence.kept}),
        acr=evidence.acr,
        # A session there that is hours old is no fresh proof here (pitfall 54).
        authenticated_at=min(evidence.authenticated_at or uow.now, uow.now),
    )
    return await admit(uow, robot, person, proved, visitor.browser)


async def _next(uow: UnitOfWork, row: SignIn, stage: str, kept: Mapping[str, Any]) -> str:
    handle = new_secret()
    await sign_ins.add(
        uow,
        handle_hash=hashed(handle),
        browser_hash=row.browser_hash,
        robot_id=row.robot_id,
        provider=row.provider,
        session_id=row.session_id,
        stage=stage,
        kept=sealed(uow.site, "sign-in", dict(kept)),
        return_to=row.return_to,
        expires_at=uow.now + LASTS,
    )
    return PREFIX + handle


async def _use(db: Database, handle_hash: bytes, robot: Robot) -> None:
    async with db.write(durable=False) as uow:
        if await sign_ins.use(uow, handle_hash, robot.id) is None:
            raise AttemptInvalid


def _require_browser(row: SignIn, visitor: Visitor) -> None:
    if hashed(visitor.secret) != row.browser_hash:
        raise NotProved("it was begun in another browser")
