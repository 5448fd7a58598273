"""What owners do with other people's subscriptions: adding, removing, inviting, each address asked of the scenario."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from identity import tickets
from identity.actor import Actor
from identity.entrance import actor_for_ticket
from identity.ledger import read_address
from identity.refusal import Invalid, Refused
from identity.tickets import TicketInvalid
from lists import confirmations
from lists.authorize import Rejected, authorize
from lists.joining import Wishes, join, leave
from lists.membership import ListNotOpen, NoSuchMembership, place_of_ticket
from lists.robots import robot_of
from mail.address import Address
from scenarios.decision import Decision
from storage import memberships
from storage.database import UnitOfWork
from storage.tables.access import Ticket
from storage.tables.lists import MailingList, Membership, Robot
from storage.tables.words import ListStatus

MOST_AT_ONCE = 100


class TooManyAtOnce(Invalid):
    """At most 100 at once; use an import for more."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why one of several addresses was left out; `position` counts from 0 in what was given."""

    position: int
    address: str
    code: str
    message: str


@dataclass(slots=True)
class RosterOutcome:
    """What became of each address: `done` has changed, `already` needed no change, `asked` got a mail to confirm.

    `decision` is the last one taken, None when no address could be read.
    """

    done: list[Membership]
    already: list[str]
    asked: list[str]
    problems: list[Problem]
    decision: Decision | None


@dataclass(frozen=True, slots=True)
class _Act:
    """One run over several addresses, with its outcome as it grows."""

    uow: UnitOfWork
    actor: Actor
    robot: Robot
    mlist: MailingList
    operation: str
    quiet: bool
    outcome: RosterOutcome


_Step = Callable[[_Act, Address, Decision], Awaitable[None]]


async def add(
    uow: UnitOfWork, actor: Actor, mlist: MailingList, addresses: Iterable[str], *, quiet: bool = False
) -> RosterOutcome:
    """Put up to 100 addresses on a list, as its scenario `add` lets the actor; a bad one does not stop the others.

    Raises Rejected when the scenario refuses every one of them, ListNotOpen, TooManyAtOnce.
    """
    if mlist.status is not ListStatus.OPEN:
        raise ListNotOpen
    return await _each(uow, actor, mlist, "add", addresses, _add_one, quiet=quiet)


async def remove(
    uow: UnitOfWork, actor: Actor, mlist: MailingList, addresses: Iterable[str], *, quiet: bool = False
) -> RosterOutcome:
    """Take up to 100 addresses off a list, as its scenario `del` lets the actor; raises as `add` does."""
    return await _each(uow, actor, mlist, "del", addresses, _remove_one, quiet=quiet)


async def remove_memberships(
    uow: UnitOfWork, actor: Actor, mlist: MailingList, membership_ids: Iterable[int], *, quiet: bool = False
) -> RosterOutcome:
    """As `remove`, by membership ids of this list; others are problems without a word about where they belong."""
    wanted = [*membership_ids]
    if len(wanted) > MOST_AT_ONCE:
        raise TooManyAtOnce
    found = await memberships.by_ids(uow, wanted)
    here = {key: one for key, one in found.items() if one.list_id == mlist.id}
    outcome = await remove(uow, actor, mlist, [one.address for one in here.values()], quiet=quiet)
    for position, key in enumerate(wanted):
        if key not in here:
            missing = NoSuchMembership()
            outcome.problems.append(Problem(position, "", missing.code, missing.message))
    return outcome


async def invite(
    uow: UnitOfWork, actor: Actor, mlist: MailingList, addresses: Iterable[str]
) -> RosterOutcome:
    """Invite up to 100 addresses, as the scenario `invite` lets the actor; each decides for itself. Raises as `add`.

    Whoever may add may also invite past the scenario `subscribe`; from anybody else it is asked on acceptance.
    """
    if mlist.status is not ListStatus.OPEN:
        raise ListNotOpen
    return await _each(uow, actor, mlist, "invite", addresses, _invite_one, quiet=False)


async def carry_out(uow: UnitOfWork, ticket: Ticket) -> RosterOutcome:
    """Do what a redeemed REQUEST ticket holds: an act asked for by plain mail and confirmed by its address."""
    robot, mlist = await place_of_ticket(uow, ticket)
    actor = await actor_for_ticket(uow, robot, ticket)
    act = tickets.payload(ticket)
    step = _STEPS.get(str(act.get("act")))
    if actor is None or step is None:
        raise TicketInvalid
    operation = str(act["act"])
    quiet = bool(act.get("quiet"))
    return await _each(uow, actor, mlist, operation, [str(act["address"])], step, quiet=quiet)


async def _each(
    uow: UnitOfWork,
    actor: Actor,
    mlist: MailingList,
    operation: str,
    addresses: Iterable[str],
    step: _Step,
    *,
    quiet: bool,
) -> RosterOutcome:
    given = [*addresses]
    if len(given) > MOST_AT_ONCE:
        raise TooManyAtOnce
    outcome = RosterOutcome([], [], [], [], None)
    act = _Act(uow, actor, await robot_of(uow, actor, mlist), mlist, operation, quiet, outcome)
    rejected: list[Rejected] = []
    for position, text in enumerate(given):
        try:
            await _one(act, text, step)
        except Refused as refusal:
            if isinstance(refusal, Rejected):
                rejected.append(refusal)
            outcome.problems.append(Problem(position, text[:320], refusal.code, refusal.message))
    if rejected and len(rejected) == len(given):
        raise rejected[0]
    return act.outcome


async def _one(act: _Act, text: str, step: _Step) -> None:
    target = read_address(text, "emails")
    decision = await authorize(act.uow, act.actor, act.operation, mlist=act.mlist, email=str(target))
    act.outcome.decision = decision
    if decision.action == "reject":
        raise Rejected(decision, act.actor)
    if decision.action == "request_auth" and decision.argument is None:
        await _confirm_by_actor(act, target)
        return
    await step(act, target, decision)


async def _confirm_by_actor(act: _Act, target: Address) -> None:
    """The act came by plain mail: whoever reads that mailbox must say that it was theirs."""
    await confirmations.limit_mails(act.uow, act.mlist, f"{act.actor.sender} {act.operation} {target.key}")
    await confirmations.ask_to_confirm_act(
        act.uow,
        act.robot,
        act.mlist,
        act.actor.sender,
        what=f"{act.operation} {target}",
        act={"act": act.operation, "address": str(target), "quiet": act.quiet},
    )
    act.outcome.asked.append(str(target))


async def _add_one(act: _Act, target: Address, decision: Decision) -> None:
    if decision.action == "request_auth":
        await confirmations.limit_mails(act.uow, act.mlist, target.key)
        # The same answer whether it is on the list or not: who may only ask need not learn it (requirement 4.9).
        if await memberships.find(act.uow, act.mlist.id, target.key) is not None:
            await confirmations.tell_no_effect(act.uow, act.mlist, str(target), subscribed=True)
        else:
            await confirmations.ask_to_join(
                act.uow, act.robot, act.mlist, str(target), Wishes(), preapproved=True
            )
        act.outcome.asked.append(str(target))
        return
    joined, is_new = await join(
        act.uow, act.actor, act.robot, act.mlist, str(target), Wishes(), decision, quiet=act.quiet
    )
    if is_new:
        act.outcome.done.append(joined)
    else:
        act.outcome.already.append(joined.address)


async def _remove_one(act: _Act, target: Address, decision: Decision) -> None:
    existing = await memberships.find(act.uow, act.mlist.id, target.key)
    if decision.action == "request_auth":
        await confirmations.limit_mails(act.uow, act.mlist, target.key)
        if existing is None:
            await confirmations.tell_no_effect(act.uow, act.mlist, str(target), subscribed=False)
        else:
            await confirmations.ask_to_leave(act.uow, act.robot, act.mlist, existing.address)
        act.outcome.asked.append(str(target))
    elif existing is None:
        act.outcome.already.append(str(target))
    elif await leave(act.uow, act.actor, act.mlist, existing, decision, quiet=act.quiet):
        act.outcome.done.append(existing)


async def _invite_one(act: _Act, target: Address, _decision: Decision) -> None:
    await confirmations.limit_mails(act.uow, act.mlist, target.key)
    act.outcome.asked.append(str(target))
    may_add = await authorize(act.uow, act.actor, "add", mlist=act.mlist, email=str(target), record=False)
    # The same outcome, and the same work, for somebody who is on the list: an inviter need not be an owner.
    if await memberships.find(act.uow, act.mlist.id, target.key) is not None:
        await confirmations.tell_no_effect(act.uow, act.mlist, str(target), subscribed=True)
        return
    inviter = "The list's owner" if act.actor.is_operator else act.actor.sender
    await confirmations.send_invitation(
        act.uow, act.robot, act.mlist, str(target), inviter, preapproved=may_add.action == "do_it"
    )


_STEPS: dict[str, _Step] = {"add": _add_one, "del": _remove_one, "invite": _invite_one}
