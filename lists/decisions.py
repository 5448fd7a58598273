"""What scenarios answered is written down under an id, so that it can be explained to those whom it concerns (row 82)."""

import base64
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace

import orjson

from identity.actor import Actor
from lists import trouble
from lists.standing import acting_in
from mail.message import Message
from scenarios.decision import Decision
from scenarios.trace import Step
from storage import decisions
from storage.database import Database, Reader, UnitOfWork, transaction_of
from storage.later import Later
from storage.tables.decisions import KeptDecision
from storage.tables.lists import MailingList

# What is asked by reading. Other operations that somebody without a transaction asks about are previews of a later act.
READING = frozenset(
    {
        "visibility", "info", "review", "stats", "archive_web_access", "archive_mail_access", "d_read", "tracking",
        "topics_visibility",
    }
)  # fmt: skip
# Asked in passing, in a transaction too; whoever gets no for an answer learns of no list and of no id.
_IN_PASSING = frozenset({"visibility", "topics_visibility"})
MOST_STEPS = 100
# What a robot's setting `decisions_of_reads` says.
READS_KEPT, REFUSALS_KEPT = "all", "refused"
# By which way somebody came who counted as an owner by an elevation of their session only (row 85).
ELEVATION = "elevation"
# The condition that stands where a list lets somebody's messages be read first, which they are never told.
MODERATED = "a moderated member"
# The condition that stands where more came than a list lets through in an hour.
STORM = "too many posts in an hour"
_AT_ONCE = 500
_LONGEST_MESSAGE_ID = 998
_ID = re.compile(r"[0-9a-v]{26}")


@dataclass(frozen=True, slots=True)
class Witnessed:
    """A decision that was taken while somebody watched, and the rules tried on the way to it."""

    decision: Decision
    list_address: str
    steps: tuple[Step, ...]


@dataclass(slots=True)
class Watch:
    """What somebody sees who watches decisions being taken; a rehearsal leaves nothing behind."""

    is_rehearsal: bool = False
    seen: list[Witnessed] = field(default_factory=list)


_WATCH: ContextVar[Watch | None] = ContextVar("watch", default=None)


@contextmanager
def watched(watch: Watch) -> Iterator[Watch]:
    """Let `watch` see every decision that is taken within the block, by this task and those that it starts."""
    token = _WATCH.set(watch)
    try:
        yield watch
    finally:
        _WATCH.reset(token)


def new_id(now: int) -> str:
    """An id for a decision of this instant: 26 letters and digits, in the order of time, 80 bits of them random."""
    raw = (now // 1000).to_bytes(6) + secrets.token_bytes(10)
    return base64.b32hexencode(raw).decode().rstrip("=").lower()


def is_id(text: str) -> bool:
    """Whether a text is written like the id of a decision."""
    return _ID.fullmatch(text) is not None


def number_of(decision_id: str) -> int:
    """The id as a number, for global ids."""
    return int.from_bytes(base64.b32hexdecode(decision_id.upper() + "======"))


def id_of_number(number: int) -> str:
    """The id with this number, of at most 128 bits."""
    return base64.b32hexencode(number.to_bytes(16)).decode().rstrip("=").lower()


async def record(
    reader: Reader,
    actor: Actor,
    decision: Decision,
    mlist: MailingList | None,
    *,
    email: str | None = None,
    message: Message | None = None,
    steps: Sequence[Step] = (),
    is_prospect: bool = False,
) -> Decision:
    """Write a decision down, unless it is only a prospect, and hand it on with its id; without one where nothing is kept.

    In a transaction it is written there, one statement. A refusal is left for later too, since most refusals undo
    their transaction. Who only reads writes nothing: refusals are left for later, and so is what let them in, where the
    robot keeps that (`decisions_of_reads`) or an elevation did, which has to be seen (row 85).
    """
    watch = _WATCH.get()
    if watch is not None:
        watch.seen.append(
            Witnessed(decision, "" if mlist is None else mlist.address, (*steps[-MOST_STEPS:],))
        )
    if is_prospect or is_unwatched(actor):
        return decision
    uow = None if decision.operation in READING else transaction_of(reader)
    is_refused = decision.action == "reject"
    if decision.operation in READING and not decision.is_elevated:
        if decision.operation in _IN_PASSING or not is_refused:
            return _kept_read(reader, actor, decision, mlist, email, steps)
    elif uow is None and not is_refused and not decision.is_elevated:
        return decision
    is_late = uow is None or is_refused
    named = replace(decision, id=new_id(reader.now))
    row = row_of(reader.now, actor, named, mlist, email=email, message=message, steps=steps)
    if uow is not None:
        await decisions.add(uow, row)
    if is_late:
        reader.site.later.put(row)
    return named


def is_unwatched(actor: Actor) -> bool:
    """Whether nothing is kept of what is asked now: the operator is obeyed, and a rehearsal leaves no trace."""
    watch = _WATCH.get()
    return actor.is_operator or (watch is not None and watch.is_rehearsal)


def keeps_reads(actor: Actor, robot_id: int) -> bool:
    """Whether it is kept what the actor is let into in a robot; not of somebody who comes by way of another one."""
    return actor.robot.id == robot_id and actor.robot.decisions_of_reads == READS_KEPT


def _kept_read(
    reader: Reader,
    actor: Actor,
    decision: Decision,
    mlist: MailingList | None,
    email: str | None,
    steps: Sequence[Step],
) -> Decision:
    """Leave a reading for later, counted with those of the same minute that are like it; no statement."""
    is_plain = decision.action != "reject"
    robot_id = actor.robot.id if mlist is None else mlist.robot_id
    if is_plain and not keeps_reads(actor, robot_id):
        return decision
    key = (
        actor.sender, actor.via, None if actor.person is None else actor.person.id,
        robot_id, None if mlist is None else mlist.id, email,
        decision.operation, decision.action, decision.scenario, decision.origin, decision.line, decision.element,
        decision.method,
    )  # fmt: skip
    known = reader.site.later.again(key, reader.now)
    named = replace(decision, id=known or new_id(reader.now))
    if known is None:
        row = row_of(reader.now, actor, named, mlist, email=email, steps=steps)
        reader.site.later.put_read(key, replace(row, is_plain_read=is_plain))
    return named


def keep_steps(reader: Reader, actor: Actor, decision: Decision, steps: Sequence[Step]) -> str:
    """Leave one answer to a question about many lists for later, with a step for each rule that spoke; its id."""
    said = frozenset((step.origin, step.line, step.condition.rpartition(" (")[0]) for step in steps)
    person_id = None if actor.person is None else actor.person.id
    key = (actor.sender, actor.via, person_id, actor.robot.id, decision.operation, decision.method, said)
    known = reader.site.later.again(key, reader.now)
    if known is not None:
        return known
    name = new_id(reader.now)
    row = row_of(reader.now, actor, replace(decision, id=name), None)
    reader.site.later.put_read(key, replace(row, trace=_trace(steps), is_plain_read=True))
    return name


async def amend(reader: Reader, decision: Decision) -> Decision:
    """Write down that something else than the scenario had the last word on a kept decision; hand it on."""
    uow = transaction_of(reader)
    if uow is not None and decision.id:
        await decisions.amend(uow, decision.id, action=decision.action, condition=decision.condition or "")
    return decision


async def write_waiting(database: Database, *, everything: bool = False) -> int:
    """Write what was left for later, with `everything` also readings whose minute is not over; how many rows."""
    later = database.site.later
    written = 0
    while rows := _ripe(later, database.site.clock(), everything=everything):
        async with database.write(durable=False) as uow:
            written += await decisions.add_unless_there(uow, rows)
            await trouble.tell_listmasters(uow, rows)
        later.written(rows)
    return written


def _ripe(later: Later, now: int, *, everything: bool) -> list[KeptDecision]:
    later.ripen(now, everything=everything)
    return later.first(_AT_ONCE)


async def find(reader: Reader, decision_id: str) -> KeptDecision | None:
    """A decision by its id, also while it waits to be written."""
    if not is_id(decision_id):
        return None
    return reader.site.later.find(decision_id) or await decisions.by_id(reader, decision_id)


async def drop_old(uow: UnitOfWork, *, before: int) -> int:
    """Forget decisions from before an instant; how many."""
    return await decisions.drop_old(uow, before=before)


def steps_of(row: KeptDecision) -> list[Step]:
    """The rules tried, as they were written down."""
    return [
        Step(line, origin, condition, frozenset(methods), element, method, outcome)
        for line, origin, condition, methods, element, method, outcome in orjson.loads(row.trace)
    ]


def as_decision(row: KeptDecision) -> Decision:
    """A kept decision in the scenario language's own shape."""
    return Decision(
        action=row.action,
        argument=None,
        reason=row.reason or None,
        template=None,
        quiet=row.quiet,
        notify=False,
        line=row.line,
        condition=row.condition or None,
        element=row.element or None,
        operation=row.operation,
        scenario=row.scenario,
        method=row.method,
        text_hash=row.text_hash,
        error=row.error or None,
        origin=row.origin,
        strength=row.strength,
        id=row.id,
        is_elevated=row.via == ELEVATION,
    )


def row_of(
    now: int,
    actor: Actor,
    decision: Decision,
    mlist: MailingList | None,
    *,
    email: str | None = None,
    message: Message | None = None,
    steps: Sequence[Step] = (),
) -> KeptDecision:
    """A decision as it is kept; `now` is when it was taken, `email` whom it was about."""
    robot_id = actor.robot.id if mlist is None else mlist.robot_id
    # Whoever comes by way of another robot is a stranger in this one, to those who read its decisions, too.
    here = acting_in(actor, robot_id)
    message_id = "" if message is None else (message.first("Message-ID") or "").strip()
    return KeptDecision(
        id=decision.id,
        at=now,
        robot_id=robot_id,
        list_id=None if mlist is None else mlist.id,
        person_id=None if here.person is None else here.person.id,
        operation=decision.operation,
        sender=here.sender,
        target=email or "",
        via=ELEVATION if decision.is_elevated else actor.via,
        method=decision.method,
        strength=decision.strength or decision.method,
        action=decision.action,
        reason=decision.reason or "",
        quiet=decision.quiet,
        scenario=decision.scenario,
        origin=decision.origin,
        line=decision.line,
        condition=decision.condition or "",
        element=decision.element or "",
        text_hash=decision.text_hash,
        error=decision.error or "",
        message_id=message_id[:_LONGEST_MESSAGE_ID],
        trace="[]" if decision.action == "do_it" else _trace(steps),
    )


def _trace(steps: Sequence[Step]) -> str:
    kept = [
        (
            each.line,
            each.origin,
            each.condition,
            sorted(each.methods),
            each.element,
            each.method,
            each.outcome,
        )
        for each in steps[-MOST_STEPS:]
    ]
    return orjson.dumps(kept).decode()
