"""Composed messages: what was said arrives, in seven bits, with nothing smuggled in."""

import email
import email.policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.address import BadAddress
from mail.compose import compose
from mail.message import UnsafeField, author, message_id, parse_message
from mail.mime import html_part, text_part


def written(**changes: object) -> bytes:
    """A composed message, with some arguments changed."""
    arguments: dict[str, object] = {
        "sender": "Liste Müller <liste@example.org>",
        "to": "alice@example.edu, Bob <bob@example.edu>",
        "subject": "Willkommen in Köln",
        "text": "Guten Tag,\nschön!",
        "domain": "example.org",
        "date": 0,
    }
    return compose(**(arguments | changes))  # type: ignore[arg-type]


def test_a_composed_message_reads_back() -> None:
    message = parse_message(
        written(message_id="<1@example.org>", extra=[("Auto-Submitted", "auto-generated")])
    )
    assert author(message).display_name == "Liste Müller"
    assert [str(box) for box in message.mailboxes("To")] == ["alice@example.edu", "Bob <bob@example.edu>"]
    assert message.first("Subject") == "Willkommen in Köln"
    assert message.first("Date") == "Thu, 01 Jan 1970 00:00:00 +0000"
    assert message.first("Auto-Submitted") == "auto-generated"
    assert message_id(message) == "<1@example.org>"
    assert text_part(message) == "Guten Tag,\nschön!\n"


def test_a_message_is_seven_bit_crlf_and_of_short_lines() -> None:
    raw = written(text="ü" * 5000 + "\n.\nFrom here\rthere", html="<p>" + "é" * 3000)
    assert raw.isascii()
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
    assert max(map(len, raw.split(b"\r\n"))) <= 78
    assert text_part(parse_message(raw)) == "ü" * 5000 + "\n.\nFrom here\nthere\n"


def test_plain_ascii_stays_readable() -> None:
    assert b"\r\nContent-Transfer-Encoding: 7bit\r\n\r\nhello\r\n" in written(text="hello")
    assert b"quoted-printable" in written(text="a" * 2000)


def test_both_forms_are_offered() -> None:
    message = parse_message(written(html="<p>schön</p>"))
    assert text_part(message) == "Guten Tag,\nschön!\n"
    assert html_part(message) == "<p>schön</p>\n"


def test_the_standard_library_reads_the_same() -> None:
    seen = email.message_from_bytes(written(html="<b>ü</b>"), policy=email.policy.default)
    body = seen.get_body(("plain",))
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") == "Guten Tag,\nschön!\n"
    assert str(seen["Subject"]) == "Willkommen in Köln"
    assert not seen.defects


def test_a_message_without_date_or_id_is_given_them() -> None:
    message = parse_message(written(date=None))
    assert str(message_id(message)).endswith("@example.org>")
    assert message.count("Date") == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "a\r\nBcc: eve@example.net"},
        {"extra": [("X-A", "a\nb")]},
        {"extra": [("from", "eve@example.net")]},
        {"extra": [("Content-Type", "text/html")]},
        {"extra": [("X A", "b")]},
    ],
)
def test_fields_cannot_be_smuggled_in(changes: dict[str, object]) -> None:
    with pytest.raises(UnsafeField):
        written(**changes)


@pytest.mark.parametrize("changes", [{"to": ""}, {"to": "nobody"}, {"sender": "a@x.example, b@x.example"}])
def test_a_message_needs_real_addresses(changes: dict[str, object]) -> None:
    with pytest.raises(BadAddress):
        written(**changes)


def test_an_address_in_utf8_is_written_as_it_is() -> None:
    raw = written(to="用户@例え.example")
    assert "用户@xn--r8jz45g.example".encode() in raw


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=300))
def test_any_text_arrives(text: str) -> None:
    raw = written(text=text)
    assert raw.isascii()
    assert text_part(parse_message(raw)) == (text if text.endswith("\n") else text + "\n")
