"""What is read straight off a list, and the asker's prospects there."""

from collections.abc import Awaitable, Callable

import strawberry

from delivery.places import Place, place_of
from resolvers.context import Context, Info, load
from resolvers.lists import decisions
from resolvers.scenarios import verdict
from storage.tables.lists import MailingList
from storage.tables.words import Reception

# Visibility scenarios under which only those who are on a list, or run it, find it.
_HIDING = frozenset({"conceal", "secret"})


def description(root: MailingList, _context: Context) -> str | None:
    """Longer text."""
    return root.description or None


def visibility(root: MailingList, _context: Context) -> str:
    """Whether the directory shows it."""
    return "conceal" if root.visibility in _HIDING else "noconceal"


def reception_modes(_root: MailingList, _context: Context) -> list[Reception]:
    """Modes that subscribers may choose: all of them."""
    return list(Reception)


def delivery_priority(root: MailingList, _context: Context) -> Place:
    """Its place in the queue."""
    return place_of(root.priority)


def subject_tag(root: MailingList, _context: Context) -> str | None:
    """The word before each subject."""
    return root.subject_tag or None


def itself(root: MailingList, _context: Context) -> MailingList:
    """The list, for a type that shows another side of it."""
    return root


def prospect(operation: str) -> Callable[..., Awaitable[str]]:
    """A resolver: what the list's scenario would say to the asker about an operation."""

    async def asked(root: strawberry.Parent[MailingList], info: Info) -> str:
        return verdict(await load(info, decisions, (operation, root)))

    return asked
