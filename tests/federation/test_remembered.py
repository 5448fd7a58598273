"""What peers said is kept for minutes, sealed, and only for the circumstances in which it was said (listfed/1, 9)."""

from federation.answers import Answered, RemoteMembership
from federation.remembered import EMPTY, LONGEST, About, Remembered, bound_to, remembered_of
from mail.instant import SECOND
from storage.site import Site
from storage.tables.words import Reception

NOW = 1_900_000_000 * SECOND
ADA, BOB = About(1, 7), About(2, 7)
BOUND = bound_to("session", 1)
ONE = RemoteMembership(
    "gardens@x.example", "Gardens", "ada@example.test", Reception.DIGEST, "https://x.example/g"
)
FOUND = Answered((ONE,), False, NOW)


def test_an_answer_comes_back_as_it_was_until_its_time_is_over() -> None:
    kept = Remembered()
    kept.put(ADA, BOUND, FOUND, NOW)
    assert kept.find(ADA, BOUND, NOW + LONGEST - 1) == FOUND
    assert kept.find(ADA, BOUND, NOW + LONGEST) is None
    assert len(kept) == 0


def test_an_answer_that_tells_of_nothing_is_kept_for_a_minute() -> None:
    kept = Remembered()
    kept.put(ADA, BOUND, Answered((), False, NOW), NOW)
    assert kept.find(ADA, BOUND, NOW + EMPTY - 1) is not None
    assert kept.find(ADA, BOUND, NOW + EMPTY) is None


def test_under_other_circumstances_there_is_nothing() -> None:
    for about, bound in ((BOB, BOUND), (About(1, 8), BOUND), (ADA, bound_to("session", 2))):
        kept = Remembered()
        kept.put(ADA, BOUND, FOUND, NOW)
        assert kept.find(about, bound, NOW) is None


def test_nothing_in_memory_shows_what_was_said() -> None:
    kept = Remembered()
    kept.put(ADA, BOUND, FOUND, NOW)
    (sealed,) = (each.sealed for each in kept._of.values())
    assert b"gardens" not in sealed
    assert b"ada" not in sealed


def test_people_and_peers_are_forgotten() -> None:
    kept = Remembered()
    for about in (ADA, BOB, About(1, 8)):
        kept.put(about, BOUND, FOUND, NOW)
    kept.forget_person(1)
    assert kept.find(BOB, BOUND, NOW) is not None
    assert len(kept) == 1
    kept.forget_peer(7)
    assert len(kept) == 0


def test_when_there_are_too_many_the_oldest_go() -> None:
    kept = Remembered(capacity=3)
    for number in range(5):
        kept.put(About(number, 1), BOUND, FOUND, NOW)
    assert [kept.find(About(number, 1), BOUND, NOW) is not None for number in range(5)] == [False] * 2 + [
        True
    ] * 3


def test_whoever_lets_go_of_somebody_has_it_forgotten() -> None:
    site = Site(public_url="https://x.example", secret=b"s" * 32)
    remembered_of(site).put(ADA, BOUND, FOUND, NOW)
    site.let_go(1)
    assert len(remembered_of(site)) == 0
    assert remembered_of(site) is remembered_of(site)
