"""Whether two messages say the same, whatever their header and their MIME boundaries: by this a storm is known."""

import hashlib
import re

from mail.message import Message

_BOUNDARY = re.compile(r"boundary\s*=\s*(?:\"([^\"]{1,200})\"|([^\s;\"]{1,200}))", re.IGNORECASE)


def content_digest(message: Message) -> str:
    """A digest of what a message says, in 32 hexadecimal digits; equal for copies under fresh Message-IDs."""
    body = message.body
    for found in _BOUNDARY.finditer(message.first("Content-Type") or ""):
        # A program that sends the same again draws a new boundary each time.
        body = body.replace((found[1] or found[2]).encode("utf-8", "surrogateescape"), b"")
    return hashlib.sha256(body.strip()).hexdigest()[:32]
