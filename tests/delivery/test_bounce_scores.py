"""Failures add up, a probe decides, and nobody can be stopped by what was made up."""

from dataclasses import replace

from delivery.reception import receive
from identity.actor import operator
from lists.bounces import resetting
from lists.bounces.tending import tend
from lists.mailing_lists import create_list
from mail.verp import verp_address
from storage import address_facts, bounce_scores, bounces, deliveries, memberships
from storage.database import Database
from storage.tables.words import BounceKind
from tests.conftest import Clock
from tests.delivery.bounce_world import (
    CORPUS,
    SHARED,
    VICTIM,
    copy_comes_back,
    five_days_of_failures,
    member,
    post,
    probes,
    score,
    stopped,
    takers,
)
from tests.delivery.test_bounces import a_report
from tests.delivery.test_flow import a_list


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
