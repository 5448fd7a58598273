"""Regular expressions that cannot be made to run away: RE2, in time linear in the text."""

from __future__ import annotations

import functools
from typing import Any

import re2

# [domain] is replaced by the literal name; this one stands in for it while a scenario is only read.
_SAMPLE_DOMAIN = "lists.example.org"
_DOMAIN_WORDS = ("[domain]", "[host]")
_MEMORY = 2 << 20


class PatternRefused(Exception):
    """The regular expression does not compile; look-arounds and back-references are not part of the language."""

    code = "PATTERN_REFUSED"


@functools.lru_cache(maxsize=512)
def _compiled(source: str) -> Any:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        return re2.compile(source, options)
    except (re2.error, UnicodeError) as wrong:
        said = wrong.args[0] if wrong.args else ""
        raise PatternRefused(
            said.decode("utf-8", "replace") if isinstance(said, bytes) else str(wrong)
        ) from wrong


def _with_domain(source: str, domain: str) -> str:
    if "[" not in source:
        return source
    literal = str(re2.escape(domain))
    for word in _DOMAIN_WORDS:
        source = source.replace(word, literal)
    return source


def check_pattern(source: str) -> None:
    """Compile a pattern as it will be used; raises PatternRefused."""
    _compiled(_with_domain(source, _SAMPLE_DOMAIN))


def found(source: str, domain: str, value: str) -> bool:
    """Whether the pattern occurs in the value, letter case aside; an empty pattern never does.

    Raises PatternRefused if the domain put into the pattern makes it invalid.
    """
    if not source:
        return False
    # Fields of real mail hold bytes that are no text; RE2 wants valid UTF-8.
    readable = value.encode("utf-8", "replace").decode("utf-8")
    return _compiled(_with_domain(source, domain)).search(readable) is not None
