"""Headers and footers go where readers see them, and every octet that need not change stays."""

import base64
import email
import email.policy
import quopri
from email.message import EmailMessage
from email.message import Message as StandardMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.additions import planned
from mail.message import parse_message
from mail.spots import written
from mail.text_places import Addition

ASCII = "-- \nA list of ours\nhttps://lists.example.org/"
ANY = "-- \nČeši & Japaner: 日本語, Größe"
PROSE = "Grüße aus Łódź.\r\nZweite Zeile\r\n"


def added(raw: bytes, *, header: str = "", footer: str = "", is_open: bool = False) -> bytes | None:
    """The message with both, or None where it has to stay."""
    additions = [Addition(True, header, is_open)] if header else []
    additions += [Addition(False, footer, is_open)] if footer else []
    plan = planned(parse_message(raw), additions)
    if plan is None:
        return None
    pieces, place = [], 0
    for spot in plan.spots:
        text = header if spot.is_header else footer
        rich = "<p>" + text.replace("&", "&amp;") + "</p>" if spot.is_html else text
        pieces += [plan.raw[place : spot.offset], written(spot, rich)]
        place = spot.offset
    return b"".join([*pieces, plan.raw[place:]])


def read(raw: bytes | None) -> EmailMessage:
    assert raw is not None
    found = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    assert not found.defects
    return found


def text_of(part: StandardMessage) -> str:
    octets = part.get_payload(decode=True)
    assert isinstance(octets, bytes)
    return octets.decode(part.get_content_charset("ascii")).replace("\r\n", "\n")


HEAD = "From: a@a.example\r\nSubject: s\r\nMIME-Version: 1.0\r\n"


def single(body: str, charset: str, encoding: str, *, kind: str = "text/plain", more: str = "") -> bytes:
    """A message of one text part."""
    octets = body.encode(charset)
    if encoding == "base64":
        octets = base64.encodebytes(octets).replace(b"\n", b"\r\n")
    elif encoding == "quoted-printable":
        octets = quopri.encodestring(octets.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    head = f"{HEAD}Content-Type: {kind}; charset={charset}{more}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode() + octets


@pytest.mark.parametrize("encoding", ["8bit", "quoted-printable", "base64"])
@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-2", "gb18030", "windows-1250"])
@pytest.mark.parametrize("body", [PROSE, PROSE[:-2], PROSE + "ab", "xyz!", "Grüße\r\n\r\n"])
def test_plain_text_gets_both_in_its_own_charset_and_encoding(charset: str, encoding: str, body: str) -> None:
    raw = single(body, charset, encoding)
    out = read(added(raw, header="Oben: Größe", footer="-- \nUnten: Größe"))
    assert out.get_content_type() == "text/plain"
    assert out["Content-Transfer-Encoding"] == encoding
    text = text_of(out)
    said = body.replace("\r\n", "\n")
    begin, end = text.split(said, 1)
    assert begin.rstrip("\n") == "Oben: Größe"
    assert begin.endswith("\n\n")
    assert end.strip("\n") == "-- \nUnten: Größe"
    assert (said + end).split("-- ")[0].endswith("\n\n")


@pytest.mark.parametrize("encoding", ["8bit", "quoted-printable", "base64"])
def test_octets_outside_of_the_footer_stay(encoding: str) -> None:
    raw = single(PROSE * 40, "utf-8", encoding)
    out = added(raw, footer=ASCII)
    assert out is not None
    kept = len(raw) - 6 if encoding == "base64" else len(raw)
    assert out[:kept] == raw[:kept]


def test_japanese_in_seven_bits_takes_a_footer_that_it_can_write_and_no_other() -> None:
    raw = single("日本語の本文\r\n", "iso-2022-jp", "7bit")
    out = read(added(raw, footer="-- \n日本語"))
    assert text_of(out) == "日本語の本文\n\n-- \n日本語\n"
    beside = read(added(raw, footer="Łódź"))
    assert beside.get_content_type() == "multipart/mixed"
    first, last = beside.iter_parts()
    assert text_of(first) == "日本語の本文\n"
    assert text_of(last) == "Łódź"


@pytest.mark.parametrize("charset", ["windows-1252", "iso-8859-1", "gb2312", "us-ascii", "x-unknown"])
def test_a_footer_that_the_charset_cannot_hold_is_a_part_of_its_own(charset: str) -> None:
    body = "Dobrý" if charset in ("windows-1252", "iso-8859-1") else "Text"
    raw = single(f"{body}\r\n", "latin-1" if charset == "x-unknown" else charset, "8bit")
    raw = raw.replace(b"charset=latin-1", b"charset=x-unknown")
    out = added(raw, footer=ANY)
    parsed = read(out)
    if charset == "us-ascii":
        assert (parsed.get_content_type(), parsed.get_content_charset()) == ("text/plain", "utf-8")
        assert text_of(parsed) == f"Text\n\n{ANY}\n"
        return
    assert parsed.get_content_type() == "multipart/mixed"
    first, last = parsed.iter_parts()
    assert raw.partition(b"\r\n\r\n")[2] in (out or b"")
    assert text_of(last) == ANY
    assert last.get_content_disposition() == "inline"
    assert first["Content-Type"].content_type == "text/plain"


def test_a_recipients_own_letters_go_only_where_any_letter_can_be_written() -> None:
    narrow = read(added(single("é\r\n", "iso-8859-1", "8bit"), footer="plain", is_open=True))
    assert narrow.get_content_type() == "multipart/mixed"
    seven = read(added(b"From: a@a.example\r\nSubject: s\r\n\r\nHello\r\n", footer=ANY, is_open=True))
    assert (seven["Content-Transfer-Encoding"], seven.get_content_charset()) == ("8bit", "utf-8")
    assert seven["MIME-Version"] == "1.0"
    assert text_of(seven) == f"Hello\n\n{ANY}\n"


def test_flowed_text_stays_flowed_text() -> None:
    raw = single("A paragraph that \r\ngoes on \r\n", "utf-8", "8bit", more="; format=flowed")
    out = text_of(read(added(raw, footer="-- \n> not a quotation \nFrom here \n  indented")))
    assert out == ("A paragraph that \ngoes on \n\n\n-- \n > not a quotation\n From here\n   indented\n")


HTML = "<html><head><title>t</title></head><BODY class='a>b'><p>Grüße = <b>fett</b></p></body ></html>\r\n"


@pytest.mark.parametrize("encoding", ["8bit", "quoted-printable", "base64"])
@pytest.mark.parametrize("filling", range(6))
def test_html_gets_both_inside_of_its_body(encoding: str, filling: int) -> None:
    markup = HTML.replace("fett", "x" * (70 + filling))
    raw = single(markup, "utf-8", encoding, kind="text/html")
    text = text_of(read(added(raw, header="Oben", footer=ANY)))
    inside = text.partition("<BODY class='a>b'>")[2].partition("</body >")[0]
    assert inside.strip().startswith("<p>Oben</p>")
    end = ANY.replace("&", "&amp;").encode("ascii", "xmlcharrefreplace").decode()
    assert inside.strip().endswith(f"<p>{end}</p>")
    assert "x" * (70 + filling) in inside
    assert "".join(text.split()) == "".join(
        markup.replace("b'>", "b'><p>Oben</p>").replace("</body", f"<p>{end}</p></body").split()
    )


def test_both_variants_of_an_alternative_get_it() -> None:
    message = EmailMessage()
    message["From"] = "a@a.example"
    message.set_content("Hello\n")
    message.add_alternative("<html><body><p>Hello</p></body></html>", subtype="html")
    raw = message.as_bytes(policy=email.policy.SMTP)
    out = read(added(raw, header="Top", footer=ANY, is_open=True))
    plain, rich = out.iter_parts()
    assert text_of(plain) == f"Top\n\nHello\n\n{ANY}\n"
    assert "<p>Top</p>" in text_of(rich)
    assert "&#26085;" in text_of(rich)
    assert out["Content-Type"].params["boundary"] == message["Content-Type"].params["boundary"]


def test_a_mail_with_attachments_gets_parts_beside_them_and_each_attachment_stays() -> None:
    message = EmailMessage()
    message["From"] = "a@a.example"
    message.set_content("Hello\n")
    message.add_attachment(b"\x00\x01" * 5000, maintype="application", subtype="pdf", filename="a.pdf")
    raw = message.as_bytes(policy=email.policy.SMTP)
    out = added(raw, header="Top", footer=ANY)
    parts = [*read(out).iter_parts()]
    assert [part.get_content_type() for part in parts] == [
        "text/plain", "text/plain", "application/pdf", "text/plain",
    ]  # fmt: skip
    assert (text_of(parts[0]), text_of(parts[3])) == ("Top", ANY)
    assert parts[2].get_payload(decode=True) == b"\x00\x01" * 5000
    boundary = b"--" + message["Content-Type"].params["boundary"].encode()
    begin, end = raw.find(boundary), raw.rfind(b"\r\n" + boundary)
    assert raw[begin:end] in (out or b"")


def test_a_picture_with_its_html_gets_it_in_the_html() -> None:
    raw = (
        f"{HEAD}Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n"
        "<body>Hi</body>\r\n--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--b--\r\n"
    ).encode()
    out = read(added(raw, footer=ASCII))
    rich, picture = out.iter_parts()
    assert "A list of ours" in text_of(rich)
    assert picture.get_payload(decode=True) == b"\0\0\0"


@pytest.mark.parametrize(
    "kind", ["application/pdf", "text/calendar", "message/rfc822", "image/png", "text/x-strange"]
)
def test_whatever_is_no_text_to_read_gets_a_text_beside_it(kind: str) -> None:
    body = b"Subject: inner\r\n\r\nBEGIN\r\n\r\nEND\r\n"
    raw = f"{HEAD}Content-Type: {kind}; x=y\r\n\r\n".encode() + body
    out = added(raw, header="Top", footer=ASCII)
    parts = [*read(out).iter_parts()]
    assert [part.get_content_type() for part in parts] == ["text/plain", kind, "text/plain"]
    assert f"Content-Type: {kind}; x=y\r\n\r\n".encode() + body in (out or b"")
    assert (out or b"").count(b"MIME-Version") == 1


@pytest.mark.parametrize(
    "raw",
    [
        b'Content-Type: multipart/signed; boundary=b; protocol="application/pgp-signature"\r\n\r\n--b\r\n\r\nA\r\n--b\r\n\r\nB\r\n--b--\r\n',
        b"Content-Type: multipart/encrypted; boundary=b\r\n\r\n--b\r\n\r\nA\r\n--b--\r\n",
        b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\nMIME\r\n",
        b"Content-Type: application/x-pkcs7-mime\r\n\r\nMIME\r\n",
        b"Subject: x\r\n\r\n-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256\r\n\r\nA\r\n",
        b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(b"-----BEGIN PGP MESSAGE-----\r\n\r\nA\r\n"),
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nno end\r\n",
        b"Content-Type: multipart/mixed; boundary=c\r\n\r\n--b\r\n\r\nA\r\n--b--\r\n",
        b"Content-Type: multipart/alternative\r\n\r\nno boundary\r\n",
        b"Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\ntwo types\r\n",
        b"Subject: x\r\nthis is no field\r\n\r\nbody\r\n",
    ],
)  # fmt: skip
def test_what_is_signed_encrypted_or_broken_stays(raw: bytes) -> None:
    assert added(b"From: a@a.example\r\n" + raw, header=ASCII, footer=ASCII) is None


def test_damaged_base64_is_not_guessed_at() -> None:
    raw = single("x", "utf-8", "base64").replace(b"eA==", b"eA*=")
    out = added(raw, footer=ASCII)
    assert read(out).get_content_type() == "multipart/mixed"
    assert b"\r\n\r\neA*=\r\n" in (out or b"")


def test_a_signed_part_inside_of_a_mixed_message_is_not_touched() -> None:
    signed = b"Content-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n\r\nA\r\n--s\r\n\r\nB\r\n--s--\r\n"
    raw = (
        b"From: a@a.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        + signed
        + b"\r\n--b--\r\n"
    )
    out = added(raw, footer=ASCII)
    assert b"--b\r\n" + signed + b"\r\n--b\r\n" in (out or b"")


@given(body=st.binary(max_size=300), encoding=st.sampled_from(["7bit", "base64", "quoted-printable", "8bit"]))
def test_nothing_makes_it_fail_and_all_of_the_body_is_still_there(body: bytes, encoding: str) -> None:
    raw = f"{HEAD}Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode()
    message = parse_message(raw + body)
    out = added(raw + body, footer=ANY)
    if out is None or encoding == "base64":
        return
    assert message.body in out
