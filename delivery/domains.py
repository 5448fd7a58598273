"""How gently each recipients' domain is treated: halved when it puts us off, a little more after each success (AIMD)."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from delivery.report import Report, Step
from delivery.retry import SECOND
from storage import domain_paces
from storage.database import Reader, UnitOfWork
from storage.tables.mail import Packet
from storage.tables.queue import DomainPace
from storage.tables.words import RecipientState

_SHORTEST = 5 * SECOND
# One packet in two minutes is gentle, and a domain that takes mail again is not found out about much later.
_LONGEST = 120 * SECOND
# So many domains that put us off, with nobody taken in between, are our own mail server's doing.
_MANY = 5
_PRESSED = frozenset({421, 450, 451, 452})
# What mail servers say when they mean: slower.
_SLOWER = re.compile(
    r"\brate\b|ratelimit|rate-limit|too many|too fast|throttl|slow down|try again later|limit(?:ed)? exceeded"
    r"|exceeded .*limit|deferred due to|unusual(?:ly)? (?:rate|volume)|concurrent|connections? from",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Pace:
    """How one domain is treated: `most` packets at once, none until `paused_until`; `pause` is how long the next lasts."""

    most: int
    pause: int = 0
    paused_until: int = 0
    reply: str = ""
    updated_at: int = 0
    # Packets that went well since the last step up.
    successes: int = 0


class Domains:
    """What one worker knows of domains; `in_hand` maps the packets that it has now to their domains."""

    def __init__(self, in_hand: Mapping[int, str], *, most: int) -> None:
        """`most` is how many packets a worker sends at once, so that a domain with as many is free again."""
        self._in_hand = in_hand
        self._most = most
        self.paces: dict[str, Pace] = {}
        # Recipients who were put off, by packet, while each gets a copy of their own.
        self._put_off: dict[int, int] = {}
        self._changed: set[str] = set()
        # The domains that put us off since anybody was taken anywhere.
        self._refusing: set[str] = set()

    def held(self, now: int, leased: Sequence[Packet] = ()) -> list[str]:
        """The domains that nothing more is sent to now; `leased` are packets that are not in hand yet."""
        return [name for name, room in self._rooms(now, leased).items() if room < 1]

    def beyond(self, leased: Sequence[Packet], now: int) -> list[Packet]:
        """Of packets leased together, those that are too many for their domains."""
        rooms = self._rooms(now, ())
        found = []
        for packet in leased:
            if packet.domain in rooms:
                rooms[packet.domain] -= 1
                if rooms[packet.domain] < 0:
                    found.append(packet)
        return found

    def _rooms(self, now: int, leased: Sequence[Packet]) -> dict[str, int]:
        """For each domain that is treated gently, how many more packets may go to it now."""
        if not self.paces:
            return {}
        used = Counter(self._in_hand.values())
        used.update(packet.domain for packet in leased)
        return {
            name: 0 if pace.paused_until > now else pace.most - used[name]
            for name, pace in self.paces.items()
        }

    def is_paused(self, domain: str, now: int) -> bool:
        """Whether a packet for it is better laid aside."""
        pace = self.paces.get(domain)
        return pace is not None and pace.paused_until > now

    def learn(self, report: Report, now: int) -> None:
        """Draw the conclusion from a report; free domains that answer yes to everybody cost nothing here."""
        packet = report.packet
        if report.accepted and self._refusing:
            self._refusing.clear()
        if not packet.domain or not (report.oddities or self._put_off or self.paces):
            return
        if report.is_of_server:
            return
        put_off = [each.reply for each in report.oddities if each.state is RecipientState.DEFERRED]
        asked = [reply for reply in put_off if reply.code in _PRESSED and _SLOWER.search(reply.text)]
        # A mailbox that is full or busy (4.2) says nothing of its domain, nor does our own mail server's trouble (4.3, 4.4).
        unsaid = sum(
            reply.code in _PRESSED and not _is_about_something_else(reply.enhanced) for reply in put_off
        )
        count = self._put_off.pop(packet.id, 0) + unsaid
        if report.step is Step.ADVANCE and count:
            self._put_off[packet.id] = count
        if asked or (report.step is Step.SETTLE and 2 * count >= packet.recipient_count):
            self._put_off.pop(packet.id, None)
            self._pressed(packet.domain, (asked or put_off)[0].text if put_off else "", now)
        elif report.step is Step.SETTLE and report.accepted and packet.domain in self.paces:
            self._went_well(packet.domain)

    def _pressed(self, domain: str, reply: str, now: int) -> None:
        pace = self.paces.get(domain)
        self._refusing.add(domain)
        if len(self._refusing) >= _MANY:
            # Nobody anywhere is taken, so it is our own mail server that speaks, and it is back for all at once.
            for name in self._refusing & self.paces.keys():
                self.paces[name].paused_until = min(self.paces[name].paused_until, now)
                self._changed.add(name)
            return
        if pace is not None and pace.paused_until > now:
            # Answers to what was on its way when the first of them came.
            return
        in_hand = sum(name == domain for name in self._in_hand.values())
        if pace is None:
            pace = self.paces[domain] = Pace(most=max(in_hand, 2))
        pace.most = max(1, min(pace.most, max(in_hand, 2)) // 2)
        pace.pause = min(max(2 * pace.pause, _SHORTEST), _LONGEST)
        pace.paused_until = now + pace.pause
        pace.reply, pace.successes = reply, 0
        self._changed.add(domain)

    def _went_well(self, domain: str) -> None:
        pace = self.paces[domain]
        pace.successes += 1
        if pace.successes < pace.most:
            return
        pace.successes = 0
        pace.most += 1
        pace.pause //= 2
        if pace.most >= self._most:
            del self.paces[domain]
        self._changed.add(domain)

    async def save(self, uow: UnitOfWork) -> None:
        """Share what was learnt, in the transaction of the reports that taught it."""
        for domain in sorted(self._changed):
            pace = self.paces.get(domain)
            if pace is None:
                await domain_paces.forget(uow, domain)
                continue
            pace.updated_at = uow.now
            await domain_paces.keep(
                uow,
                domain,
                most=pace.most,
                pause=pace.pause,
                paused_until=pace.paused_until,
                reply=pace.reply,
            )

    def saved(self) -> None:
        """What was shared is on record."""
        self._changed.clear()

    async def look(self, reader: Reader) -> None:
        """Take over what others learnt, and forget what somebody reset."""
        found = {row.domain: row for row in await domain_paces.every(reader)}
        for domain in [name for name in self.paces if name not in found and name not in self._changed]:
            del self.paces[domain]
        for domain, row in found.items():
            known = self.paces.get(domain)
            if domain not in self._changed and (known is None or row.updated_at > known.updated_at):
                self.paces[domain] = _as_pace(row)


def _is_about_something_else(enhanced: str | None) -> bool:
    return (enhanced or "").split(".")[1:2] in (["2"], ["3"], ["4"], ["1"])


def _as_pace(row: DomainPace) -> Pace:
    return Pace(row.most, row.pause, row.paused_until, row.reply, row.updated_at)
