"""The body of DATA: ended by CRLF.CRLF and nothing else, its dots removed, never more of it held than allowed."""

from enum import Enum

_END = b"\r\n.\r\n"


class Flaw(Enum):
    """Why a whole message cannot be taken."""

    TOO_LARGE = "it is larger than the limit"
    STRAY_LINE_END = "it has a CR or LF that is not part of a CRLF"


class Content:
    """Collects one message from pieces of any size; `limit` is the largest size in octets, dots removed.

    Memory stays below 4/3 of the limit (a message of dots) and one piece; what comes after is only searched for
    its end.
    """

    __slots__ = ("_held", "_limit", "_most", "_searched", "is_discarding")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._most = limit + limit // 3 + len(_END)
        # As if the line of the DATA command belonged to it: then ".CRLF" alone ends an empty message.
        self._held = bytearray(b"\r\n")
        self._searched = 0
        self.is_discarding = False

    def feed(self, piece: bytes) -> bytes | None:
        """Take the next piece; return what follows the message's end, or None if the end has not come."""
        self._held += piece
        end = self._held.find(_END, self._searched)
        if end >= 0:
            rest = bytes(self._held[end + len(_END) :])
            del self._held[end + 2 :]
            return rest
        if len(self._held) > self._most:
            self.is_discarding = True
            del self._held[: -len(_END) + 1]
        self._searched = max(0, len(self._held) - len(_END) + 1)
        return None

    def result(self) -> bytes | Flaw:
        """Return the message once its end has come, dots removed (RFC 5321 section 4.5.2), or why there is none."""
        if self.is_discarding:
            return Flaw.TOO_LARGE
        raw = bytes(self._held).replace(b"\r\n.", b"\r\n")[2:]
        if len(raw) > self._limit:
            return Flaw.TOO_LARGE
        pairs = raw.count(b"\r\n")
        if raw.count(b"\n") != pairs or raw.count(b"\r") != pairs:
            return Flaw.STRAY_LINE_END
        return raw
