"""Which ledger rows of a person are for whose eyes: what another robot's provider says is none of this one's business (decision 11)."""

from identity.actor import Actor
from identity.auth_config import SERVER
from identity.ledger import all_addresses
from identity.reach import reach_of, ref_of
from storage.database import Reader
from storage.tables.lists import Robot
from storage.tables.people import LedgerRow


async def rows_seen(reader: Reader, actor: Actor, person_id: int) -> list[LedgerRow]:
    """Every row of the person that the asker may see, candidates and expired ones too, main address first.

    People see all of their own, when they came in by a way that is known on the whole server; everybody else, and whoever
    came by one robot's own provider, what concerns the robot of the request.
    """
    rows = await all_addresses(reader, person_id)
    if await _sees_everything(reader, actor, person_id):
        return rows
    return [row for row in rows if concerns(row, actor.robot)]


async def may_see(reader: Reader, actor: Actor, row: LedgerRow) -> bool:
    """The same of one row."""
    return concerns(row, actor.robot) or await _sees_everything(reader, actor, row.person_id)


def concerns(row: LedgerRow, robot: Robot) -> bool:
    """Whether a row was written by this robot's provider, or by nobody's in particular."""
    if row.robot_id is not None:
        return row.robot_id == robot.id
    # A claim counts nowhere, so only its source says whose it is.
    scope, of_provider, _ = row.source_ref.partition(":")
    return scope in {robot.domain, SERVER} if of_provider else row.source_ref in {"", ref_of(robot.id)}


async def _sees_everything(reader: Reader, actor: Actor, person_id: int) -> bool:
    if actor.person is None or actor.person.id != person_id or actor.application:
        return False
    return actor.session is None or await reach_of(reader, actor.session) is None
