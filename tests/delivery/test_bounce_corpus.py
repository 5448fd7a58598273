"""Reports as many mail servers write them are read for what they are."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.bounces.kinds import classify
from delivery.bounces.reading import Outcome, read
from mail.message import parse_message
from storage.tables.words import BounceKind
from tests.delivery.bounces.outcomes import OUTCOMES

FOLDER = Path(__file__).parent / "bounces"


def raw_of(name: str) -> bytes:
    """One message of the corpus."""
    return (FOLDER / f"{name}.eml").read_bytes()


def reverse_path_of(outcome: str) -> str:
    """Reports come under the null reverse-path, what people and their programs write under their own."""
    return "m1@example.net" if outcome in ("automatic", "other") else ""


@pytest.mark.parametrize("name", OUTCOMES)
def test_a_report_is_read_for_what_it_is(name: str) -> None:
    outcome, kind, address, status = OUTCOMES[name]
    found = read(parse_message(raw_of(name)), reverse_path_of(outcome))
    assert found.outcome.value == outcome
    if found.outcome is Outcome.FAILED:
        assert (found.failed[0].kind.value, found.failed[0].enhanced_status) == (kind, status)
        assert address in found.failed[0].addresses or not address
        assert found.failed[0].diagnostic


def test_every_message_of_the_corpus_has_its_outcome() -> None:
    assert {each.stem for each in FOLDER.glob("*.eml")} == set(OUTCOMES)
    assert len(OUTCOMES) >= 60


@pytest.mark.parametrize("name", [name for name, row in OUTCOMES.items() if row[0] == "automatic"])
def test_a_vacation_notice_under_the_null_reverse_path_is_no_failure_either(name: str) -> None:
    assert read(parse_message(raw_of(name)), "").outcome is Outcome.AUTOMATIC


@pytest.mark.parametrize("name", OUTCOMES)
def test_a_report_that_was_cut_off_anywhere_is_read_without_harm(name: str) -> None:
    raw = raw_of(name)
    for end in range(0, len(raw), 97):
        if b"\r\n\r\n" in raw[:end]:
            assert isinstance(read(parse_message(raw[:end]), "").outcome, Outcome)


@given(st.binary(max_size=3000))
def test_any_bytes_can_be_read(body: bytes) -> None:
    raw = b"From: MAILER-DAEMON@x.example\r\nSubject: Undelivered\r\n\r\n" + body
    assert isinstance(read(parse_message(raw), "").outcome, Outcome)


@given(st.text(max_size=3000), st.sampled_from(["", "5.1.1", "4.2.2", "5.7.1", "9.9.9"]))
def test_any_words_have_a_kind(words: str, status: str) -> None:
    assert isinstance(classify(status, words), BounceKind)


@pytest.mark.parametrize(
    ("status", "words", "kind"),
    [
        ("5.1.1", "", BounceKind.HARD),
        ("4.1.1", "no such user", BounceKind.SOFT),
        ("", "550 unknown recipient spam@example.net", BounceKind.HARD),
        ("5.7.1", "550 5.7.1 <spam@example.net>: user unknown", BounceKind.HARD),
        ("5.2.2", "no such user", BounceKind.SOFT),
        ("", "550", BounceKind.HARD),
        ("", "451 later", BounceKind.SOFT),
        ("", "", BounceKind.UNKNOWN),
        ("5.5.0", "", BounceKind.SOFT),
    ],
)
def test_a_code_and_words_together_say_what_failed(status: str, words: str, kind: BounceKind) -> None:
    assert classify(status, words) is kind
