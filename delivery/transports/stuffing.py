"""A message made ready for DATA: CRLF line ends only, dots doubled, so that nothing in it can end it early."""

import re

from delivery.transports.spliced import Spliced

_LINE_END = re.compile(rb"\r\n|\r|\n")
_STRAY = re.compile(rb"(?<!\r)\n|\r(?!\n)")


def stuffed(raw: bytes) -> bytes:
    """Dot-stuff a message (RFC 5321 section 4.5.2), without the final dot; compute it once for each body.

    The result is empty or ends with CRLF. A stray CR or LF, which must not travel (section 2.3.8) and with
    which a message could be smuggled, becomes a space; a text without any CRLF gets its line ends converted.
    """
    pairs = raw.count(b"\r\n")
    if raw.count(b"\n") != pairs or raw.count(b"\r") != pairs:
        raw = _STRAY.sub(b" ", raw) if pairs else _LINE_END.sub(b"\r\n", raw)
    if raw and not raw.endswith(b"\r\n"):
        raw += b"\r\n"
    if raw.startswith(b"."):
        raw = b"." + raw
    return raw.replace(b"\r\n.", b"\r\n..")


def unstuffed_size(data: bytes | Spliced) -> int:
    """The size in octets that RFC 1870 counts: without the doubled dots."""
    return len(data) - data.count(b"\r\n..") - data.startswith(b"..")
