"""What is read straight off a list, and the asker's prospects there."""

from collections.abc import Awaitable, Callable

import strawberry

from delivery.places import Place, place_of
from resolvers.context import Context, Info, load
from resolvers.lists import decisions, standing_by_list
from resolvers.scenarios import verdict
from scenarios.decision import Decision
from storage.tables.lists import MailingList
from storage.tables.words import Reception

# Visibility scenarios under which only those who are on a list, or run it, find it.
_HIDING = frozenset({"conceal", "secret"})


async def subject(root: strawberry.Parent[MailingList], info: Info) -> str:
    """One line, for those who may read about the list."""
    return root.subject if _is_told(await load(info, decisions, ("info", root))) else ""


def subject_at_hand(root: MailingList, context: Context) -> str:
    """The same without waiting, once it was asked; else LookupError, and the executor waits."""
    return root.subject if _is_told(context.at_hand(decisions, ("info", root))) else ""


async def description(root: strawberry.Parent[MailingList], info: Info) -> str | None:
    """Longer text, likewise."""
    told = _is_told(await load(info, decisions, ("info", root)))
    return (root.description or None) if told else None


def description_at_hand(root: MailingList, context: Context) -> str | None:
    """The same without waiting."""
    told = _is_told(context.at_hand(decisions, ("info", root)))
    return (root.description or None) if told else None


def _is_told(decision: Decision) -> bool:
    return decision.action == "do_it"


def visibility(root: MailingList, _context: Context) -> str:
    """Whether the directory shows it."""
    return "conceal" if root.visibility in _HIDING else "noconceal"


def reception_modes(_root: MailingList, _context: Context) -> list[Reception]:
    """Modes that make a difference today; the others are kept for a member and act as MAIL."""
    return [Reception.MAIL, Reception.NOT_ME, Reception.NOMAIL]


def delivery_priority(root: MailingList, _context: Context) -> Place:
    """Its place in the queue."""
    return place_of(root.priority)


def bounce_warn_score(root: MailingList, _context: Context) -> float:
    """From which bounce score on a member is watched."""
    return root.bounce_warn_score / 1000


def bounce_suspend_score(root: MailingList, _context: Context) -> float:
    """From which bounce score on a probe decides."""
    return root.bounce_suspend_score / 1000


def subject_tag(root: MailingList, _context: Context) -> str | None:
    """The word before each subject."""
    return root.subject_tag or None


def for_stewards(name: str) -> Callable[..., Awaitable[str | None]]:
    """A resolver: the text of a setting, for those who run the list; null where it is empty or somebody else asks."""

    async def told(root: strawberry.Parent[MailingList], info: Info) -> str | None:
        standing = await load(info, standing_by_list, root)
        return (getattr(root, name) or None) if standing.is_owner or standing.is_listmaster else None

    return told


def itself(root: MailingList, _context: Context) -> MailingList:
    """The list, for a type that shows another side of it."""
    return root


def prospect(operation: str) -> Callable[..., Awaitable[str]]:
    """A resolver: what the list's scenario would say to the asker about an operation."""

    async def asked(root: strawberry.Parent[MailingList], info: Info) -> str:
        return verdict(await load(info, decisions, (operation, root)))

    return asked
