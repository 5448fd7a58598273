"""Other list servers: administrators see and decide on all, people see those that may hold something of theirs."""

from dataclasses import dataclass
from typing import Annotated

import orjson
import strawberry
from strawberry import UNSET

from federation import discovery, peer_keys, peers
from federation.asking import PeerStatus
from federation.circuits import circuits_of
from federation.errors import NoAdministrator
from federation.own_keys import SIGNING, OwnKey, issuer_of, own_keys
from federation.remembered import remembered_of
from federation.trust import may_answer, may_ask
from identity.standing import SignInIsOld
from resolvers.context import Context, Info, load, reading, writing
from resolvers.idempotency import idempotent
from resolvers.ids import key_of
from resolvers.pages import Page, page_of_all, window
from resolvers.payloads import Payload, refusable, scoped
from schema.inputs.common import After, Before, Everything, First, Last, given
from schema.inputs.federation import PeerRegisterInput, PeerRemoveInput, PeerSetTrustInput
from storage import peers as stored
from storage.database import UnitOfWork
from storage.tables.applications import ApplicationKey
from storage.tables.federation import Peer
from storage.tables.words import TokenScope

_ALGORITHM = "EdDSA"


@dataclass(frozen=True, slots=True)
class OwnIdentity:
    """How others know this server."""

    issuer: str
    discovery_url: str


async def administers(context: Context, keys: list[int]) -> list[bool]:
    """Whether the asker decides on peers; the same for every key."""
    async with context.db.read() as reader:
        try:
            await peers.require_administrator(reader, context.actor)
        except (NoAdministrator, SignInIsOld):
            return [False] * len(keys)
    return [True] * len(keys)


def is_of_people(peer: Peer) -> bool:
    """Whether a peer may hold something of the people here, or be told of it."""
    return may_ask(peer.trust) or may_answer(peer.trust)


async def peers_page(
    info: Info, first: First = UNSET, after: After = UNSET, last: Last = UNSET, before: Before = UNSET
) -> Page[Peer]:
    """The servers that the asker may know of, by name; strangers know of none."""
    wanted = window(info, "peers", first, after, last, before)
    found: list[Peer] = []
    if info.context.actor.person is not None and info.context.actor.may(TokenScope.READ):
        is_all = await load(info, administers, 0)
        async with reading(info) as reader:
            found = [each for each in await stored.every(reader) if is_all or is_of_people(each)]
    return page_of_all(wanted, found, lambda row: (row.domain, row.id))


async def peer_by_key(context: Context, key: int) -> Peer | None:
    """A server that the asker may know of."""
    if context.actor.person is None:
        return None
    async with context.db.read() as reader:
        found = await stored.find(reader, key)
    if found is None or is_of_people(found):
        return found
    return found if await context.loader(administers).load(0) else None


def status(root: Peer, context: Context) -> PeerStatus:
    """How it does, by what was last seen of it."""
    if root.retry_at is not None and root.retry_at > context.site.clock():
        return PeerStatus.CIRCUIT_OPEN
    if root.failures:
        is_word = root.last_failure in PeerStatus.__members__
        return PeerStatus(root.last_failure) if is_word else PeerStatus.INVALID_RESPONSE
    return PeerStatus.NOT_ASKED if root.last_success_at is None else PeerStatus.OK


def capabilities(root: Peer, _context: Context) -> list[str]:
    """What it says it can do."""
    return [*discovery.said_by(root.said).capabilities]


def protocols(root: Peer, _context: Context) -> list[str]:
    """Which it speaks."""
    return [*discovery.said_by(root.said).protocols]


def keys(root: Peer, _context: Context) -> list[ApplicationKey]:
    """Those that it signs with."""
    return [
        _shown(each.kid, {"kty": "OKP", "crv": each.curve, "x": each.x}, each.not_before, each.not_after)
        for each in peer_keys.keys_of(root)
        if each.curve == SIGNING
    ]


async def alert(root: strawberry.Parent[Peer], info: Info) -> str | None:
    """Why an administrator should look at it; nobody else is told."""
    return root.alert or None if await load(info, administers, 0) else None


def _shown(kid: str, jwk: dict[str, str], not_before: int, not_after: int | None) -> ApplicationKey:
    return ApplicationKey(
        0, 0, kid, _ALGORITHM, orjson.dumps(jwk).decode(), not_before or None, not_after, not_before
    )


def identity(_root: object, context: Context) -> OwnIdentity:
    """How others know this server."""
    issuer = issuer_of(context.site)
    return OwnIdentity(issuer, f"{issuer}{discovery.PATH}")


async def own_public_keys(info: Info) -> list[ApplicationKey]:
    """The public halves of what this server signs with; none before the first server asked for them."""
    async with reading(info) as reader:
        found = await own_keys(reader)
    return [] if found is None else [_own(each) for each in found.signing]


def _own(key: OwnKey) -> ApplicationKey:
    public = key.jwk()
    jwk = {name: str(public[name]) for name in ("kty", "crv", "x")}
    return _shown(key.kid, jwk, key.not_before, key.not_after)


@refusable
@scoped(TokenScope.ADMINISTRATE)
async def peer_register(info: Info, input: Annotated[PeerRegisterInput, Everything]) -> Payload:
    """Know another server; its document is fetched before the transaction."""
    peer = await peers.register(info.context.db, info.context.actor, input.domain)
    info.context.forget()
    return Payload(peer=peer)


@refusable
@scoped(TokenScope.ADMINISTRATE)
@idempotent
async def peer_set_trust(
    info: Info, uow: UnitOfWork, input: Annotated[PeerSetTrustInput, Everything]
) -> Payload:
    """Say what a peer may ask and be asked."""
    context = info.context
    key = key_of(context, input.peer_id, "Peer")
    confirmed = given(input.confirm_thumbprints) or ()
    peer = await peers.set_trust(uow, context.actor, key, input.trust.value, confirmed)
    _forget(context, key)
    return Payload(peer=peer)


@refusable
@scoped(TokenScope.ADMINISTRATE)
async def peer_remove(info: Info, input: Annotated[PeerRemoveInput, Everything]) -> Payload:
    """Forget a peer; done twice, the second time there is none."""
    context = info.context
    key = key_of(context, input.peer_id, "Peer")
    async with writing(info) as uow:
        await peers.remove(uow, context.actor, key)
    _forget(context, key)
    return Payload(removed_id=input.peer_id)


def _forget(context: Context, peer_id: int) -> None:
    circuits_of(context.site).forget(peer_id)
    remembered_of(context.site).forget_peer(peer_id)
