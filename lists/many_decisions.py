"""One question about many lists, as the directory and its buttons ask it, is kept as one decision that says what each rule answered."""

from collections.abc import Mapping
from dataclasses import replace

from identity.actor import Actor
from lists import decisions
from scenarios.decision import Decision
from scenarios.trace import Step
from storage.database import Reader
from storage.tables.lists import MailingList, Robot

# What stands for the rule where many spoke.
_MANY = "{count} lists at once"


async def record_many(
    reader: Reader,
    actor: Actor,
    operation: str,
    robot: Robot,
    mlists: Mapping[int, MailingList],
    found: Mapping[int, Decision],
) -> Mapping[int, Decision]:
    """Leave one row for later where the robot keeps readings, and hand the decisions on with its id; no statement.

    The row has one step for each rule that decided, with how many lists it decided on and how; which lists these were
    is not kept. What is read of a single list is kept as such.
    """
    if len(found) == 1 and operation in decisions.READING:
        [(list_id, decision)] = found.items()
        return {list_id: await decisions.record(reader, actor, decision, mlists[list_id])}
    if not found or decisions.is_unwatched(actor) or not decisions.keeps_reads(actor, robot.id):
        return found
    # Lists of one kind share the very same decision.
    unlike = {id(decision): decision for decision in found.values()}
    counts = dict.fromkeys(unlike, 0)
    for decision in found.values():
        counts[id(decision)] += 1
    steps = _steps(operation, [(decision, counts[key]) for key, decision in unlike.items()])
    name = decisions.keep_steps(reader, actor, _summary(actor, operation, len(found), unlike), steps)
    named = {key: replace(decision, id=name) for key, decision in unlike.items()}
    return {list_id: named[id(decision)] for list_id, decision in found.items()}


def _steps(operation: str, counted: list[tuple[Decision, int]]) -> list[Step]:
    alike: dict[tuple[str, int, str, str, str], int] = {}
    for each, count in counted:
        said = each.condition or each.reason or ""
        key = (each.origin or f"{operation}.{each.scenario}", each.line or 0, said, each.action, each.method)
        alike[key] = alike.get(key, 0) + count
    return [
        Step(line, origin, f"{said} -> {action} ({count})", frozenset({method}), None, method, "true")
        for (origin, line, said, action, method), count in alike.items()
    ]


def _summary(actor: Actor, operation: str, count: int, unlike: Mapping[int, Decision]) -> Decision:
    is_refused = all(each.action == "reject" for each in unlike.values())
    return Decision(
        action="reject" if is_refused else "do_it",
        argument=None,
        reason=None,
        template=None,
        quiet=False,
        notify=False,
        line=None,
        condition=_MANY.format(count=count),
        element=None,
        operation=operation,
        scenario="",
        method=actor.method,
        text_hash="",
    )
