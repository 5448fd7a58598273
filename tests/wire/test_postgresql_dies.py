"""A PostgreSQL that is killed keeps what a connection was told is on record: nobody gets a second copy for it (row 24)."""

import asyncio

from delivery.ledger import Leased, Ledger
from delivery.report import Report, Step
from storage import packets
from storage.database import Database
from storage.opening import open_database
from storage.site import Site
from tests.databases import new_postgresql, postgresql_template, running_postgresql
from tests.wire.processes import a_post

COPIES = 20


async def _sent(database: Database, leased: Leased, ledger: Ledger) -> None:
    for place in range(COPIES):
        report = Report(leased.packet, Step.ADVANCE, place, place + 1, 1)
        await ledger.visit(report, wants_packet=False)


async def test_what_was_reported_and_what_was_leased_outlive_it(site: Site) -> None:
    with running_postgresql() as server:
        postgresql_template(server.url)
        url = await new_postgresql(server.url)
        database = await open_database(url, site)
        members = [f"m{number}@a.example" for number in range(COPIES + 1)]
        delivery = await a_post(database, "big", members, personalization="always")
        ledger = Ledger(database, "w", lease=10**9)
        serving = asyncio.create_task(ledger.serve())
        _, leased = await ledger.visit(None, wants_packet=True)
        assert leased is not None
        await _sent(database, leased, ledger)
        await asyncio.to_thread(server.stop)
        serving.cancel()
        await asyncio.to_thread(server.start)
        again = await open_database(url, site)
        async with again.read() as reader:
            (packet,) = await packets.of_delivery(reader, delivery.id)
        await again.close()
        await database.close()
    assert (packet.position, packet.fence, packet.worker) == (COPIES, leased.packet.fence, "w")
