"""What one drill found, for people and for programs."""

from dataclasses import asdict, dataclass, field


@dataclass
class Outcome:
    """The verdict of one drill on one database; `repeats` explains each repeated transaction in one line."""

    database: str
    mode: str
    seed: int
    posts: int
    recipients: int
    kills: int
    acts: dict[str, int]
    skipped: int
    strangers: int
    transactions: int
    repeated_recipients: int
    repeated_transactions: int
    repeated_by_reason: dict[str, int]
    most_in_one_kill: int
    connections: int
    unexplained: int
    books_accepted: int
    books_wrong: list[str]
    seconds: float
    ended_politely_in: float
    repeats: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Nobody was skipped, each repeat has its reason, and the server's own account adds up."""
        return (
            self.skipped == 0
            and self.strangers == 0
            and self.unexplained == 0
            and self.most_in_one_kill <= self.connections
            and not self.books_wrong
        )

    @property
    def _books(self) -> str:
        return "; ".join(self.books_wrong[:10]) or "it adds up"

    def for_programs(self) -> dict[str, object]:
        """Everything, as JSON takes it."""
        return asdict(self) | {"passed": self.passed}

    def in_words(self) -> str:
        """A few lines for people."""
        reasons = ", ".join(f"{why} {count}" for why, count in sorted(self.repeated_by_reason.items()))
        acts = ", ".join(f"{kind} {count}" for kind, count in sorted(self.acts.items()))
        lines = [
            f"{self.database}, {self.mode}, seed {self.seed}: {'passed' if self.passed else 'FAILED'}",
            f"  {self.posts} posts to {self.recipients} recipients in {self.seconds} s, {self.kills} kills",
            f"  what happened: {acts}",
            f"  skipped {self.skipped}, strangers {self.strangers}, unexplained repeats {self.unexplained}",
            (
                f"  repeated: {self.repeated_recipients} recipients in {self.repeated_transactions} of "
                f"{self.transactions} transactions ({reasons or 'no reason needed'})"
            ),
            f"  most repeated for one kill: {self.most_in_one_kill} (it had {self.connections} connections)",
            f"  the server's own account: {self.books_accepted} accepted; {self._books}",
            f"  the last workers ended within {self.ended_politely_in} s of SIGTERM",
        ]
        return "\n".join(lines)
