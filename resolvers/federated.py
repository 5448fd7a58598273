"""One's subscriptions here and on other servers: asked all at once, each answer for itself, by one's own leave alone."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Annotated

import strawberry
from strawberry import UNSET

from federation import consents, own_token, remote_acts
from federation.asking import USUAL_SECONDS, PeerMemberships, PeerStatus, ask_all
from federation.consents import Consent
from federation.told import Told, told_of
from identity.standing import person_of
from mail.instant import SECOND
from resolvers.context import Context, Info, reading
from resolvers.idempotency import idempotent
from resolvers.ids import key_of
from resolvers.memberships import memberships_of
from resolvers.pages import Page
from resolvers.payloads import Once, Payload, refusable, scoped
from resolvers.peers import is_of_people
from resolvers.people import is_self
from schema.inputs.common import After, Before, Everything, First, Last, given
from schema.inputs.federation import (
    FederationConsentUpdateInput,
    FederationStopInput,
    FederationTokenIssueInput,
    RemoteMembershipLeaveInput,
    RemoteMembershipPauseInput,
)
from schema.scalars import Duration, EmailAddress
from storage import peers as stored
from storage.database import UnitOfWork
from storage.tables.federation import Peer
from storage.tables.lists import Membership
from storage.tables.people import Person
from storage.tables.words import ConsentMode, TokenScope

_DONE = frozenset({PeerStatus.OK, PeerStatus.CACHED})

WhichEmails = Annotated[
    list[EmailAddress] | None,
    strawberry.argument(description="A subset of your own verified addresses; all when left out."),
]
WhichPeers = Annotated[
    list[strawberry.ID] | None,
    strawberry.argument(description="A subset of the peers; all trusted ones when left out."),
]
Patience = Annotated[
    Duration | None,
    strawberry.argument(
        description="How long to wait for the slowest peer; PT3S when left out, PT10S at most."
    ),
]


@dataclass(frozen=True, slots=True)
class Federated:
    """What one is on, here and elsewhere."""

    person: Person
    peers: Sequence[PeerMemberships]

    @property
    def is_complete(self) -> bool:
        """Every peer answered."""
        return all(each.status in _DONE for each in self.peers)


@dataclass(frozen=True, slots=True)
class Policy:
    """Whether and to whom somebody's subscriptions may be told."""

    consent: Consent
    robot_ceiling: ConsentMode


async def federated_memberships(
    info: Info, emails: WhichEmails = UNSET, peers: WhichPeers = UNSET, timeout: Patience = UNSET
) -> Federated:
    """Ask all peers at once; whoever is late is left out, and says so."""
    person = person_of(info.context.actor)
    seconds = given(timeout)
    found = [
        each
        async for each in ask_all(
            info.context.db,
            info.context.actor,
            emails=given(emails),
            peer_ids=_peers(info.context, given(peers)),
            seconds=USUAL_SECONDS if seconds is None else seconds / SECOND,
        )
    ]
    return Federated(person, sorted(found, key=lambda each: each.peer.domain))


async def federated_live(info: Info, emails: WhichEmails = UNSET) -> AsyncIterator[PeerMemberships]:
    """One event for each peer as it answers; then the stream ends."""
    async for each in ask_all(info.context.db, info.context.actor, emails=given(emails)):
        info.context.forget()
        yield each


def _peers(context: Context, ids: Sequence[str] | None) -> list[int] | None:
    return None if ids is None else [key_of(context, each, "Peer") for each in ids]


async def local(
    root: strawberry.Parent[Federated],
    info: Info,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
) -> Page[Membership]:
    """What one is on here."""
    return await memberships_of(root.person, info, first=first, after=after, last=last, before=before)


async def policy_of(root: strawberry.Parent[Person], info: Info) -> Policy | None:
    """What the asker agreed to; nobody sees another's."""
    if not is_self(info.context, root.id):
        return None
    async with reading(info) as reader:
        found = await consents.consent_of(reader, root.id)
    return Policy(found, consents.outgoing_ceiling(info.context.actor.robot))


async def chosen(root: strawberry.Parent[Policy], info: Info) -> list[Peer]:
    """Those meant by SELECTED."""
    ids = {number for numbers in root.consent.chosen.values() for number in numbers}
    return await _some(info, ids)


async def stopped(root: strawberry.Parent[Policy], info: Info) -> list[Peer]:
    """Those that are told nothing, whatever else was agreed to."""
    ids = {number for numbers in root.consent.stopped.values() for number in numbers}
    return await _some(info, ids)


async def _some(info: Info, ids: set[int]) -> list[Peer]:
    if not ids:
        return []
    async with reading(info) as reader:
        return [each for each in await stored.every(reader) if each.id in ids and is_of_people(each)]


@refusable
@scoped(TokenScope.ADMINISTRATE)
@idempotent
async def federation_consent_update(
    info: Info, uow: UnitOfWork, input: Annotated[FederationConsentUpdateInput, Everything]
) -> Payload:
    """Say to whom; what was remembered of peers is forgotten."""
    context = info.context
    person = person_of(context.actor)
    ids = given(input.peer_ids)
    await consents.update(
        uow,
        context.actor,
        outgoing=input.outgoing.value,
        incoming=input.incoming.value,
        peer_ids=None if ids is None else [key_of(context, each, "Peer") for each in ids],
    )
    context.site.let_go(person.id)
    return Payload(user=person)


async def told_to_peers(root: strawberry.Parent[Policy], info: Info) -> list[Told]:
    """What peers were told of the asker, whose policy alone is ever shown."""
    async with reading(info) as reader:
        return await told_of(reader, root.consent.person_id, info.context.actor.addresses)


@refusable
@scoped(TokenScope.ADMINISTRATE)
@idempotent
async def federation_stop(
    info: Info, uow: UnitOfWork, input: Annotated[FederationStopInput, Everything]
) -> Payload:
    """Tell a peer nothing more of the asker."""
    context = info.context
    person = person_of(context.actor)
    await consents.stop(uow, context.actor, key_of(context, input.peer_id, "Peer"))
    return Payload(user=person)


@refusable
@scoped(TokenScope.ADMINISTRATE)
@idempotent
async def federation_token_issue(
    info: Info, uow: UnitOfWork, input: Annotated[FederationTokenIssueInput, Everything]
) -> Payload:
    """Give the asker a token of their own consent."""
    key = key_of(info.context, input.peer_id, "Peer")
    return Payload(link=Once(await own_token.issue(uow, info.context.actor, key, input.email)))


@refusable
@scoped(TokenScope.SUBSCRIBE)
async def remote_membership_leave(
    info: Info, input: Annotated[RemoteMembershipLeaveInput, Everything]
) -> Payload:
    """Leave a list of a peer; the peer is asked outside of any transaction."""
    context = info.context
    key = key_of(context, input.peer_id, "Peer")
    done = await remote_acts.leave(context.db, context.actor, key, input.list_address, input.email)
    return Payload(outcome=done)


@refusable
@scoped(TokenScope.SUBSCRIBE)
async def remote_membership_pause(
    info: Info, input: Annotated[RemoteMembershipPauseInput, Everything]
) -> Payload:
    """Pause a list of a peer."""
    context = info.context
    key = key_of(context, input.peer_id, "Peer")
    done = await remote_acts.pause(
        context.db, context.actor, key, input.list_address, input.email, input.until
    )
    return Payload(outcome=done)
