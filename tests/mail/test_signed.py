"""Which bytes an S/MIME signature covers, and that it covers the whole message."""

import pytest

from mail.message import parse_message
from mail.signed import signed_whole

SIGNED = (
    b'Content-Type: multipart/signed; boundary=b; protocol="application/pkcs7-signature"\r\n\r\n'
    b"A preamble.\r\n--b\r\nContent-Type: text/plain\r\n\r\nA line.  \r\n\r\n--b\r\n"
    b"Content-Type: application/pkcs7-signature\r\nContent-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--b--\r\n"
)


def test_a_detached_signature_covers_the_bytes_between_the_delimiters() -> None:
    found = signed_whole(parse_message(SIGNED))
    assert found is not None
    assert found.content == b"Content-Type: text/plain\r\n\r\nA line.  \r\n"
    assert found.signature == b"\x00\x01\x02"


def test_a_signed_part_without_fields_keeps_its_bytes() -> None:
    bare = SIGNED.replace(b"Content-Type: text/plain\r\n\r\nA line.", b"\r\nA line.")
    found = signed_whole(parse_message(bare))
    assert found is not None
    assert found.content == b"\r\nA line.  \r\n"


def test_an_opaque_signature_holds_its_content() -> None:
    head = b"Content-Transfer-Encoding: base64\r\nContent-Type: application/"
    for kind in (
        b"pkcs7-mime; smime-type=signed-data",
        b"x-pkcs7-mime",
        b"pkcs7-mime; smime-type=Signed-Data",
    ):
        found = signed_whole(parse_message(head + kind + b"\r\n\r\nAAEC\r\n"))
        assert found is not None
        assert (found.signature, found.content) == (b"\x00\x01\x02", None)


@pytest.mark.parametrize(
    "raw",
    [
        b"Subject: plain\r\n\r\nA line.\r\n",
        b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\nAAEC\r\n",
        b"Content-Type: application/pkcs7-mime; smime-type=certs-only\r\n\r\nAAEC\r\n",
        SIGNED.replace(b"pkcs7-signature", b"pgp-signature"),
        SIGNED.replace(b"boundary=b; ", b""),
        SIGNED.replace(b"--b--\r\n", b""),
        SIGNED.replace(b"--b--", b"--b\r\n\r\nMore.\r\n--b--"),
        SIGNED + b"More.\r\n",
        b"Content-Type: text/plain\r\n" + SIGNED,
        b"Content-Transfer-Encoding: 8bit\r\nContent-Transfer-Encoding: base64\r\n" + SIGNED,
    ],
)
def test_anything_else_is_not_signed_as_a_whole(raw: bytes) -> None:
    """Pitfall 61."""
    assert signed_whole(parse_message(raw)) is None
