"""What may be asked of whom for a person: which addresses are named, to which peers, and by whose leave (listfed/1, 5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from federation import consents, discovery
from federation.consents import MOST_PEERS, Consent
from federation.errors import NoSuchPeer
from federation.holders import PROVED_WITHIN
from federation.own_keys import OwnKeys, own_keys
from federation.remembered import bound_to
from federation.trust import may_ask
from identity.actor import Actor
from identity.refusal import Invalid
from identity.sealed import AttemptInvalid, opened
from identity.standing import FRESH, person_of
from mail.address import BadAddress, parse_address
from storage import federation_tokens, ledger, peers, robots
from storage.database import Reader
from storage.site import Site
from storage.tables.federation import Peer
from storage.tables.people import LedgerRow, Person
from storage.tables.words import ConsentMode

SEAL = "federation token"


class NotYourAddress(Invalid):
    """Only your own addresses that count here now can be asked about."""

    code = "NOT_FOUND"


@dataclass(frozen=True, slots=True)
class OwnAddress:
    """An address that may be named: proved here and now, lately enough; `verification` says how."""

    key: str
    address: str
    verified_at: int
    verification: str


@dataclass(frozen=True, slots=True)
class NotAsked:
    """Why a peer is not asked; `is_for_consent` where the person can change that."""

    message: str
    is_for_consent: bool = False


@dataclass(frozen=True, slots=True)
class Permitted:
    """One person's leave to ask, as of now; instants in microseconds."""

    person: Person
    own: OwnKeys
    peers: Sequence[Peer]
    addresses: Sequence[OwnAddress]
    # The tokens that peers gave, by the peer's number and the key of the address.
    tokens: Mapping[tuple[int, str], str]
    consented_at: int
    # What was agreed to, in short.
    agreed: bytes
    session_at: int
    session_id: int
    # Of this server's own lists.
    domains: frozenset[str]
    # Why some of the peers are not asked, by their number.
    refusals: Mapping[int, NotAsked]

    def bound(self, peer: Peer) -> bytes:
        """Under which circumstances what a peer says counts: for this session, consent, these addresses, this trust."""
        keys = " ".join(sorted(each.key for each in self.addresses))
        tokens = [self.tokens.get((peer.id, each.key), "") for each in self.addresses]
        return bound_to(self.session_id, self.agreed, keys, tokens, peer.issuer, peer.trust)


async def askable(reader: Reader) -> list[Peer]:
    """The peers that this server asks at all."""
    found = [each for each in await peers.every(reader) if may_ask(each.trust)]
    return found[:MOST_PEERS]


async def permitted(
    reader: Reader,
    actor: Actor,
    *,
    emails: Sequence[str] | None = None,
    peer_ids: Sequence[int] | None = None,
) -> Permitted:
    """What may be asked for the asker; raises SignInNeeded, NotYourAddress, NoSuchPeer.

    Nobody but the person at their own browser asks, within 12 hours of signing in: there are no background sweeps.
    """
    person = person_of(actor)
    meant = await _meant(reader, peer_ids)
    addresses = await own_addresses(reader, actor, emails)
    agreed = await consents.consent_of(reader, person.id)
    own = await own_keys(reader)
    general = _general(actor, addresses, own, reader.now)
    found = {each.id: _of_peer(agreed, actor, each) or general for each in meant}
    session = actor.session
    return Permitted(
        person,
        own or OwnKeys("", (), ()),
        meant,
        addresses,
        await tokens_of(reader, person.id),
        agreed.updated_at or 0,
        bound_to(agreed),
        0 if session is None else session.authenticated_at,
        0 if session is None else session.id,
        frozenset(each.domain for each in await robots.every(reader)),
        {number: refusal for number, refusal in found.items() if refusal is not None},
    )


async def _meant(reader: Reader, peer_ids: Sequence[int] | None) -> list[Peer]:
    known = await askable(reader)
    if peer_ids is None:
        return known
    wanted = {*peer_ids}
    found = [each for each in known if each.id in wanted]
    if len(found) < len(wanted):
        raise NoSuchPeer(path=("peers",))
    return found


def _general(actor: Actor, addresses: Sequence[OwnAddress], own: OwnKeys | None, now: int) -> NotAsked | None:
    if actor.session is None or actor.application or actor.token is not None:
        return NotAsked("Other servers are asked only for somebody who is signed in at their own browser.")
    if now - actor.session.authenticated_at > FRESH:
        return NotAsked("Sign in again: other servers are asked within 12 hours of that.")
    if not addresses:
        return NotAsked("None of these addresses was confirmed within a year; confirm one again.")
    if own is None:
        return NotAsked("This server has no keys yet that others know it by.")
    return None


def _of_peer(agreed: Consent, actor: Actor, peer: Peer) -> NotAsked | None:
    if not consents.may_name(agreed, actor.robot, peer):
        if consents.outgoing_ceiling(actor.robot) is ConsentMode.NOBODY:
            return NotAsked("This domain asks no other servers.", is_for_consent=True)
        return NotAsked("You have not agreed that it is asked.", is_for_consent=True)
    if discovery.WHICH not in discovery.said_by(peer.said).capabilities:
        return NotAsked("It answers no questions.")
    return None


async def own_addresses(
    reader: Reader, actor: Actor, emails: Sequence[str] | None = None
) -> list[OwnAddress]:
    """The asker's addresses that count here and now and were proved within a year; raises NotYourAddress.

    With `emails`, those of them; one that is not the asker's is refused, one that was proved too long ago left out.
    """
    person = person_of(actor)
    reached = {_key(each) for each in actor.addresses}
    rows = [
        each for each in await ledger.live(reader, person.id, actor.robot.id) if each.address_key in reached
    ]
    wanted = None if emails is None else {_key(each) for each in emails}
    if wanted is not None and not wanted <= {each.address_key for each in rows}:
        raise NotYourAddress(path=("emails",))
    newest: dict[str, LedgerRow] = {}
    for row in rows:
        known = newest.get(row.address_key)
        if known is None or _proved(row) > _proved(known):
            newest[row.address_key] = row
    return [
        OwnAddress(row.address_key, row.address, _proved(row), row.source.value)
        for row in newest.values()
        if reader.now - _proved(row) <= PROVED_WITHIN and (wanted is None or row.address_key in wanted)
    ]


def _proved(row: LedgerRow) -> int:
    return max(row.confirmed_at or 0, row.proved_at or 0)


def _key(text: str) -> str:
    try:
        return parse_address(text).key
    except BadAddress as bad:
        raise NotYourAddress(path=("emails",)) from bad


async def tokens_of(reader: Reader, person_id: int) -> dict[tuple[int, str], str]:
    """The tokens that peers gave for somebody's addresses."""
    found: dict[tuple[int, str], str] = {}
    for peer_id, key, secret in await federation_tokens.of_person(reader, person_id):
        text = _unsealed(reader.site, secret)
        if text:
            found[(peer_id, key)] = text
    return found


def _unsealed(site: Site, secret: str) -> str:
    try:
        return str(opened(site, SEAL, secret))
    except AttemptInvalid:
        # The server's secret is another one than when it was kept.
        return ""
