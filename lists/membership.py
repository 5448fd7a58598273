"""Joining and leaving a list, as its scenarios allow it, for oneself and for others."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from identity import tickets
from identity.actor import Actor
from identity.entrance import actor_for_ticket
from identity.ledger import read_address
from identity.refusal import Forbidden, NotFound, SignInNeeded
from identity.tickets import TicketInvalid
from lists import confirmations
from lists.authorize import authorize, require
from lists.held_by_person import hold as hold_as_person
from lists.held_by_person import person_with_main
from lists.joining import Wishes, checked_wishes, join, leave, wishes_from
from lists.robots import robot_of
from lists.standing import acting_in, own_keys
from lists.waiting import hold
from mail.address import Address
from scenarios.decision import Decision
from scenarios.request import NOBODY
from storage import lists, memberships, robots
from storage.database import Reader, UnitOfWork
from storage.tables.access import Ticket
from storage.tables.lists import MailingList, Membership, Robot
from storage.tables.words import ListStatus, ModerationKind, Reception, Visibility

Waits = Literal["", "confirmation", "moderation"]
_TO_TARGET = "[email]"


class ListNotOpen(Forbidden):
    """This list is not open."""


class NoSuchMembership(NotFound):
    """There is no such subscription, or it is not for your eyes."""


@dataclass(frozen=True, slots=True)
class SubscribeOutcome:
    """The membership, or what the request waits for; `decision` says which rule spoke."""

    membership: Membership | None
    decision: Decision
    waits_for: Waits = ""


@dataclass(frozen=True, slots=True)
class UnsubscribeOutcome:
    """The membership that has ended, or what the request waits for."""

    removed: Membership | None
    decision: Decision
    waits_for: Waits = ""


async def subscribe(
    uow: UnitOfWork,
    actor: Actor,
    mlist: MailingList,
    *,
    address: str | None = None,
    reception: Reception | None = None,
    visibility: Visibility | None = None,
    display_name: str = "",
    attributes: Mapping[str, str] | None = None,
    as_person: bool = False,
) -> SubscribeOutcome:
    """Put an address on a list or start what it takes: the main one when none is given (requirement 4.9).

    An address that is not proved to be the actor's is never subscribed by this: whatever the scenario grants, that
    address is asked itself, and the answer does not tell whether it is on the list. Being on it already is no error
    for oneself. `as_person` lets the actor hold it themselves, wherever their main address goes (row 131); the mode is
    the one that they like where none is named (row 60). Raises NoMainAddress, Rejected, ListNotOpen, TooMany, Invalid, or SignInNeeded for a stranger without an address.
    """
    robot = await robot_of(uow, actor, mlist)
    holder = person_with_main(actor, mlist.robot_id, "as_person") if as_person else None
    if holder is not None:
        address = holder.main_address
    target = read_address(address if address is not None else _usual_address(actor, mlist), "email")
    is_own = _is_own(actor, mlist, target)
    if is_own and reception is None and actor.person is not None:
        reception = actor.person.default_reception
    wishes = checked_wishes(reception, visibility, display_name, attributes)
    if holder is not None:
        wishes = replace(wishes, person_id=holder.id)
    existing = await memberships.find(uow, mlist.id, target.key)
    if existing is not None and is_own:
        if holder is not None:
            existing = await hold_as_person(uow, actor, mlist.robot_id, existing)
        return SubscribeOutcome(
            existing, await authorize(uow, actor, "subscribe", mlist=mlist, email=str(target))
        )
    decision = await require(uow, actor, "subscribe", mlist=mlist, email=str(target))
    _require_open(mlist)
    if is_own and decision.action == "do_it":
        joined, _ = await join(uow, actor, robot, mlist, str(target), wishes, decision)
        return SubscribeOutcome(joined, decision)
    if is_own and decision.action == "owner":
        return await _hold_subscription(uow, robot, mlist, target, wishes, decision)
    return await _ask_to_join(uow, robot, mlist, target, wishes, decision, is_there=existing is not None)


async def unsubscribe(uow: UnitOfWork, actor: Actor, membership: Membership) -> UnsubscribeOutcome:
    """End a membership or start what that takes; somebody else's is ended by its own address only.

    Raises Rejected, TooMany, or NoSuchMembership.
    """
    mlist = await lists.by_id(uow, membership.list_id)
    if mlist is None:
        raise NoSuchMembership
    return await unsubscribe_address(uow, actor, mlist, membership.address)


async def unsubscribe_address(
    uow: UnitOfWork, actor: Actor, mlist: MailingList, address: str | None = None
) -> UnsubscribeOutcome:
    """As `unsubscribe`, by address; for an address that is not the actor's the answer never tells who is on the list."""
    robot = await robot_of(uow, actor, mlist)
    target = read_address(address if address is not None else _usual_address(actor, mlist), "email")
    is_own = _is_own(actor, mlist, target)
    decision = await require(uow, actor, "unsubscribe", mlist=mlist, email=str(target))
    existing = await memberships.find(uow, mlist.id, target.key)
    if existing is None and is_own:
        raise NoSuchMembership(path=("email",))
    if existing is not None and is_own and decision.action == "do_it":
        await leave(uow, actor, mlist, existing, decision)
        return UnsubscribeOutcome(existing, decision)
    if existing is not None and is_own and decision.action == "owner":
        return await _hold_departure(uow, robot, mlist, existing, decision)
    await confirmations.limit_mails(uow, mlist, target.key)
    if existing is None:
        await confirmations.tell_no_effect(uow, mlist, str(target), subscribed=False)
    else:
        await confirmations.ask_to_leave(uow, robot, mlist, existing.address)
    return UnsubscribeOutcome(None, _asking(decision), "confirmation")


async def subscribe_by_ticket(uow: UnitOfWork, ticket: Ticket) -> SubscribeOutcome:
    """Go on after a redeemed SUBSCRIBE or INVITATION ticket: the address has said yes itself.

    The scenario is asked again, now by a proved request of the address: `owner` still holds it, a list that was closed
    in the meantime refuses, and `request_auth` is not asked a second time. What somebody entitled approved when the
    ticket was made is not asked again. Raises TicketInvalid, Rejected or ListNotOpen.
    """
    actor, robot, mlist = await _from_ticket(uow, ticket)
    payload = tickets.payload(ticket)
    wishes = wishes_from(payload)
    target = read_address(ticket.address)
    decision = await authorize(uow, actor, "subscribe", mlist=mlist, email=str(target))
    _require_open(mlist)
    if payload.get("preapproved"):
        decision = replace(decision, action="do_it", reason=None)
    elif decision.action == "reject":
        decision = await require(uow, actor, "subscribe", mlist=mlist, email=str(target))
    elif decision.action == "owner":
        return await _hold_subscription(uow, robot, mlist, target, wishes, decision)
    joined, _ = await join(uow, actor, robot, mlist, str(target), wishes, decision)
    return SubscribeOutcome(joined, decision)


async def unsubscribe_by_ticket(uow: UnitOfWork, ticket: Ticket) -> UnsubscribeOutcome:
    """Go on after a redeemed UNSUBSCRIBE ticket, as `subscribe_by_ticket` does."""
    actor, robot, mlist = await _from_ticket(uow, ticket)
    target = read_address(ticket.address)
    decision = await require(uow, actor, "unsubscribe", mlist=mlist, email=str(target))
    existing = await memberships.find(uow, mlist.id, target.key)
    if existing is None:
        raise NoSuchMembership
    if decision.action == "owner":
        return await _hold_departure(uow, robot, mlist, existing, decision)
    await leave(uow, actor, mlist, existing, decision)
    return UnsubscribeOutcome(existing, decision)


async def place_of_ticket(reader: Reader, ticket: Ticket) -> tuple[Robot, MailingList]:
    """The robot and list that a ticket is about; raises TicketInvalid for a ticket about no list."""
    mlist = None if ticket.list_id is None else await lists.by_id(reader, ticket.list_id)
    robot = await robots.by_id(reader, ticket.robot_id)
    if mlist is None or robot is None or mlist.robot_id != robot.id:
        raise TicketInvalid
    return robot, mlist


async def _from_ticket(reader: Reader, ticket: Ticket) -> tuple[Actor, Robot, MailingList]:
    robot, mlist = await place_of_ticket(reader, ticket)
    actor = await actor_for_ticket(reader, robot, ticket)
    if actor is None:
        raise TicketInvalid
    return actor, robot, mlist


def _usual_address(actor: Actor, mlist: MailingList) -> str:
    """The address to act for when none is named: the main one on the web, the author's in mail."""
    here = acting_in(actor, mlist.robot_id)
    if here.sender == NOBODY or here.is_operator:
        raise SignInNeeded("Sign in first, or say which address you mean.", path=("email",))
    person = None if here.via == "mail" else here.person
    if person is not None and person.main_key in own_keys(here, mlist.robot_id):
        return person.main_address
    return here.sender


def _is_own(actor: Actor, mlist: MailingList, target: Address) -> bool:
    return actor.is_operator or target.key in own_keys(actor, mlist.robot_id)


def _require_open(mlist: MailingList) -> None:
    if mlist.status is not ListStatus.OPEN:
        raise ListNotOpen


def _asking(decision: Decision) -> Decision:
    """The decision as it is carried out when the target is asked (requirement 4.9)."""
    return replace(decision, action="request_auth", argument=_TO_TARGET)


async def _ask_to_join(
    uow: UnitOfWork,
    robot: Robot,
    mlist: MailingList,
    target: Address,
    wishes: Wishes,
    decision: Decision,
    *,
    is_there: bool,
) -> SubscribeOutcome:
    await confirmations.limit_mails(uow, mlist, target.key)
    if is_there:
        await confirmations.tell_no_effect(uow, mlist, str(target), subscribed=True)
    else:
        await confirmations.ask_to_join(uow, robot, mlist, str(target), wishes)
    return SubscribeOutcome(None, _asking(decision), "confirmation")


async def _hold_subscription(
    uow: UnitOfWork,
    robot: Robot,
    mlist: MailingList,
    target: Address,
    wishes: Wishes,
    decision: Decision,
) -> SubscribeOutcome:
    await hold(uow, robot, mlist, ModerationKind.SUBSCRIBE, author=str(target), payload=wishes.as_payload())
    return SubscribeOutcome(None, decision, "moderation")


async def _hold_departure(
    uow: UnitOfWork, robot: Robot, mlist: MailingList, membership: Membership, decision: Decision
) -> UnsubscribeOutcome:
    await hold(uow, robot, mlist, ModerationKind.UNSUBSCRIBE, author=membership.address)
    return UnsubscribeOutcome(None, decision, "moderation")
