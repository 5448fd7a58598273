"""A list of mailboxes taken apart into words, angle addresses and comments, before anything is decoded."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from mail.errors import BadAddress

_TOKEN = re.compile(
    r"""(?P<space>[\ \t\r\n]+)
      | (?P<quoted>"(?:[^"\\]|\\.)*"(?!@))
      | (?P<angle><(?:"(?:[^"\\]|\\.)*"|[^"<>])*>)
      | (?P<mark>[,;:])
      | (?P<open>\()
      | (?P<atom>(?:"(?:[^"\\]|\\.)*")?[^\s"<>(),;:]+)""",
    re.VERBOSE | re.DOTALL,
)
_COMMENT_PIECE = re.compile(r"[^()\\]+|\\.|[()]", re.DOTALL)


@dataclass(slots=True)
class MailboxWords:
    """One mailbox as written: its phrase, its angle address if it has one, its comments, whether it sat in a group."""

    words: list[str] = field(default_factory=list)
    angle: str | None = None
    comments: list[str] = field(default_factory=list)
    grouped: bool = False

    @property
    def is_empty(self) -> bool:
        """Nothing but comments and white space, as between two commas."""
        return not self.words and self.angle is None


def split_mailboxes(text: str) -> Iterator[MailboxWords]:
    """Take a field body apart at its commas and groups (RFC 5322 section 3.4); raises BadAddress when it has no sense."""
    current = MailboxWords()
    for kind, token in _tokens(text):
        if kind == "mark" and not (token == ":" and current.grouped):
            if not current.is_empty and token != ":":
                yield current
            current = MailboxWords(grouped=_in_group(current, token))
        elif kind == "comment":
            current.comments.append(token)
        elif current.angle is not None or kind == "mark":
            raise BadAddress("Something stands after the address; separate addresses by commas.")
        elif kind == "angle":
            current.angle = token[1:-1].strip(" \t\r\n")
        else:
            current.words.append(token)
    if current.grouped:
        raise BadAddress("A group of addresses is not closed by a semicolon.")
    if not current.is_empty:
        yield current


def _in_group(current: MailboxWords, mark: str) -> bool:
    """Whether what follows `mark` stands in a group."""
    if mark == ",":
        return current.grouped
    if mark == ";":
        if not current.grouped:
            raise BadAddress("A semicolon stands outside of a group; separate addresses by commas.")
        return False
    if not current.words or current.angle is not None:
        raise BadAddress("A colon stands where no group begins.")
    return True


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise BadAddress("A quote, bracket or parenthesis is not closed.")
        kind, token, position = str(match.lastgroup), match[0], match.end()
        if kind == "open":
            token, position = _comment(text, position)
            yield "comment", token
        elif kind != "space":
            yield kind, token


def _comment(text: str, start: int) -> tuple[str, int]:
    """Read a comment, which may hold comments; returns its text and the position behind it."""
    depth = 1
    pieces: list[str] = []
    for match in _COMMENT_PIECE.finditer(text, start):
        piece = match[0]
        depth += {"(": 1, ")": -1}.get(piece, 0)
        if depth == 0:
            return "".join(pieces), match.end()
        pieces.append(piece.removeprefix("\\"))
    raise BadAddress("A comment is not closed.")
