"""Telling listmasters that rules could not be applied, seldom enough to be read."""

from collections.abc import Iterable

from identity import attempts
from identity.attempts import Limit
from identity.refusal import TooMany
from lists import mails
from mail.instant import HOUR
from storage import lists, robots, roles
from storage.database import UnitOfWork
from storage.tables.decisions import KeptDecision

# Reasons that mean a fault of the rules and not an answer of theirs (requirements 4.8 and 4.9).
TROUBLES = frozenset(
    {
        "action-not-permitted",
        "unknown-action",
        "error-performing-condition",
        "scenario-malformed",
        "scenario-missing",
    }
)
_TOLD = Limit("trouble with rules", 1, HOUR)


async def tell_listmasters(uow: UnitOfWork, refusals: Iterable[KeptDecision]) -> int:
    """One mail to each listmaster for each list (or robot) among these refusals that has trouble, once an hour at most.

    How many mails.
    """
    places = {(row.robot_id, row.list_id): row for row in refusals if row.reason in TROUBLES}
    sent = 0
    for (robot_id, list_id), row in places.items():
        try:
            await attempts.take(uow, [(_TOLD, f"{robot_id} {list_id}")])
        except TooMany:
            continue
        sent += await _tell(uow, robot_id, list_id, row)
    return sent


async def _tell(uow: UnitOfWork, robot_id: int, list_id: int | None, row: KeptDecision) -> int:
    robot = await robots.by_id(uow, robot_id)
    mlist = None if list_id is None else await lists.by_id(uow, list_id)
    if robot is None:
        return 0
    lines = [
        f"Where:    {robot.domain if mlist is None else mlist.address}",
        f"Scenario: {row.operation}.{row.scenario}" + (f", line {row.line}" if row.line else ""),
        f"Reason:   {row.reason}" + (f" ({row.error})" if row.error else ""),
        f"Decision: {row.id}",
    ]
    told = [
        role
        for role in await roles.of_robot(uow, robot_id)
        if not role.address_key.endswith(f"@{robot.domain}")
    ]
    for role in told:
        await mails.trouble(uow, robot, role.address, lines)
    return len(told)
