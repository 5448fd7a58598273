"""Accounts at providers that a person has linked as ways to sign in: shown, added and taken away by the person (rows 41, 103, pitfalls 6, 12)."""

from dataclasses import dataclass

from identity import mails, ways_in
from identity.actor import Actor
from identity.auth_config import BUILT_IN, SERVER, AuthConfig, Entry, auth_config
from identity.ledger import LastWayIn, effective_addresses
from identity.provider_sign_in import Visitor
from identity.reach import reach_of, require_whole_server
from identity.refusal import NotFound
from identity.sign_in import PASSWORD, TICKET, UnknownProvider
from identity.standing import fresh_session, person_of
from identity.steps import Code, Elsewhere, Form
from storage import attributes, audit, credentials, identities, ledger, sessions, turns
from storage.database import Database, Reader, UnitOfWork
from storage.tables.people import ExternalIdentity


@dataclass(frozen=True, slots=True)
class LinkedIdentity:
    """One of them; `label` is what the provider is called here, "" where it is no longer offered."""

    id: int
    identity: ExternalIdentity
    label: str


async def linked_identities(reader: Reader, actor: Actor) -> list[LinkedIdentity]:
    """The asker's own, oldest first, those of other robots' providers too, as far as the session reaches; raises SignInNeeded."""
    person = person_of(actor)
    reach = None if actor.session is None else await reach_of(reader, actor.session)
    config = await auth_config(reader, actor.robot)
    return [
        LinkedIdentity(each.id, each, next((entry.label for entry in _entries(config, each)), ""))
        for each in await identities.of_person(reader, person.id)
        if reach in (None, each.robot_id)
    ]


async def begin_linking(
    db: Database, actor: Actor, key: str, visitor: Visitor, *, return_to: str = ""
) -> Form | Code | Elsewhere:
    """Begin to add a provider as a way to sign in: what was found is shown before anything is linked.

    Raises SignInNeeded, PasswordFirst, SignInIsOld, UnknownProvider, ProviderAway, OnlyHere.
    """
    _, session = fresh_session(actor, db.site.clock())
    async with db.read() as reader:
        entry = (await auth_config(reader, actor.robot)).entry(key)
    if entry is None or entry.kind in BUILT_IN:
        raise UnknownProvider(path=("provider",))
    if entry.scope == SERVER:
        async with db.read() as reader:
            await require_whole_server(reader, session)
    return await ways_in.begin(
        db, actor.robot, key, visitor, return_to=return_to, linking_session=session, is_fresh=True
    )


async def unlink_identity(uow: UnitOfWork, actor: Actor, identity_id: int) -> LinkedIdentity:
    """Take one away: its word on addresses and attributes ends here at once, and so do the other sessions that it opened.

    Raises NotFound, LastWayIn where nothing else would let the person in, SignInNeeded.
    """
    person, session = fresh_session(actor, uow.now)
    # Two at once would each leave the other as the last way in.
    await turns.take(uow, [f"person {person.id}"])
    mine = await linked_identities(uow, actor)
    chosen = next((each for each in mine if each.id == identity_id), None)
    if chosen is None:
        raise NotFound
    config = await auth_config(uow, actor.robot)
    others = [each for each in await identities.of_person(uow, person.id) if each.id != identity_id]
    if not await _can_come_in(uow, actor, person.id, config, others):
        raise LastWayIn
    await identities.drop(uow, person.id, identity_id)
    source_of = (chosen.identity.provider, chosen.identity.issuer)
    if source_of not in {(each.provider, each.issuer) for each in others}:
        for entry in _entries(config, chosen.identity):
            source, said_by = entry.module.SOURCE, entry.said_by(chosen.identity.issuer)
            await ledger.expire_others(uow, person.id, source, said_by, proved=[], claimed=[])
            await attributes.expire_others(uow, person.id, source.value, said_by, [])
    opened = f"{chosen.identity.provider} {chosen.identity.issuer}"
    ended = [
        each.id
        for each in await sessions.of_person(uow, person.id)
        if (each.provider, each.provider_subject) == (opened, chosen.identity.subject)
        and each.id != session.id
    ]
    await sessions.revoke(uow, person.id, ended)
    await audit.record(
        uow,
        "identity_unlinked",
        actor=actor.sender,
        via=actor.via,
        robot_id=actor.robot.id,
        person_id=person.id,
        detail={"provider": chosen.identity.provider, "issuer": chosen.identity.issuer},
    )
    for row in (await effective_addresses(uow, person.id, actor.robot.id))[:1]:
        await mails.way_in_changed(uow, actor.robot, row.address, way=_named(chosen), is_added=False)
    return chosen


async def _can_come_in(
    uow: UnitOfWork, actor: Actor, person_id: int, config: AuthConfig, others: list[ExternalIdentity]
) -> bool:
    """Whether a way in is left that this robot offers: a password, a mail to an address of theirs, or another provider."""
    kinds = {each.kind for each in config.entries if not each.is_hidden}
    scopes = {each.identity_scope for each in config.entries if not each.is_hidden}
    if any(each.provider in scopes for each in others):
        return True
    # What the provider itself says of addresses ends with it; those of other sources stay.
    sources = [
        row for row in await ledger.live(uow, person_id, actor.robot.id) if not _is_of(config, row.source_ref)
    ]
    if not sources:
        return False
    return TICKET in kinds or (
        PASSWORD in kinds and await credentials.password_hash(uow, person_id) is not None
    )


def _is_of(config: AuthConfig, source_ref: str) -> bool:
    return any(each.has_said(source_ref) for each in config.entries)


def _entries(config: AuthConfig, identity: ExternalIdentity) -> list[Entry]:
    return [each for each in config.entries if each.identity_scope == identity.provider]


def _named(linked: LinkedIdentity) -> str:
    return linked.label or linked.identity.issuer
