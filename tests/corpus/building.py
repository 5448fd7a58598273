"""How the messages of the corpus are put together: bytes in, bytes out, nothing is rendered by a library."""

import base64
import re
from collections.abc import Iterable

LIST = "corpus@lists.example.org"
AUTHOR = "Ana Author <ana@author.example>"


def head(name: str, *, sender: str = AUTHOR, subject: str | None = "", more: str | bytes = "") -> bytes:
    """The usual header section, without its empty line; `more` are further fields, each ending in CRLF.

    The Message-ID is made of `name`; the subject is `name` unless another is given, None for none.
    """
    lines = [
        f"From: {sender}",
        f"To: {LIST}",
        f"Date: Tue, 03 Mar 2026 09:{len(name) % 60:02}:00 +0100",
        f"Message-ID: <{identifier(name)}@author.example>",
    ]
    if subject is not None:
        lines.append(f"Subject: {subject or name}")
    extra = more.encode() if isinstance(more, str) else more
    return "".join(f"{line}\r\n" for line in lines).encode() + extra


def identifier(name: str) -> str:
    """A name as the left part of a Message-ID."""
    return re.sub(r"[^a-z0-9]+", ".", name.lower()).strip(".")


def plain(
    name: str, body: str | bytes, *, charset: str = "utf-8", encoding: str = "8bit", **of_head: str
) -> bytes:
    """A message of one text part; `body` as bytes is taken as it is."""
    written = body if isinstance(body, bytes) else body.encode(charset)
    fields = (
        f"MIME-Version: 1.0\r\nContent-Type: text/plain; charset={charset}\r\n"
        f"Content-Transfer-Encoding: {encoding}\r\n"
    )
    return head(name, **of_head) + fields.encode() + b"\r\n" + written


def typed(
    name: str, content_type: str, body: str | bytes, *, more: str = "", subject: str | None = ""
) -> bytes:
    """A message with this Content-Type."""
    fields = f"MIME-Version: 1.0\r\nContent-Type: {content_type}\r\n{more}"
    return head(name, subject=subject) + fields.encode() + b"\r\n" + octets(body)


def part(content_type: str, body: str | bytes, *, more: str = "") -> bytes:
    """One part of a multipart, without delimiters."""
    return f"Content-Type: {content_type}\r\n{more}\r\n".encode() + octets(body)


def multipart(
    boundary: str, parts: Iterable[bytes], *, preamble: bytes = b"", epilogue: bytes = b""
) -> bytes:
    """The body of a multipart (RFC 2046, 5.1.1)."""
    delimiter = f"--{boundary}\r\n".encode()
    joined = b"".join(delimiter + each + b"\r\n" for each in parts)
    return preamble + joined + f"--{boundary}--\r\n".encode() + epilogue


def octets(text: str | bytes) -> bytes:
    """Text as UTF-8, bytes as they are."""
    return text.encode() if isinstance(text, str) else text


def in_base64(data: bytes) -> bytes:
    """Base64 in lines of 76, as mail has it."""
    return base64.encodebytes(data).replace(b"\n", b"\r\n")


def noise(count: int, start: int = 7) -> bytes:
    """So many octets that look random and are the same each time."""
    made = bytearray()
    value = start
    while len(made) < count:
        value = (value * 1103515245 + 12345) % 2**31
        made.append(value >> 16 & 0xFF)
    return bytes(made)
