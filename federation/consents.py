"""Whom somebody lets this server name their addresses to, and tell of their subscriptions: on both sides it is asked first.

What nobody decided is no; what somebody stopped stays so, whatever else they chose.
"""

from collections.abc import Collection
from dataclasses import dataclass

from federation.errors import NoSuchPeer
from federation.trust import may_answer, may_ask
from identity.actor import Actor
from identity.refusal import Invalid
from identity.standing import fresh_session, own_session
from storage import audit, ledger, peers
from storage import federation_consents as rows
from storage.database import Reader, UnitOfWork
from storage.tables.federation import Peer
from storage.tables.federation_consents import FederationChoice, FederationPolicy
from storage.tables.lists import Robot
from storage.tables.words import AddressVerdict, ConsentDirection, ConsentMode, Incoming

MOST_PEERS = 100
OUTGOING, INCOMING = ConsentDirection.OUTGOING, ConsentDirection.INCOMING
_WIDTH = {ConsentMode.NOBODY: 0, ConsentMode.SELECTED: 1, ConsentMode.ALL_TRUSTED: 2}


class TooManyPeers(Invalid):
    """Choose at most 100 servers."""


@dataclass(frozen=True, slots=True)
class Consent:
    """What somebody decided; `chosen` and `stopped` are numbers of peers by direction, `updated_at` None where they never did."""

    person_id: int
    outgoing: ConsentMode
    incoming: ConsentMode
    chosen: dict[ConsentDirection, frozenset[int]]
    stopped: dict[ConsentDirection, frozenset[int]]
    updated_at: int | None

    def mode(self, direction: ConsentDirection) -> ConsentMode:
        """To whom, in one direction."""
        return self.outgoing if direction is OUTGOING else self.incoming

    def covers(self, direction: ConsentDirection, peer_id: int) -> bool:
        """Whether the person agreed to this peer."""
        if peer_id in self.stopped[direction]:
            return False
        mode = self.mode(direction)
        return mode is ConsentMode.ALL_TRUSTED or (
            mode is ConsentMode.SELECTED and peer_id in self.chosen[direction]
        )

    def is_decided(self, direction: ConsentDirection, peer_id: int) -> bool:
        """Whether the person has said anything that is about this peer."""
        return self.updated_at is not None or peer_id in self.stopped[direction]


async def consent_of(reader: Reader, person_id: int) -> Consent:
    """What somebody decided."""
    return (await consents_of(reader, [person_id]))[person_id]


async def consents_of(reader: Reader, people: Collection[int]) -> dict[int, Consent]:
    """What many decided, in two statements."""
    policies = await rows.policies(reader, people)
    choices = await rows.choices(reader, people)
    return {
        each: _consent(each, policies.get(each), [one for one in choices if one.person_id == each])
        for each in people
    }


def _consent(person_id: int, policy: FederationPolicy | None, choices: list[FederationChoice]) -> Consent:
    def of(direction: ConsentDirection, *, is_allowed: bool) -> frozenset[int]:
        return frozenset(
            each.peer_id for each in choices if each.direction is direction and each.is_allowed is is_allowed
        )

    return Consent(
        person_id,
        policy.outgoing if policy else ConsentMode.NOBODY,
        policy.incoming if policy else ConsentMode.NOBODY,
        {each: of(each, is_allowed=True) for each in ConsentDirection},
        {each: of(each, is_allowed=False) for each in ConsentDirection},
        policy.updated_at if policy else None,
    )


async def update(
    uow: UnitOfWork,
    actor: Actor,
    *,
    outgoing: ConsentMode | None = None,
    incoming: ConsentMode | None = None,
    peer_ids: Collection[int] | None = None,
) -> Consent:
    """Decide: None leaves a mode, or the chosen peers, as they are; it holds from the commit on.

    `peer_ids` are those meant by SELECTED, in both directions; one that was stopped and is chosen now is not stopped any
    more. An incoming NOBODY, or SELECTED for those that are not, also ends what was allowed behind mailed links. Raises SignInNeeded, TooManyPeers, NoSuchPeer.
    """
    person, _ = fresh_session(actor, uow.now)
    known = await consent_of(uow, person.id)
    if peer_ids is not None:
        await _require_known(uow, peer_ids)
        await rows.drop_allowed(uow, person.id)
        await rows.choose(uow, person.id, sorted({*peer_ids}), ConsentDirection, is_allowed=True)
    await rows.put_policy(uow, person.id, outgoing or known.outgoing, incoming or known.incoming)
    changed = await consent_of(uow, person.id)
    is_said = incoming is not None or (peer_ids is not None and changed.incoming is ConsentMode.SELECTED)
    if is_said and changed.incoming is not ConsentMode.ALL_TRUSTED:
        kept = changed.chosen[INCOMING] if changed.incoming is ConsentMode.SELECTED else frozenset()
        await rows.withdraw_addresses(uow, await _keys_of(uow, person.id), but=kept)
    detail = {"outgoing": changed.outgoing.value, "incoming": changed.incoming.value}
    await _record(uow, actor, person.id, "federation_consent_changed", detail)
    return changed


async def stop(
    uow: UnitOfWork,
    actor: Actor,
    peer_id: int,
    directions: Collection[ConsentDirection] = (INCOMING,),
) -> Consent:
    """Tell a peer nothing more of this person (or name nothing to it), from the commit on. Raises SignInNeeded, NoSuchPeer."""
    person, _ = own_session(actor)
    peer = await peers.find(uow, peer_id)
    if peer is None:
        raise NoSuchPeer
    await rows.choose(uow, person.id, [peer_id], directions, is_allowed=False)
    if INCOMING in directions:
        for key in await _keys_of(uow, person.id):
            await rows.decide(uow, peer_id, key, AddressVerdict.NEVER)
    await _record(uow, actor, person.id, "federation_stopped", {"peer": peer.domain})
    return await consent_of(uow, person.id)


def outgoing_ceiling(robot: Robot) -> ConsentMode:
    """The most that a robot lets its people allow when their addresses are named to peers."""
    return ConsentMode(robot.federation_outgoing)


def incoming_ceiling(robot: Robot) -> ConsentMode:
    """The most that a robot lets its people allow when peers ask about them."""
    is_closed = robot.federation_incoming == Incoming.NEVER
    return ConsentMode.NOBODY if is_closed else ConsentMode.ALL_TRUSTED


def may_name(consent: Consent, robot: Robot, peer: Peer) -> bool:
    """Whether this person's addresses may be named to a peer: by trust, by the robot, and by the person."""
    ceiling = outgoing_ceiling(robot)
    if not may_ask(peer.trust) or ceiling is ConsentMode.NOBODY or not consent.covers(OUTGOING, peer.id):
        return False
    return ceiling is ConsentMode.ALL_TRUSTED or peer.id in consent.chosen[OUTGOING]


def may_tell(consent: Consent, robot: Robot, peer: Peer) -> bool:
    """Whether a peer may be told of this person's subscriptions in a robot: by trust, by the robot, and by the person."""
    is_open = incoming_ceiling(robot) is not ConsentMode.NOBODY
    return may_answer(peer.trust) and is_open and consent.covers(INCOMING, peer.id)


def narrower(one: ConsentMode, other: ConsentMode) -> ConsentMode:
    """The one that allows less."""
    return min(one, other, key=_WIDTH.__getitem__)


async def _require_known(reader: Reader, peer_ids: Collection[int]) -> None:
    if len(peer_ids) > MOST_PEERS:
        raise TooManyPeers(path=("peer_ids",))
    if not {*peer_ids} <= {each.id for each in await peers.every(reader)}:
        raise NoSuchPeer(path=("peer_ids",))


async def _keys_of(reader: Reader, person_id: int) -> list[str]:
    found = await ledger.of_people(reader, [person_id])
    return sorted({each.address_key for each in found if each.proved_at is not None})


async def _record(uow: UnitOfWork, actor: Actor, person_id: int, event: str, detail: dict[str, str]) -> None:
    await audit.record(
        uow,
        event,
        actor=actor.sender,
        via=actor.via,
        robot_id=actor.robot.id,
        person_id=person_id,
        detail=detail,
    )
