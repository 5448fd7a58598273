"""Regular expressions that cannot be made to run away: RE2 on bytes, in time linear in the text."""

from __future__ import annotations

import functools
import re
from itertools import pairwise
from typing import Any

import re2

# [domain] is replaced by the literal name; this one stands in for it while a scenario is only read.
_SAMPLE_DOMAIN = "lists.example.org"
_DOMAIN_WORDS = ("[domain]", "[host]")
_MEMORY = 2 << 20
# Scenarios are written with Perl's reading in mind; these say something else, or nothing, to RE2.
_PIECE = re.compile(
    r"\\(?:[xpP]\{[^}]{0,40}\}|.)|\[\^?\]?(?:\[:\w*:\]|\\.|[^\]\\])*(?:\]|\Z)|\(\?[a-zA-Z^\-]*[:)]|\{[0-9]+(?:,[0-9]*)?\}|\{,[0-9]+\}|.",
    re.DOTALL,
)
_LETTER_ESCAPE = re.compile(r"\\[A-Za-z]\Z")
_COUNT = re.compile(r"\{[0-9,]+\}\Z")
_END = r"(?:\n?\z)"
_TRANSLATED = {
    r"\e": r"\x1b",
    r"\h": r"[\t \xa0]",
    r"\H": r"[^\t \xa0]",
    "$": _END,
    r"\Z": _END,
    r"\s": "[[:space:]]",
    r"\S": "[^[:space:]]",
}
_PERL_ONLY = frozenset({r"\C", r"\v", r"\V"})
# These mean something only where Perl puts texts together; in a pattern they are the letter.
_LETTERS = frozenset(rf"\{letter}" for letter in "QEULulFiIjJmMOqTyY")
_REMARK = re.compile(r"\(\?#[^)]*(\)|\Z)")
_FLAGS = re.compile(r"\(\?([a-zA-Z^\-]*)[:)]")


class PatternRefused(Exception):
    """The regular expression does not compile; look-arounds and back-references are not part of the language."""

    code = "PATTERN_REFUSED"


def _options() -> Any:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = _MEMORY
    # Byte by byte and with letter case for ASCII only, as the texts at hand have always been read.
    options.encoding = re2.Options.Encoding.LATIN1
    return options


@functools.lru_cache(maxsize=2048)
def _compiled(source: str) -> Any:
    return _fresh(source)


def _fresh(source: str) -> Any:
    try:
        return re2.compile(_translated(source).encode("utf-8"), _options())
    except (re2.error, UnicodeError, ValueError, OverflowError) as wrong:
        said = wrong.args[0] if wrong.args else ""
        raise PatternRefused(
            said.decode("utf-8", "replace") if isinstance(said, bytes) else str(wrong)
        ) from wrong


def _translated(source: str) -> str:
    """The pattern in RE2's words; raises PatternRefused for what it cannot say."""
    source = _REMARK.sub(_without_remark, source)
    flags = "".join(match[1] for match in _FLAGS.finditer(source))
    if set(flags) & set("UxX^"):
        raise PatternRefused(f"the flags (?{flags}) are not available")
    pieces: list[str] = _PIECE.findall(source)
    for before, piece in pairwise(pieces):
        _check_pair(before, piece)
    return "".join(_piece(piece, "m" in flags) for piece in pieces)


def _check_pair(before: str, piece: str) -> None:
    """Refuse what Perl refuses and RE2 takes for something else."""
    if piece.startswith("{") and (
        before in {r"\b", r"\B"} or (piece == "{" and _LETTER_ESCAPE.match(before) is not None)
    ):
        raise PatternRefused(f"an opening brace after {before} is written \\{{")
    is_repeated = piece in {"*", "+", "?"} or _COUNT.match(piece) is not None
    if is_repeated and before.startswith("(?") and before.endswith(")"):
        raise PatternRefused(f"there is nothing to repeat before {piece}")
    if (piece == "*" and _COUNT.match(before)) or (
        _COUNT.match(piece) and (before in {"*", "+", "?"} or _COUNT.match(before))
    ):
        raise PatternRefused(f"{before}{piece} repeats a repetition")


def _without_remark(remark: re.Match[str]) -> str:
    if not remark[1]:
        raise PatternRefused("missing ) after a remark")
    return ""


def _piece(written: str, has_lines: bool) -> str:
    if written.startswith("\\x{") and (number := int(written[3:-1] or "0", 16)) > 0x7F:
        # A character beyond ASCII is several bytes.
        return f"(?:{chr(number)})"
    if written in _PERL_ONLY:
        raise PatternRefused(f"{written} is not available")
    if written in _LETTERS:
        return written[1:]
    if written == "$" and has_lines:
        return written
    if written.startswith("{,"):
        return "{0" + written[1:]
    if written.startswith("[") and "\\s" in written:
        # Perl counts the vertical tab among the spaces.
        return written.replace("\\s", "\\s\\v")
    return _TRANSLATED.get(written, written)


def _with_domain(source: str, domain: str) -> str:
    if "[" not in source:
        return source
    literal = domain.replace(".", "\\.")
    for word in _DOMAIN_WORDS:
        source = source.replace(word, literal)
    return source


def check_pattern(source: str) -> Any:
    """The compiled pattern, None if it has to wait for the domain it will be used in; raises PatternRefused."""
    compiled = _fresh(_with_domain(source, _SAMPLE_DOMAIN))
    return None if names_the_domain(source) else compiled


def literal_pattern(source: str) -> Any:
    """The compiled pattern without a domain put into it; raises PatternRefused."""
    return _compiled(source)


def never_matches(source: str) -> bool:
    """Whether Sympa cannot use a pattern that it accepts: with an apostrophe, or a bare backslash at its end."""
    return "'" in source or (len(source) - len(source.rstrip("\\"))) % 2 == 1


def mended(source: str) -> str:
    """Such a pattern as Sympa looks at it when it reads the text, so that its other mistakes are found."""
    dangling = (len(source) - len(source.rstrip("\\"))) % 2 == 1
    return source.replace("'", ".") + ("\\" if dangling else "")


def names_the_domain(source: str) -> bool:
    """Whether the pattern changes with the domain it is used in."""
    return any(word in source for word in _DOMAIN_WORDS)


def compiled_pattern(source: str, domain: str) -> Any:
    """The compiled pattern for a domain; raises PatternRefused if the domain put into it makes it invalid."""
    return _compiled(_with_domain(source, domain))


def occurs(pattern: Any, value: str) -> bool:
    """Whether a compiled pattern occurs in the value; bytes that are no text stand for themselves."""
    try:
        subject = value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        subject = value.encode("utf-8", "replace")
    return pattern.search(subject) is not None
