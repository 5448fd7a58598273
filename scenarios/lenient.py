"""Reading a scenario as Sympa 6.2.70 does: whatever follows a term is let pass, and mistakes show late or never."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from scenarios.errors import MalformedScenario
from scenarios.lenient_arguments import lenient_arguments
from scenarios.parameters import ESTABLISHED, POLICIES
from scenarios.patterns import PatternRefused, check_pattern, mended
from scenarios.syntax import Action, Argument, Condition, Pattern, Rule, Variable
from scenarios.terms import CUSTOM

_BLANK = " \t\n\r\f\v"
_LINE_END = re.compile(r"\r\n|\r|\n")
_LONE_WORD = re.compile(r"\s*\w+\s*\Z", re.ASCII)
_TITLE = re.compile(r"\s*title(?:\.(\S+))?\s+(.*)\Z", re.ASCII | re.IGNORECASE)
_GAP = re.compile(r"\s+", re.ASCII)
_METHODS = re.compile(r"(?:(?:md5|pgp|smtp|smime|dkim)\s*,?\s*)*", re.ASCII | re.IGNORECASE)
_TERM = re.compile(
    r"(?:(!)\s*)?(true|all|is_(?:subscriber|owner|editor|listmaster)|equal|match|less_than|newer|older|search|message"
    r"|verify_netmask|customcondition::\w+)\s*\(",
    re.ASCII | re.IGNORECASE,
)
_COUNTS = {"true": (0, 0), "all": (0, 0), "is_listmaster": (1, 1), "verify_netmask": (1, 1), "search": (1, 2)}
_ACTION_WORD = re.compile(r"\w*", re.ASCII)
_TO_TARGET = re.compile(r"request_auth\s*\(\s*\[\s*email\s*\]\s*\)", re.ASCII | re.IGNORECASE)
_QUIET = re.compile(r",\s*quiet\b", re.ASCII | re.IGNORECASE)
_NOTIFY = re.compile(r",\s*notify\b", re.ASCII | re.IGNORECASE)
_QUIET_REJECT = re.compile(r"\s?,\s?quiet", re.ASCII)
_NAMED = re.compile(r"(reason|tt2)='?(\w+)", re.ASCII)
_UNNAMED = re.compile(r"'?([^'=]+)")


@dataclass(frozen=True, slots=True)
class Line:
    """A line that says something: a rule if it has an arrow, an include otherwise (`action` is None then)."""

    number: int
    condition: str
    methods: frozenset[str]
    action: str | None
    origin: str


def read_titles(text: str) -> dict[str, str]:
    """The titles by tag, of the lines before the first that cannot be read."""
    found = {}
    for _, line in _speaking(text):
        if title := _TITLE.match(line):
            tag = "default" if title[1] is None else title[1].replace("_", "-").lower()
            found[tag] = title[2].strip()
    return found


def read_lines(text: str, origin: str) -> tuple[list[Line], MalformedScenario | None]:
    """The lines of a text; or, where one cannot be read, none at all and what is wrong."""
    lines = []
    for number, line in _speaking(text):
        if _TITLE.match(line):
            continue
        read = _include(line, number, origin) or _rule_line(line, number, origin)
        if read is None:
            reason = "this line is neither a title nor an include nor a rule with its arrow"
            return [], MalformedScenario(reason, line=number, column=1, source=origin)
        lines.append(read)
    return lines, None


def _speaking(text: str) -> Iterator[tuple[int, str]]:
    for number, raw in enumerate(_LINE_END.split(text), start=1):
        if _LONE_WORD.match(raw):
            continue
        line = raw.partition("#")[0]
        if line.strip(_BLANK):
            yield number, line


def _include(line: str, number: int, origin: str) -> Line | None:
    place = line.lower().find("include")
    return None if place < 0 else Line(number, line[place:], frozenset(), None, origin)


def _rule_line(line: str, number: int, origin: str) -> Line | None:
    """The condition is the shortest beginning that white space, methods and an arrow follow."""
    start = len(line) - len(line.lstrip(_BLANK))
    tried = 0
    for gap in _GAP.finditer(line, start):
        if gap.end() < tried:
            continue
        tried = _end_of_methods(line, gap.end())
        if line.startswith("->", tried):
            methods = _methods(line[gap.end() : tried])
            return Line(number, line[start : gap.start()], methods, line[tried + 2 :].strip(_BLANK), origin)
    # Without any condition it is a rule all the same, and cannot be compiled.
    bare = start > 0 and line.startswith("->", _end_of_methods(line, start))
    return Line(number, "", frozenset(), "", origin) if bare else None


def _end_of_methods(line: str, at: int) -> int:
    found = _METHODS.match(line, at)
    return at if found is None else found.end()


def _methods(written: str) -> frozenset[str]:
    """The words between commas; one that stands there twice keeps Sympa from taking the four usual ones for any method."""
    joined = re.sub(r"\s", "", written, flags=re.ASCII).rstrip(",")
    words = joined.split(",") if joined else ["smtp"]
    return frozenset(words) | ({""} if len(set(words)) < len(words) else set())


def rule_of(line: Line) -> Rule:
    """The rule of a line; raises MalformedScenario where Sympa could not compile it."""
    condition = _condition(line)
    action = Action("reject") if line.action is None else lenient_action(line.action)
    return Rule(line.number, line.condition, condition, line.methods, action, line.origin)


def _condition(line: Line) -> Condition:
    text = line.condition
    found = _TERM.search(text)
    end = text.rfind(")")
    if found is None or end < found.end():
        _fail(line, "there is no term with its parentheses here", 0)
    prefix, colons, plugin = found[2].partition("::")
    term = prefix.lower() + colons + plugin.lower()
    args = lenient_arguments(text[found.end() : end])
    least, most = (0, len(args)) if term.startswith(CUSTOM) else _COUNTS.get(term, (2, 2))
    if not least <= len(args) <= most:
        _fail(line, f"{term}() takes {most} argument(s), not {len(args)}", found.start(2))
    for arg in args:
        _check(line, arg, found.start(2))
    return Condition(found[1] is not None, term, args, text)


def _check(line: Line, arg: Argument, at: int) -> None:
    if isinstance(arg, Pattern):
        try:
            check_pattern(mended(arg.source))
        except PatternRefused as refused:
            _fail(line, f"the regular expression does not compile: {refused}", at)
    if isinstance(arg, Variable) and arg.record == "msg_part" and arg.name == "body":
        _fail(line, "Sympa cannot read [msg_part->body]", at)
    if isinstance(arg, Variable) and arg.record == "list" and arg.name not in ESTABLISHED | POLICIES:
        _fail(line, f"Sympa has no [list->{arg.name}] with one value", at)


def _fail(line: Line, reason: str, at: int) -> NoReturn:
    raise MalformedScenario(reason, line=line.number, column=at + 1, source=line.origin)


def lenient_action(written: str) -> Action:
    """An action, known or not: what an operation does not know is refused when the rule speaks."""
    for word in ("ham", "spam", "unsure"):
        if written.startswith(word):
            return Action(word)
    if written.startswith("reject"):
        return _rejection(written.removeprefix("reject"))
    base = _ACTION_WORD.match(written)
    return Action(
        "" if base is None else base[0],
        "[email]" if _TO_TARGET.match(written) else None,
        quiet=_QUIET.search(written) is not None,
        notify=_NOTIFY.search(written) is not None,
    )


def _rejection(rest: str) -> Action:
    inside, after = None, rest
    if rest.startswith("(") and (end := rest.rfind(")")) > 1:
        inside, after = rest[1:end], rest[end + 1 :]
    told: dict[str, str] = {}
    for part in () if inside is None else inside.split(","):
        if named := _NAMED.match(part):
            told[named[1]] = named[2]
        elif unnamed := _UNNAMED.match(part):
            told["tt2"] = unnamed[1]
            break
    return Action(
        "reject", None, told.get("reason"), told.get("tt2"), quiet=_QUIET_REJECT.match(after) is not None
    )
