"""When much fails at once nobody is to blame, owners hear of it once, and a flood leaves little behind."""

from delivery.reception import receive
from lists.bounces.tending import tend
from storage import bounces, memberships
from storage import roles as offices
from storage.database import Database
from storage.tables.lists import MailingList, Robot
from storage.tables.words import RoleKind
from tests.conftest import Clock
from tests.delivery.bounce_world import SHARED, copy_comes_back, member, post, score
from tests.delivery.test_bounces import a_report
from tests.delivery.test_flow import a_list, mails_to


async def a_big_list(database: Database, members: int = 40) -> tuple[Robot, MailingList]:
    """Half of the members are at one domain, the others each at their own."""
    robot, mlist = await a_list(database, members=1)
    async with database.write() as uow:
        for n in range(members):
            address = f"x{n}@big.example" if n % 2 else f"x{n}@d{n}.example"
            await memberships.add(uow, mlist.id, address=address, address_key=address)
    return robot, mlist


async def test_when_much_of_a_list_fails_at_once_nobody_is_to_blame_and_owners_hear_once(
    database: Database, clock: Clock
) -> None:
    _, mlist = await a_big_list(database)
    delivery = await post(database, mlist, 1)
    some = [f"x{n}@d{n}.example" for n in range(0, 40, 2)][:15]
    for key in some:
        await copy_comes_back(database, mlist, delivery, key)
    for key in some:
        found = await score(database, mlist, key)
        assert found is not None
        assert (found.score, found.failures) == (0, 1)
    told = [text for text in await mails_to(database, "carol@example.edu") if "much of its mail" in text]
    assert len(told) == 1
    clock.advance(days=1)
    assert (await tend(database))["probed"] == 0


async def test_when_one_domain_fails_its_members_are_not_to_blame(database: Database) -> None:
    _, mlist = await a_big_list(database)
    delivery = await post(database, mlist, 1)
    for n in range(1, 24, 2):
        await copy_comes_back(database, mlist, delivery, f"x{n}@big.example")
    await copy_comes_back(database, mlist, delivery, "x0@d0.example")
    found = [await score(database, mlist, f"x{n}@big.example") for n in range(1, 24, 2)]
    assert {each.score for each in found if each is not None} == {0}


async def test_however_many_domains_and_posts_are_struck_one_mail_a_day_says_so(
    database: Database, clock: Clock
) -> None:
    robot, mlist = await a_list(database, members=1)
    async with database.write() as uow:
        await offices.add(
            uow, robot_id=robot.id, list_id=None, kind=RoleKind.LISTMASTER,
            address="lena@example.edu", address_key="lena@example.edu",
        )  # fmt: skip
        for n in range(60):
            address = f"x{n}@d{n % 10}.example"
            await memberships.add(uow, mlist.id, address=address, address_key=address)
    for day in range(2):
        delivery = await post(database, mlist, day)
        for n in range(60):
            await copy_comes_back(database, mlist, delivery, f"x{n}@d{n % 10}.example")
    for address in ("carol@example.edu", "lena@example.edu"):
        told = [text for text in await mails_to(database, address) if "much of its mail" in text]
        assert len(told) == 1, address


async def test_attack_a_flood_of_reports_leaves_twenty_rows(database: Database) -> None:
    _, mlist = await a_list(database)
    for _ in range(120):
        await receive(database, "", SHARED, a_report())
    hurt = await member(database, mlist)
    async with database.read() as reader:
        rows = await bounces.latest(reader, [hurt.id])
    found = await score(database, mlist)
    assert found is not None
    assert (len(rows[hurt.id]), found.failures, found.score) == (20, 120, 500)
