"""What scenarios say, in the API's words."""

from dataclasses import dataclass

import strawberry

from lists import reasons
from lists.bindings import Binding
from lists.explaining import Told, told_to_asker
from resolvers.context import Context, Info, load
from resolvers.idempotency import recallable
from resolvers.lists import bindings_by_list, lists_by_id
from scenarios.decision import Decision
from scenarios.syntax import Rule

# The editors' two ways of being asked are one verdict; what is no verdict of a list's door counts as a refusal.
VERDICTS = {
    "do_it": "do_it",
    "reject": "reject",
    "request_auth": "request_auth",
    "owner": "owner",
    "editor": "editor",
    "editorkey": "editor",
    "listmaster": "listmaster",
}
_OUTCOMES = {"true": "HELD", "false": "DID_NOT_HOLD", "other-method": "OTHER_METHOD"}
_STRENGTHS = {
    "smtp": ("ANONYMOUS", "CLAIMED"),
    "dkim": ("SIGNED",),
    "md5": ("CHALLENGED", "PASSWORD", "FEDERATED"),
    "pgp": ("SIGNED",),
    "smime": ("SIGNED",),
}


@recallable
@dataclass(frozen=True, slots=True)
class TracedStep:
    """One rule tried with one address."""

    line: int
    origin: str | None
    condition: str
    element: str | None
    method: str
    outcome: str


@recallable
@dataclass(frozen=True, slots=True)
class Explained:
    """A decision in the API's words; the scenario that it rests on is read when somebody asks."""

    verdict: str
    reason: str | None
    is_quiet: bool
    line: int | None
    operation: str
    list_id: int | None
    reference: str | None = None
    method: str = "smtp"
    strength: str | None = None
    element: str | None = None
    origin: str | None = None
    condition_text: str | None = None
    trace: tuple[TracedStep, ...] = ()
    protection: str | None = None


def language_of(context: Context) -> str:
    """The language that the asker is answered in."""
    person = context.actor.person
    return context.actor.robot.language if person is None else person.locale


def answered(context: Context, decision: Decision, list_id: int) -> Explained:
    """A decision that the asker has just got."""
    return explained(context, told_to_asker(decision), list_id)


def explained(context: Context, told: Told, list_id: int | None) -> Explained:
    """A decision as the asker may know of it, its reason in their language."""
    decision, language = told.decision, language_of(context)
    answer = verdict(decision)
    return Explained(
        answer,
        reasons.sentence(decision, language) if answer == "reject" else None,
        decision.quiet,
        decision.line,
        decision.operation,
        list_id,
        decision.id or None,
        decision.method or "smtp",
        decision.strength if decision.element else None,
        decision.element,
        decision.origin or None,
        decision.condition,
        tuple(
            TracedStep(
                each.line, each.origin or None, each.condition, each.element, each.method, each.outcome
            )
            for each in told.steps
        ),
        told.protection or None,
    )


def outcome(root: TracedStep, _context: Context) -> str:
    """What came of trying a rule, in the API's words."""
    return _OUTCOMES.get(root.outcome, "FAILED")


def failure(root: TracedStep, _context: Context) -> str | None:
    """What went wrong in a rule."""
    return root.outcome.partition(":")[2] or None


def verdict(decision: Decision) -> str:
    """The answer."""
    return VERDICTS.get(decision.action, "reject")


def verdict_of_rule(root: Rule, _context: Context) -> str:
    """What follows when a rule applies."""
    return VERDICTS.get(root.action.base, "reject")


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
    mlist = None if root.list_id is None else await load(info, lists_by_id, root.list_id)
    if mlist is None:
        return None
    found: list[Binding] = await load(info, bindings_by_list, mlist)
    return next((each for each in found if each.operation == root.operation), None)


async def rule(root: strawberry.Parent[Explained], info: Info) -> Rule | None:
    """The rule that decided, for those who may read the rules."""
    binding = await scenario(root, info)
    # A line of a fragment is none of the text's own lines.
    rules = () if binding is None or root.origin else binding.rules
    return next((each for each in rules if each.line == root.line), None)
