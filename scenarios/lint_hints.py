"""What the author of a malformed line probably meant, and how it is written."""

from __future__ import annotations

import re
from dataclasses import dataclass

from scenarios.errors import MalformedScenario

_METHODS = r"(?:smtp|dkim|md5|pgp|smime)(?:\s*,?\s*(?:smtp|dkim|md5|pgp|smime))*"
_ARROWS = "→⇒➔➜➝➞⟶⟹"
_ANY_ARROW = re.compile(f"[{_ARROWS}]|=>|--+>")
_INSIDE = re.compile(rf"\[(\w+)\s*(?:[{_ARROWS}]|=>|--+>|\s->|->\s|\.)\s*([\w.\-]+)\]")
_AFTER_ARROW = re.compile(rf"\A(.*?\))\s*(?:->|[{_ARROWS}])\s*({_METHODS})\s+(?:->\s*)?(\w+.*)\Z")
_WITHOUT_ARROW = re.compile(rf"\A(.*?\))\s+({_METHODS})\s+([a-z_]+)\s*\Z")
_JOINED = re.compile(r"\)\s*(?:and|or|&&|\|\||&|\|)\s*!?\s*\w+\s*\(", re.IGNORECASE)
_COMMENT_IN_PATTERN = re.compile(r"/(?:[^/\\#]|\\.)*#")
_PERL_ONLY = (
    (re.compile(r"\(\?<?[=!]"), "looking ahead or behind"),
    (re.compile(r"\\[1-9]|\\k[<{']|\(\?P="), "a reference back to a group"),
    (re.compile(r"\\[QEGKRXNZ](?![\w])|\\Q"), "a Perl escape such as \\Q"),
    (re.compile(r"[*+?}]\+"), "a possessive quantifier"),
    (re.compile(r"\(\?>"), "an atomic group"),
    (re.compile(r"\(\?(?:R|\d|&|\(|\{|\?\{)"), "recursion, a condition or code inside a pattern"),
)


@dataclass(frozen=True, slots=True)
class Hint:
    """A kind of mistake, what to write instead, and where that is known the whole line in its right form."""

    code: str
    sentence: str
    corrected: str = ""


def hint(line: str, wrong: MalformedScenario) -> Hint | None:
    """The usual mistake that this malformed line looks like, or None."""
    bare = line.strip()
    if "regular expression does not compile" in wrong.reason:
        return _perl(bare)
    if _COMMENT_IN_PATTERN.search(bare.partition("->")[0]) and "closing /" in wrong.reason:
        return Hint(
            "comment-in-pattern",
            "# begins a comment even inside a regular expression, so write \\x23 for it.",
        )
    if _JOINED.search(bare):
        return Hint(
            "joined-conditions",
            "a rule has one condition: refuse the opposite in a rule before (and), or write several rules (or).",
        )
    return _arrow(bare)


def _perl(line: str) -> Hint | None:
    for pattern, what in _PERL_ONLY:
        if pattern.search(line):
            return Hint(
                "perl-only",
                f"it uses {what}, which only Perl knows: write it as several rules, since patterns here never run away.",
            )
    return None


def _arrow(line: str) -> Hint | None:
    straight = _INSIDE.sub(r"[\1->\2]", line)
    turned = _AFTER_ARROW.match(straight)
    if turned:
        right = _right(*turned.groups())
        return Hint("reversed-arrow", f"methods come before the arrow: {right}", right)
    lacking = _WITHOUT_ARROW.match(straight)
    if lacking:
        right = _right(*lacking.groups())
        return Hint("missing-arrow", f"an arrow stands before the action: {right}", right)
    right = _ANY_ARROW.sub("->", straight)
    return Hint("wrong-arrow", f"an arrow is written ->, so: {right}", right) if right != line else None


def _right(condition: str, methods: str, action: str) -> str:
    words = ",".join(re.findall(r"\w+", methods))
    return f"{condition} {words} -> {action.strip()}"
