"""Arguments as Sympa 6.2.70 reads them: commas may be missing, and the first thing that is no argument ends the list."""

from __future__ import annotations

import re

from scenarios.arguments import word_of
from scenarios.syntax import Argument, Pattern, Text, Variable

_SPACE = re.compile(r"\s*", re.ASCII)
_GAP = re.compile(r"\s*,?", re.ASCII)
_PLAIN = re.compile(r"\[\w+(?:->[\w-]+)?\](?:\[[-+]?[0-9]+\])?|[\w.-]+|'[^,)]*'|\"[^,)]*\"", re.ASCII)
# A record is recognised anywhere in an argument, quoted or not, in this order; then a word in brackets.
_RECORDS = (
    "custom_vars", "family", "conf", "list", "env", "user", "user_attributes", "subscriber", "msg_header", "header",
    "msg_part", "msg",
)  # fmt: skip
_FIELD = {
    record: re.compile(rf"\[{record}->([\w-]+)\](?:\[([-+]?[0-9]+)\])?", re.ASCII | re.IGNORECASE)
    for record in _RECORDS
}
_WORD = re.compile(r"\[(\w+)\]", re.ASCII)
_INDEXED = frozenset({"msg_header"})
_LONGEST_INDEX = 7


def lenient_arguments(written: str) -> tuple[Argument, ...]:
    """The arguments at the beginning of what stands between the parentheses."""
    args: list[Argument] = []
    at = 0
    while True:
        space = _SPACE.match(written, at)
        at = at if space is None else space.end()
        end = _end(written, at)
        if end is None:
            return tuple(args)
        args.append(_argument(written[at:end]))
        gap = _GAP.match(written, end)
        at = end if gap is None else gap.end()


def _end(written: str, at: int) -> int | None:
    plain = _PLAIN.match(written, at)
    if plain is not None:
        return plain.end()
    return _pattern_end(written, at) if written.startswith("/", at) else None


def _pattern_end(written: str, at: int) -> int | None:
    """A pattern ends at the last slash before which no slash stands bare; one after a backslash may end it, too."""
    end = None
    place = written.find("/", at + 1)
    while place >= 0:
        before = written[place - 1]
        if place == at + 1 or before != "/":
            end = place + 1
        if before != "\\" or place == at + 1:
            break
        place = written.find("/", place + 1)
    return end


def _argument(token: str) -> Argument:
    if token.startswith("/") and len(token) > 2:
        return Pattern(token[1:-1].replace("\\\\", "\\"))
    for record in _RECORDS:
        field = _FIELD[record].search(token)
        if field is not None:
            return _field(record, field)
    word = _WORD.search(token)
    if word is not None:
        return Variable(None, word_of(word[1]))
    quoted = len(token) > 1 and token[0] in "'\"" and token[-1] == token[0]
    return Text(_unescaped(token[1:-1]) if quoted else token)


def _field(record: str, field: re.Match[str]) -> Variable:
    name = field[1]
    record = "msg_header" if record == "header" else record
    if record == "conf" and name == "host":
        name = "domain"
    index = None if field[2] is None or record not in _INDEXED else int(field[2][:_LONGEST_INDEX])
    return Variable(record, name, index)


def _unescaped(text: str) -> str:
    """Two backslashes are one, and one at the end an apostrophe."""
    halved = text.replace("\\\\", "\0")
    halved = halved[:-1] + "'" if halved.endswith("\\") else halved
    return halved.replace("\0", "\\")
