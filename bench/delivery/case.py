"""What is measured, and what was measured."""

from dataclasses import asdict, dataclass
from statistics import median

DISTINCT = 0
"""So many domains as there are recipients."""


@dataclass(frozen=True, slots=True)
class Case:
    """One line of the table. `mode` says what each recipient's copy has of its own, `domains` may be DISTINCT."""

    mode: str = "grouped"
    recipients: int = 10_000
    domains: int = 20
    workers: int = 1
    size: int = 4_000
    sink: str = "smtp-sink"
    connections: int = 20
    packet_size: int = 100
    pinned: bool = False

    @property
    def is_on_postgresql(self) -> bool:
        """A SQLite file is delivered from by one process."""
        return self.workers > 1

    @property
    def recipients_each(self) -> int:
        """Recipients of one transaction."""
        return self.packet_size if self.mode == "grouped" else 1

    @property
    def transactions(self) -> int:
        """How many transactions carry it, at least."""
        return -(-self.recipients // self.recipients_each)

    def __str__(self) -> str:
        """In words."""
        domains = "all distinct" if self.domains == DISTINCT else f"{self.domains} domains"
        where = "PostgreSQL" if self.is_on_postgresql else "SQLite"
        return (
            f"{self.mode}, {self.recipients:,} recipients, {domains}, {self.size // 1000} kB,"
            f" {self.workers} worker{'s'[: self.workers - 1]} on {where},"
            f" {self.connections} connections each, sink {self.sink}{', a core for each' if self.pinned else ''}"
        )


@dataclass(frozen=True, slots=True)
class Rate:
    """Recipients a second by the clock, and microseconds of the sending processes' CPU for each."""

    rate: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Measured:
    """One case: for each way of sending, its rounds; `load` is the machine's load average of a minute."""

    case: Case
    rounds: dict[str, list[Rate]]
    load: float

    def best(self, name: str) -> Rate:
        """The highest rate and the least CPU."""
        rounds = self.rounds[name]
        return Rate(max(each.rate for each in rounds), min(each.cpu for each in rounds))

    def middle(self, name: str) -> Rate:
        """The medians."""
        rounds = self.rounds[name]
        return Rate(median(each.rate for each in rounds), median(each.cpu for each in rounds))

    def table(self) -> str:
        """A few lines of text."""
        lines = [f"{self.case}; load average {self.load:.1f}"]
        bare, bare_middle = self.best("bare"), self.middle("bare")
        for name in self.rounds:
            best, middle = self.best(name), self.middle(name)
            lines.append(
                f"    {name:12} best {best.rate:11,.0f}/s ({best.rate / bare.rate:5.0%} of bare)"
                f"   median {middle.rate:11,.0f}/s ({middle.rate / bare_middle.rate:5.0%})"
                f"   CPU {middle.cpu:8.2f} µs each ({middle.cpu / bare_middle.cpu:4.1f} times)"
            )
        return "\n".join(lines)

    def record(self) -> dict[str, object]:
        """The same for a program."""
        return {
            "case": asdict(self.case),
            "load": self.load,
            "rounds": {name: [asdict(each) for each in rounds] for name, rounds in self.rounds.items()},
        }
