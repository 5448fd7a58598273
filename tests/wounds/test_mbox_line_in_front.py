"""A message that began with an mbox's `>From ` line lost its header in readers, since our fields came before that line."""

import email

import pytest

from mail.message import make_field, parse_message, with_fields


@pytest.mark.parametrize(
    "line", [b"From a@b.example Tue Mar  3 09:00:00 2026", b">From a@b.example", b">>From x"]
)
def test_an_mbox_line_does_not_end_the_header_section(line: bytes) -> None:
    came = parse_message(line + b"\r\nFrom: a@b.example\r\nSubject: kept\r\n\r\nFrom here on\r\n")
    went = email.message_from_bytes(with_fields(came, prepend=[make_field("List-Id", "<l.example.org>")]))
    assert (went["List-Id"], went["From"], went["Subject"]) == ("<l.example.org>", "a@b.example", "kept")
    assert went.get_payload() == "From here on\r\n"
