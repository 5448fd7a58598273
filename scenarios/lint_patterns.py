"""Findings about regular expressions that are to recognise addresses and recognise others as well."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scenarios.finding import Finding
from scenarios.syntax import Condition, Pattern, Rule, Variable

_ADDRESS_WORDS = frozenset({"sender", "email", "current_email", "previous_email"})
_LOOSE_DOT = re.compile(r"(?<![\\\])\[])(?<=[\w\-])\.(?=[\w\-]{2,}(?:$|[$)|.\\]))")
_IN_CLASS = re.compile(r"\[[^\]]*\]")
_NAMES_DOMAIN = re.compile(r"[\w\-]+\\?\.[\w\-]{2,}|\[(?:domain|host)\]")
_BOUNDED_START = re.compile(r"[@^]|\A\(*\\\.|\\b")


def pattern_findings(condition: Condition, rule: Rule, line: str) -> Iterator[Finding]:
    """Patterns on addresses that an attacker's domain fits, too."""
    if condition.term != "match" or len(condition.args) != 2 or not isinstance(condition.args[1], Pattern):
        return
    source = condition.args[1].source
    place = max(line.find("/"), 0) + 1
    if not source:
        yield Finding(rule.line, place, "empty-pattern", "warning", "An empty pattern never matches.")
    if not _reads_address(condition) or not _NAMES_DOMAIN.search(source):
        return
    if _LOOSE_DOT.search(_IN_CLASS.sub("x", source)):
        yield Finding(
            rule.line,
            place,
            "loose-dot",
            "warning",
            "A dot stands for any character, so another domain fits, too; write \\. for a dot.",
        )
    if not source.endswith(("$", "$)", "\\z", "\\Z")):
        yield Finding(
            rule.line,
            place,
            "unanchored-end",
            "warning",
            "Without $ at its end it also fits addresses whose domain goes on, such as …@univ.example.attacker.example.",
        )
    elif not _BOUNDED_START.search(source):
        yield Finding(
            rule.line,
            place,
            "unanchored-start",
            "warning",
            "It also fits domains that end alike, such as not-univ.example; write @ (or [@.] for subdomains) before it.",
        )


def _reads_address(condition: Condition) -> bool:
    first = condition.args[0]
    if not isinstance(first, Variable):
        return False
    if first.record is None:
        return first.name in _ADDRESS_WORDS
    return first.record in {"user", "subscriber"} and first.name.endswith("email")
