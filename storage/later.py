"""Rows that are to be written although whoever caused them only reads, or may yet undo what they do: kept until somebody does."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field, replace

from storage.tables.decisions import KeptDecision

CAPACITY = 10_000
# For so long, in microseconds, alike readings are counted in one row.
ALIKE = 60_000_000


@dataclass(slots=True)
class Reading:
    """The row of a reading, and how often it was asked alike so far."""

    row: KeptDecision
    times: int = 1

    def counted(self) -> KeptDecision:
        """The row as it is to be written."""
        return self.row if self.times == 1 else replace(self.row, times=self.times)


@dataclass(slots=True)
class Later:
    """Decisions of this process that wait to be written, the oldest first; when there are too many, the oldest go.

    Readings wait on a shelf of their own, so that they never push out a refusal: for a minute each, in which alike
    ones are but counted.
    """

    waiting: OrderedDict[str, KeptDecision] = field(default_factory=OrderedDict)
    reads: OrderedDict[Hashable, Reading] = field(default_factory=OrderedDict)
    capacity: int = CAPACITY
    # How many were never written, for the metric.
    dropped: int = 0

    def put(self, row: KeptDecision) -> None:
        """Let a row wait; never waits itself."""
        self.waiting[row.id] = row
        while len(self.waiting) > self.capacity:
            self.waiting.popitem(last=False)
            self.dropped += 1

    def again(self, key: Hashable, now: int) -> str | None:
        """Count a reading that is like one of the last minute; the id of that one's row, None where there is none."""
        reading = self.reads.get(key)
        if reading is None:
            return None
        if now - reading.row.at >= ALIKE:
            del self.reads[key]
            self.put(reading.counted())
            return None
        reading.times += 1
        return reading.row.id

    def put_read(self, key: Hashable, row: KeptDecision) -> None:
        """Let the row of a reading wait for more of its kind."""
        self.reads[key] = Reading(row)
        while len(self.reads) > self.capacity:
            self.reads.popitem(last=False)
            self.dropped += 1

    def find(self, decision_id: str) -> KeptDecision | None:
        """A row that waits, by its id."""
        found = self.waiting.get(decision_id)
        if found is not None:
            return found
        return next((each.counted() for each in self.reads.values() if each.row.id == decision_id), None)

    def ripen(self, now: int, *, everything: bool = False) -> None:
        """Let readings wait no longer whose minute is over, or the oldest where the shelf is half full."""
        while self.reads:
            key, reading = next(iter(self.reads.items()))
            if not (everything or now - reading.row.at >= ALIKE or len(self.reads) > self.capacity // 2):
                return
            if len(self.waiting) >= self.capacity // 2:
                # What waits is written first; nothing of it goes for a reading.
                return
            del self.reads[key]
            self.waiting[reading.row.id] = reading.counted()

    def first(self, at_most: int) -> list[KeptDecision]:
        """The rows that wait longest; they stay until `written` is told of them."""
        return [row for row, _ in zip(self.waiting.values(), range(at_most), strict=False)]

    def written(self, rows: list[KeptDecision]) -> None:
        """These need not wait any longer."""
        for row in rows:
            self.waiting.pop(row.id, None)
