"""The drill in short: processes die, servers go away, each kind of mishap once, and nobody is skipped; on both databases."""

from pathlib import Path

from bench._world import sqlite_url
from scripts.drill.counting import Mishap, counted
from scripts.drill.mail_server import Transaction
from scripts.drill.outcome import Outcome
from scripts.drill.plan import CHAOS, Options, planned
from scripts.drill.run import drill
from tests.databases import new_postgresql, postgresql_template, running_postgresql

OPTIONS = Options(recipients=300, kills=5, workers=2, lease=4)


async def test_nobody_is_skipped_on_sqlite(tmp_path: Path) -> None:
    outcome, _ = await drill(sqlite_url(tmp_path), tmp_path, OPTIONS)
    _check(outcome)
    assert set(CHAOS) - set(outcome.acts) == {"postgresql"}


async def test_nobody_is_skipped_on_postgresql(tmp_path: Path) -> None:
    # A server of its own, since it is stopped in the middle.
    with running_postgresql() as server:
        postgresql_template(server.url)
        url = await new_postgresql(server.url)
        outcome, _ = await drill(url, tmp_path, OPTIONS, postgresql=server)
    _check(outcome)
    assert set(CHAOS) <= set(outcome.acts)


def _check(outcome: Outcome) -> None:
    assert outcome.passed, outcome.in_words()
    assert outcome.kills == OPTIONS.kills
    assert outcome.recipients == outcome.posts * OPTIONS.recipients == outcome.books_accepted


def test_a_plan_is_the_same_for_the_same_seed() -> None:
    assert planned(OPTIONS, with_postgresql=True) == planned(OPTIONS, with_postgresql=True)
    other = Options(recipients=300, kills=5, seed=2)
    assert planned(OPTIONS, with_postgresql=True) != planned(other, with_postgresql=True)


def _taken(at: float, connection: int, *recipients: str, is_in_doubt: bool = False) -> Transaction:
    return Transaction(at, connection, f"w{connection}", "<1@a.example>", list(recipients), is_in_doubt)


def test_whoever_got_nothing_for_certain_was_skipped() -> None:
    taken = [_taken(1, 1, "a@x"), _taken(2, 1, "b@x", is_in_doubt=True)]
    found = counted(taken, {"<1@a.example>": frozenset({"a@x", "b@x", "c@x"})}, [])
    assert found.skipped == 2


def test_a_repeat_without_a_reason_is_told() -> None:
    journal = [Mishap("kill", 1, 1.5, 1.5, "w1")]
    everybody = {"<1@a.example>": frozenset({"a@x", "b@x"})}
    # The killed worker's last transaction was in doubt; the one before it, and another worker's, were not.
    assert not counted([_taken(1, 1, "a@x"), _taken(2, 2, "a@x", "b@x")], everybody, journal).unexplained
    earlier = [_taken(1, 1, "a@x"), _taken(1.2, 1, "b@x"), _taken(2, 2, "a@x")]
    assert len(counted(earlier, everybody, journal).unexplained) == 1
    other = [_taken(1, 3, "a@x"), _taken(2, 2, "a@x", "b@x")]
    assert len(counted(other, everybody, journal).unexplained) == 1


def test_a_repeat_is_put_down_to_what_happened_first() -> None:
    """Else a kill much later would seem to have cost two transactions for each connection."""
    away, killed = Mishap("postgresql", 1, 1.2, 1.9), Mishap("kill", 1, 5, 5, "w1")
    everybody = {"<1@a.example>": frozenset({"a@x", "b@x"})}
    taken = [_taken(1.3, 1, "a@x"), _taken(7, 2, "a@x", "b@x")]
    assert [each.why for each in counted(taken, everybody, [killed, away]).repeats] == [
        "postgresql 1, away when connection 1 had its answer"
    ]
    assert counted(taken, everybody, [killed]).most_in_one_kill == 1


def test_a_frozen_worker_repeats_what_it_had_in_hand_and_nothing_else() -> None:
    journal = [Mishap("freeze", 1, 2, 9, "w1")]
    everybody = {"<1@a.example>": frozenset({"a@x", "b@x", "c@x"})}

    def reasons(*own: Transaction) -> list[str]:
        another = _taken(9.1, 2, "b@x")
        taken = sorted([*own, another], key=lambda each: each.at)
        return [each.why.partition(" ")[0] for each in counted(taken, everybody, journal).repeats]

    # Taken just before, and its answer was read too late; or on its way, and taken as the worker woke up.
    assert reasons(_taken(1.9, 1, "b@x"), _taken(9.3, 1, "c@x")) == ["freeze"]
    assert reasons(_taken(1.9, 1, "a@x"), _taken(9.05, 1, "b@x"), _taken(9.3, 1, "c@x")) == ["freeze"]
    # What was settled long before, and what it began after it woke up.
    assert reasons(_taken(1.5, 1, "b@x"), _taken(1.9, 1, "a@x"), _taken(9.3, 1, "c@x")) == ["unexplained"]
    assert reasons(_taken(1.9, 1, "a@x"), _taken(9.02, 1, "c@x"), _taken(9.05, 1, "b@x")) == ["unexplained"]
