"""Rows that are to be written although whoever caused them only reads, or may yet undo what they do: kept until somebody does."""

from collections import OrderedDict
from dataclasses import dataclass, field

from storage.tables.decisions import KeptDecision

CAPACITY = 10_000


@dataclass(slots=True)
class Later:
    """Decisions of this process that wait to be written, the oldest first; when there are too many, the oldest go."""

    waiting: OrderedDict[str, KeptDecision] = field(default_factory=OrderedDict)
    capacity: int = CAPACITY
    # How many were never written, for the metric.
    dropped: int = 0

    def put(self, row: KeptDecision) -> None:
        """Let a row wait; never waits itself."""
        self.waiting[row.id] = row
        while len(self.waiting) > self.capacity:
            self.waiting.popitem(last=False)
            self.dropped += 1

    def first(self, at_most: int) -> list[KeptDecision]:
        """The rows that wait longest; they stay until `written` is told of them."""
        return [row for row, _ in zip(self.waiting.values(), range(at_most), strict=False)]

    def written(self, rows: list[KeptDecision]) -> None:
        """These need not wait any longer."""
        for row in rows:
            self.waiting.pop(row.id, None)
