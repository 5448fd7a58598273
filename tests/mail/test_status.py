"""Reply codes and enhanced status codes."""

import pytest

from mail.status import EnhancedStatus, Reply, parse_reply


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("5.1.1 text", "5.1.1"),
        ("5.1.1", "5.1.1"),
        ("smtp; 550 5.7.26 policy", "5.7.26"),
        ("2.00.05", "2.0.5"),
        ("(4.2.2)", "4.2.2"),
        ("3.1.1", None),
        ("5.1", None),
        ("15.1.1", None),
        ("5.1.1.1", None),
        ("192.5.1.1", None),
        ("", None),
    ],
)
def test_a_status_code_is_found(text: str, status: str | None) -> None:
    assert EnhancedStatus.parse(text) == status


def test_a_status_says_how_and_about_what() -> None:
    status = EnhancedStatus("4.2.2")
    assert (status.is_temporary, status.is_permanent, status.is_positive, status.subject) == (
        True,
        False,
        False,
        2,
    )
    assert EnhancedStatus("5.1.1").is_permanent
    assert EnhancedStatus("2.0.0").is_positive


@pytest.mark.parametrize(
    ("code", "verdict"), [(250, "positive"), (354, "positive"), (450, "temporary"), (550, "permanent")]
)
def test_a_reply_is_one_of_three(code: int, verdict: str) -> None:
    reply = Reply(code, None, "text")
    assert [word for word in ("positive", "temporary", "permanent") if getattr(reply, f"is_{word}")] == [
        verdict
    ]


def test_a_quoted_reply_is_read() -> None:
    assert parse_reply("550 5.1.1 No such user") == Reply(550, "5.1.1", "No such user")
    assert parse_reply("450-greylisted") == Reply(450, None, "greylisted")
    assert parse_reply("no code") is None
    assert str(Reply(550, "5.1.1", "No")) == "550 5.1.1 No"
