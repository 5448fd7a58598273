"""What a mail server answers: reply codes (RFC 5321) and enhanced status codes (RFC 3463)."""

import re
from dataclasses import dataclass
from typing import Self

_ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)", re.ASCII)
_REPLY = re.compile(r"\s*([2-5]\d\d)(?:[ -]+|$)(.*)", re.ASCII | re.DOTALL)


class EnhancedStatus(str):
    """An enhanced status code such as `5.1.1`: class, subject and detail (RFC 3463 section 2)."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Find the first status code in `text`, without leading zeros; None when there is none."""
        match = _ENHANCED.search(text)
        return cls(f"{match[1]}.{int(match[2])}.{int(match[3])}") if match else None

    @property
    def subject(self) -> int:
        """What the status is about: 1 address, 2 mailbox, 3 system, 4 network, 5 protocol, 6 content, 7 policy."""
        return int(self.split(".")[1])

    @property
    def is_positive(self) -> bool:
        return self.startswith("2")

    @property
    def is_temporary(self) -> bool:
        return self.startswith("4")

    @property
    def is_permanent(self) -> bool:
        return self.startswith("5")


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply of a server: its three-digit code, its enhanced status code if it gave one, and its text."""

    code: int
    enhanced: str | None
    text: str

    @property
    def is_positive(self) -> bool:
        """Done (2yz), or go on (3yz)."""
        return 200 <= self.code < 400

    @property
    def is_temporary(self) -> bool:
        """Refused for now (4yz): the same command may succeed later."""
        return 400 <= self.code < 500

    @property
    def is_permanent(self) -> bool:
        """Refused for good (5yz): do not repeat it."""
        return 500 <= self.code < 600

    def __str__(self) -> str:
        return " ".join(part for part in (str(self.code), self.enhanced, self.text) if part)


def parse_reply(text: str) -> Reply | None:
    """Read a reply quoted in a report, as in `550 5.1.1 No such user`; None when it begins with no reply code."""
    match = _REPLY.match(text)
    if match is None:
        return None
    enhanced = EnhancedStatus.parse(match[2][:12])
    said = match[2].removeprefix(enhanced).strip() if enhanced else match[2].strip()
    return Reply(int(match[1]), enhanced, said)
