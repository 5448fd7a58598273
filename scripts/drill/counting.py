"""Every recipient of every post is counted, and for each copy too many a reason is found in the journal, or none."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from scripts.drill.mail_server import Transaction
from scripts.drill.plan import KILLS

_SLACK = 0.05


@dataclass(frozen=True, slots=True)
class Mishap:
    """Something happened at `at` and lasted until `until` (seconds since the epoch); `client` is whom it befell."""

    kind: str
    number: int
    at: float
    until: float
    client: str = ""


@dataclass(frozen=True, slots=True)
class Repeat:
    """A transaction whose recipients had got the message before, by which one, and why."""

    earlier: Transaction
    later: Transaction
    recipients: int
    why: str


@dataclass
class Count:
    """What the mail server's notes say; `in_doubt` are recipients of whom nothing but doubt is known: they were skipped."""

    skipped: int = 0
    strangers: int = 0
    recipients: int = 0
    transactions: int = 0
    repeats: list[Repeat] = field(default_factory=list)

    @property
    def unexplained(self) -> list[Repeat]:
        """Repeats for which nothing in the journal is a reason."""
        return [each for each in self.repeats if each.why == UNEXPLAINED]

    @property
    def by_reason(self) -> dict[str, int]:
        """How many transactions were repeated, in one or in several later ones, for each kind of reason."""
        return dict(Counter(why.partition(" ")[0] for _, why in self._repeated))

    @property
    def repeated_transactions(self) -> int:
        """How many transactions were repeated in all."""
        return len({transaction for transaction, _ in self._repeated})

    @property
    def most_in_one_kill(self) -> int:
        """How many transactions were repeated for the kill that cost most."""
        kills = Counter(why.partition(",")[0] for _, why in self._repeated if why.startswith(tuple(KILLS)))
        return max(kills.values(), default=0)

    @property
    def _repeated(self) -> set[tuple[int, str]]:
        # One that was for fifty may be repeated in several, where some of the fifty were put off meanwhile.
        return {(id(each.earlier), each.why) for each in self.repeats}


UNEXPLAINED = "unexplained"


def counted(
    taken: Sequence[Transaction], expected: Mapping[str, frozenset[str]], journal: Sequence[Mishap]
) -> Count:
    """Count `taken` against `expected`, the members to whom each Message-ID was to go."""
    _mark_neighbours(taken)
    result = Count(transactions=len(taken), recipients=sum(map(len, expected.values())))
    by_message: dict[str, list[Transaction]] = defaultdict(list)
    for each in taken:
        by_message[each.message_id].append(each)
    for message_id, members in expected.items():
        sure = {name for each in by_message[message_id] if not each.is_in_doubt for name in each.recipients}
        result.skipped += len(members - sure)
        result.strangers += len(sure - members)
        result.repeats += _repeats(by_message[message_id], journal)
    result.strangers += sum(len(each.recipients) for each in taken if each.message_id not in expected)
    return result


def _mark_neighbours(taken: Iterable[Transaction]) -> None:
    newest: dict[int, Transaction] = {}
    for each in taken:
        former = newest.get(each.connection)
        if former is not None:
            former.after, each.before = each.at, former.at
        newest[each.connection] = each


def _repeats(taken: Sequence[Transaction], journal: Sequence[Mishap]) -> list[Repeat]:
    first: dict[str, int] = {}
    found: list[Repeat] = []
    for place, each in enumerate(taken):
        pairs: Counter[int] = Counter()
        for name in each.recipients:
            earlier = first.get(name)
            if earlier is not None:
                pairs[earlier] += 1
            # The newest, so that a third copy is explained by the second.
            first[name] = place
        for earlier, count in pairs.items():
            found.append(Repeat(taken[earlier], each, count, explained(taken[earlier], each, journal)))
    return found


def explained(earlier: Transaction, later: Transaction, journal: Sequence[Mishap]) -> str:
    """Why a transaction was repeated, in words that begin with the kind of mishap.

    A killed worker's connection may have one transaction in doubt: its last one, taken before the kill and repeated
    after it. The same holds for a worker that was frozen or lost its database; one that wakes up may besides finish
    what it was in the middle of, after somebody else has.
    """
    if earlier.is_in_doubt or earlier.is_perhaps_unheard:
        return f"hung-up: the mail server left connection {earlier.connection} without an answer"
    # What happened first has done it: a worker whose database was away may have been killed long after.
    reasons = ((each.at, why) for each in journal for why in _whys(earlier, later, each))
    return min(reasons, default=(0.0, UNEXPLAINED))[1]


def _whys(earlier: Transaction, later: Transaction, mishap: Mishap) -> Iterator[str]:
    """In which words one mishap may be the reason for a repeat; none if it is not."""
    name = f"{mishap.kind} {mishap.number}"
    is_between = earlier.is_last and _between(earlier, mishap, later)
    if mishap.kind != "freeze" and mishap.client == earlier.client and is_between:
        yield f"{name} of {mishap.client}, its connection {earlier.connection}"
    if mishap.kind == "freeze" and mishap.client == later.client and _finished_late(mishap, earlier, later):
        yield f"{name} of {mishap.client}, which woke up on connection {later.connection}"
    if mishap.kind == "freeze" and mishap.client == earlier.client and _was_in_flight(mishap, earlier, later):
        yield f"{name} of {mishap.client}, in the middle of it on connection {earlier.connection}"
    if mishap.kind == "postgresql" and is_between:
        yield f"{name}, away when connection {earlier.connection} had its answer"


def _between(earlier: Transaction, mishap: Mishap, later: Transaction) -> bool:
    return earlier.at <= mishap.until + _SLACK and mishap.at <= later.at + _SLACK


def _finished_late(mishap: Mishap, earlier: Transaction, later: Transaction) -> bool:
    """Whether this is what a frozen worker had begun before, and nothing that it began after it woke up."""
    return mishap.at <= earlier.at and mishap.until <= later.at <= mishap.until + 1.0


def _was_in_flight(mishap: Mishap, earlier: Transaction, later: Transaction) -> bool:
    """Whether a frozen worker's connection had it in hand: its last one before, or the one that ended as it woke up."""
    is_before = earlier.at <= mishap.at + _SLACK and mishap.until - _SLACK <= earlier.after
    is_after = (
        mishap.until - _SLACK <= earlier.at <= mishap.until + 1.0 and earlier.before <= mishap.at + _SLACK
    )
    return (is_before or is_after) and mishap.at <= later.at + _SLACK
