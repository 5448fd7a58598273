"""What a person sees: texts in every charset, HTML as text, attachments, and no way to make the reader fail."""

import base64
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.charset import decode
from mail.html_text import html_as_text
from mail.message import EmptyMessage, Message, parse_message
from mail.mime import (
    AttachmentInfo,
    attachments,
    html_part,
    text_part,
)
from mail.parameters import parse_parameters
from mail.parts import leaves, whole

MIXED = b"""\
Content-Type: multipart/mixed; boundary="out=er"

preamble
--out=er
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Gr=C3=BC=C3=9Fe=
!
--inner
Content-Type: text/html; charset=utf-8

<p>Gr&uuml;&szlig;e!</p>
--inner
Content-Type: text/calendar

BEGIN:VCALENDAR
--inner--
--out=er
Content-Type: application/pdf; name*0*=utf-8''b%C3%BCch; name*1*=er.pdf
Content-Disposition: attachment
Content-Transfer-Encoding: base64

JVBERi0x
--out=er
Content-Type: text/plain
Content-Disposition: attachment; filename="../../etc/notes.txt"

not the text
--out=er
Content-Type: message/rfc822

Subject: inner

inner text
--out=er
Content-Type: text/plain

footer
--out=er
Content-Type: application/pgp-signature; name=signature.asc

-----BEGIN
--out=er--
epilogue
"""


def said(body: bytes, content_type: str = "text/plain", encoding: str = "8bit") -> Message:
    """A message of one part."""
    head = f"Content-Type: {content_type}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return parse_message(head.encode("utf-8", "replace") + body)


def types_of(message: Message) -> list[str]:
    """The media type of each part that holds content, in order."""
    return [part.content_type for part in leaves(whole(message))]


def test_the_text_is_the_plain_parts_that_are_not_attached() -> None:
    assert text_part(parse_message(MIXED)) == "Grüße!\nfooter"


def test_the_html_is_the_part_that_is_shown() -> None:
    assert html_part(parse_message(MIXED)) == "<p>Gr&uuml;&szlig;e!</p>"
    assert html_part(said(b"plain")) is None


def test_attachments_have_safe_names_and_decoded_sizes() -> None:
    message = parse_message(MIXED)
    assert attachments(message) == [
        AttachmentInfo("bücher.pdf", "application/pdf", 8 - 2),
        AttachmentInfo("notes.txt", "text/plain", len("not the text")),
        AttachmentInfo(None, "message/rfc822", len("Subject: inner\r\n\r\ninner text")),
    ]
    assert not attachments(said(b"plain"))


def test_the_types_of_all_parts_are_listed() -> None:
    assert types_of(parse_message(MIXED))[:3] == ["text/plain", "text/html", "text/calendar"]


def test_html_alone_is_read_as_text() -> None:
    markup = b"<html><head><title>no</title><style>p{}</style></head><body><p>One&nbsp;&amp; two<br>three</p><!-- <b>no</b> -->"
    assert text_part(said(markup, "text/html")) == "One & two\nthree"


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("a < b and c", "a < b and c"),
        ("<script>alert(1)</script>after", "after"),
        ("<script>never closed", ""),
        ("one<!-- never closed", "one"),
        ("<ul><li>a</li><li>b</li></ul>", "a\n\nb"),
        ("&lt;b&gt; &#233; &#xd800;", "<b> é \ufffd"),
        ("<b", "<b"),
        ("", ""),
    ],
)
def test_html_becomes_the_words_in_it(markup: str, text: str) -> None:
    assert html_as_text(markup) == text


@pytest.mark.parametrize(
    ("charset", "raw", "text"),
    [
        ("utf-8", "naïve ☃".encode(), "naïve ☃"),
        ("iso-8859-1", b"caf\xe9 \x93quoted\x94", "café “quoted”"),
        ("us-ascii", "schön".encode(), "schön"),
        ("ISO-2022-JP", b"\x1b$B$3$s$K$A$O\x1b(B", "こんにちは"),
        ("iso-2022-jp", "①髙".encode("iso2022_jp_ext", "ignore") + b"ok", "ok"),
        ("shift_jis", "①表".encode("cp932"), "①表"),
        ("GB18030", "汉字𠀀".encode("gb18030"), "汉字𠀀"),
        ("gb2312", "漢字龍".encode("gbk"), "漢字龍"),
        ("big5", "繁體".encode("big5"), "繁體"),
        ("ks_c_5601-1987", "한글 똠".encode("cp949"), "한글 똠"),
        ("koi8-r", "Привет".encode("koi8-r"), "Привет"),
        ("windows-1251", "Привет".encode("cp1251"), "Привет"),
        ("tis-620", "สวัสดี".encode("cp874"), "สวัสดี"),
        ("iso-8859-8-i", "שלום".encode("iso-8859-8"), "שלום"),
        ("utf-7", b"Hi +ZeVnLIqe-", "Hi 日本語"),
        ("utf-16", "ok ☃".encode("utf-16"), "ok ☃"),
        ("no-such-charset", "grün".encode(), "grün"),
        ("no-such-charset", b"gr\xfcn", "grün"),
        ("utf-8", b"gr\xfcn", "grün"),
        ("utf-8", "日本語".encode() + b"\xff", "日本語\ufffd"),
        ("", b"\x1b$B$3$s\x1b(B", "こん"),
        ("idna", b"xn--zzz", "xn--zzz"),
        ("unicode_escape", b"\\ud800", "\\ud800"),
        ("../../etc/passwd", b"x", "x"),
        ("zlib", b"x", "x"),
        ("utf-8", b"a\0b", "a\ufffdb"),
    ],
)
def test_every_charset_is_read_as_well_as_it_can_be(charset: str, raw: bytes, text: str) -> None:
    assert decode(raw, charset) == text
    quoted = f'text/plain; charset="{charset}"'
    assert text_part(said(base64.b64encode(raw), quoted, "base64")) == text


@given(
    st.binary(max_size=200),
    st.sampled_from(["iso-2022-jp", "gb18030", "utf-7", "utf-16", "hz", "big5", "cp949"]),
)
def test_no_bytes_in_any_charset_raise(raw: bytes, charset: str) -> None:
    text = decode(raw, charset)
    assert "\0" not in text
    assert text.encode("utf-8").decode("utf-8") == text


@given(st.binary(max_size=100), st.text(max_size=20))
def test_no_charset_name_raises(raw: bytes, charset: str) -> None:
    assert isinstance(decode(raw, charset), str)


def test_a_multipart_without_its_parts_is_shown_as_it_stands() -> None:
    assert text_part(said(b"just text", "multipart/mixed; boundary=absent")) == "just text"
    assert text_part(said(b"just text", "multipart/mixed")) == "just text"


def test_a_multipart_that_is_not_closed_still_has_its_parts() -> None:
    assert text_part(said(b"--b\r\n\r\none\r\n--b\r\n\r\ntwo", "multipart/mixed; boundary=b")) == "one\ntwo"


def test_empty_parts_are_parts() -> None:
    assert types_of(said(b"--b\r\n--b\r\n\r\n--b--", "multipart/mixed; boundary=b")) == ["text/plain"] * 2


def test_a_strange_content_type_is_plain_text() -> None:
    assert text_part(said(b"text", "nonsense")) == "text"
    assert text_part(parse_message(b"Content-Type:\r\n\r\ntext")) == "text"


def test_parameters_are_read_however_they_are_written() -> None:
    found = parse_parameters(
        'Text/Plain (c); Charset = "u\\"8" ; name="=?utf-8?q?=C3=A9?="; filename="plain"; filename*=iso-8859-1\'\'%E9; bare'
    )
    assert found.value == "text/plain"
    assert found.parameters == {"charset": 'u"8', "name": "é", "filename": "é"}


def test_hostile_shapes_are_read_in_no_time() -> None:
    started = time.perf_counter()
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" for _ in range(5000))
    text_part(parse_message(nested))
    text_part(said(b"--b\r\n\r\n" * 50_000, "multipart/mixed; boundary=b"))
    html_as_text("<a" * 200_000)
    html_as_text("<script" * 50_000)
    html_as_text("<!--" * 50_000)
    parse_parameters("a" + "; " * 25_000 + ";" * 25_000)
    parse_parameters('a;b="' + "\\" * 49_000)
    parse_message(b"Subject: " + b"=?utf-8?q?" * 20_000 + b"\r\n\r\n").first("Subject")
    parse_message(b"From: " + b"(" * 100_000 + b"\r\n\r\n").first("From")
    assert time.perf_counter() - started < 5


@given(
    st.lists(
        st.sampled_from(
            [
                b"Content-Type: multipart/mixed; boundary=b\r\n",
                b"Content-Type: text/html; charset=iso-2022-jp\r\n",
                b"Content-Type: message/rfc822\r\n",
                b"Content-Type: text/plain; charset*0=u; charset*1*='x'%ff\r\n",
                b"Content-Disposition: attachment; filename*=utf-16''%ff%00\r\n",
                b"Content-Transfer-Encoding: base64\r\n",
                b"Content-Transfer-Encoding: quoted-printable\r\n",
                b"\r\n--b\r\n",
                b"\r\n--b--\r\n",
                b"\r\n",
                b"=\xff\x1b$B",
                b"<p>&#x;",
            ]
        ),
        max_size=20,
    ).map(b"".join)
    | st.binary(max_size=200)
)
def test_no_message_makes_a_reader_fail(raw: bytes) -> None:
    try:
        message = parse_message(raw)
    except EmptyMessage:
        return
    assert text_part(message).isprintable() or text_part(message)
    html_part(message)
    types_of(message)
    for info in attachments(message):
        assert "/" not in (info.filename or "")
