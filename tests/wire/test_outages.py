"""Ten minutes in which the mail server takes nothing: nobody is lost, and soon after it takes mail again all have theirs."""

import asyncio
from collections import Counter

import pytest

from delivery.control import account
from storage.database import Database
from storage.tables.mail import Delivery
from storage.tables.words import DeliveryStatus
from tests.conftest import Clock
from tests.databases import free_port
from tests.wire.processes import a_post
from tests.wire.sink import Sink
from tests.wire.test_worker import found, working

MEMBERS = 160
STEP_SECONDS = 10
OUTAGE_SECONDS = 600
# The lease outlasts the outage, so that the clock can be moved while packets are in hand.
LEASE = 10**10

WORDS = {
    "MAIL": "451 4.3.0 broken just now",
    "DATA": "451 4.3.2 not now",
    ".": "452 4.3.1 the disk is full",
    "RCPT": "451 4.7.1 try again later",
}


async def after(
    database: Database, delivery: Delivery, clock: Clock, worker_wakes: list[object], seconds: int
) -> int:
    """Let so much time pass, or less if the delivery is complete before; how much it was."""
    passed = 0
    while passed < seconds and (await found(database, delivery)).status is not DeliveryStatus.COMPLETED:
        clock.advance(seconds=STEP_SECONDS)
        passed += STEP_SECONDS
        for wake in worker_wakes:
            wake()  # type: ignore[operator]
        await asyncio.sleep(0.05)
    return passed


@pytest.mark.parametrize(
    ("step", "personalization", "domains"),
    [
        ("MAIL", "never", 8),
        ("MAIL", "always", 1),
        ("DATA", "never", 1),
        (".", "never", 8),
        (".", "always", 8),
        ("RCPT", "never", 1),
        ("RCPT", "always", 8),
    ],
)
async def test_a_server_that_puts_everybody_off_for_ten_minutes_loses_nobody(
    sqlite: Database, clock: Clock, step: str, personalization: str, domains: int
) -> None:
    addresses = [f"m{n}@d{n % domains}.example" for n in range(MEMBERS)]
    delivery = await a_post(sqlite, "big", addresses, personalization=personalization)
    answers = dict.fromkeys(addresses if step == "RCPT" else [step], WORDS[step])
    async with (
        Sink(answers=answers, keeps_data=False) as sink,
        working(sqlite, sink.port, connections=4, lease=LEASE) as worker,
    ):
        await after(sqlite, delivery, clock, [worker.wake], OUTAGE_SECONDS)
        assert sink.taken == []
        async with sqlite.read() as reader:
            half = await account(reader, delivery.id)
        assert half is not None
        assert (half.adds_up, half.waiting, half.progress.failed) == (True, MEMBERS, 0)
        answers.clear()
        waited = await after(sqlite, delivery, clock, [worker.wake], OUTAGE_SECONDS)
    times = Counter(address for each in sink.taken for address in each.recipients)
    assert times == dict.fromkeys(addresses, 1)
    # By the clock of the queue: nothing waits for hours after an outage of minutes.
    assert waited <= 180


async def test_a_server_that_was_away_for_ten_minutes_finds_everything_due(
    database: Database, clock: Clock
) -> None:
    addresses = [f"m{n}@d{n % 8}.example" for n in range(MEMBERS)]
    delivery = await a_post(database, "big", addresses)
    port = free_port()
    async with working(database, port, connections=4, lease=LEASE) as worker:
        await after(database, delivery, clock, [worker.wake], OUTAGE_SECONDS)
        async with Sink(port=port, keeps_data=False) as sink:
            async with asyncio.timeout(30):
                # It is left alone for seconds, whatever the queue's clock says.
                while not sink.taken:
                    clock.advance(seconds=1)
                    worker.wake()
                    await asyncio.sleep(0.05)
            assert await after(database, delivery, clock, [worker.wake], OUTAGE_SECONDS) <= 60
    times = Counter(address for each in sink.taken for address in each.recipients)
    assert times == dict.fromkeys(addresses, 1)
