"""Reminding people of what they are subscribed to: the members of one list, or everybody in a domain."""

from dataclasses import dataclass

from identity import attempts
from identity.actor import Actor
from identity.attempts import Limit
from identity.refusal import Forbidden
from lists import confirmations, mails
from lists.authorize import require
from lists.membership import ListNotOpen
from lists.robots import robot_of
from mail.instant import DAY
from scenarios.decision import Decision
from storage import audit, memberships, subscribers
from storage.database import Database, UnitOfWork
from storage.tables.lists import MailingList
from storage.tables.words import ListStatus

PER_LIST = Limit("reminder to a list", 1, DAY)
PER_ROBOT = Limit("reminder to a domain", 1, DAY)
_CHUNK = 200


class ReminderNeedsProof(Forbidden):
    """Sign in to do this: a plain mail is not proof enough to write to everybody."""


@dataclass(frozen=True, slots=True)
class Reminded:
    """How many were written to, and what the scenario said; with `waits` its asker was asked to confirm first."""

    count: int
    decision: Decision
    waits: bool = False


async def remind(uow: UnitOfWork, actor: Actor, mlist: MailingList) -> Reminded:
    """Mail every member that they are on the list, as its scenario `remind` lets the actor; once a day at most.

    Raises Rejected, ListNotOpen, TooMany.
    """
    decision = await require(uow, actor, "remind", mlist=mlist)
    if mlist.status is not ListStatus.OPEN:
        raise ListNotOpen
    if decision.action != "do_it":
        await confirmations.limit_mails(uow, mlist, f"{actor.sender} remind")
        robot = await robot_of(uow, actor, mlist)
        await confirmations.ask_to_confirm_act(
            uow, robot, mlist, actor.sender, what="remind all members", act={"act": "remind"}
        )
        return Reminded(0, decision, waits=True)
    if not actor.is_operator:
        await attempts.take(uow, [(PER_LIST, str(mlist.id))])
    ids = [each.id async for each in memberships.whole_list(uow, mlist.id)]
    if ids:
        await mails.remind_many(uow, mlist, ids)
    await audit.record(
        uow,
        "reminded",
        actor=actor.sender,
        via=actor.via,
        robot_id=mlist.robot_id,
        list_id=mlist.id,
        detail={"count": len(ids), "scenario": decision.scenario, "line": decision.line},
    )
    return Reminded(len(ids), decision)


async def remind_everybody(db: Database, actor: Actor) -> Reminded:
    """Mail each address of the actor's domain which of its lists it is on, as `global_remind` lets the actor.

    In transactions of 200 mails; once a day at most, so that a reminder that was cut off is not sent twice.
    Raises Rejected, ReminderNeedsProof, TooMany.
    """
    async with db.write() as uow:
        decision = await require(uow, actor, "global_remind")
        if decision.action != "do_it":
            raise ReminderNeedsProof
        if not actor.is_operator:
            await attempts.take(uow, [(PER_ROBOT, str(actor.robot.id))])
        everything = await subscribers.everything_of_robot(uow, actor.robot.id)
        await audit.record(
            uow,
            "everybody_reminded",
            actor=actor.sender,
            via=actor.via,
            robot_id=actor.robot.id,
            detail={"count": len(everything), "scenario": decision.scenario, "line": decision.line},
        )
    people = [*everything.values()]
    for start in range(0, len(people), _CHUNK):
        async with db.write() as uow:
            for address, addresses_of_lists in people[start : start + _CHUNK]:
                await mails.remind_of_everything(uow, actor.robot, address, addresses_of_lists)
    return Reminded(len(everything), decision)
