"""A mail server that takes only so many recipients of one message: the others follow at once, and it is remembered."""

from collections import Counter

import pytest

from delivery.control import account
from delivery.transports.crowding import unheard
from mail.status import Reply
from storage import packets
from storage.database import Database
from tests.conftest import Clock
from tests.wire.sink import Sink
from tests.wire.test_worker import a_post, everybody, until, until_pending, working

YES = Reply(250, "2.1.5", "ok")
FULL = Reply(452, None, "too many recipients")

# As RFC 5321 asks, as older servers say it, and in words alone.
SAID = ["452 4.5.3 too many recipients", "552 Too many recipients", "452 later please", "451 4.5.3 enough"]


def times(sink: Sink) -> Counter[str]:
    return Counter(address for each in sink.taken for address in each.recipients)


@pytest.mark.parametrize("said", SAID)
async def test_those_who_were_too_many_follow_at_once_and_the_limit_is_remembered(
    database: Database, said: str
) -> None:
    _, delivery = await a_post(database, 250)
    async with Sink(most_recipients=50, too_many=said) as sink, working(database, sink.port, connections=1):
        # The clock of the queue stands still: nothing that was put off would come back.
        await until(database, delivery)
    assert times(sink) == dict.fromkeys(everybody(250), 1)
    assert [len(each.recipients) for each in sink.taken] == [50] * 5
    # Only what was announced before the first answer named more than fifty.
    named = sum(command.startswith("RCPT") for command in sink.commands)
    assert named <= 250 + 2 * 50
    async with database.read() as reader:
        assert await packets.exceptions(reader, delivery.id) == []
        found = await account(reader, delivery.id)
    assert found is not None
    assert (found.adds_up, found.progress.accepted) == (True, 250)


async def test_a_limit_that_shrinks_is_learnt_anew_and_each_answer_stays_with_its_recipient(
    database: Database, clock: Clock
) -> None:
    _, delivery = await a_post(database, 200)
    answers = {"m3@example.edu": "451 4.2.1 busy", "m7@example.edu": "550 5.1.1 gone"}
    async with (
        Sink(most_recipients=60, answers=answers) as sink,
        working(database, sink.port, connections=1) as worker,
    ):
        await sink.wait_for(1)
        sink.most_recipients = 9
        await until_pending(database, delivery, 1)
        async with database.read() as reader:
            half = await account(reader, delivery.id)
        assert half is not None
        assert (half.adds_up, half.progress.accepted, half.progress.failed) == (True, 198, 1)
        answers.pop("m3@example.edu")
        clock.advance(seconds=16)
        worker.wake()
        await until(database, delivery)
    assert times(sink) == dict.fromkeys(everybody(200) - {"m7@example.edu"}, 1)
    assert {len(each.recipients) for each in sink.taken[4:]} <= set(range(10))
    async with database.read() as reader:
        (row,) = await packets.exceptions(reader, delivery.id)
    assert (row.address, row.reply_code) == ("m7@example.edu", 550)


async def test_a_server_that_takes_one_at_a_time_gets_one_at_a_time(database: Database) -> None:
    _, delivery = await a_post(database, 30)
    async with Sink(most_recipients=1) as sink, working(database, sink.port, connections=2):
        await until(database, delivery)
    assert times(sink) == dict.fromkeys(everybody(30), 1)


async def test_a_worker_that_ends_between_two_transactions_of_a_packet_repeats_nobody(
    database: Database,
) -> None:
    _, delivery = await a_post(database, 200)
    async with Sink(most_recipients=3) as sink:
        async with working(database, sink.port, connections=2) as worker:
            await sink.wait_for(10)
            worker.stop.set()
        async with database.read() as reader:
            half = await account(reader, delivery.id)
        assert half is not None
        assert half.adds_up
        assert half.progress.accepted == sum(times(sink).values()) < 200
        async with working(database, sink.port, connections=2):
            await until(database, delivery)
    assert times(sink) == dict.fromkeys(everybody(200), 1)


@pytest.mark.parametrize(
    ("replies", "expected"),
    [
        ([YES, FULL, FULL], [1, 2]),
        ([YES, Reply(552, None, ""), Reply(550, "5.1.1", "who?")], [1]),
        # A mailbox or a disk that is full, whether or not somebody comes after it.
        ([YES, Reply(552, "5.2.2", "over quota")], []),
        ([YES, Reply(452, None, "insufficient system storage")], []),
        ([YES, Reply(552, None, ""), YES], []),
        ([YES, Reply(452, "4.5.3", "x"), YES], [1]),
        # Where nobody was taken, another transaction would be told the same.
        ([FULL, FULL], []),
    ],
)
def test_what_means_too_many(replies: list[Reply], expected: list[int]) -> None:
    assert unheard(replies) == expected
