"""What a message from the list shows of its author, in any script and against any trick."""

import pytest

from mail.address import parse_mailbox
from mail.message import author, parse_message
from mail.munging import answering, carried_over, from_list, original_from, original_signatures, wrapped
from mail.parts import whole

LIST = "welcome@lists.example.org"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Ada Lovelace <ada@example.edu>", "Ada Lovelace via welcome"),
        ("ada@example.edu", "ada via welcome"),
        ('"Lovelace, Ada" <ada@example.edu>', "Lovelace, Ada via welcome"),
        ("ada@example.edu (Ada)", "Ada via welcome"),
        ("=?utf-8?q?J=C3=BCrgen_Gro=C3=9F?= <j@example.edu>", "Jürgen Groß via welcome"),
        ("=?utf-8?b?5bGx55Sw5aSq6YOO?= <y@example.edu>", "山田太郎 via welcome"),
        ("=?utf-8?b?2YXYrdmF2K8=?= <m@example.edu>", "محمد via welcome"),
        # Somebody's address in the name would pass for the sender's.
        ('"ceo@victim.example" <eve@example.edu>', "ceo via welcome"),
        ('"Ada (ada@example.edu)" <ada@example.edu>', "Ada (ada) via welcome"),
        ("=?utf-8?q?ceo=EF=BC=A0victim=2Eexample?= <eve@example.edu>", "ceo via welcome"),
        # A sign that turns the direction of writing would hide what follows.
        ("=?utf-8?b?4oCuQWRh?= <ada@example.edu>", "Ada via welcome"),
        ("=?utf-8?q?Ada=0D=0ABcc=3A_x?= <ada@example.edu>", "Ada Bcc: x via welcome"),
        ('"a\\"b\\\\c" <ada@example.edu>', 'a"b\\c via welcome'),
        ("=?utf-8?q?=3D=3Fx=3Fq=3Fy=3F=3D?= <ada@example.edu>", None),
    ],
)
def test_the_name_of_the_author_stays_and_the_address_is_the_lists(written: str, shown: str | None) -> None:
    field = from_list(parse_mailbox(written), "welcome", LIST)
    assert field.raw.isascii()
    found = author(parse_message(field.raw + b"\r\n"))
    assert str(found.address) == LIST
    assert found.display_name.endswith(" via welcome")
    assert shown is None or found.display_name == shown
    assert all(len(line) <= 998 for line in field.raw.split(b"\r\n"))


def test_a_name_without_end_is_cut() -> None:
    field = from_list(parse_mailbox(f"{'長い' * 500} <a@example.edu>"), "welcome", LIST)
    name = author(parse_message(field.raw + b"\r\n")).display_name
    assert len(name) < 150
    assert name.endswith("… via welcome")
    assert all(len(line) <= 80 for line in field.raw.split(b"\r\n"))


def test_an_author_in_utf8_is_named_as_they_wrote_themselves() -> None:
    raw = "From: Jürgen <jürgen@bücher.example>\r\n\r\nx".encode()
    message = parse_message(raw)
    assert original_from(message).raw == "X-Original-From: Jürgen <jürgen@bücher.example>\r\n".encode()
    assert from_list(author(message), "welcome", LIST).raw.isascii()
    (reply_to,) = answering(message, author(message), None)
    assert reply_to.mailboxes()[0].address == author(message).address


def test_folded_fields_stay_as_they_are_under_their_new_name() -> None:
    message = parse_message(
        b"From: Ada\r\n <ada@example.edu>\r\nDKIM-Signature: v=1;\r\n b=x\r\nDKIM-Signature: two\r\n\r\n"
    )
    assert original_from(message).raw == b"X-Original-From: Ada\r\n <ada@example.edu>\r\n"
    assert [field.raw for field in original_signatures(message)] == [
        b"X-Original-DKIM-Signature: v=1;\r\n b=x\r\n",
        b"X-Original-DKIM-Signature: two\r\n",
    ]


@pytest.mark.parametrize(
    ("fields", "to_list", "expected"),
    [
        ("", None, ["Reply-To: Ada <ada@example.edu>"]),
        # Where the author wants answers is never overridden.
        ("Reply-To: other@example.edu\r\n", None, []),
        ("Reply-To: other@example.edu\r\n", LIST, []),
        ("", LIST, [f"Reply-To: {LIST}", "Cc: Ada <ada@example.edu>"]),
        (
            "Cc: Bob <b@x.example>\r\n",
            LIST,
            [f"Reply-To: {LIST}", "Cc: Bob <b@x.example>, Ada <ada@example.edu>"],
        ),
        ("To: ADA@example.edu\r\n", LIST, [f"Reply-To: {LIST}"]),
        ("Cc: <<broken\r\n", LIST, [f"Reply-To: {LIST}"]),
    ],
)
def test_answers_still_reach_the_author(fields: str, to_list: str | None, expected: list[str]) -> None:
    message = parse_message(f"From: Ada <ada@example.edu>\r\n{fields}\r\n".encode())
    made = answering(message, author(message), to_list)
    assert [field.raw.decode().strip() for field in made] == expected


@pytest.mark.parametrize(
    ("original", "kind", "encoding"),
    [
        (b"From: a@x.example\r\nSubject: s\r\n\r\nA line.\r\n", "message/rfc822", "7bit"),
        ("From: a@x.example\r\n\r\nGrüße\r\n".encode(), "message/rfc822", "8bit"),
        ("From: ä@x.example\r\n\r\nA line.\r\n".encode(), "message/global", "8bit"),
        (
            b'From: a@x.example\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n',
            "message/rfc822",
            "7bit",
        ),
        (b"From: a@x.example\r\n\r\n", "message/rfc822", "7bit"),
        (b"From: a@x.example\r\n\r\nno end of line", "message/rfc822", "7bit"),
    ],
)
def test_the_original_inside_is_the_same_to_the_octet(original: bytes, kind: str, encoding: str) -> None:
    message = parse_message(original)
    made = parse_message(wrapped(message, [from_list(author(message), "welcome", LIST)]))
    assert made.body == original
    assert whole(made).content_type == kind
    assert made.first("Content-Transfer-Encoding") == encoding
    assert [field.name for field in made.fields].count("From") == 1


def test_one_field_of_a_name_is_carried_over_and_every_received() -> None:
    message = parse_message(b"Received: 1\r\nReceived: 2\r\nSubject: a\r\nSubject: b\r\n\r\n")
    kept = carried_over(message, ("Received", "Subject", "Date"))
    assert [field.raw for field in kept] == [b"Received: 1\r\n", b"Received: 2\r\n", b"Subject: a\r\n"]
