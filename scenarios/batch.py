"""Questions and answers as data, so that two interpreters can be compared line by line."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

from scenarios.batch_input import Question, read_question
from scenarios.cache import assembled
from scenarios.decision import Decision, reject
from scenarios.dialect import Dialect
from scenarios.errors import MalformedScenario
from scenarios.interpret import barred, decide
from scenarios.library import shipped_text
from scenarios.operations import OPERATIONS
from scenarios.syntax import Scenario

# A scenario without a file lets nobody do anything.
_MISSING_IN_SYMPA = "true() smtp -> reject\n"

Answer = dict[str, Any]


def answer(given: Any, *, dialect: Dialect, now: int) -> Answer:
    """The answer to one question, as docs/reference/scenario-decide.md describes both; never raises.

    `dialect` holds where the question names none; `now` is the time in seconds where it tells none.
    """
    try:
        question = read_question(given, dialect, now)
        if question.text is None and not question.name:
            return bad_input("`text` or `name` is missing")
        return _answered(question)
    except ValueError as wrong:
        return bad_input(str(wrong))
    except Exception as wrong:  # noqa: BLE001  (one strange question may not stop the answers to the others)
        return bad_input(f"the question cannot be read ({type(wrong).__name__})")


def bad_input(sentence: str) -> Answer:
    """The answer to what is no question: a refusal that says what is wrong."""
    return _shown(reject("", "bad-input"), error=sentence)


def _answered(question: Question) -> Answer:
    request = question.request
    if question.dialect is Dialect.SYMPA and request.operation not in OPERATIONS:
        unknown = reject(request.operation, "unknown-operation", method=request.method)
        return _shown(unknown, error=f"no operation is called {request.operation}")
    text = question.text
    if text is None:
        text = shipped_text(request.operation, question.name, dialect=question.dialect)
        if text is None and question.dialect is Dialect.SYMPA:
            text = _MISSING_IN_SYMPA
        if text is None:
            missing = reject(request.operation, "scenario-missing", method=request.method)
            return _shown(missing, error=f"there is no {request.operation}.{question.name}")
    try:
        scenario = assembled(
            text,
            operation=request.operation,
            name=question.name,
            includes=question.includes,
            blocklist=question.is_blocklisted,
            dialect=question.dialect,
        )
    except MalformedScenario as wrong:
        reason = "scenario-malformed"
        if question.dialect is Dialect.SYMPA:
            reason = barred(request, question.dialect) or wrong.verdict
        malformed = reject(request.operation, reason, method=request.method)
        place = {"line": wrong.line, "origin": wrong.source, "column": wrong.column}
        return {**_shown(malformed, error=wrong.reason), **place}
    decision = _settled(decide(scenario, request, question.facts, dialect=question.dialect))
    return _shown(_as_said(decision, scenario) if question.dialect is Dialect.SYMPA else decision)


def _as_said(decision: Decision, scenario: Scenario) -> Decision:
    """Sympa's interpreter hands on an action that the operation cannot carry out; whoever asked refuses it then."""
    if decision.reason != "action-not-permitted":
        return decision
    rule = next(
        each for each in scenario.rules if (each.line, each.origin) == (decision.line, decision.origin)
    )
    said = rule.action
    return replace(
        decision,
        action=said.base,
        argument=said.argument,
        reason=None,
        quiet=said.quiet,
        notify=said.notify,
    )


def _settled(work: Coroutine[Any, Any, Decision]) -> Decision:
    """The decision of facts held in memory, which wait for nothing: no event loop takes part."""
    try:
        work.send(None)
    except StopIteration as done:
        decision: Decision = done.value
        return decision
    raise RuntimeError("facts in memory waited for something")


def _shown(decision: Decision, *, error: str | None = None) -> Answer:
    return {
        "action": decision.action,
        "reason": decision.reason,
        "tt2": decision.template,
        "quiet": decision.quiet,
        "notify": decision.notify,
        "line": decision.line,
        "condition": decision.condition,
        "element": decision.element,
        "argument": decision.argument,
        "method": decision.method,
        "strength": decision.strength,
        "origin": decision.origin,
        "error": error or decision.error,
        "said": decision.said or None,
        "column": None,
    }
