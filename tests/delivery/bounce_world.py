"""Posts whose copies come back, the probes that follow, and what a member was counted."""

import re
from pathlib import Path

from delivery.reception import receive
from mail.verp import verp_address
from storage import bounce_scores, deliveries, memberships
from storage.database import Database
from storage.tables.bounces import BounceScore
from storage.tables.lists import MailingList, Membership
from tests.conftest import Clock
from tests.delivery.test_bounces import a_report
from tests.delivery.test_flow import a_message, posts_of

SHARED = "welcome-bounce@lists.example.org"
VICTIM = "m1@example.edu"
PROBE = re.compile(r"bounce[+][a-z2-7]+@lists\.example\.org")
CORPUS = Path(__file__).parent / "bounces"


async def post(database: Database, mlist: MailingList, day: int) -> int:
    """Something is posted; the number of its delivery."""
    message = a_message(message_id=f"<{day}@example.edu>")
    assert (await receive(database, "m0@example.edu", mlist.address, message)).code == 250
    return (await posts_of(database, mlist))[0].id


async def member(database: Database, mlist: MailingList, key: str = VICTIM) -> Membership:
    async with database.read() as reader:
        found = await memberships.find(reader, mlist.id, key)
    assert found is not None
    return found


async def score(database: Database, mlist: MailingList, key: str = VICTIM) -> BounceScore | None:
    hurt = await member(database, mlist, key)
    async with database.read() as reader:
        return (await bounce_scores.by_ids(reader, [hurt.id])).get(hurt.id)


async def copy_comes_back(
    database: Database, mlist: MailingList, delivery: int, key: str = VICTIM, raw: bytes | None = None
) -> None:
    """The member's own copy of a delivery comes back to its return path."""
    hurt = await member(database, mlist, key)
    path = verp_address(mlist.name, mlist.domain, hurt.id, delivery, database.site.key("verp"))
    reply = await receive(database, "", path, raw or a_report(recipient=key))
    assert reply.code == 250


async def five_days_of_failures(database: Database, clock: Clock, mlist: MailingList) -> None:
    for day in range(5):
        await copy_comes_back(database, mlist, await post(database, mlist, day))
        clock.advance(days=1)


async def probes(database: Database) -> list[str]:
    """The return paths of the probes that were sent."""
    found = []
    async with database.read() as reader:
        for number in range(1, 300):
            delivery = await deliveries.find(reader, number)
            if delivery is not None and delivery.kind == "service" and PROBE.search(delivery.reverse_path):
                found.append(delivery.reverse_path)
    return found


async def stopped(database: Database, mlist: MailingList, key: str = VICTIM) -> bool:
    found = await score(database, mlist, key)
    return found is not None and found.bounce_suspended_at is not None


async def takers(database: Database, mlist: MailingList, day: int) -> int:
    """To how many members a post goes now."""
    await post(database, mlist, day)
    return (await posts_of(database, mlist))[0].total
