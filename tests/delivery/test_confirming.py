"""Mail that an address demonstrably wrote slides its expiry where the domain lets it, and a plain From never does (row 119)."""

import pytest

from delivery.evidence import Evidence
from delivery.reception import receive
from identity.actor import operator
from identity.ledger import CHALLENGE_LIFETIME, effective_row
from identity.people import create_person
from lists.robot_settings import update_robot
from mail.instant import DAY, to_date_field
from storage.database import Database
from storage.tables.words import AddressSource
from tests.conftest import Clock
from tests.delivery.test_flow import a_list, a_message

MEMBER = "m0@example.edu"
DKIM, SMIME = (
    Evidence("dkim", recipients=frozenset({"welcome@lists.example.org"})),
    Evidence("smime"),
)


@pytest.mark.parametrize(
    ("evidence", "setting", "age", "slides"),
    [
        (DKIM, "on", 0, True),
        (SMIME, "on", 0, True),
        (DKIM, "off", 0, False),
        (None, "on", 0, False),
        (Evidence("dkim", recipients=frozenset({"other@lists.example.org"})), "on", 0, False),
        # A signed message of long ago, sent again.
        (DKIM, "on", 30, False),
    ],
)
async def test_only_proved_mail_of_these_days_lets_an_address_count_longer(
    database: Database, clock: Clock, evidence: Evidence | None, setting: str, age: int, slides: bool
) -> None:
    robot, mlist = await a_list(database)
    async with database.write() as uow:
        robot = await update_robot(uow, operator(robot), robot, {"dkim_confirms": setting})
        person = await create_person(
            uow,
            MEMBER,
            source=AddressSource.CHALLENGE,
            proved=True,
            expires_at=uow.now + CHALLENGE_LIFETIME,
        )
    began = clock()
    clock.advance(days=300)
    dated = f"Date: {to_date_field(clock() - age * DAY)}\r\n"
    reply = await receive(database, MEMBER, mlist.address, a_message(MEMBER, more=dated), evidence)
    assert reply.code == 250
    async with database.read() as reader:
        row = await effective_row(reader, person.id, robot.id, MEMBER)
    assert row is not None
    assert row.expires_at == (clock() if slides else began) + CHALLENGE_LIFETIME
