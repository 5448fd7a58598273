"""From bytes to SMTP replies: several lines, status codes, limits on what a peer may make us hold."""

import re
from collections.abc import Iterator
from functools import lru_cache

from delivery.transports.errors import GarbledReply
from mail.status import Reply

MAX_LINE = 2048
"""Octets in one line of a reply (RFC 5321 section 4.5.3.1.5 asks for 512)."""
MAX_REPLY = 64 * 1024
"""Octets in all the lines of one reply."""
MAX_PLAIN = 8 * 1024
"""Octets of plain replies that are looked at in one go."""
MAX_TEXT = 1000
"""Characters of a reply's text that we keep."""

_YES = (b"2", b"3")
_LINE = re.compile(rb"([2-5][0-9][0-9])(?:[ -](.*))?", re.DOTALL)
_ENHANCED = re.compile(r"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?:[ ]+|$)")


def parse_lines(raw: bytes) -> tuple[int, list[str]]:
    """Split one whole reply (lines separated by LF) into its code and the text of each line.

    Raises GarbledReply if a line has no code or another code than the first.
    """
    codes: set[bytes] = set()
    texts: list[str] = []
    for line in raw.split(b"\n"):
        found = _LINE.fullmatch(line.rstrip(b"\r"))
        if found is None:
            raise GarbledReply
        codes.add(found[1])
        text = (found[2] or b"").decode("utf-8", "replace")
        texts.append(text if text.isprintable() else "".join(c if c.isprintable() else "?" for c in text))
    if len(codes) != 1:
        raise GarbledReply
    return int(codes.pop()), texts


@lru_cache(maxsize=1024)
def parse_reply(raw: bytes) -> Reply:
    """Parse one whole reply with its enhanced status code (RFC 2034), if its class agrees with the reply's.

    The lines' texts are joined by a space; control characters become `?`. Raises GarbledReply.
    """
    code, texts = parse_lines(raw)
    enhanced: str | None = None
    parts: list[str] = []
    for text in texts:
        found = _ENHANCED.match(text)
        if found is not None and found[1][0] == str(code)[0]:
            enhanced = enhanced or found[1]
            text = text[found.end() :]  # noqa: PLW2901  (the rest of this line)
        parts.append(text.strip())
    return Reply(code, enhanced, " ".join(filter(None, parts))[:MAX_TEXT])


@lru_cache(maxsize=256)
def _plain(data: bytes) -> tuple[Reply, ...] | None:
    """Whole positive replies of one line each; every distinct line is looked at once. None if there is anything else."""
    *lines, rest = data.split(b"\n")
    known: dict[bytes, Reply] = {}
    for line in set(lines):
        if len(line) > MAX_LINE or line[:1] not in _YES or line[3:4] != b" ":
            return None
        try:
            known[line] = parse_reply(line)
        except GarbledReply:
            return None
    return None if rest else tuple([known[line] for line in lines])


def is_done(reply: Reply) -> bool:
    """Whether a command was carried out (2yz); 3yz asks for more, which only DATA may."""
    return 200 <= reply.code < 300


class ReplyBuffer:
    """Cuts a stream of bytes into whole replies, holding never more than `MAX_REPLY` octets of a partial one."""

    __slots__ = ("_lines", "_size", "_tail", "newest")

    def __init__(self) -> None:
        self._tail = b""
        self._lines: list[bytes] = []
        self._size = 0
        self.newest = b""

    @property
    def is_empty(self) -> bool:
        """Whether nothing of a next reply has come yet."""
        return not self._tail and not self._lines

    def feed_plain(self, data: bytes) -> tuple[Reply, ...] | None:
        """The replies in `data` if it is nothing but whole ones of one line each; None, and nothing taken, if not.

        Only what says yes is plain. Packet after packet is mostly told the same, so the whole text is looked up first.
        """
        if self._tail or self._lines:
            return None
        found = _plain(data) if len(data) <= MAX_PLAIN else None
        if found:
            self.newest = data[data.rfind(b"\n", 0, -1) + 1 : -1]
        return found

    def feed(self, data: bytes) -> Iterator[Reply]:
        """Yield the replies that `data` completes, in order; raises GarbledReply after the last good one."""
        lines = (self._tail + data).split(b"\n")
        self._tail = lines.pop()
        for line in lines:
            if len(line) > MAX_LINE:
                raise GarbledReply
            if line[3:4] == b"-":
                self._hold(line)
                continue
            raw = line
            if self._lines:
                raw = b"\n".join([*self._lines, line])
                self._lines.clear()
                self._size = 0
            self.newest = raw
            yield parse_reply(raw)
        if len(self._tail) > MAX_LINE:
            raise GarbledReply

    def _hold(self, line: bytes) -> None:
        self._size += len(line) + 1
        if self._size > MAX_REPLY:
            raise GarbledReply
        self._lines.append(line)
