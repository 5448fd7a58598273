"""The answer to a request, together with everything needed to explain it later."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to happen, and which rule said so.

    `action` is one of the words of `operations.ACTIONS`; `argument` is "[email]" where a confirmation goes to the
    target; `reason` and `template` tell the person why; `quiet` and `notify` say who hears of it. `line` and
    `condition` name the rule (None where no rule spoke), `element` the address of `[user->email]` that made it true,
    `method` the effective method it was tested with. `error` is the class name of the exception behind the reason
    `error-performing-condition`, so that a caller can tell a failing directory from a lasting refusal. `origin` names the
    text in which the line stands ("" the scenario itself, else `include.NAME` or `blocklist`), `strength` how well
    `element` is tied to the person (the method where no element spoke), `id` the stored decision.
    `is_elevated` says that the asker counted as an owner by an elevation of their session only (row 85).
    `said` is what the rule's action names where that is not what is to happen (an action that the operation does not know).
    """

    action: str
    argument: str | None
    reason: str | None
    template: str | None
    quiet: bool
    notify: bool
    line: int | None
    condition: str | None
    element: str | None
    operation: str
    scenario: str
    method: str
    text_hash: str
    error: str | None = None
    origin: str = ""
    strength: str = ""
    id: str = ""
    said: str = ""
    is_elevated: bool = False


def reject(
    operation: str,
    reason: str,
    *,
    scenario: str = "",
    method: str = "",
    text_hash: str = "",
    line: int | None = None,
    condition: str | None = None,
    element: str | None = None,
    error: str | None = None,
    origin: str = "",
    strength: str = "",
    said: str = "",
) -> Decision:
    """A refusal with its reason, for the cases where no rule decides."""
    return Decision(
        action="reject",
        argument=None,
        reason=reason,
        template=None,
        quiet=False,
        notify=False,
        line=line,
        condition=condition,
        element=element,
        operation=operation,
        scenario=scenario,
        method=method,
        text_hash=text_hash,
        error=error,
        origin=origin,
        strength=strength or method,
        said=said,
    )


def permit(operation: str, scenario: str, *, method: str, element: str | None = None) -> Decision:
    """A yes that no rule gives; `scenario` says who does."""
    return Decision(
        action="do_it",
        argument=None,
        reason=None,
        template=None,
        quiet=False,
        notify=False,
        line=None,
        condition=None,
        element=element,
        operation=operation,
        scenario=scenario,
        method=method,
        text_hash="",
    )
