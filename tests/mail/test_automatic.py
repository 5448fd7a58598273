"""Automatic messages and loops: what no person wrote, and what has been here before."""

import pytest

from mail.automatic import is_automatic, is_automatic_reply, loop_field, loops
from mail.message import Message, parse_message


def with_field(line: str) -> Message:
    """A message with that field among others."""
    return parse_message(f"From: a@x.example\r\n{line}\r\nSubject: s\r\n\r\nbody".encode())


@pytest.mark.parametrize(
    "line",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated (rejected)",
        "auto-submitted: AUTO-NOTIFIED; owner-email=a@x.example",
        "Precedence: bulk",
        "Precedence: Junk",
        "Precedence: auto_reply",
        "X-Autoreply: yes",
        "X-Failed-Recipients: b@x.example",
        "X-Auto-Response-Suppress: All",
        "Return-Path: <>",
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b",
    ],
)
def test_programs_give_themselves_away(line: str) -> None:
    """Pitfall 59."""
    assert is_automatic(with_field(line))


@pytest.mark.parametrize(
    "line",
    ["Auto-Submitted: no", "Auto-Submitted: No (a person)", "X-Other: x", "Return-Path: <a@x.example>"],
)
def test_people_are_no_programs(line: str) -> None:
    assert not is_automatic(with_field(line))


@pytest.mark.parametrize(
    "line", ["Precedence: list", "List-Id: <l.example.net>", "X-Auto-Response-Suppress: DR, OOF"]
)
def test_a_person_behind_a_list_is_heard(line: str) -> None:
    assert not is_automatic(with_field(line))


@pytest.mark.parametrize("reverse_path", ["", "<>", " <> "])
def test_the_null_reverse_path_is_a_programs(reverse_path: str) -> None:
    assert is_automatic(with_field("X-Other: x"), reverse_path)


@pytest.mark.parametrize(
    ("line", "reverse_path"),
    [
        ("Auto-Submitted: auto-replied (vacation)", "a@x.example"),
        ("Precedence: auto_reply", "a@x.example"),
        ("X-Autorespond: away", "a@x.example"),
        ("Content-Type: multipart/report; report-type=delivery-status; boundary=b", "a@x.example"),
        ("X-Other: x", "<>"),
    ],
)
def test_an_answer_of_a_program_is_told_apart(line: str, reverse_path: str) -> None:
    """Pitfall 59."""
    assert is_automatic_reply(with_field(line), reverse_path)


@pytest.mark.parametrize(
    "line", ["Auto-Submitted: auto-generated", "Precedence: bulk", "Subject: Out of office"]
)
def test_a_programs_own_report_is_no_answer(line: str) -> None:
    assert not is_automatic_reply(with_field(line), "a@x.example")


@pytest.mark.parametrize(
    "line",
    [
        "List-Id: News <news.example.org>",
        "List-Id: <NEWS.Example.ORG>",
        "List-Id: news.example.org",
        "List-Id: <other.example.net>\r\nList-Id: <news.example.org>",
        loop_field("news.example.org").raw.decode().rstrip(),
        "\r\n".join(f"Received: from host{number}" for number in range(51)),
    ],
)
def test_a_message_that_was_here_loops(line: str) -> None:
    assert loops(with_field(line), "news.example.org")


@pytest.mark.parametrize(
    "line",
    [
        "List-Id: <other.example.org>",
        "List-Id: <xnews.example.org>",
        'List-Id: "<news.example.org>" <other.example.org>',
        "X-Loop: other.example.org",
        "\r\n".join(f"Received: from host{number}" for number in range(50)),
    ],
)
def test_another_lists_post_does_not_loop(line: str) -> None:
    assert not loops(with_field(line), "news.example.org")
