"""What is told of bounces: to owners once, to a person elsewhere, and never to who only sent a report."""

import asyncio

from delivery.reception import receive
from identity.ledger import prove
from identity.people import create_person
from lists.bounces.tending import tend
from mail.message import parse_message
from storage import deliveries, packets
from storage.database import Database
from storage.tables.words import AddressSource, Strength
from tests.conftest import Clock
from tests.delivery.bounce_world import CORPUS, PROBE, SHARED, VICTIM, five_days_of_failures, probes
from tests.delivery.test_bounces import a_report
from tests.delivery.test_flow import a_list, mails_to


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
        assert path == "" or PROBE.search(path)
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
