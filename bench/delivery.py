"""Delivery with its whole ledger against a bare client that sends the same bytes to the same sink and keeps no state.

`python -m bench.delivery [--recipients 10000] [--rounds 3] [--connections 10]`. Each round runs both, one after the
other; the table gives the best of the rounds and the ratio of the two rates.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import uvloop

from bench._world import a_list, a_post, opened, sqlite_url
from bench.bare_smtp import HOST, blast, sink
from delivery.copies import Originals, personal
from delivery.line import MailServer
from delivery.settling import member_ids
from delivery.transports.smtp import Envelope
from delivery.worker import Worker
from storage import deliveries, packet_recipients, packets
from storage.database import Database
from storage.tables.words import DeliveryStatus

_NAMES = {"grouped": "never", "each": "always"}


@dataclass
class Rate:
    """Recipients a second by the clock, and microseconds of this process's CPU for each."""

    rate: float
    cpu: float


async def timed(recipients: int, work: Callable[[], Awaitable[object]]) -> Rate:
    """Run it and divide."""
    cpu, began = time.process_time(), time.perf_counter()
    await work()
    seconds = time.perf_counter() - began
    return Rate(recipients / seconds, (time.process_time() - cpu) / recipients * 1e6)


async def same_bytes(database: Database, delivery_id: int) -> tuple[list[Envelope], bytes]:
    """The envelopes of a delivery as the worker would make them, and a body of the length that it would send."""
    async with database.read() as reader:
        original = await Originals().get(reader, delivery_id)
        if original is None:
            raise LookupError("no such delivery")
        found = await packets.of_delivery(reader, delivery_id, limit=100_000)
        addresses = await packet_recipients.addresses(reader, found)
    envelopes: list[Envelope] = []
    data = original.data
    for packet in found:
        names = addresses[packet.id]
        if original.each_for is None:
            envelopes.append(Envelope(original.reverse_path, names))
            continue
        own = personal(database.site, original, member_ids(packet))
        envelopes += [Envelope(each.reverse_path, [name]) for each, name in zip(own, names, strict=True)]
        data = own[0].fields + original.data
    return envelopes, data


async def delivered(database: Database, delivery_id: int, port: int, connections: int) -> None:
    """Let a worker deliver it."""
    worker = Worker(database, MailServer(HOST, port, tls="none"), connections=connections, is_alone=True)
    running = asyncio.create_task(worker.run())
    while True:
        await asyncio.sleep(0.002)
        async with database.read() as reader:
            found = await deliveries.find(reader, delivery_id)
        if found is not None and found.status is DeliveryStatus.COMPLETED:
            break
    worker.stop.set()
    await running


async def case(mode: str, recipients: int, rounds: int, connections: int, port: int) -> tuple[Rate, Rate]:
    """The best rates of the bare client and of delivery."""
    bare, ours = Rate(0, 1e9), Rate(0, 1e9)
    with tempfile.TemporaryDirectory() as place:
        async with opened(sqlite_url(Path(place))) as database:
            await a_list(database, mode, recipients, personalization=_NAMES[mode])
            for number in range(1, rounds + 1):
                await a_post(database, mode)
                envelopes, data = await same_bytes(database, number)
                reference = await timed(
                    recipients, lambda e=envelopes, d=data: blast(HOST, port, e, d, connections)
                )  # type: ignore[misc]
                measured = await timed(recipients, lambda n=number: delivered(database, n, port, connections))  # type: ignore[misc]
                bare = Rate(max(bare.rate, reference.rate), min(bare.cpu, reference.cpu))
                ours = Rate(max(ours.rate, measured.rate), min(ours.cpu, measured.cpu))
    return bare, ours


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipients", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=10)
    chosen = parser.parse_args()
    print(
        f"{chosen.recipients} recipients, 4 kB, {chosen.connections} connections, SQLite, best of {chosen.rounds}"
    )
    with sink() as port:
        for mode in _NAMES:
            bare, ours = uvloop.run(case(mode, chosen.recipients, chosen.rounds, chosen.connections, port))
            print(
                f"  {mode:8} bare {bare.rate:9,.0f} recipients/s {bare.cpu:6.1f} µs CPU   "
                f"delivery {ours.rate:9,.0f} recipients/s {ours.cpu:6.1f} µs CPU   "
                f"rate {ours.rate / bare.rate:4.0%} of bare, CPU {ours.cpu / bare.cpu:4.1f} times",
                flush=True,
            )


if __name__ == "__main__":
    main()
