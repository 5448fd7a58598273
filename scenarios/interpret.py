"""Walking the rules of a scenario in order until one of them decides."""

from __future__ import annotations

from scenarios.decision import Decision, reject

__all__ = ["Decision", "reject"]
