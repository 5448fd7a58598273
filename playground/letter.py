"""What is in a message, decoded for reading: its main fields, its text and what hangs on it."""

from __future__ import annotations

import email.policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

SHOWN_FIELDS = ("From", "To", "Cc", "Reply-To", "Subject", "Date", "List-Id", "List-Unsubscribe")


def readable(raw: bytes) -> str:
    """The bytes of a message as text: UTF-8, or byte by byte (Latin-1) where they are not UTF-8."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def decoded(raw: bytes) -> dict[str, Any]:
    """`{"fields": [[name, value]…], "text": …, "attachments": [{"filename", "type", "size"}…]}` of a message.

    `text` is the plain part, or the source of the HTML part where there is no plain one; it is never rendered.
    """
    message = BytesParser(_class=EmailMessage, policy=email.policy.default).parsebytes(raw)
    body = message.get_body(("plain", "html"))
    return {
        "fields": [[name, str(value)] for name in SHOWN_FIELDS for value in message.get_all(name, [])],
        "text": _text(body) if isinstance(body, EmailMessage) else "",
        "attachments": [
            {
                "filename": part.get_filename() or "",
                "type": part.get_content_type(),
                "size": len(part.as_bytes()),
            }
            for part in message.iter_attachments()
        ],
    }


def _text(part: EmailMessage) -> str:
    payload = part.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else b""
    charset = part.get_content_charset("utf-8")
    try:
        return content.decode(charset, "replace")
    except LookupError:
        return content.decode("latin-1")
