"""What a text decides for whom, as a table over roles, targets and methods, and what changes when another takes its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from scenarios.batch import answer
from scenarios.dialect import Dialect

METHODS = ("smtp", "dkim", "md5", "smime")
ROLES = ("nobody", "stranger", "subscriber", "alternate", "editor", "owner", "listmaster")
# Operations on somebody who need not be the one who asks.
ON_SOMEBODY = frozenset({"subscribe", "unsubscribe", "add", "del", "invite", "move_user", "family_signoff"})

Effect = Literal["gains", "loses", "differs"]

_DOMAIN, _LIST = "lists.example", "trial"
_ADDRESSES = {
    "nobody": "nobody",
    "stranger": "stranger@elsewhere.example",
    "subscriber": "subscriber@university.example",
    "alternate": "other.name@elsewhere.example",
    "editor": "editor@university.example",
    "owner": "owner@university.example",
    "listmaster": "listmaster@lists.example",
}
_FACTS = {
    "subscribers": [_ADDRESSES["subscriber"]],
    "editors": [_ADDRESSES["editor"]],
    "owners": [_ADDRESSES["owner"]],
    "listmasters": [_ADDRESSES["listmaster"]],
}
_SOMEBODY = "somebody@elsewhere.example"
_NOON = 1_700_000_000
_RANK = {"reject": 0, "do_it": 2, "listmaster": 2, "ham": 2, "unsure": 1}


@dataclass(frozen=True, slots=True)
class Case:
    """Who asks (`alternate` is a subscriber under a further address), for whom (`self` or `other`), proved how."""

    role: str
    target: str
    method: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is decided in one case: the action as it would be written, and the error that led to it, if any."""

    action: str
    error: str | None = None

    def __str__(self) -> str:
        return self.action if self.error is None else f"{self.action} ({self.error})"


@dataclass(frozen=True, slots=True)
class Change:
    """Cases of one role and target for which another text decides otherwise, `methods` being those concerned."""

    role: str
    target: str
    methods: tuple[str, ...]
    before: Verdict
    after: Verdict

    @property
    def effect(self) -> Effect:
        """Whether the role may do more than before, less, or only something else."""
        before, after = _rank(self.before), _rank(self.after)
        if before == after:
            return "differs"
        return "gains" if after > before else "loses"


@dataclass(frozen=True, slots=True)
class Text:
    """A text as it would decide: `includes` and `files` are its fragments and filters by name."""

    text: str | None
    includes: Mapping[str, str]
    files: Mapping[str, str]
    dialect: Dialect = Dialect.POSTROOM


Table = dict[Case, Verdict]


def decision_table(given: Text, operation: str, name: str) -> Table:
    """The verdict for each case; where `text` is None for the shipped text of that name. Never raises.

    Filters that ask a database or a directory, and plug-ins, are not asked: what depends on them is an error here.
    """
    return {case: _verdict(given, operation, name, case) for case in _cases(operation)}


def changes(before: Table, after: Table) -> tuple[Change, ...]:
    """Where two tables of one operation differ, methods with the same change put together."""
    found: dict[tuple[str, str, Verdict, Verdict], list[str]] = {}
    for case, verdict in after.items():
        old = before[case]
        if old != verdict:
            found.setdefault((case.role, case.target, old, verdict), []).append(case.method)
    return tuple(
        Change(role, target, tuple(methods), old, new) for (role, target, old, new), methods in found.items()
    )


def targets_of(operation: str, role: str) -> tuple[str, ...]:
    """Whom somebody of this role may ask the operation for; whoever has no address can only ask it for others."""
    if operation not in ON_SOMEBODY:
        return ("self",)
    return ("other",) if role == "nobody" else ("self", "other")


def _cases(operation: str) -> Iterator[Case]:
    for role in ROLES:
        for target in targets_of(operation, role):
            for method in METHODS:
                yield Case(role, target, method)


def _verdict(given: Text, operation: str, name: str, case: Case) -> Verdict:
    sender = _ADDRESSES[case.role]
    context: dict[str, Any] = {"sender": sender, "listname": _LIST, "domain": _DOMAIN}
    if case.role == "alternate":
        context["identities"] = [_ADDRESSES["subscriber"]]
    if case.target == "other":
        context["email"] = _SOMEBODY
    if operation in {"send", "spam_status"}:
        context["message"] = f"From: {sender}\nTo: {_LIST}@{_DOMAIN}\nSubject: Trial\n\nHello\n"
    said = answer(
        {
            "text": given.text,
            "name": name,
            "operation": operation,
            "method": case.method,
            "context": {**context, "includes": given.includes, "files": given.files},
            "facts": _FACTS,
        },
        dialect=given.dialect,
        now=_NOON,
    )
    return Verdict(_written(said), said["error"])


def _written(said: Mapping[str, Any]) -> str:
    """The action with its target and modifiers; the reason of a refusal changes nobody's rights and is left out."""
    argument = f"({said['argument']})" if said["argument"] else ""
    modifiers = "".join(f",{word}" for word in ("notify", "quiet") if said[word])
    return f"{said['action']}{argument}{modifiers}"


def _rank(verdict: Verdict) -> int:
    return _RANK.get(verdict.action.split("(")[0].split(",")[0], 1)
