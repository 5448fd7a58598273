"""What scenarios say, in the API's words."""

from dataclasses import dataclass

import strawberry

from lists import reasons
from lists.bindings import Binding
from resolvers.context import Context, Info, load
from resolvers.idempotency import recallable
from resolvers.lists import bindings_by_list, lists_by_id
from scenarios.decision import Decision
from scenarios.syntax import Rule

# The editors' two ways of being asked are one verdict; what is no verdict of a list's door counts as a refusal.
_VERDICTS = {
    "do_it": "do_it",
    "request_auth": "request_auth",
    "owner": "owner",
    "editor": "editor",
    "editorkey": "editor",
    "listmaster": "listmaster",
}
_STRENGTHS = {
    "smtp": ("ANONYMOUS", "CLAIMED"),
    "dkim": ("SIGNED",),
    "md5": ("CHALLENGED", "PASSWORD", "FEDERATED"),
    "pgp": ("SIGNED",),
    "smime": ("SIGNED",),
}


@recallable
@dataclass(frozen=True, slots=True)
class Explained:
    """A decision on a list in the API's words; the scenario that it rests on is read when somebody asks."""

    verdict: str
    reason: str | None
    is_quiet: bool
    line: int | None
    operation: str
    list_id: int


def explained(decision: Decision, list_id: int) -> Explained:
    """A decision on a list."""
    answer = verdict(decision)
    return Explained(
        answer,
        reasons.sentence(decision) if answer == "reject" else None,
        decision.quiet,
        decision.line,
        decision.operation,
        list_id,
    )


def verdict(decision: Decision) -> str:
    """The answer."""
    return _VERDICTS.get(decision.action, "reject")


def verdict_of_rule(root: Rule, _context: Context) -> str:
    """What follows when a rule applies."""
    return _VERDICTS.get(root.action.base, "reject")


def strengths(root: Rule, _context: Context) -> list[str]:
    """The certainties that a rule is for, weakest first."""
    found = [each for method, levels in _STRENGTHS.items() if method in root.methods for each in levels]
    order = ("ANONYMOUS", "CLAIMED", "CHALLENGED", "PASSWORD", "FEDERATED", "SIGNED")
    return [each for each in order if each in found]


def condition(root: Rule, _context: Context) -> str:
    """When a rule applies, as written."""
    return root.condition.text


async def scenario(root: strawberry.Parent[Explained], info: Info) -> Binding | None:
    """The scenario that a decision rests on."""
    mlist = await load(info, lists_by_id, root.list_id)
    if mlist is None:
        return None
    found: list[Binding] = await load(info, bindings_by_list, mlist)
    return next((each for each in found if each.operation == root.operation), None)


async def rule(root: strawberry.Parent[Explained], info: Info) -> Rule | None:
    """The rule that decided, for those who may read the rules."""
    binding = await scenario(root, info)
    rules = () if binding is None else binding.rules
    return next((each for each in rules if each.line == root.line), None)
