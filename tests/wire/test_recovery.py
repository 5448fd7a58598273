"""Messages to one recipient each, put off by a server that takes nobody: soon after it does all have theirs; a grey-listing one
is not asked more often for that.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from delivery.control import account
from storage.database import Database
from storage.tables.mail import Delivery
from tests.conftest import Clock
from tests.wire.processes import a_post
from tests.wire.sink import Sink
from tests.wire.test_outages import LEASE, OUTAGE_SECONDS, after
from tests.wire.test_worker import working

ADDRESSES = [f"m@d{n}.example" for n in range(12)]
GREY = "450 4.2.0 greylisted, come again in five minutes"


async def posts(database: Database, addresses: Sequence[str] = ADDRESSES) -> list[Delivery]:
    """To each of these addresses a post of a list of its own."""
    return [await a_post(database, f"l{n}", [each]) for n, each in enumerate(addresses)]


async def last_of(
    database: Database, made: Sequence[Delivery], clock: Clock, wake: object, seconds: int
) -> int:
    """How many seconds passed until all of them were complete."""
    return sum([await after(database, each, clock, [wake], seconds) for each in made])


@pytest.mark.parametrize("words", ["451 4.7.1 try again later", "450 4.2.1 not now"])
async def test_single_recipients_have_their_mail_soon_after_ten_minutes_of_refusals(
    database: Database, clock: Clock, words: str
) -> None:
    made = await posts(database)
    answers = dict.fromkeys(ADDRESSES, words)
    async with (
        Sink(answers=answers, keeps_data=False) as sink,
        working(database, sink.port, lease=LEASE) as worker,
    ):
        await after(database, made[-1], clock, [worker.wake], OUTAGE_SECONDS)
        assert sink.taken == []
        answers.clear()
        assert await last_of(database, made, clock, worker.wake, OUTAGE_SECONDS) <= 120
    assert Counter(address for each in sink.taken for address in each.recipients) == dict.fromkeys(
        ADDRESSES, 1
    )
    async with database.read() as reader:
        told = [await account(reader, each.id) for each in made]
    assert all(each is not None and each.adds_up and each.progress.accepted == 1 for each in told)


async def test_one_busy_mailbox_is_not_asked_again_because_others_take_mail(
    sqlite: Database, clock: Clock
) -> None:
    made = await posts(sqlite, ADDRESSES[:1])
    async with (
        Sink(answers={ADDRESSES[0]: "450 4.2.1 busy"}) as sink,
        working(sqlite, sink.port, lease=LEASE) as worker,
    ):
        for n in range(60):
            other = await a_post(sqlite, f"other{n}", [f"o{n}@other.example"])
            await after(sqlite, other, clock, [worker.wake], 60)
            clock.advance(seconds=10)
        await after(sqlite, made[0], clock, [worker.wake], 10)
    # 0 s, 15 s, 75 s, 375 s.
    assert sum(ADDRESSES[0] in each for each in sink.commands) <= 5


class GreyListing(dict[str, str]):
    """What a server says that takes a recipient five minutes after it was asked first."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._first: dict[str, int] = {}

    def get(self, name: str, otherwise: Any = None) -> Any:
        """The answer to one RCPT; yes to all else."""
        if "@" not in name:
            return otherwise
        first = self._first.setdefault(name, self._clock())
        return otherwise if self._clock() - first >= 300_000_000 else GREY

    def __iter__(self) -> Iterator[str]:
        return iter(self._first)


async def test_a_grey_listing_server_is_not_asked_more_often(sqlite: Database, clock: Clock) -> None:
    made = await posts(sqlite)
    async with (
        Sink(answers=GreyListing(clock)) as sink,
        working(sqlite, sink.port, lease=LEASE) as worker,
    ):
        waited = await last_of(sqlite, made, clock, worker.wake, OUTAGE_SECONDS)
        asked = Counter(line for line in sink.commands if line.startswith("RCPT"))
    assert len(sink.taken) == len(ADDRESSES)
    # Each at 0, 15, 75 and 375 s, as without all this; besides one probe in a minute, and what the first success brings forward.
    assert waited <= 400
    assert sum(asked.values()) <= 4 * len(ADDRESSES) + 8
