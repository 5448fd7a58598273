"""A mail server that refuses everybody for a while: it is asked now and then, and once it takes mail what it put off comes soon.

Whoever was put off alone waits longer after each try, up to hours, since that is mostly about them. Where nobody at all gets
through it is not, so one packet in a minute finds out whether that is over. Then each packet that goes well brings a few
others forward, so that a server which takes only little, or greets strangers with a refusal, is not overrun.
"""

from delivery.report import Report, Step
from delivery.retry import PROBE, WAITS
from storage import queue
from storage.database import UnitOfWork
from storage.tables.words import RecipientState

# So many different recipients refused, and nobody taken in between, are no longer about them.
_MANY = 5
# So many packets are brought forward for each one that goes well.
_FOR_EACH = 4


class Recovery:
    """What one worker knows of it; times are in microseconds."""

    def __init__(self) -> None:
        """Nobody knows how long a server has refused everybody by whom it was not asked before."""
        self._refused: set[str] = set()
        self._since: int | None = 0
        self._probe_at = 0
        # What was put off between these two instants is brought forward, so many packets at the next commit.
        self._span: tuple[int, int] | None = None
        self._room = 0

    def learn(self, report: Report, now: int) -> None:
        """Draw the conclusion from a report, and tell it whether it is one of many that were refused."""
        if report.accepted:
            self._taken(now)
            return
        put_off = [each.address for each in report.oddities if each.state is RecipientState.DEFERRED]
        if not put_off:
            return
        if self._since is None:
            self._since = now
        if len(self._refused) < _MANY:
            self._refused.update(put_off[:_MANY])
        report.is_one_of_many = len(self._refused) >= _MANY
        if report.is_one_of_many and report.step is Step.SETTLE and now >= self._probe_at:
            self._probe_at = now + PROBE
            report.is_probe = True

    def _taken(self, now: int) -> None:
        if self._since is not None and len(self._refused) >= _MANY:
            # What is refused again after this instant is about its recipients.
            self._span = (self._since, now)
        self._since = None
        self._refused.clear()
        if self._span is not None:
            self._room += _FOR_EACH

    async def bring_forward(self, uow: UnitOfWork) -> None:
        """Let some of what was put off be due now, in the transaction of the reports that went well."""
        if self._span is None or not self._room:
            return
        since, until = self._span
        found = await queue.bring_forward(uow, since=since, until=until, waits=WAITS, limit=self._room)
        if found < self._room:
            self._span = None
        if found:
            uow.announce("deliver")

    def saved(self) -> None:
        """What was brought forward is on record."""
        self._room = 0
