"""What it costs to find who is named by a message: nothing where nobody is, little where everybody is."""

from lists.addressed import addressed_members
from lists.robots import robot_of
from mail.addressees import MOST
from mail.message import parse_message
from storage import memberships
from storage.database import Database
from storage.sqlite import SqliteReader
from tests.lists.world import world_in


async def test_nobody_named_costs_no_statement_and_a_crowd_costs_three(sqlite: Database) -> None:
    world = await world_in(sqlite)
    mlist = await world.make("info")
    crowd = [f"n{number}@gmail.com" for number in range(2 * MOST)]
    async with sqlite.write() as uow:
        rows = [memberships.row(address=key, address_key=key, skips_addressed_copies=True) for key in crowd]
        await memberships.add_many(uow, mlist.id, rows)
        robot = await robot_of(uow, world.person("ann@x.example"), mlist)
    said: list[str] = []
    async with sqlite.read() as reader:
        assert isinstance(reader, SqliteReader)
        reader.connection.set_trace_callback(said.append)
        for to, count, statements in (
            (mlist.address, 0, 0),
            (", ".join([mlist.address, *crowd]), MOST - 1, 3),
        ):
            message = parse_message(f"To: {to}\r\nCc: {to}\r\n\r\nhi\r\n".encode())
            found = await addressed_members(reader, robot, mlist, message, but_for={mlist.address})
            assert (len(found), len(said)) == (count, statements)
            said.clear()
        reader.connection.set_trace_callback(None)
