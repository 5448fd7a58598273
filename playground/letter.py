"""What is in a message, decoded for reading: its main fields, its text and what hangs on it."""

from __future__ import annotations

from collections.abc import Iterator
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser
from typing import Any

SHOWN_FIELDS = ("from", "to", "cc", "reply-to", "subject", "date", "list-id", "list-unsubscribe")


def readable(raw: bytes) -> str:
    """The bytes of a message as text: UTF-8, or byte by byte (Latin-1) where they are not UTF-8."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def subject(raw: bytes) -> str:
    """The decoded Subject field of a message, or an empty string."""
    fields = _fields(BytesHeaderParser().parsebytes(raw))
    return next((value for name, value in fields if name.lower() == "subject"), "")


def decoded(raw: bytes) -> dict[str, Any]:
    """`{"fields": [[name, value]…], "text": …, "attachments": [{"filename", "type", "size"}…]}` of a message.

    `text` is the first plain part, or the source of the first HTML part where there is no plain one; it is never
    rendered. Any bytes can be given: what does not parse is shown as it stands. (The structured header parser of
    the standard library raises on some malformed addresses, so it is not used.)
    """
    message = BytesParser().parsebytes(raw)
    parts = [part for part in message.walk() if not part.is_multipart()]
    texts = [part for part in parts if _is_shown(part)]
    by_kind = {part.get_content_type(): part for part in reversed(texts)}
    body = by_kind.get("text/plain") or by_kind.get("text/html")
    return {
        "fields": [[name, value] for name, value in _fields(message) if name.lower() in SHOWN_FIELDS],
        "text": _text(body) if body is not None else "",
        "attachments": [_attachment(part) for part in parts if not _is_shown(part)],
    }


def _fields(message: Message) -> Iterator[tuple[str, str]]:
    for name, value in message.raw_items():
        text = readable(str(value).encode("utf-8", "surrogateescape"))
        yield name, _words("".join(text.splitlines()))


def _words(text: str) -> str:
    """RFC 2047 words decoded, or the text itself when they are malformed."""
    try:
        return str(make_header(decode_header(text)))
    except (HeaderParseError, LookupError, ValueError):
        return text


def _is_shown(part: Message) -> bool:
    return (
        part.get_content_type() in {"text/plain", "text/html"}
        and part.get_content_disposition() != "attachment"
    )


def _bytes(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _attachment(part: Message) -> dict[str, Any]:
    return {
        "filename": _words(part.get_filename() or ""),
        "type": part.get_content_type(),
        "size": len(_bytes(part)),
    }


def _text(part: Message) -> str:
    try:
        return _bytes(part).decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:
        return _bytes(part).decode("latin-1")
