"""Everything that somebody holds under several addresses goes over to one of them, seen beforehand and told list by list (rows 53, 112)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from identity import attempts, tickets
from identity.actor import Actor
from identity.attempts import Limit
from identity.entrance import actor_for_ticket
from identity.ledger import effective_addresses, effective_row, read_address
from identity.refusal import Invalid, TooMany
from identity.standing import person_of
from identity.tickets import TicketInvalid
from lists.alternates import Kind
from lists.authorize import Rejected, authorize, authorize_many
from lists.joining import tell_owners
from lists.membership import NoSuchMembership
from lists.merging import move_membership, move_role
from lists.moving import ACT
from lists.offices import require_scope
from lists.standing import key_or_none, own_keys, proved_keys
from mail.address import Address
from mail.instant import DAY
from scenarios.decision import Decision
from scenarios.request import Identity
from storage import audit, lists, memberships, people, robots, roles
from storage.database import Database, Reader, UnitOfWork
from storage.tables.access import Ticket
from storage.tables.lists import MailingList, Membership, Role
from storage.tables.words import Origin, TokenScope

# Owners hear once a week that somebody wishes for another address and cannot have it.
_TOLD = Limit("included member tells owners", 1, 7 * DAY)
_INCLUDED = "This subscription comes from another source and keeps its address; the owners of the list can change it there."
_NO_ALTERNATES = "This list does not let you act under that address."
_NOT_YOURS_TO_MOVE = "This way of signing in may not change offices."


class Action(StrEnum):
    """What unifying does to a subscription or an office."""

    MOVE = "move"
    MERGE = "merge"
    KEEP = "keep"


# The act of a ticket that offers to bring over what a dead address holds.
BY_TICKET = "bring_over"


class NotEffective(Invalid):
    """Everything can go over only to an address that is proved to be yours and counts here."""


@dataclass(frozen=True, slots=True)
class Change:
    """What would be, or was, done with one subscription or office; `reason` says why one is kept as it is."""

    membership: Membership | None
    role: Role | None
    mlist: MailingList | None
    action: Action
    reason: str | None = None
    # Set where the rules refused, and kept with the rest of them.
    decision: Decision | None = None

    @property
    def is_included(self) -> bool:
        """Whether a data source holds it where it is."""
        return self.membership is not None and self.membership.origin is not Origin.SUBSCRIBED


async def preview(
    reader: Reader, actor: Actor, target: str, ids: Collection[int] | None = None
) -> list[Change]:
    """What `unify` would do now; raises SignInNeeded, NoSuchMembership, Invalid, NotEffective."""
    address, held, offices = await _all(reader, actor, target, ids)
    judged = await _judge(reader, actor, address, held, record=False)
    return [*judged, *await _judge_offices(reader, actor, address, offices, record=False)]


async def unify(db: Database, actor: Actor, target: str, ids: Collection[int] | None = None) -> list[Change]:
    """Let `target`, an address of the actor's that counts here, hold all that their other addresses hold in this robot.

    `ids` narrows it to some memberships, and leaves offices alone then. Each list is a transaction of its own, and is
    judged in it: what a rule, a data source or a list's policy on alternates keeps is told and stays, the rest goes over.
    Repeating it is harmless. Raises SignInNeeded, TokenTooNarrow, NoSuchMembership, Invalid, NotEffective.
    """
    require_scope(actor, TokenScope.SUBSCRIBE)
    async with db.read() as reader:
        _, held, offices = await _all(reader, actor, target, ids)
    done = [await _unify_one(db, actor, target, membership=each) for each in held]
    done += [await _unify_one(db, actor, target, role=each) for each in offices]
    return [each for each in done if each is not None]


async def unify_by_ticket(uow: UnitOfWork, ticket: Ticket) -> list[Change]:
    """Go on after a redeemed offer: its address takes over the subscriptions of the one that it names, as the rules allow.

    Both have to be in force for the person who was asked. Raises TicketInvalid.
    """
    robot = await robots.by_id(uow, ticket.robot_id)
    actor = None if robot is None else await actor_for_ticket(uow, robot, ticket)
    act = tickets.payload(ticket)
    person = await people.find(uow, int(act.get("person", 0)))
    if robot is None or actor is None or person is None or act.get("act") != BY_TICKET:
        raise TicketInvalid
    old, target = read_address(str(act["address"])), read_address(ticket.address)
    rows = {row.address_key: row for row in await effective_addresses(uow, person.id, robot.id)}
    if not {old.key, target.key} <= rows.keys():
        raise TicketInvalid
    both = tuple(Identity(rows[key].address, rows[key].strength.method) for key in (target.key, old.key))
    actor = replace(actor, person=person, identities=both)
    held = await memberships.in_robot(uow, robot.id, old.key)
    changes = await _judge(uow, actor, target, held, record=True)
    return [await _carry_out(uow, actor, target, each) for each in changes]


async def _unify_one(
    db: Database, actor: Actor, target: str, *, membership: Membership | None = None, role: Role | None = None
) -> Change | None:
    """One of them, as it is now; None where it is gone or no longer theirs."""
    own = own_keys(actor, actor.robot.id)
    async with db.write() as uow:
        address = await _target(uow, actor, target)
        if membership is not None:
            now = await memberships.by_id(uow, membership.id)
            if now is None or now.address_key not in own:
                return None
            [change] = await _judge(uow, actor, address, [now], record=True)
            return await _carry_out(uow, actor, address, change)
        office = None if role is None else await roles.by_id(uow, role.id)
        if office is None or office.address_key not in own:
            return None
        [change] = await _judge_offices(uow, actor, address, [office], record=True)
        return await _carry_out(uow, actor, address, change)


async def _carry_out(uow: UnitOfWork, actor: Actor, target: Address, change: Change) -> Change:
    if change.action is Action.KEEP:
        await _tell_included(uow, change)
        return change
    held = change.membership or change.role
    assert held is not None
    done = change
    if change.membership is not None:
        done = replace(change, membership=await move_membership(uow, change.membership, target))
    elif change.role is not None:
        await move_role(uow, change.role, target)
        role = change.role
        now = await roles.same(uow, role.robot_id, role.list_id, role.kind, target.key)
        done = replace(change, role=now)
    await audit.record(
        uow,
        "address_moved",
        actor=actor.sender,
        via=actor.via,
        robot_id=actor.robot.id,
        list_id=held.list_id,
        person_id=None if actor.person is None else actor.person.id,
        address=str(target),
        detail={
            "from": held.address,
            "what": "office" if change.role else "membership",
            "did": change.action.value,
        },
    )
    return done


async def _tell_included(uow: UnitOfWork, change: Change) -> None:
    if not change.is_included or change.mlist is None or change.membership is None:
        return
    try:
        await attempts.take(uow, [(_TOLD, str(change.membership.id))])
    except TooMany:
        return
    event = f"{change.membership.address} wishes to be on the list under another address; the source it comes from holds it"
    await tell_owners(uow, change.mlist, event)


async def _target(reader: Reader, actor: Actor, target: str) -> Address:
    """The address as it counts at this moment."""
    person = person_of(actor)
    address = read_address(target, "target")
    row = await effective_row(reader, person.id, actor.robot.id, address.key)
    if row is None or address.key not in proved_keys(actor):
        raise NotEffective(path=("target",))
    return read_address(row.address, "target")


async def _all(
    reader: Reader, actor: Actor, target: str, ids: Collection[int] | None
) -> tuple[Address, list[Membership], list[Role]]:
    """The target, and what the actor's other addresses hold; raises NoSuchMembership for a number that is not theirs."""
    own = own_keys(actor, actor.robot.id)
    mine = await memberships.in_robot(reader, actor.robot.id, *own) if own else []
    if ids is not None and not {*ids} <= {each.id for each in mine}:
        raise NoSuchMembership(path=("membership_ids",))
    address = await _target(reader, actor, target)
    held = [each for each in mine if each.address_key != address.key and (ids is None or each.id in ids)]
    if ids is not None:
        return address, held, []
    others = [key for key in own if key != address.key]
    return address, held, await roles.held_in_robot(reader, actor.robot.id, *others) if others else []


async def _judge(
    reader: Reader, actor: Actor, target: Address, held: Sequence[Membership], *, record: bool
) -> list[Change]:
    """What is to be done with each: statements for each address, not for each list."""
    found = await lists.by_ids(reader, sorted({each.list_id for each in held}))
    there = {each.list_id for each in await memberships.of_keys(reader, list(found), [target.key])}
    moving = await _may_move(reader, actor, target, {each.address for each in held}, record=record)
    closed = await _closed_to(reader, actor, target, held, found)
    changes = []
    for each in held:
        mlist = found[each.list_id]
        action = Action.MERGE if each.list_id in there else Action.MOVE
        refused = moving[each.address] or closed.get(each.id)
        if each.origin is not Origin.SUBSCRIBED:
            stays = _INCLUDED
        else:
            stays = "" if each.address_key in proved_keys(actor, mlist, Kind.MEMBERSHIP) else _NO_ALTERNATES
        changes.append(_judged(actor, Change(each, None, mlist, action), stays, refused))
    return changes


async def _judge_offices(
    reader: Reader, actor: Actor, target: Address, held: Sequence[Role], *, record: bool
) -> list[Change]:
    found = await lists.by_ids(reader, sorted({each.list_id for each in held if each.list_id is not None}))
    moving = await _may_move(reader, actor, target, {each.address for each in held}, record=record)
    taken = {
        (each.list_id, each.kind) for each in await roles.held_in_robot(reader, actor.robot.id, target.key)
    }
    changes = []
    for each in held:
        mlist = None if each.list_id is None else found[each.list_id]
        action = Action.MERGE if (each.list_id, each.kind) in taken else Action.MOVE
        if not actor.may(TokenScope.OWN) or actor.application:
            stays = _NOT_YOURS_TO_MOVE
        else:
            stays = "" if each.address_key in proved_keys(actor, mlist, Kind.OWN) else _NO_ALTERNATES
        changes.append(_judged(actor, Change(None, each, mlist, action), stays, moving[each.address]))
    return changes


def _judged(actor: Actor, change: Change, stays: str, refused: Decision | None) -> Change:
    """The change, unless something stays: for a reason that no rule has to give ("" for none), or since one refuses."""
    if stays:
        return replace(change, action=Action.KEEP, reason=stays)
    if refused is not None:
        reason = Rejected(refused, actor).message
        return replace(change, action=Action.KEEP, reason=reason, decision=refused)
    return change


async def _may_move(
    reader: Reader, actor: Actor, target: Address, addresses: Iterable[str], *, record: bool
) -> dict[str, Decision | None]:
    """For each address the refusal of the domain's scenario `move_user`, or None."""
    found: dict[str, Decision | None] = {}
    for address in sorted(addresses):
        words = {"current_email": address, "previous_email": address}
        decision = await authorize(reader, actor, ACT, email=str(target), words=words, record=record)
        found[address] = decision if decision.action == "reject" else None
    return found


async def _closed_to(
    reader: Reader,
    actor: Actor,
    target: Address,
    held: Sequence[Membership],
    found: Mapping[int, MailingList],
) -> dict[int, Decision]:
    """By membership the refusal of lists that would take the address that is there and not the new one.

    A list that lets nobody join by themselves says nothing about the new address.
    """
    new = await authorize_many(reader, _only(actor, str(target)), "subscribe", found.values())
    refusing = {key: decision for key, decision in new.items() if decision.action == "reject"}
    closed: dict[int, Decision] = {}
    for address in sorted({each.address for each in held if each.list_id in refusing}):
        theirs = [each for each in held if each.address == address and each.list_id in refusing]
        old = await authorize_many(
            reader, _only(actor, address), "subscribe", [found[each.list_id] for each in theirs]
        )
        closed |= {each.id: refusing[each.list_id] for each in theirs if old[each.list_id].action != "reject"}
    return closed


def _only(actor: Actor, address: str) -> Actor:
    """The actor as if this were their only address."""
    key = key_or_none(address)
    own = tuple(each for each in actor.identities if key_or_none(each.address) == key)
    return replace(actor, sender=address, identities=own)
