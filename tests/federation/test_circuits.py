"""A peer that fails is left alone for a while, longer each time, and tried by one question (listfed/1, 9)."""

from dataclasses import replace

import pytest

from federation.circuits import LONGEST, SHORTEST, Circuits
from mail.instant import MINUTE, SECOND
from storage.tables.federation import Peer
from storage.tables.words import PeerTrust

NOW = 1_900_000_000 * SECOND
PEER = Peer(
    1,
    "x.example",
    "https://x.example",
    "https://x.example/f",
    PeerTrust.MUTUAL,
    "{}",
    "[]",
    "",
    "",
    0,
    0,
    None,
    0,
    None,
)


def failing(times: int = 5, now: int = NOW) -> Circuits:
    made = Circuits()
    for _ in range(times):
        made.failed(PEER, now)
    return made


def test_four_failures_open_nothing_and_five_do() -> None:
    assert failing(4).may_ask(PEER, NOW)
    assert not failing(5).may_ask(PEER, NOW)


def test_failures_that_are_more_than_a_minute_apart_open_nothing() -> None:
    circuits = Circuits()
    for number in range(20):
        assert circuits.failed(PEER, NOW + number * 16 * SECOND) == (number + 1, None)
    assert circuits.may_ask(PEER, NOW + 20 * 16 * SECOND)


def test_an_answer_that_is_not_believed_opens_at_once() -> None:
    circuits = Circuits()
    assert circuits.failed(PEER, NOW, opens=True) == (1, NOW + SHORTEST)
    assert not circuits.may_ask(PEER, NOW + SHORTEST - 1)


def test_one_probe_goes_when_the_time_is_over() -> None:
    circuits = failing()
    later = NOW + SHORTEST
    assert circuits.may_ask(PEER, later)
    assert not circuits.may_ask(PEER, later)
    circuits.was_well(PEER)
    assert circuits.may_ask(PEER, later)
    # One failure after that is one, not the sixth.
    assert circuits.failed(PEER, later) == (1, None)
    assert circuits.may_ask(PEER, later)


def test_a_probe_that_was_broken_off_leaves_another_one_free() -> None:
    circuits = failing()
    assert circuits.may_ask(PEER, NOW + SHORTEST)
    circuits.unasked(PEER)
    assert circuits.may_ask(PEER, NOW + SHORTEST)


def test_each_probe_that_fails_doubles_the_time_up_to_a_quarter_of_an_hour() -> None:
    circuits, now, lasted = failing(4), NOW, []
    for _ in range(8):
        _, retry = circuits.failed(PEER, now)
        assert retry is not None
        assert not circuits.may_ask(PEER, retry - 1)
        lasted.append(retry - now)
        now = retry
        assert circuits.may_ask(PEER, now)
    assert lasted == [SHORTEST, MINUTE, 2 * MINUTE, 4 * MINUTE, 8 * MINUTE, LONGEST, LONGEST, LONGEST]


def test_what_another_process_saw_is_heeded_until_its_time_is_over() -> None:
    seen = replace(PEER, failures=5, retry_at=NOW + SHORTEST)
    circuits = Circuits()
    assert not circuits.may_ask(seen, NOW)
    assert circuits.may_ask(seen, NOW + SHORTEST)
    assert circuits.failed(seen, NOW + SHORTEST)[0] == 6


@pytest.mark.parametrize("other", [2, 3])
def test_circuits_of_different_peers_are_their_own(other: int) -> None:
    circuits = failing()
    assert circuits.may_ask(replace(PEER, id=other), NOW)
    circuits.forget(PEER.id)
    assert circuits.may_ask(PEER, NOW)
