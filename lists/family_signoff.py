"""Leaving all lists of a family at once, with one address or with all of one's addresses, list by list."""

from dataclasses import dataclass, field
from typing import Literal

from identity import attempts, tickets
from identity.actor import Actor
from identity.attempts import Limit
from identity.entrance import actor_for_ticket
from identity.ledger import read_address
from identity.refusal import SignInNeeded
from identity.tickets import TicketInvalid
from lists import mails
from lists.authorize import Rejected, authorize
from lists.confirmations import PER_ADDRESS
from lists.families import NoSuchFamily, asking
from lists.joining import leave
from lists.standing import own_keys
from lists.waiting import hold
from mail.address import Address
from mail.instant import HOUR
from scenarios.decision import Decision
from storage import families as kept
from storage import lists as stored
from storage import robots
from storage.database import UnitOfWork
from storage.tables.access import Ticket
from storage.tables.families import Family
from storage.tables.lists import MailingList, Membership
from storage.tables.words import ModerationKind, TicketPurpose

OPERATION = "family_signoff"
_PER_FAMILY = Limit("family mail", 5, HOUR)
Became = Literal["left", "moderation", "refused"]


@dataclass(frozen=True, slots=True)
class Left:
    """What became of one subscription: left, put before the list's owners, or refused by its rules."""

    mlist: MailingList
    address: str
    became: Became
    message: str = ""


@dataclass(slots=True)
class SignoffOutcome:
    """What became of each subscription, and the addresses that were asked by mail first.

    For an address that is not the actor's, nothing tells whether it is on any list. `decision` is the last one.
    """

    results: list[Left] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    decision: Decision | None = None


async def sign_off(
    uow: UnitOfWork, actor: Actor, family: Family, address: str | None = None
) -> SignoffOutcome:
    """Take an address, or all of the actor's, off every list of a family as its rules let them.

    The yes of `family_signoff` counts for all lists but those whose own `unsubscribe` refuses, or wants their owners
    asked. An address that is not proved to be the actor's is only asked itself, by mail. Raises Rejected when every
    address is refused, SignInNeeded, NoSuchFamily, TooMany, Invalid.
    """
    if family.robot_id != actor.robot.id:
        raise NoSuchFamily
    own = own_keys(actor, actor.robot.id)
    if address is None and not own:
        raise SignInNeeded("Sign in first, or say which address you mean.", path=("email",))
    targets = [read_address(address, "email")] if address is not None else [*map(read_address, own)]
    outcome = SignoffOutcome()
    refused: list[Rejected] = []
    for target in targets:
        decision = await authorize(uow, asking(actor, family), OPERATION, email=str(target), family=family)
        outcome.decision = decision
        if decision.action == "reject":
            refused.append(Rejected(decision, actor))
        elif decision.action == "do_it" and (target.key in own or actor.is_operator):
            outcome.results += await _leave_all(uow, actor, family, target, decision)
        else:
            await _ask(uow, actor, family, target)
            outcome.asked.append(str(target))
    if len(refused) == len(targets):
        raise refused[0]
    return outcome


async def sign_off_by_ticket(uow: UnitOfWork, ticket: Ticket) -> SignoffOutcome:
    """Go on after a redeemed REQUEST ticket: the address has said yes itself; the rules are asked again. Raises Rejected."""
    robot = await robots.by_id(uow, ticket.robot_id)
    family = await kept.by_id(uow, int(tickets.payload(ticket).get("family", 0)))
    actor = None if robot is None else await actor_for_ticket(uow, robot, ticket)
    if actor is None or family is None or family.robot_id != ticket.robot_id:
        raise TicketInvalid
    target = read_address(ticket.address)
    decision = await authorize(uow, asking(actor, family), OPERATION, email=str(target), family=family)
    if decision.action == "reject":
        raise Rejected(decision, actor)
    return SignoffOutcome(await _leave_all(uow, actor, family, target, decision), [], decision)


async def _leave_all(
    uow: UnitOfWork, actor: Actor, family: Family, target: Address, decision: Decision
) -> list[Left]:
    held = await kept.memberships_of(uow, family.id, [target.key])
    there = await stored.by_ids(uow, [each.list_id for each in held])
    return [await _leave(uow, actor, there[each.list_id], each, decision) for each in held]


async def _leave(
    uow: UnitOfWork, actor: Actor, mlist: MailingList, membership: Membership, decision: Decision
) -> Left:
    own = await authorize(uow, actor, "unsubscribe", mlist=mlist, email=membership.address)
    if own.action == "reject":
        return Left(mlist, membership.address, "refused", Rejected(own, actor).message)
    if own.action == "owner":
        await hold(uow, actor.robot, mlist, ModerationKind.UNSUBSCRIBE, author=membership.address)
        return Left(mlist, membership.address, "moderation")
    await leave(uow, actor, mlist, membership, decision)
    return Left(mlist, membership.address, "left")


async def _ask(uow: UnitOfWork, actor: Actor, family: Family, target: Address) -> None:
    """Mail a ticket; the same mail whether the address is on any list, which only its page and its reader find out."""
    await attempts.take(uow, [(_PER_FAMILY, f"{family.id} {target.key}"), (PER_ADDRESS, target.key)])
    secret = await tickets.issue(
        uow,
        TicketPurpose.REQUEST,
        robot_id=family.robot_id,
        address=str(target),
        payload={"act": OPERATION, "address": family.name, "family": family.id},
        lifetime=uow.site.confirmation_lifetime,
    )
    link = tickets.url(uow.site, actor.robot, secret)
    await mails.confirm_family_signoff(uow, actor.robot, str(target), family.name, link)
