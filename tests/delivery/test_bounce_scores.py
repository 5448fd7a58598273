"""Failures add up, a probe decides, a wave counts for nobody, and nobody can be stopped by what was made up."""

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import pytest

from delivery.reception import receive
from identity.actor import operator
from identity.ledger import prove
from identity.people import create_person
from lists import one_click
from lists.bounces import resetting
from lists.bounces.tending import tend
from lists.mailing_lists import create_list
from mail.message import parse_message
from mail.verp import verp_address
from storage import address_facts, bounce_scores, bounces, deliveries, memberships, packets
from storage import roles as offices
from storage.database import Database
from storage.tables.bounces import BounceScore
from storage.tables.lists import MailingList, Membership, Robot
from storage.tables.words import AddressSource, BounceKind, RoleKind, Strength
from tests.conftest import Clock
from tests.delivery.test_bounces import a_report
from tests.delivery.test_flow import a_list, a_message, mails_to, posts_of

SHARED = "welcome-bounce@lists.example.org"
VICTIM = "m1@example.edu"
_PROBE = re.compile(r"bounce[+][a-z2-7]+@lists\.example\.org")
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
            if delivery is not None and delivery.kind == "service" and _PROBE.search(delivery.reverse_path):
                found.append(delivery.reverse_path)
    return found


async def stopped(database: Database, mlist: MailingList, key: str = VICTIM) -> bool:
    found = await score(database, mlist, key)
    return found is not None and found.bounce_suspended_at is not None


async def takers(database: Database, mlist: MailingList, day: int) -> int:
    """To how many members a post goes now."""
    await post(database, mlist, day)
    return (await posts_of(database, mlist))[0].total


async def test_mail_stops_when_the_probe_comes_back_and_goes_on_after_a_reset(
    database: Database, clock: Clock
) -> None:
    robot, mlist = await a_list(database)
    await five_days_of_failures(database, clock, mlist)
    assert (await tend(database))["probed"] == 1
    assert (await tend(database))["probed"] == 0
    [path] = await probes(database)
    assert not await stopped(database, mlist)
    assert (await receive(database, "", path, a_report())).code == 250
    assert (await tend(database))["stopped"] == 0
    clock.advance(hours=2)
    assert (await tend(database))["stopped"] == 1
    assert (await tend(database))["stopped"] == 0
    assert await stopped(database, mlist)
    assert await takers(database, mlist, 100) == 2
    assert (await member(database, mlist)).is_bouncing
    hurt = await member(database, mlist)
    async with database.write() as uow:
        assert await resetting.reset(uow, operator(robot), [hurt.id]) == [hurt.id]
    assert await takers(database, mlist, 101) == 3
    assert await score(database, mlist) is None


async def test_several_failures_of_one_day_count_once_and_the_heaviest_does(database: Database) -> None:
    _, mlist = await a_list(database)
    for day, status in enumerate(("4.2.2", "5.1.1", "5.1.1")):
        delivery = await post(database, mlist, day)
        await copy_comes_back(database, mlist, delivery, raw=a_report(status=status))
    found = await score(database, mlist)
    assert found is not None
    assert (found.score, found.proved_score, found.failures) == (1000, 1000, 3)


async def test_a_copy_that_comes_back_again_and_again_counts_once(database: Database, clock: Clock) -> None:
    _, mlist = await a_list(database)
    delivery = await post(database, mlist, 1)
    for _ in range(6):
        await copy_comes_back(database, mlist, delivery)
        clock.advance(days=1)
    found = await score(database, mlist)
    assert found is not None
    assert (found.score, found.failures) == (1000, 1)


async def test_a_copy_that_came_back_is_among_the_bounced_of_its_delivery(database: Database) -> None:
    _, mlist = await a_list(database)
    delivery = await post(database, mlist, 1)
    await copy_comes_back(database, mlist, delivery)
    async with database.read() as reader:
        [counts] = await deliveries.progress(reader, [delivery])
    assert (counts.bounced, counts.failed) == (1, 0)


async def test_attack_reports_without_a_secret_stop_nobody(database: Database, clock: Clock) -> None:
    _, mlist = await a_list(database, bounce_probe="false")
    for _ in range(30):
        await receive(database, "", SHARED, a_report())
        clock.advance(days=1)
        await tend(database)
    found = await score(database, mlist)
    assert found is not None
    assert found.proved_score == 0
    assert not await stopped(database, mlist)
    assert await probes(database) == []


async def test_attack_reports_without_a_secret_lead_to_a_probe_which_clears(
    database: Database, clock: Clock
) -> None:
    _, mlist = await a_list(database)
    for _ in range(11):
        await receive(database, "", SHARED, a_report())
        clock.advance(days=1)
    assert (await tend(database))["probed"] == 1
    clock.advance(days=8)
    assert (await tend(database))["cleared"] == 1
    assert await score(database, mlist) is None
    # What all lists have learnt of the address stays until its mailbox answers (row 133).
    async with database.read() as reader:
        assert await address_facts.bouncing(reader, [VICTIM]) == {VICTIM}


async def test_attack_a_made_up_token_counts_for_nobody(database: Database) -> None:
    _, mlist = await a_list(database)
    delivery = await post(database, mlist, 1)
    hurt = await member(database, mlist)
    forged = verp_address("welcome", mlist.domain, hurt.id, delivery, b"some other key altogether")
    assert (await receive(database, "", forged, a_report())).code == 250
    assert await score(database, mlist) is None


async def test_attack_a_token_of_another_lists_member_does_nothing_here(database: Database) -> None:
    robot, mlist = await a_list(database)
    async with database.write() as uow:
        other = await create_list(uow, operator(robot), robot, "other", "Other", {}, owners=["d@example.edu"])
    delivery = await post(database, mlist, 1)
    hurt = await member(database, mlist)
    path = verp_address("other", mlist.domain, hurt.id, delivery, b"x" * 32)
    await receive(database, "", path, a_report())
    honest = verp_address("other", mlist.domain, hurt.id, delivery, database.site.key("verp"))
    await receive(database, "", honest, a_report())
    async with database.read() as reader:
        rows = (await bounces.latest(reader, [hurt.id])).get(hurt.id, [])
    assert {each.list_id for each in rows} <= {mlist.id}
    assert other.id != mlist.id


async def test_attack_a_probes_path_is_good_once_and_for_its_time(database: Database, clock: Clock) -> None:
    _, mlist = await a_list(database)
    await five_days_of_failures(database, clock, mlist)
    await tend(database)
    [path] = await probes(database)
    clock.advance(days=8)
    await receive(database, "", path, a_report())
    assert (await tend(database))["cleared"] == 1
    await receive(database, "", path, a_report())
    clock.advance(hours=2)
    assert (await tend(database))["stopped"] == 0
    assert await score(database, mlist) is None


async def test_a_vacation_notice_to_a_probe_or_a_copy_counts_for_nothing(
    database: Database, clock: Clock
) -> None:
    _, mlist = await a_list(database)
    vacation = (CORPUS / "vacation-unix.eml").read_bytes()
    await copy_comes_back(database, mlist, await post(database, mlist, 50), raw=vacation)
    assert await score(database, mlist) is None
    await five_days_of_failures(database, clock, mlist)
    await tend(database)
    [path] = await probes(database)
    await receive(database, "", path, vacation)
    clock.advance(hours=2)
    assert (await tend(database))["stopped"] == 0


async def test_a_refusal_by_policy_is_shown_and_counts_for_nothing(database: Database) -> None:
    _, mlist = await a_list(database)
    refused = (CORPUS / "postfix-spam-block.eml").read_bytes()
    await copy_comes_back(database, mlist, await post(database, mlist, 1), raw=refused)
    found = await score(database, mlist)
    assert found is not None
    assert (found.kind, found.score) == (BounceKind.POLICY, 0)
    assert not (await member(database, mlist)).is_bouncing


async def test_a_report_that_nobody_can_read_still_finds_its_member(database: Database) -> None:
    _, mlist = await a_list(database)
    unread = (CORPUS / "unreadable-words.eml").read_bytes()
    await copy_comes_back(database, mlist, await post(database, mlist, 1), raw=unread)
    found = await score(database, mlist)
    assert found is not None
    assert (found.kind, found.score) == (BounceKind.UNKNOWN, 500)


async def test_a_score_is_halved_and_forgotten_when_nothing_comes_back(
    database: Database, clock: Clock
) -> None:
    _, mlist = await a_list(database)
    await copy_comes_back(database, mlist, await post(database, mlist, 1))
    for expected in (500, 250):
        clock.advance(days=14)
        await tend(database)
        found = await score(database, mlist)
        assert found is not None
        assert found.score == expected
    clock.advance(days=14)
    await tend(database)
    assert await score(database, mlist) is None


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


async def test_owners_get_one_digest_when_something_happened_whoever_looks(
    database: Database, clock: Clock
) -> None:
    _, mlist = await a_list(database)
    await asyncio.gather(tend(database), tend(database))
    assert await digests(database) == []
    await five_days_of_failures(database, clock, mlist)
    done = await asyncio.gather(*(tend(database) for _ in range(4)))
    assert sum(each["digests"] for each in done) == 1
    assert sum(each["probed"] for each in done) == 1
    [text] = await digests(database)
    assert VICTIM in text
    clock.advance(days=2)
    assert (await tend(database))["digests"] == 0


async def digests(database: Database) -> list[str]:
    return [text for text in await mails_to(database, "carol@example.edu") if "what comes back" in text]


async def test_nobody_is_told_where_the_list_wants_no_digest(database: Database, clock: Clock) -> None:
    _, mlist = await a_list(database, bounce_digest="never")
    await five_days_of_failures(database, clock, mlist)
    assert (await tend(database))["digests"] == 0


async def test_a_person_hears_of_it_elsewhere_and_never_where_it_bounces(
    database: Database, clock: Clock
) -> None:
    _, mlist = await a_list(database)
    async with database.write() as uow:
        person = await create_person(uow, "elsewhere@example.net", proved=True)
        await prove(uow, person.id, VICTIM, source=AddressSource.CHALLENGE, strength=Strength.MD5)
    await five_days_of_failures(database, clock, mlist)
    await tend(database)
    [path] = await probes(database)
    await receive(database, "", path, a_report())
    clock.advance(hours=2)
    await tend(database)
    told = [t for t in await mails_to(database, "elsewhere@example.net") if "sends no more mail" in t]
    assert len(told) == 1
    assert not [t for t in await mails_to(database, VICTIM) if "sends no more mail" in t]


def a_complaint(path: str, kind: str = "abuse", rcpt: str = VICTIM) -> bytes:
    """A feedback report as a mailbox provider sends it."""
    return (
        "From: fbl@provider.example\r\nSubject: abuse\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="a"\r\n\r\n--a\r\n'
        "Content-Type: text/plain\r\n\r\nSpam.\r\n--a\r\nContent-Type: message/feedback-report\r\n\r\n"
        f"Feedback-Type: {kind}\r\nUser-Agent: Loop/1\r\nVersion: 1\r\nOriginal-Mail-From: <{path}>\r\n"
        f"Original-Rcpt-To: <{rcpt}>\r\n\r\n--a\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nx\r\n--a--\r\n"
    ).encode()


@pytest.mark.parametrize(("policy", "stays"), [("leave", False), ("mark", True)])
async def test_who_complains_leaves_or_is_marked_as_the_list_says(
    database: Database, policy: str, stays: bool
) -> None:
    _, mlist = await a_list(database, bounce_complaint=policy)
    delivery = await post(database, mlist, 1)
    hurt = await member(database, mlist)
    path = verp_address("welcome", mlist.domain, hurt.id, delivery, database.site.key("verp"))
    assert (await receive(database, "fbl@provider.example", SHARED, a_complaint(path))).code == 250
    async with database.read() as reader:
        assert (await memberships.find(reader, mlist.id, VICTIM) is not None) is stays
        assert await bounces.complained(reader, mlist.id, since=0, limit=9) == [VICTIM]


@pytest.mark.parametrize(
    ("path", "kind"),
    [("welcome-bounce@lists.example.org", "abuse"), ("welcome-bounce+aaaaaaaaaaaaaaaaaaaa@x", "abuse")],
)
async def test_attack_a_complaint_that_names_nobody_by_a_secret_changes_nothing(
    database: Database, path: str, kind: str
) -> None:
    _, mlist = await a_list(database)
    await receive(database, "", SHARED, a_complaint(path, kind))
    assert (await member(database, mlist)).address == VICTIM
    assert await score(database, mlist) is None


async def test_that_something_was_no_spam_is_no_complaint(database: Database) -> None:
    _, mlist = await a_list(database)
    hurt = await member(database, mlist)
    delivery = await post(database, mlist, 1)
    path = verp_address("welcome", mlist.domain, hurt.id, delivery, database.site.key("verp"))
    await receive(database, "", SHARED, a_complaint(path, "not-spam"))
    assert (await member(database, mlist)).address == VICTIM


async def test_nothing_is_sent_in_answer_and_two_servers_never_write_to_each_other(
    database: Database, clock: Clock
) -> None:
    """Whatever one server says about bounces comes back to the other's bounce address, and the other way round."""
    _, mlist = await a_list(database)
    before = await sent(database)
    for each in sorted(CORPUS.glob("*.eml")):
        await receive(database, "", SHARED, each.read_bytes())
    assert await sent(database) == before
    await five_days_of_failures(database, clock, mlist)
    await tend(database)
    about = await mails_about_bounces(database)
    assert about
    for path, raw in about:
        assert path == "" or _PROBE.search(path)
        assert parse_message(raw).first("Auto-Submitted") == "auto-generated"
    before = await sent(database)
    for _ in range(3):
        for _, raw in about:
            await receive(database, "", SHARED, raw)
            await receive(database, "welcome-bounce@lists.example.org", SHARED, raw)
    assert await sent(database) == before


async def sent(database: Database) -> int:
    """How many mails of our own there are, and posts."""
    count = 0
    async with database.read() as reader:
        for number in range(1, 300):
            count += await deliveries.find(reader, number) is not None
    return count


async def mails_about_bounces(database: Database) -> list[tuple[str, bytes]]:
    found = []
    async with database.read() as reader:
        for number in range(1, 300):
            delivery = await deliveries.find(reader, number)
            if delivery is None or delivery.kind != "service":
                continue
            raw = await deliveries.outgoing(reader, number) or b""
            if b"comes back" in raw or b"came back" in raw:
                assert len(await packets.of_delivery(reader, number)) == 1
                found.append((delivery.reverse_path, raw))
    return found


async def test_a_complaint_may_come_to_another_list_of_the_domain(database: Database) -> None:
    robot, mlist = await a_list(database)
    async with database.write() as uow:
        await create_list(uow, operator(robot), robot, "all", "All", {}, owners=["d@example.edu"])
    delivery = await post(database, mlist, 1)
    hurt = await member(database, mlist)
    path = verp_address("welcome", mlist.domain, hurt.id, delivery, database.site.key("verp"))
    await receive(database, "fbl@provider.example", "all-bounce@lists.example.org", a_complaint(path))
    async with database.read() as reader:
        assert await memberships.find(reader, mlist.id, VICTIM) is None


async def test_a_complaint_whose_return_path_was_taken_out_names_the_member_by_the_unsubscribe_link(
    database: Database,
) -> None:
    robot, mlist = await a_list(database)
    hurt = await member(database, mlist)
    link = one_click.url(database.site, robot, mlist.id, hurt.id)
    raw = a_complaint("redacted@provider.example").replace(
        b"Subject: x\r\n", f"Subject: x\r\nList-Unsubscribe: <{link}>, <mailto:x@y>\r\n".encode()
    )
    await receive(database, "fbl@provider.example", SHARED, raw)
    async with database.read() as reader:
        assert await memberships.find(reader, mlist.id, VICTIM) is None


async def test_an_address_that_takes_the_place_of_a_dead_one_starts_anew(
    database: Database, clock: Clock
) -> None:
    _, mlist = await a_list(database)
    await copy_comes_back(database, mlist, await post(database, mlist, 1))
    hurt = await member(database, mlist)
    async with database.write() as uow:
        assert await bounce_scores.stop(uow, hurt.id)
        new = replace(hurt, address="new@example.net", address_key="new@example.net", domain="example.net")
        assert await memberships.change(uow, new)
    assert await score(database, mlist, "new@example.net") is None
    assert await takers(database, mlist, 2) == 3
    await copy_comes_back(database, mlist, await post(database, mlist, 3), "new@example.net")
    found = await score(database, mlist, "new@example.net")
    assert found is not None
    assert (found.score, found.failures) == (1000, 1)
