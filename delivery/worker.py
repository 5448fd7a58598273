"""The worker: a few connections to the mail server, each taking the packet that is first in the queue now."""

import asyncio
import contextlib
import os
import secrets
import socket
import time
from collections.abc import AsyncIterator, Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any

import structlog

from delivery.copies import Originals
from delivery.domains import Domains
from delivery.expanding import keep_expanding
from delivery.ledger import Leased, LeaseLost, Ledger
from delivery.line import Line, MailServer, MailServers
from delivery.report import Report, Step, given_back
from delivery.sending import Copies, Ready, made_ready, send_shared
from delivery.transports.errors import CannotConnect
from delivery.turn import Turn
from storage import packets
from storage.database import Database
from storage.tables.mail import Packet

log = structlog.get_logger(__name__)
_SECOND = 1_000_000
_IDLE_SECONDS = 5.0
# Transactions in flight may end; then the lines are cut, and what had no answer is given back.
_PATIENCE_SECONDS = 1.0
# Where a shared copy is answered within this, the next packet is announced with its final dot: nobody waits long behind it.
_SWIFT_SECONDS = 0.1
# After something that should not happen.
_BROKEN_SECONDS = 1.0


def worker_name() -> str:
    """A name that no other process has, now or later."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


@dataclass
class Worker:
    """One delivering process. `lease` and `ageing` are in microseconds; `stop` ends it after the transactions in flight.

    `is_alone` says that no other process delivers from this database (SQLite), so leases left by a killed
    predecessor are freed at once instead of when they end.
    """

    database: Database
    server: MailServer | MailServers
    connections: int = 20
    lease: int = 30 * _SECOND
    # How long a delivery waits for each step of priority that it gains.
    ageing: int = 600 * _SECOND
    is_alone: bool = False
    name: str = field(default_factory=worker_name)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    # Packets taken back from workers that died, since this one began.
    reclaimed: int = 0
    # Until when what is in hand stays with us, and what does not.
    _renewed_until: int = 0
    _lost: set[int] = field(default_factory=set)
    _work: asyncio.Event = field(default_factory=asyncio.Event)
    _growth: asyncio.Event = field(default_factory=asyncio.Event)
    # The packets that its connections have, each with its domain.
    _in_hand: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """What all connections share."""
        self.servers = self.server if isinstance(self.server, MailServers) else MailServers([self.server])
        self.domains = Domains(self._in_hand, most=self.connections)

    @property
    def packets_in_hand(self) -> int:
        """How many packets its connections have now."""
        return len(self._in_hand)

    def wake(self) -> None:
        """There may be something to deliver."""
        self._work.set()
        self._growth.set()

    async def run(self) -> None:
        """Deliver until `stop` is set; then packets in hand are given back within the transaction in flight."""
        ledger = Ledger(self.database, self.name, lease=self.lease, ageing=self.ageing, domains=self.domains)
        originals = Originals()
        if self.is_alone:
            await self._reclaim(everything=True)
        growing = keep_expanding(self.database, self._growth, self._work.set)
        async with _background(ledger.serve()), _background(self._keep_time()), _background(growing):
            senders = [asyncio.create_task(self._sender(ledger, originals)) for _ in range(self.connections)]
            try:
                await self.stop.wait()
                self._work.set()
                _, silent = await asyncio.wait(senders, timeout=_PATIENCE_SECONDS)
            finally:
                await _cancelled(senders)
            await self._give_back(len(silent))

    async def _give_back(self, silent: int) -> None:
        async with self.database.write(durable=False) as uow:
            freed = await packets.give_back(uow, self.name)
        if freed or silent:
            log.warning("transactions_cut_short", packets=freed, connections=silent)

    async def _keep_time(self) -> None:
        # Wakes what is due, keeps our leases, and frees those of the dead: SQL alone says what there is to do.
        beat = max(self.lease / _SECOND / 3, 0.05)
        since_beat = 0.0
        pause = min(1.0, beat)
        while True:
            await asyncio.sleep(pause)
            since_beat += pause
            try:
                if since_beat >= beat:
                    await self._reclaim(everything=False)
                    since_beat = 0.0
                await self._look()
            except Exception:
                # A database that goes away comes back; a clock that stopped would never tell.
                log.exception("clock_missed_a_beat")

    async def _look(self) -> None:
        async with self.database.read() as reader:
            await self.domains.look(reader)
            due_at = await packets.oldest_waiting(reader)
            if due_at is not None and due_at <= reader.now:
                self._work.set()

    async def _reclaim(self, *, everything: bool) -> None:
        ours = sorted(self._in_hand)
        async with self.database.write(durable=False) as uow:
            renewed_until = uow.now + self.lease
            still_ours = await packets.renew(uow, self.name, renewed_until, ours)
            freed = await packets.reclaim(uow, before=2**62 if everything else uow.now)
            await packets.complete_all(uow)
        self._renewed_until = renewed_until
        self._lost = {each for each in ours if each in self._in_hand and each not in still_ours}
        if freed:
            self.reclaimed += freed
            log.info("leases_reclaimed", packets=freed)
            self._work.set()

    async def _sender(self, ledger: Ledger, originals: Originals) -> None:
        line = Line(self.servers)
        report: Report | None = None
        # The packet after the one that is being sent; it may have been announced already.
        ahead: Ready | None = None
        is_swift = False
        try:
            while not (self.stop.is_set() and report is None and ahead is None):
                ready: Ready | None = None
                try:
                    may_take = not (self.stop.is_set() or line.is_cut_off)
                    if report is None and ahead is not None and not may_take:
                        report, ahead = self._laid_aside(line, ahead), None
                    if report is None and line.is_cut_off:
                        await line.wait(self.stop)
                        continue
                    reported = report
                    wants_packet = may_take and (ahead is None or is_swift)
                    _, leased = await ledger.visit(report, wants_packet=wants_packet)
                    report = None
                    self._let_go(reported)
                    came = await self._taken(leased, originals, line.most_recipients)
                    ready, ahead = (ahead, came) if ahead is not None else (came, None)
                    if ready is None:
                        if wants_packet:
                            await self._rest(line)
                        continue
                    if is_swift and ready is came and _goes_on(reported, came):
                        _, leased = await ledger.visit(None, wants_packet=True)
                        ahead = await self._taken(leased, originals, line.most_recipients)
                    await line.prefer()
                    began = time.monotonic()
                    report = await self._deliver(line, ready, ahead, ledger)
                    is_swift = time.monotonic() - began < _SWIFT_SECONDS
                except LeaseLost:
                    log.warning("lease_lost")
                    line.drop()
                    self._in_hand.pop(ready.packet.id if ready else 0, None)
                    # A report that nobody wants any more must not be brought again.
                    self._let_go(report)
                    report = None
                except Exception:
                    log.exception("sender_broke")
                    line.drop()
                    if self.stop.is_set():
                        return
                    if ready is not None and report is None:
                        # What was settled is on record: whoever takes the packet goes on from there.
                        report = given_back(ready.packet, Step.RELEASE)
                    await self._pause()
        finally:
            await line.close()

    async def _taken(self, leased: Leased | None, originals: Originals, most: int) -> Ready | None:
        """Take a packet in hand. Should its original not be readable now, its lease ends by itself."""
        if leased is None:
            return None
        packet = leased.packet
        original = originals.known(packet.delivery_id)
        if original is None:
            async with self.database.read() as reader:
                original = await originals.get(reader, packet.delivery_id)
        self._lost.discard(packet.id)
        self._in_hand[packet.id] = packet.domain
        return made_ready(original, leased, most)

    def _laid_aside(self, line: Line, ahead: Ready) -> Report:
        # It may have been announced; an envelope without its message is nothing, and ends with the connection.
        line.drop()
        step = Step.GIVE_BACK if self.stop.is_set() else Step.RELEASE
        return given_back(ahead.packet, step)

    def _let_go(self, reported: Report | None) -> None:
        if reported is not None:
            self._in_hand.pop(reported.packet.id, None)

    async def _deliver(self, line: Line, ready: Ready, ahead: Ready | None, ledger: Ledger) -> Report:
        packet, original = ready.packet, ready.original
        self._require_lease(packet)
        if original is None:
            return given_back(packet, Step.RELEASE)
        if original.is_for_each(packet):
            turn = Turn(ledger, self.domains, packet, self.stop)
            return await Copies(line, original, ready.leased, ledger).send(turn)
        return await self._shared(line, ready, None if self.stop.is_set() else ahead)

    def _require_lease(self, packet: Packet) -> None:
        # A process that was stopped and goes on after its leases ended must not begin what others have sent (row 24).
        now = self.database.site.clock()
        if packet.id in self._lost or now >= max(packet.leased_until or 0, self._renewed_until):
            raise LeaseLost

    async def _pause(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.stop.wait(), _BROKEN_SECONDS)

    async def _shared(self, line: Line, ready: Ready, ahead: Ready | None) -> Report:
        try:
            return await send_shared(line, ready, ahead)
        except CannotConnect as reason:
            # That a server is left out is said once for all connections.
            log.debug("mail_server_unreachable", code=reason.reply.code)
            return given_back(ready.packet, Step.RELEASE)

    async def _rest(self, line: Line) -> None:
        self._work.clear()
        if self.stop.is_set():
            return
        try:
            await asyncio.wait_for(self._work.wait(), _IDLE_SECONDS)
        except TimeoutError:
            await line.close()


def _goes_on(reported: Report | None, came: Ready) -> bool:
    """Whether packets of one delivery follow each other, so that it is worth having the next one in hand as well."""
    if reported is None or came.message is None:
        return False
    return reported.accepted > 0 and reported.packet.delivery_id == came.packet.delivery_id


async def _cancelled(tasks: Iterable[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def _background(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
