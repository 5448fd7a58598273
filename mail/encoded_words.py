"""Text that travels in ASCII header fields as `=?charset?encoding?text?=` words (RFC 2047)."""

import base64
import binascii
import re
import unicodedata
from collections.abc import Callable, Iterator

from mail import charset

_WORD = re.compile(r"=\?([^?\s*]{1,60})(?:\*[^?\s]{0,40})?\?([BbQq])\?([^?]*)\?=")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")
_Q_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
# RFC 2047 section 2 allows 75 octets for a word; less keeps even the first one on the line of its field name.
_ROOM = 51
# Normalising is quadratic on hostile runs of combining marks, so only texts of an honest length are normalised.
_NORMALISED_LENGTH = 5000


def decoded(text: str) -> str:
    """Read the encoded words in an unfolded field body; never raises, and leaves no control character in the result."""
    if "=?" in text:
        text = "".join(_decoded_runs(text))
    return cleaned(text)


def without_controls(text: str) -> str:
    """Replace control characters and foreign line ends by spaces, so that no value can break a line."""
    return _CONTROLS.sub(" ", text)


def cleaned(text: str) -> str:
    """Return `text` in NFC on one line, its control characters turned into spaces."""
    text = without_controls(text)
    return unicodedata.normalize("NFC", text) if len(text) <= _NORMALISED_LENGTH else text


def encoded(text: str) -> list[str]:
    """Write `text` as encoded words of at most 63 octets each; join them by a space or by folding white space."""
    raw = text.encode("utf-8", "replace")
    in_q = sum(1 if octet in _Q_SAFE or octet == 0x20 else 3 for octet in raw)
    if in_q < len(raw) * 2:
        return [f"=?utf-8?q?{_q(chunk)}?=" for chunk in _chunks(text, 1, _q_width)]
    return [f"=?utf-8?b?{base64.b64encode(chunk).decode('ascii')}?=" for chunk in _chunks(text, 4 / 3, len)]


def in_ascii(text: str) -> str:
    """Write `text` so that it fits in an unstructured ASCII field: plain words stay plain, the rest is encoded."""
    if text.isascii() and "=?" not in text:
        return text
    words = text.split(" ")
    odd = [position for position, word in enumerate(words) if not word.isascii() or "=?" in word]
    first, last = odd[0], odd[-1] + 1
    # White space that leads or ends the encoded span would be swallowed between words, so it goes inside.
    return " ".join(words[:first] + encoded(" ".join(words[first:last])) + words[last:])


def _decoded_runs(text: str) -> Iterator[str]:
    """Join neighbours of one charset before decoding: mailers cut characters in two between words."""
    position, pending, pending_charset = 0, b"", ""
    for match in _WORD.finditer(text):
        between = text[position : match.start()]
        position = match.end()
        neighbours = bool(pending_charset) and not between.strip()
        name = match[1].lower()
        if not neighbours or name != pending_charset:
            yield charset.decode(pending, pending_charset or None)
            pending = b""
        if not neighbours:
            yield between
        pending += _octets(match[2], match[3])
        pending_charset = name
    yield charset.decode(pending, pending_charset or None)
    yield text[position:]


def _octets(encoding: str, text: str) -> bytes:
    raw = text.encode("utf-8", "replace")
    if encoding in "Bb":
        return lenient_base64(raw)
    return binascii.a2b_qp(raw.replace(b"_", b" "), header=True)


def lenient_base64(raw: bytes) -> bytes:
    """Decode base64 that may hold foreign octets, or lack or overdo its padding (RFC 2045 section 6.8)."""
    letters = _NOT_BASE64.sub(b"", raw)
    if len(letters) % 4 == 1:
        letters = letters[:-1]
    return base64.b64decode(letters + b"=" * (-len(letters) % 4))


def _q(chunk: bytes) -> str:
    return "".join(
        "_" if octet == 0x20 else chr(octet) if octet in _Q_SAFE else f"={octet:02X}" for octet in chunk
    )


def _q_width(chunk: bytes) -> int:
    return len(_q(chunk))


def _chunks(text: str, growth: float, width: Callable[[bytes], int]) -> Iterator[bytes]:
    """Cut between characters, never inside one, so that each word decodes alone (RFC 2047 section 5)."""
    room = int(_ROOM / growth) // 3 * 3 if growth > 1 else _ROOM
    chunk, used = b"", 0
    for character in text:
        octets = character.encode("utf-8", "replace")
        if chunk and used + width(octets) > room:
            yield chunk
            chunk, used = b"", 0
        chunk += octets
        used += width(octets)
    yield chunk
