"""Delivery with its whole ledger, by workers in processes of their own, and the same packets for the bare client."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bench.bare_smtp import HOST
from bench.delivery.case import Case, Rate
from bench.delivery.cores import SENDER, on_core
from delivery.line import MailServer
from delivery.transports.smtp import Envelope
from delivery.transports.stuffing import stuffed
from delivery.worker import Worker
from storage import deliveries
from storage.database import Database
from storage.tables.words import DeliveryStatus
from tests.wire.sink import Sink, Taken

_LONGEST_SECONDS = 600.0
# Seldom enough that looking takes nothing from what is measured, which is on record.
_LOOK_SECONDS = 0.02


@contextmanager
def workers(case: Case, url: str, port: int) -> Iterator[list[subprocess.Popen[str]]]:
    """So many processes that wait for their start."""
    command = [sys.executable, "-m", "bench.delivery._one_worker", url, str(port), str(case.connections)]
    with on_core(SENDER, is_wanted=case.pinned and case.workers == 1):
        started = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(case.workers)
        ]
    try:
        for each in started:
            if each.stdout is None or each.stdout.readline() != "ready\n":
                raise RuntimeError("a worker did not start")
        yield started
    finally:
        for each in started:
            each.kill()
            each.wait()


async def delivered(
    case: Case, database: Database, started: Sequence[subprocess.Popen[str]], delivery_id: int
) -> Rate:
    """From the first lease to the commit that closes the delivery, as they are on record; and the workers' CPU until then."""
    _tell(started)
    began = time.perf_counter()
    while not await _is_complete(database, delivery_id):
        if time.perf_counter() - began > _LONGEST_SECONDS:
            raise RuntimeError("the delivery did not end")
        await asyncio.sleep(_LOOK_SECONDS)
    _tell(started)
    cpu = sum(float(each.stdout.readline()) for each in started if each.stdout)
    async with database.read() as reader:
        found = await deliveries.find(reader, delivery_id)
    if found is None or found.started_at is None or found.finished_at is None:
        raise RuntimeError("the delivery has no times")
    seconds = (found.finished_at - found.started_at) / 1_000_000
    return Rate(case.recipients / seconds, cpu / case.recipients * 1e6)


def _tell(started: Sequence[subprocess.Popen[str]]) -> None:
    for each in started:
        if each.stdin is not None:
            each.stdin.write("\n")
            each.stdin.flush()


async def _is_complete(database: Database, delivery_id: int) -> bool:
    async with database.read() as reader:
        found = await deliveries.find(reader, delivery_id)
    return found is not None and found.status is DeliveryStatus.COMPLETED


async def same_bytes(database: Database, delivery_id: int) -> tuple[list[Envelope], bytes]:
    """What a worker sends for a delivery, taken down by a server of ours: every envelope, and one body, dot-stuffed."""
    async with Sink() as recorder:
        recorder.taken = _OneBody(recorder)
        worker = Worker(database, MailServer(HOST, recorder.port, tls="none"), is_alone=True)
        running = asyncio.create_task(worker.run())
        while not await _is_complete(database, delivery_id):
            await asyncio.sleep(0.02)
        worker.stop.set()
        await running
        envelopes = [Envelope(each.reverse_path, each.recipients) for each in recorder.taken]
        return envelopes, stuffed(recorder.taken[0].data)


class _OneBody(list[Taken]):
    """What was taken, the first with its body."""

    def __init__(self, recorder: Sink) -> None:
        super().__init__()
        self._recorder = recorder

    def append(self, taken: Taken) -> None:
        """Keep it; bodies that follow are as long."""
        super().append(taken)
        self._recorder.keeps_data = False
