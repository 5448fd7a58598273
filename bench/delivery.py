"""Delivery with its whole ledger against a bare client that sends the same bytes to the same sink and keeps no state.

`python -m bench.delivery [--recipients 10000] [--rounds 5] [--connections 20] [--packet-size 100] [--mode each]`.
Each round runs both, one after the other; the table gives the best and the median of the rounds and the ratios of the
two. CPU is this process's own, the sink's is not in it. With few recipients, starting the worker counts for much.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

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


@dataclass(frozen=True)
class Case:
    """What is measured: `packet_size` recipients share a packet, and in mode `each` every one gets a copy."""

    mode: str
    recipients: int
    rounds: int
    connections: int
    packet_size: int


async def measured(case: Case, port: int) -> tuple[list[Rate], list[Rate]]:
    """The rates of the bare client and of delivery, round by round."""
    bare: list[Rate] = []
    ours: list[Rate] = []
    with tempfile.TemporaryDirectory() as place:
        async with opened(sqlite_url(Path(place)), packet_size=case.packet_size) as database:
            await a_list(database, case.mode, case.recipients, personalization=_NAMES[case.mode])
            for number in range(1, case.rounds + 1):
                await a_post(database, case.mode)
                envelopes, data = await same_bytes(database, number)
                client = partial(blast, HOST, port, envelopes, data, case.connections)
                bare.append(await timed(case.recipients, client))
                worker = partial(delivered, database, number, port, case.connections)
                ours.append(await timed(case.recipients, worker))
    return bare, ours


def row(name: str, bare: Rate, ours: Rate) -> str:
    """One line of the table."""
    return (
        f"    {name:7} bare {bare.rate:9,.0f} recipients/s {bare.cpu:6.2f} µs CPU   "
        f"delivery {ours.rate:9,.0f} recipients/s {ours.cpu:6.2f} µs CPU   "
        f"rate {ours.rate / bare.rate:4.0%} of bare, CPU {ours.cpu / bare.cpu:4.1f} times"
    )


def best(rounds: list[Rate]) -> Rate:
    """The highest rate and the least CPU."""
    return Rate(max(each.rate for each in rounds), min(each.cpu for each in rounds))


def middle(rounds: list[Rate]) -> Rate:
    """The medians."""
    return Rate(median(each.rate for each in rounds), median(each.cpu for each in rounds))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--recipients", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=20)
    parser.add_argument("--packet-size", type=int, default=100)
    parser.add_argument("--mode", choices=[*_NAMES], action="append", help="one of the two only")
    chosen = parser.parse_args()
    print(
        f"{chosen.recipients} recipients, 4 kB, {chosen.connections} connections, packets of {chosen.packet_size},"
        f" SQLite, {chosen.rounds} rounds"
    )
    with sink() as port:
        for mode in chosen.mode or _NAMES:
            case = Case(mode, chosen.recipients, chosen.rounds, chosen.connections, chosen.packet_size)
            bare, ours = uvloop.run(measured(case, port))
            print(
                f"  {mode}",
                row("best", best(bare), best(ours)),
                row("median", middle(bare), middle(ours)),
                sep="\n",
            )


if __name__ == "__main__":
    main()
