"""Messages: bytes that stay what they were, and fields that are found in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.encoded_words import cleaned
from mail.message import (
    AuthorUnclear,
    BadMessage,
    EmptyMessage,
    Field,
    UnsafeField,
    author,
    crlf,
    make_field,
    message_id,
    new_message_id,
    parse_message,
    references,
    with_fields,
)

RAW = (
    b"Received: from a\r\n\tby b; Mon, 1 Jan 2026 00:00:00 +0000\r\n"
    b"received: from c\r\n"
    b"From: =?utf-8?q?Andr=C3=A9?= <andre@example.org>\r\n"
    b"SUBJECT:  a subject \r\n folded\r\n"
    b"this line is no field\r\n"
    b"X-Raw: caf\xc3\xa9\r\n"
    b"\r\n"
    b"body\r\n\r\nsecond paragraph"
)

MAIL_BYTES = st.lists(
    st.sampled_from(
        [
            b"From: a@x.example",
            b"Subject: =?utf-8?q?x?=",
            b"\r\n",
            b"\n",
            b"\r",
            b" ",
            b"\t",
            b":",
            b"\0",
            b"\xff",
            b"abc",
        ]
    )
).map(b"".join) | st.binary(max_size=200)


def test_fields_are_found_whatever_their_case() -> None:
    message = parse_message(RAW)
    assert message.count("RECEIVED") == 2
    assert message.all("Received") == ["from a by b; Mon, 1 Jan 2026 00:00:00 +0000", "from c"]
    assert message.first("subject") == "a subject  folded"
    assert message.first("X-Raw") == "café"
    assert message.first("Absent") is None
    assert message.body == b"body\r\n\r\nsecond paragraph"


def test_a_line_that_is_no_field_is_kept() -> None:
    message = parse_message(RAW)
    assert Field("", b"this line is no field\r\n") in message.fields
    assert message.raw == RAW == b"".join(field.raw for field in message.fields) + b"\r\n" + message.body


def test_lone_line_breaks_become_crlf() -> None:
    assert crlf(b"a\nb\rc\r\nd\r\r\n") == b"a\r\nb\r\nc\r\nd\r\n\r\n"
    assert crlf(RAW) is RAW
    assert parse_message(RAW.replace(b"\r\n", b"\n")) == parse_message(RAW)


def test_a_message_without_an_empty_line_is_given_one() -> None:
    assert parse_message(b"Subject: x").raw == b"Subject: x\r\n\r\n"
    assert parse_message(b"Subject: x\n").body == b""
    assert parse_message(b"\r\nonly a body").fields == ()


@pytest.mark.parametrize("raw", [b"", b"\r\n\r\n", b"\0\0\0", b" \n"])
def test_an_empty_message_is_refused(raw: bytes) -> None:
    with pytest.raises(EmptyMessage) as refused:
        parse_message(raw)
    assert isinstance(refused.value, BadMessage)
    assert refused.value.code == "EMPTY_MESSAGE"


def test_changing_fields_leaves_every_other_byte() -> None:
    changed = with_fields(
        parse_message(RAW),
        remove={"Received", "absent"},
        prepend=[make_field("List-Id", "<l.example.org>"), make_field("X-Loop", "l.example.org")],
        replace=[make_field("Subject", "new"), make_field("Reply-To", "l@example.org")],
    )
    assert changed == (
        b"List-Id: <l.example.org>\r\nX-Loop: l.example.org\r\n"
        b"From: =?utf-8?q?Andr=C3=A9?= <andre@example.org>\r\n"
        b"Subject: new\r\n"
        b"this line is no field\r\n"
        b"X-Raw: caf\xc3\xa9\r\n"
        b"Reply-To: l@example.org\r\n"
        b"\r\n"
        b"body\r\n\r\nsecond paragraph"
    )


def test_a_stray_continuation_line_cannot_join_our_fields() -> None:
    message = parse_message(b" <evil.example.org>\r\nSubject: x\r\n\r\n")
    spliced = with_fields(message, prepend=[make_field("List-Id", "<l.example.org>")])
    assert parse_message(spliced).first("List-Id") == "<l.example.org>"
    assert with_fields(message) == message.raw


def test_replacing_a_doubled_field_leaves_one() -> None:
    message = parse_message(b"Subject: a\r\nTo: x@x.example\r\nSubject: b\r\n\r\n")
    assert (
        with_fields(message, replace=[make_field("Subject", "c")]) == b"Subject: c\r\nTo: x@x.example\r\n\r\n"
    )
    both = with_fields(
        message, remove=["subject"], replace=[make_field("Subject", "c"), make_field("Subject", "d")]
    )
    assert both == b"Subject: c\r\nSubject: d\r\nTo: x@x.example\r\n\r\n"


def test_the_author_is_the_one_mailbox_of_the_one_from_field() -> None:
    mailbox = author(parse_message(RAW))
    assert (mailbox.display_name, str(mailbox.address)) == ("André", "andre@example.org")


@pytest.mark.parametrize(
    "fields",
    [
        b"Subject: no author",
        b"From: a@x.example\r\nFrom: b@x.example",
        b"From: a@x.example\r\nFROM : b@x.example",
        b"From: a@x.example, b@x.example",
        b"From: Team: a@x.example;",
        b"From: undisclosed:;",
        b"From:",
        b"From: not an address",
        b"From: a@x.example\rFrom: b@x.example",
        b"From: =?utf-8?q?a=40x=2Eexample?=",
        b"From: a@x.example <b@y.example> c@z.example",
    ],
)
def test_an_unclear_author_is_refused(fields: bytes) -> None:
    """Pitfall 11."""
    with pytest.raises(AuthorUnclear):
        author(parse_message(fields + b"\r\n\r\nbody"))


def test_a_name_in_a_guessed_charset_is_shown() -> None:
    assert author(parse_message(b"From: Ren\xe9 <rene@x.example>\r\n\r\n")).display_name == "René"


@pytest.mark.parametrize(
    "body",
    [
        b"ren\xe9@x.example",
        b"rene@\xe9x.example",
        b"\x1b$B<eve@x.example>\x1b(B <rene@x.example>",
        b"a\xe9<eve@x.example\xff>",
    ],
)
def test_a_guessed_charset_never_chooses_an_address(body: bytes) -> None:
    """Pitfall 9."""
    with pytest.raises(AuthorUnclear):
        author(parse_message(b"From: " + body + b"\r\n\r\n"))


def test_message_ids_keep_their_brackets() -> None:
    message = parse_message(
        b"Message-ID: (c) <own@x.example>\r\nReferences: <1@x.example>\r\n\t<2@x.example> junk <1@x.example>\r\n"
        b"In-Reply-To: Your message <3@x.example> of <4@x.example>\r\n\r\n"
    )
    assert message_id(message) == "<own@x.example>"
    assert references(message) == ["<1@x.example>", "<2@x.example>", "<3@x.example>"]
    assert message_id(parse_message(b"Message-Id: bare@x.example\r\n\r\n")) == "<bare@x.example>"
    assert message_id(parse_message(b"Message-Id: no id here\r\n\r\n")) is None
    assert references(parse_message(b"Subject: x\r\n\r\n")) == []


def test_new_message_ids_never_repeat() -> None:
    made = {new_message_id("example.org") for _ in range(100)}
    assert len(made) == 100
    assert all(identifier.startswith("<") and identifier.endswith("@example.org>") for identifier in made)


@pytest.mark.parametrize("value", ["a\r\nBcc: eve@x.example", "a\nb", "a\rb", "nul\0", "escape\x1b"])
def test_a_value_cannot_begin_another_field(value: str) -> None:
    with pytest.raises(UnsafeField):
        make_field("Subject", value)


@pytest.mark.parametrize("name", ["", "A B", "A:", "Sübject", "A\r\nB"])
def test_a_field_name_is_printable_ascii(name: str) -> None:
    with pytest.raises(UnsafeField):
        make_field(name, "x")


def test_long_fields_are_folded_where_there_is_room() -> None:
    field = make_field("References", " ".join(f"<{number}@mail.example.org>" for number in range(40)))
    assert all(len(line) <= 78 for line in field.raw.split(b"\r\n"))
    assert field.raw.count(b"\r\n") > 5
    with pytest.raises(UnsafeField):
        make_field("List-Archive", f"<https://example.org/{'a' * 1000}>")
    assert all(len(line) <= 78 for line in make_field("Subject", "a" * 2000).raw.split(b"\r\n"))


def test_an_address_field_keeps_what_cannot_be_encoded() -> None:
    field = make_field("To", "Müller <müller@example.org>, plain@example.org")
    assert field.raw == "To: =?utf-8?q?M=C3=BCller?= <müller@example.org>, plain@example.org\r\n".encode()
    with pytest.raises(UnsafeField):
        make_field("To", "Müller, Jörg <j@example.org>")


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"S: =?utf-8?b?SGVsbG8=?= =?utf-8?q?_w=C3=B6rld?=\r\n", "Hello wörld"),
        (b"S: =?ISO-8859-1?Q?caf=E9?= au lait\r\n", "café au lait"),
        (b"S: =?iso-2022-jp?B?GyRCRnxLXDhsGyhC?=\r\n", "日本語"),
        (b"S: =?gb2312?B?1tDOxA==?=\r\n", "中文"),
        (b"S: =?utf-8?B?5pel5pys6A==?= =?utf-8?B?qp4=?=\r\n", "日本語"),
        (b"S: =?utf-8*en?q?tagged?=\r\n", "tagged"),
        (b"S: =?utf-8?B?SGVsbG8?=\r\n", "Hello"),
        (b"S: =?no-such-charset?q?=C3=A9?=\r\n", "é"),
        (b"S: caf\xe9 raw\r\n", "café raw"),
        (b"S: =?utf-8?q?a=0D=0ABcc=3A_x?=\r\n", "a  Bcc: x"),
        (b"S: =?utf-8?q?unfinished\r\n", "=?utf-8?q?unfinished"),
    ],
)
def test_encoded_words_are_read_in_any_charset(raw: bytes, shown: str) -> None:
    assert Field("S", raw).body == shown


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=200))
def test_any_subject_comes_back_as_it_went(text: str) -> None:
    field = make_field("Subject", text)
    assert field.raw.isascii()
    assert all(len(line) <= 78 for line in field.raw.split(b"\r\n") if b" " in line.strip() or b"=?" in line)
    assert parse_message(field.raw + b"\r\n").first("Subject") == cleaned(text.strip(" \t")).strip(" ")


@given(MAIL_BYTES)
def test_any_bytes_are_a_message_whose_parts_add_up(raw: bytes) -> None:
    try:
        message = parse_message(raw)
    except EmptyMessage:
        assert not raw.strip(b"\0 \t\r\n")
        return
    assert message.raw.startswith(crlf(raw))
    assert b"".join(field.raw for field in message.fields) + b"\r\n" + message.body == message.raw
    assert parse_message(message.raw) == message
    assert with_fields(message) == message.raw
    for field in message.fields:
        assert not set("\r\n\0") & set(field.body)
    message_id(message)
    references(message)


@given(MAIL_BYTES, st.sampled_from(["Subject", "From", "X-New"]))
def test_splicing_any_message_touches_only_the_named_field(raw: bytes, name: str) -> None:
    try:
        message = parse_message(raw)
    except EmptyMessage:
        return
    spliced = parse_message(
        with_fields(message, replace=[make_field(name, "new")], prepend=[make_field("A", "b")])
    )
    kept = message.fields[raw[:1] in (b" ", b"\t") :]
    others = [field for field in kept if field.name.lower() != name.lower()]
    assert spliced.fields[0] == make_field("A", "b")
    rest = b"".join(field.raw for field in spliced.fields[1:] if field.name != name)
    assert rest == b"".join(field.raw for field in others)
    assert spliced.body == message.body
    assert spliced.all(name) == ["new"]


@given(MAIL_BYTES)
def test_an_author_is_found_or_refused(raw: bytes) -> None:
    try:
        found = author(parse_message(raw))
    except BadMessage:
        return
    assert found.address.domain.startswith("x.example")
