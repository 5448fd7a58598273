"""Reading one rule: a condition, the methods it holds for, an arrow, an action."""

from __future__ import annotations

import re

from scenarios.arguments import read_arguments
from scenarios.cursor import Cursor
from scenarios.operations import ACTIONS
from scenarios.syntax import METHODS, Action, Argument, Condition, Rule
from scenarios.terms import QUANTIFIERS, RESERVED, is_known, misuse, normal_name

_TERM = re.compile(r"[A-Za-z_]\w*(?:::\w+)*")
_WORD = re.compile(r"[A-Za-z_]\w*")
_PARAMETER = re.compile(r"""\s*(?:(reason|tt2)\s*=\s*)?(?:'([\w.\-]+)'|"([\w.\-]+)"|([\w.\-]+))(?=\s*[,)])""")
_TARGET = "[email]"


def read_rule(text: str, line: int) -> Rule:
    """One line without its comment; raises MalformedScenario."""
    cursor = Cursor(text, line)
    cursor.skip_space()
    condition = _condition(cursor)
    methods = _methods(cursor)
    cursor.expect("->", "-> and an action are expected here")
    action = _action(cursor)
    cursor.skip_space()
    if cursor.at < len(text):
        cursor.fail("nothing may follow the action")
    return Rule(line, text.strip(), condition, methods, action)


def _condition(cursor: Cursor, *, quantified: bool = False) -> Condition:
    start = cursor.at
    negated = cursor.accept("!")
    cursor.skip_space()
    place = cursor.at
    word = cursor.take(_TERM)
    if word is None:
        cursor.fail("a term such as true() or is_subscriber(…) is expected here")
    term = normal_name(word[0])
    if term in RESERVED:
        cursor.fail(f"{word[0]}() is a reserved word without a meaning", place)
    if not is_known(term) or (quantified and term in QUANTIFIERS):
        cursor.fail(
            f"{word[0]}() cannot stand here" if is_known(term) else f"there is no term {word[0]}()", place
        )
    cursor.expect("(", f"{word[0]} needs parentheses")
    args = _checked_arguments(cursor, term)
    return Condition(negated, term, args, cursor.text[start : cursor.at])


def _checked_arguments(cursor: Cursor, term: str) -> tuple[Argument, ...]:
    if term in QUANTIFIERS:
        cursor.skip_space()
        inner = _condition(cursor, quantified=True)
        cursor.expect(")", "a closing parenthesis is expected here")
        return (inner,)
    opened = cursor.at
    args, places = read_arguments(cursor)
    wrong = misuse(term, args)
    if wrong is not None:
        cursor.fail(wrong[0], places[wrong[1]] if places else opened)
    return args


def _methods(cursor: Cursor) -> frozenset[str]:
    if not cursor.skip_space():
        cursor.fail("a space is expected after the condition")
    methods: set[str] = set()
    while True:
        place = cursor.at
        word = cursor.take(_WORD)
        if word is None:
            return frozenset(methods or {"smtp"})
        if word[0] not in METHODS:
            cursor.fail(f"{word[0]} is not a method (smtp, dkim, md5, pgp, smime)", place)
        methods.add(word[0])
        if not cursor.accept(","):
            cursor.skip_space()
            if not cursor.sees("->") and cursor.at < len(cursor.text):
                cursor.fail("methods are separated by commas and followed by ->")
        cursor.skip_space()


def _action(cursor: Cursor) -> Action:
    cursor.skip_space()
    place = cursor.at
    word = cursor.take(_WORD)
    if word is None or word[0] not in ACTIONS:
        cursor.fail("an action such as do_it or reject is expected here", place)
    base = word[0]
    argument = reason = template = None
    if cursor.accept("("):
        if base == "request_auth":
            argument = _target(cursor)
        elif base == "reject":
            reason, template = _explanation(cursor)
        else:
            cursor.fail(f"{base} takes no parameters", cursor.at - 1)
    modifiers = _modifiers(cursor)
    return Action(base, argument, reason, template, "quiet" in modifiers, "notify" in modifiers)


def _target(cursor: Cursor) -> str:
    cursor.expect(_TARGET, f"only {_TARGET} can be asked to confirm")
    cursor.expect(")", "a closing parenthesis is expected here")
    return _TARGET


def _explanation(cursor: Cursor) -> tuple[str | None, str | None]:
    told: dict[str, str] = {}
    if cursor.accept(")"):
        return None, None
    while True:
        match = cursor.take(_PARAMETER)
        if match is None:
            cursor.skip_space()
            cursor.fail("reason='word', tt2='word' or 'word' is expected here")
        # A bare word names a template, as it always did.
        told[match[1] or "tt2"] = match[2] or match[3] or match[4]
        if cursor.accept(")"):
            return told.get("reason"), told.get("tt2")
        cursor.expect(",", "a comma or a closing parenthesis is expected here")


def _modifiers(cursor: Cursor) -> set[str]:
    modifiers: set[str] = set()
    while cursor.accept(","):
        cursor.skip_space()
        place = cursor.at
        word = cursor.take(_WORD)
        if word is None or word[0] not in {"notify", "quiet"}:
            cursor.fail("only notify or quiet can follow an action", place)
        modifiers.add(word[0])
    return modifiers
