"""Two thousand reports at once leave rows for the members that they are about, twenty of each at most, and nothing else."""

import asyncio

from sqlalchemy import func, select

from delivery.reception import receive
from mail.verp import verp_address
from storage import memberships
from storage.database import Database, one
from storage.query import Query
from storage.tables.bounces import bounce_waves, membership_bounces
from storage.tables.mail import bounces, bouncing_addresses, deliveries, messages, packets
from tests.delivery.test_bounces import a_report
from tests.delivery.test_flow import a_list, a_message, posts_of

REPORTS, MEMBERS, AT_ONCE = 2_000, 40, 50
TABLES = {
    "failures": bounces,
    "members": membership_bounces,
    "addresses": bouncing_addresses,
    "waves": bounce_waves,
    "messages": messages,
    "deliveries": deliveries,
    "packets": packets,
}


async def rows(database: Database) -> dict[str, int]:
    async with database.read() as reader:
        return {
            name: await one(reader, Query(select(func.count()).select_from(table), int))
            for name, table in TABLES.items()
        }


async def test_attack_a_flood_of_reports_leaves_bounded_rows(sqlite: Database) -> None:
    _, mlist = await a_list(sqlite, members=MEMBERS)
    await receive(sqlite, "m0@example.edu", mlist.address, a_message())
    (delivery,) = await posts_of(sqlite, mlist)
    async with sqlite.read() as reader:
        members = [each async for each in memberships.whole_list(reader, mlist.id)]
    key, shared = sqlite.site.key("verp"), "welcome-bounce@lists.example.org"

    async def report(number: int) -> int:
        hurt = members[number % MEMBERS]
        path = verp_address(mlist.name, mlist.domain, hurt.id, delivery.id, key) if number % 2 else shared
        # Each with words of its own, and some for people who are nobody here.
        raw = a_report(recipient=hurt.address if number % 3 else f"nobody{number}@example.net")
        return (await receive(sqlite, "", path, raw.replace(b"Sorry.", b"Sorry %d." % number))).code

    before = await rows(sqlite)
    for start in range(0, REPORTS, AT_ONCE):
        said = await asyncio.gather(*(report(number) for number in range(start, start + AT_ONCE)))
        assert set(said) == {250}
    after = await rows(sqlite)
    assert after["failures"] <= 20 * MEMBERS
    assert after["members"] <= MEMBERS
    assert after["addresses"] <= MEMBERS
    assert after["waves"] <= 4
    assert after["messages"] == before["messages"]
    # Those in charge hear of it, once or twice; nobody else is answered.
    assert after["deliveries"] - before["deliveries"] <= 4
    assert after["packets"] - before["packets"] <= 4


async def test_a_report_is_read_before_anybody_waits_for_the_writer(sqlite: Database) -> None:
    raw = a_report()
    _, mlist = await a_list(sqlite)
    await receive(sqlite, "m0@example.edu", mlist.address, a_message())
    async with sqlite.write():
        taking = asyncio.create_task(receive(sqlite, "", "welcome-bounce@lists.example.org", raw))
        await asyncio.sleep(0.2)
        # It waits with everything read, and changes nothing before its turn.
        assert not taking.done()
        assert (await rows(sqlite))["failures"] == 0
    assert (await taking).code == 250
    assert (await rows(sqlite))["failures"] == 1
