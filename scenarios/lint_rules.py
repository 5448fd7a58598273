"""Findings about one rule by itself: what it reads, whom it asks about, and what it may answer."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from scenarios.finding import Finding, Level
from scenarios.lint_patterns import pattern_findings
from scenarios.operations import ACTIONS, permitted_actions
from scenarios.syntax import Argument, Condition, NamedFilter, Rule, Text, Variable
from scenarios.terms import QUANTIFIERS

WORDS = frozenset(
    {
        "automatic_listname",
        "current_date",
        "current_email",
        "date",
        "domain",
        "email",
        "execution_date",
        "host",
        "is_bcc",
        "listname",
        "msg_body",
        "msg_encrypted",
        "previous_email",
        "remote_addr",
        "remote_application_name",
        "remote_host",
        "sender",
        "topic",
        "topic_auto",
        "topic_editor",
        "topic_needed",
        "topic_sender",
        "user_agent",
    }
)
_OF_USER = frozenset({"email", "main_email", "primary_email", "gecos", "lang"})
_IN_A_LIST = frozenset({"is_subscriber", "is_owner", "is_owner_strict", "is_editor"})
_ADDRESSES = frozenset({"sender", "email", "current_email", "previous_email"})
# What a subscriber cannot change about the own subscription.
_GIVEN_BY_US = frozenset({"email", "date", "update_date", "bounce"})
_PROVED_OF_USER = frozenset({"email", "main_email", "primary_email"})
_LETS_THROUGH = ACTIONS - {"reject", "editorkey", "editor", "request_auth", "owner", "listmaster"}


def rule_findings(rule: Rule, line: str, operation: str, *, is_imported: bool) -> Iterator[Finding]:
    """What a reader should know about a rule; `line` is the whole line it stands in."""
    note = _Notes(rule, line)
    yield from _about_action(rule, operation, note)
    if "include" in line.partition("#")[0].lower():
        yield note.at(
            "include",
            "include-in-rule",
            "warning",
            "Sympa takes any line with the word include in it for an include line; here it is a rule.",
        )
    for condition in _conditions(rule.condition):
        yield from _about_condition(condition, note)
        for argument in condition.args:
            if isinstance(argument, Variable):
                yield from _about_variable(argument, rule, operation, note, is_imported=is_imported)
        yield from pattern_findings(condition, rule, line)
    if rule.condition.negated and rule.condition.iterates and rule.condition.term not in QUANTIFIERS:
        yield note.at(
            "!",
            "negated-set",
            "warning",
            "This is true as soon as one address of the person does not fit, even if another does; "
            "write none(…) to ask that no address fits.",
        )


class _Notes:
    """Makes findings at the place where a piece of the rule is written."""

    def __init__(self, rule: Rule, line: str) -> None:
        self.number = rule.line
        self.line = line

    def at(self, piece: str, code: str, level: Level, sentence: str) -> Finding:
        """A finding at the first place of `piece` in the line."""
        place = self.line.lower().find(piece.lower())
        start = len(self.line) - len(self.line.lstrip())
        return Finding(self.number, (start if place < 0 else place) + 1, code, level, sentence)


def _conditions(condition: Condition) -> Iterator[Condition]:
    yield condition
    for argument in condition.args:
        if isinstance(argument, Condition):
            yield from _conditions(argument)


def _about_action(rule: Rule, operation: str, note: _Notes) -> Iterator[Finding]:
    base = rule.action.base
    if operation != "include" and base not in permitted_actions(operation):
        allowed = ", ".join(sorted(permitted_actions(operation)))
        yield note.at(
            base,
            "action-not-permitted",
            "error",
            f"{operation} cannot answer {base}, so whoever meets this rule is refused; it may answer {allowed}.",
        )


def _about_condition(condition: Condition, note: _Notes) -> Iterator[Finding]:
    args = condition.args
    if condition.term in _IN_A_LIST and len(args) == 2:
        if _is_person(args[0]) and not _is_person(args[1]):
            yield note.at(
                condition.term,
                "reversed-arguments",
                "error",
                f"The list comes first: {condition.term}([listname],{_written(args[0])}).",
            )
        elif _is_person(args[0]) or _is_place(args[1]):
            yield note.at(
                condition.term,
                "reversed-arguments",
                "error",
                f"{condition.term}() takes a list and then an address: {condition.term}([listname],[user->email]).",
            )
    if condition.term == "search" and len(args) > 1 and args[1] != Variable(None, "sender"):
        yield note.at(
            "search",
            "search-argument",
            "warning",
            "search() always asks about [sender]; its second argument changes nothing.",
        )
    for argument in args:
        if isinstance(argument, Text) and argument.value in WORDS:
            yield note.at(
                argument.value,
                "missing-brackets",
                "warning",
                f"This is the word {argument.value!r} itself; the variable is written [{argument.value}].",
            )


def _is_person(argument: Argument) -> bool:
    match argument:
        case Variable(record=None, name=name):
            return name in _ADDRESSES
        case Variable(record="user" | "subscriber", name=name):
            return name in _PROVED_OF_USER
        case _:
            return False


def _is_place(argument: Argument) -> bool:
    return isinstance(argument, Variable) and (argument.record, argument.name) in {
        (None, "listname"),
        ("list", "name"),
        ("list", "address"),
    }


def _written(argument: Argument) -> str:
    match argument:
        case Variable(record=None, name=name):
            return f"[{name}]"
        case Variable(record=record, name=name):
            return f"[{record}->{name}]"
        case Text(value=value) | NamedFilter(name=value):
            return value
        case _:
            return "…"


def _about_variable(
    variable: Variable, rule: Rule, operation: str, note: _Notes, *, is_imported: bool
) -> Iterator[Finding]:
    written = _written(variable)
    if variable.record is None and variable.name not in WORDS:
        yield note.at(
            f"[{variable.name}]",
            "unknown-variable",
            "warning",
            f"{written} has no value, so it is always empty.{_meant(variable.name, WORDS, '[{}]')}",
        )
    if variable.record == "user" and variable.name not in _OF_USER:
        guess = _meant(variable.name, _OF_USER, "[user->{}]")
        if guess:
            yield note.at(
                f"[{variable.record}->", "unknown-variable", "warning", f"{written} is unknown.{guess}"
            )
    if _is_self_written(variable, rule, operation):
        yield note.at(
            f"[{variable.record}->",
            "self-writable",
            "warning",
            f"{written} is written by the very person it decides about, so anybody can pass by writing what is asked for.",
        )
    if is_imported and (variable.record, variable.name) == ("user", "email"):
        yield note.at(
            "[user->email]",
            "wider-here",
            "warning",
            "[user->email] was one address where this text comes from; here it is every address of the person. "
            "Write [sender] for the presented one.",
        )


def _meant(word: str, known: frozenset[str], shape: str) -> str:
    close = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f" Did you mean {shape.format(close[0])}?" if close else ""


def _is_self_written(variable: Variable, rule: Rule, operation: str) -> bool:
    if variable.record == "subscriber":
        return variable.name not in _GIVEN_BY_US
    if variable.record == "user":
        return variable.name in _OF_USER - _PROVED_OF_USER
    if variable.record == "msg_header":
        return operation == "send" and rule.action.base in _LETS_THROUGH
    return False
