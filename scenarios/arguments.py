"""Reading what stands between the parentheses of a term: variables, texts, patterns and filter names."""

from __future__ import annotations

import re

from scenarios.cursor import Cursor
from scenarios.parameters import READABLE
from scenarios.patterns import PatternRefused, check_pattern
from scenarios.syntax import Argument, NamedFilter, Pattern, Text, Variable
from scenarios.terms import FILTER_FILE

RECORDS = frozenset(
    {
        "app",
        "auth",
        "conf",
        "custom_vars",
        "env",
        "family",
        "list",
        "msg",
        "msg_header",
        "msg_part",
        "subscriber",
        "user",
        "user_attributes",
    }
)
_INDEXED = frozenset({"msg_header", "msg_part"})
_OLD_RECORDS = {"header": "msg_header"}
# These words are read in any letter case, all others as they stand.
_CASELESS = frozenset(
    {"listname", "current_date", "is_bcc", "msg_body", "msg_encrypted", "topic", "topic_auto", "topic_sender"}
    | {"topic_editor", "topic_needed"}
)
_OLD_NAMES = {"host": "domain"}
_LONGEST_INDEX = 6

_VARIABLE = re.compile(r"\[([\w.\-]+)(?:->([^\]\[\s,()]+))?\]")
_INDEX = re.compile(r"\[(-?[0-9]+)\]")
_QUOTED = re.compile(r"""(['"])([^'"),]*)\1""")
_PATTERN = re.compile(r"/((?:[^/\\]|\\.)*)/")
_WORD = re.compile(r"[\w.\-]+", re.ASCII)
_IN_QUOTES = re.compile(r"\[\w+(?:->[^\]\[\s]+)?\]")


def read_arguments(cursor: Cursor) -> tuple[tuple[Argument, ...], tuple[int, ...]]:
    """The arguments up to and including the closing parenthesis, and the column offset of each."""
    args: list[Argument] = []
    places: list[int] = []
    if cursor.accept(")"):
        return (), ()
    while True:
        cursor.skip_space()
        places.append(cursor.at)
        args.append(_argument(cursor))
        if cursor.accept(")"):
            return tuple(args), tuple(places)
        cursor.expect(",", "a comma or a closing parenthesis is expected here")


def word_of(written: str) -> str:
    """The name of a `[word]` as requests know it."""
    return written.lower() if written.lower() in _CASELESS else written


def _argument(cursor: Cursor) -> Argument:
    if cursor.sees("["):
        return _variable(cursor)
    if cursor.sees("'") or cursor.sees('"'):
        return _quoted(cursor)
    if cursor.sees("/"):
        return _pattern(cursor)
    word = cursor.take(_WORD)
    if word is None:
        cursor.fail("an argument is expected here")
    if not (
        cursor.sees(",")
        or cursor.sees(")")
        or cursor.at >= len(cursor.text)
        or cursor.text[cursor.at].isspace()
    ):
        cursor.fail("a text with other signs than letters, digits, . - and _ stands in quotes")
    return NamedFilter(word[0]) if FILTER_FILE.match(word[0]) else Text(word[0])


def _variable(cursor: Cursor) -> Variable:
    start = cursor.at
    match = cursor.take(_VARIABLE)
    if match is None:
        cursor.fail("a variable is written [word] or [word->word]")
    if match[2] is None:
        return Variable(None, _OLD_NAMES.get(match[1], word_of(match[1])))
    record = _OLD_RECORDS.get(match[1], match[1])
    name = match[2]
    if record not in RECORDS:
        cursor.fail(f"there is no record [{match[1]}->…]", start)
    if record == "list" and name not in READABLE:
        cursor.fail(f"a list has no setting {name} with one plain value", start)
    if record == "conf":
        name = _OLD_NAMES.get(name, name)
    return Variable(record, name, _index(cursor, record))


def _index(cursor: Cursor, record: str) -> int | None:
    if not cursor.sees("["):
        return None
    if record not in _INDEXED:
        cursor.fail(f"[{record}->…] has one value, so it takes no index")
    start = cursor.at
    match = cursor.take(_INDEX)
    if match is None or len(match[1]) > _LONGEST_INDEX:
        cursor.fail("an index is a whole number, negative from the end", start)
    return int(match[1])


def _quoted(cursor: Cursor) -> Text | Variable:
    start = cursor.at
    match = cursor.take(_QUOTED)
    if match is None:
        quote = cursor.text[cursor.at]
        if quote in cursor.text[cursor.at + 1 :]:
            cursor.fail("a quoted text may hold no comma, closing parenthesis or other quote")
        cursor.fail("the closing quote is missing")
    if _IN_QUOTES.fullmatch(match[2]):
        return _variable(Cursor(match[2], cursor.line))
    if _IN_QUOTES.search(match[2]):
        cursor.fail("a variable stands alone, not inside a text", start)
    return Text(match[2])


def _pattern(cursor: Cursor) -> Pattern:
    start = cursor.at
    match = cursor.take(_PATTERN)
    if match is None:
        cursor.fail("the closing / of the regular expression is missing")
    _check_readings(cursor, match[1], start)
    source = match[1].replace("\\/", "/")
    try:
        return Pattern(source, check_pattern(source))
    except PatternRefused as refused:
        cursor.fail(f"the regular expression does not compile: {refused}", start)


def _check_readings(cursor: Cursor, written: str, start: int) -> None:
    """Refuse what Sympa takes for another pattern than the one that is written."""
    if "'" in written:
        cursor.fail("a pattern with an apostrophe never matches in Sympa; write \\x27", start)
    if "\\\\" in written:
        cursor.fail("Sympa takes two backslashes for one; write \\x5c for a backslash", start)
