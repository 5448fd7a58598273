"""A command whose transaction the database undid, since the API wrote at the same moment, is carried out once all the same."""

import asyncio

from delivery import control
from identity.actor import Actor
from server.commands.delivery import moved
from storage.database import Undone, UnitOfWork
from storage.tables.mail import Delivery
from tests.server.command_line import STAFF, Run


def test_a_pause_that_was_undone_is_begun_anew(lists: Run) -> None:
    lists("membership", "import", STAFF, "-", given="email\na@example.com\n")
    [delivery] = lists("delivery", "list")["deliveries"]
    tries: list[int] = []

    async def in_the_way_once(uow: UnitOfWork, actor: Actor, delivery: Delivery) -> None:
        tries.append(delivery.id)
        await control.pause(uow, actor, delivery)
        if len(tries) == 1:
            raise Undone

    found = asyncio.run(moved(delivery["id"], None, in_the_way_once))
    assert found["status"] == "paused"
    assert len(tries) == 2
    assert lists("delivery", "show", str(delivery["id"]))["status"] == "paused"
