"""Delivery status notifications: which recipients a mail server gave up on, delayed, or reached (RFC 3464, 6533)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mail.message import Message, crlf, split_entity
from mail.parts import Part, leaves, whole
from mail.status import EnhancedStatus

_STATUS_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})
_RETURNED_TYPES = frozenset(
    {
        "message/rfc822",
        "message/global",
        "text/rfc822-headers",
        "message/global-headers",
        "message/rfc822-headers",
    }
)
_EMPTY_LINES = re.compile(rb"\r\n(?:[ \t]*\r\n)+")
_EMBEDDED = re.compile(r"\\x\{([0-9A-Fa-f]{1,6})\}")
_HEXCHAR = re.compile(r"\+([2-7][0-9A-F])")
_ACTIONS = frozenset({"failed", "delayed", "delivered", "relayed", "expanded"})
_BY_CLASS = {"2": "delivered", "4": "delayed", "5": "failed"}
_MAX_RECIPIENTS = 1000


@dataclass(frozen=True, slots=True)
class DsnRecipient:
    """What a notification says of one recipient.

    `action` is failed, delayed, delivered, relayed or expanded; only `failed` ends a delivery, whatever the status.
    `status` is an enhanced status code such as 5.1.1, or "" when none was given. `diagnostic` is the server's own text.
    """

    final_recipient: str
    original_recipient: str | None
    action: str
    status: str
    diagnostic: str


def is_dsn(message: Message) -> bool:
    """Tell whether the message is a notification about delivery, by its form."""
    root = whole(message)
    if root.content_type == "multipart/report":
        return (root.parameter("report-type") or "delivery-status").lower() in (
            "delivery-status",
            "global-delivery-status",
        )
    return root.content_type in _STATUS_TYPES


def parse_dsn(message: Message) -> list[DsnRecipient]:
    """Return what a notification says of each recipient; empty for any other message. Never raises.

    The addresses are the reporting server's words, unproved: trust them only for a return path that was proved by VERP.
    """
    if not is_dsn(message):
        return []
    blocks = (block for part in _status_parts(message) for block in _recipient_blocks(part))
    found = (_recipient(block) for block in blocks)
    return [recipient for recipient, _ in zip(filter(None, found), range(_MAX_RECIPIENTS), strict=False)]


def spellings(recipient: DsnRecipient) -> tuple[str, ...]:
    """Return the addresses that may be meant, the original one first.

    ORCPT travels as xtext, and reports hand it on as it came or decoded (RFC 3461 section 4, RFC 3464 section 2.3.1).
    """
    written = [each for each in (recipient.original_recipient, recipient.final_recipient) if each]
    plain = [_HEXCHAR.sub(lambda match: chr(int(match[1], 16)), each) for each in written]
    return tuple(dict.fromkeys([*written, *plain]))


def returned_message(message: Message) -> Message | None:
    """Return the message a notification is about, or as much of it as was sent back (RFC 3462 section 2)."""
    for part in leaves(whole(message)):
        if part.content_type in _RETURNED_TYPES and part.depth:
            return split_entity(part.content)
    return None


def _status_parts(message: Message) -> Iterator[Part]:
    return (part for part in leaves(whole(message)) if part.content_type in _STATUS_TYPES)


def _recipient_blocks(part: Part) -> list[Message]:
    """Return the groups of fields that name a recipient; the first group is about the message (RFC 3464 section 2.1)."""
    texts = _EMPTY_LINES.split(crlf(part.content).strip(b"\r\n \t"))
    blocks = [split_entity(text.lstrip(b"\r\n") + b"\r\n\r\n") for text in texts if text.strip()]
    return [block for block in blocks if block.count("Final-Recipient") or block.count("Original-Recipient")]


def _recipient(block: Message) -> DsnRecipient | None:
    original = _typed(block.first("Original-Recipient"))
    final = _typed(block.first("Final-Recipient")) or original
    if not final:
        return None
    diagnostic = _typed(block.first("Diagnostic-Code")) or ""
    status = EnhancedStatus.parse(block.first("Status") or "") or EnhancedStatus.parse(diagnostic) or ""
    action = (block.first("Action") or "").strip().lower().partition(" ")[0]
    if action not in _ACTIONS:
        action = _BY_CLASS.get(status[:1], "failed")
    return DsnRecipient(final, original, action, status, diagnostic)


def _typed(body: str | None) -> str | None:
    """Return the value after `rfc822;` or `smtp;`, without RFC 6533's escapes and without angle brackets."""
    if not body:
        return None
    kind, semicolon, value = body.partition(";")
    text = (value if semicolon else kind).strip()
    if kind.strip().lower() == "utf-8":
        text = _EMBEDDED.sub(_character, text)
    if text.startswith("<") and text.endswith(">"):
        text = text[1:-1].strip()
    return text or None


def _character(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    speakable = 0x20 < code < 0xD800 or 0xDFFF < code <= 0x10FFFF
    return chr(code) if speakable else "\ufffd"
