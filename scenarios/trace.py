"""What happened at each rule on the way to a decision, for those who want to see why."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """One rule tried with one address.

    `outcome` is `other-method` (the rule is not for this method), `false`, `true` or `error:` and the class name of what
    went wrong. `element` is the address of `[user->email]` that was tried, `method` the effective method.
    """

    line: int
    origin: str
    condition: str
    methods: frozenset[str]
    element: str | None
    method: str
    outcome: str
