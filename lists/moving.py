"""A person changes an address: everything that the old one is on in a domain goes over to the new one."""

from dataclasses import dataclass

from identity import attempts, tickets
from identity.actor import Actor
from identity.entrance import actor_for_ticket
from identity.ledger import read_address
from identity.refusal import SignInNeeded
from identity.tickets import TicketInvalid
from lists import confirmations, mails, offices
from lists.alternates import Kind
from lists.authorize import Rejected, authorize, require
from lists.confirmations import PER_ADDRESS
from lists.merging import move_membership, move_role
from lists.standing import acting_in, proved_keys
from mail.address import Address
from scenarios.decision import Decision, reject
from storage import audit, lists, memberships, robots, roles
from storage.database import UnitOfWork
from storage.tables.access import Ticket
from storage.tables.lists import MailingList
from storage.tables.words import TicketPurpose

ACT = "move_user"
# The same asked for by mail, while it waits for the address that goes.
BY_MAIL = "move"


@dataclass(frozen=True, slots=True)
class Moved:
    """How many subscriptions and offices went over; with `waits` the new address was asked first."""

    count: int
    decision: Decision
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Belongings:
    """The numbers of the memberships and offices that are to go over."""

    memberships: set[int]
    offices: set[int]

    def as_payload(self) -> dict[str, list[int]]:
        """For a ticket."""
        return {"memberships": sorted(self.memberships), "offices": sorted(self.offices)}


async def move_user(uow: UnitOfWork, actor: Actor, current: str, new: str) -> Moved:
    """Let `new` take the place of `current` on all lists of the actor's domain, as its scenario `move_user` says.

    Whatever that says, `current` has to be proved the actor's own, unless they are a listmaster; and a new address that is not
    proved to be theirs is asked itself. Raises Rejected, SignInNeeded, TooMany, Invalid.
    """
    old, target = read_address(current, "current_email"), read_address(new, "email")
    decision = await require(uow, actor, ACT, email=str(target), words=_words(old))
    own = proved_keys(acting_in(actor, actor.robot.id))
    runs_domain = await offices.is_listmaster(uow, actor, actor.robot.id)
    if old.key not in own and not runs_domain:
        if not own:
            raise SignInNeeded
        raise Rejected(reject(ACT, "move_user_closed", scenario=decision.scenario, method=actor.method))
    what = await _belongings(uow, actor, old, runs_domain=runs_domain)
    # Where the rule wants the new address asked, and that is the asker's own, the answer is there already.
    if actor.is_operator or target.key in own:
        return await _move(uow, actor, what, old, target, decision)
    await attempts.take(uow, [(PER_ADDRESS, target.key)])
    secret = await tickets.issue(
        uow,
        TicketPurpose.REQUEST,
        robot_id=actor.robot.id,
        address=str(target),
        payload={"act": ACT, "address": str(old), **what.as_payload()},
        lifetime=uow.site.confirmation_lifetime,
    )
    await mails.confirm_move(
        uow, actor.robot, str(target), str(old), tickets.url(uow.site, actor.robot, secret)
    )
    return Moved(0, decision, waits=True)


async def move_by_mail(uow: UnitOfWork, actor: Actor, mlist: MailingList, new: str) -> Moved:
    """As `move_user` for the address that a mail came under; a mail that proves nothing is confirmed from there first.

    Raises Rejected, TooMany, Invalid.
    """
    old, target = read_address(actor.sender, "current_email"), read_address(new, "email")
    if old.key in proved_keys(actor):
        return await move_user(uow, actor, str(old), str(target))
    decision = await require(uow, actor, ACT, email=str(target), words=_words(old))
    await confirmations.limit_mails(uow, mlist, f"{actor.sender} {BY_MAIL}")
    await confirmations.ask_to_confirm_act(
        uow,
        actor.robot,
        mlist,
        actor.sender,
        what=f"let {target} take the place of this address on all lists",
        act={"act": BY_MAIL, "address": str(target)},
    )
    return Moved(0, decision, waits=True)


async def move_by_ticket(uow: UnitOfWork, ticket: Ticket) -> Moved:
    """Go on after a redeemed REQUEST ticket: the new address has said yes; the domain's rules are asked again."""
    robot = await robots.by_id(uow, ticket.robot_id)
    actor = None if robot is None else await actor_for_ticket(uow, robot, ticket)
    act = tickets.payload(ticket)
    if actor is None or act.get("act") != ACT:
        raise TicketInvalid
    old, target = read_address(str(act["address"])), read_address(ticket.address)
    decision = await authorize(uow, actor, ACT, email=str(target), words=_words(old))
    if decision.reason == "move_user_closed":
        raise Rejected(decision)
    what = Belongings({*act["memberships"]}, {*act["offices"]})
    return await _move(uow, actor, what, old, target, decision)


async def _belongings(uow: UnitOfWork, actor: Actor, old: Address, *, runs_domain: bool) -> Belongings:
    """What of an address may move: on each list as far as its policy for alternates lets the actor (row 106)."""
    held = await memberships.in_robot(uow, actor.robot.id, old.key)
    filled = await roles.held_in_robot(uow, actor.robot.id, old.key)
    if not runs_domain:
        ids = {each.list_id for each in held} | {each.list_id for each in filled if each.list_id is not None}
        found = await lists.by_ids(uow, sorted(ids))
        joined, run = [
            {key for key, mlist in found.items() if old.key in proved_keys(actor, mlist, kind)}
            for kind in (Kind.MEMBERSHIP, Kind.OWN)
        ]
        held = [each for each in held if each.list_id in joined]
        filled = [each for each in filled if each.list_id is None or each.list_id in run]
    return Belongings({each.id for each in held}, {each.id for each in filled})


def _words(old: Address) -> dict[str, str]:
    return {"current_email": str(old), "previous_email": str(old)}


async def _move(
    uow: UnitOfWork, actor: Actor, what: Belongings, old: Address, target: Address, decision: Decision
) -> Moved:
    count = 0
    if old.key != target.key:
        for membership in await memberships.in_robot(uow, actor.robot.id, old.key):
            if membership.id in what.memberships:
                count += await move_membership(uow, membership, target) is not None
        for role in await roles.held_in_robot(uow, actor.robot.id, old.key):
            if role.id in what.offices:
                await move_role(uow, role, target)
                count += 1
    await audit.record(
        uow,
        "address_moved",
        actor=actor.sender,
        via=actor.via,
        robot_id=actor.robot.id,
        address=str(target),
        detail={"from": str(old), "count": count, "scenario": decision.scenario, "line": decision.line},
    )
    return Moved(count, decision)
