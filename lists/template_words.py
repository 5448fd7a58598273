"""What the headers, footers and bodies of a list's messages may mention: each variable, and whom it is about (row 82)."""

from dataclasses import dataclass
from enum import StrEnum


class About(StrEnum):
    """What decides a variable's value; what depends on the recipient needs a copy for each."""

    RECIPIENT = "recipient"
    LIST = "list"
    MESSAGE = "message"


@dataclass(frozen=True, slots=True)
class Word:
    """One variable as a template writes it. Values of a `plain` one are always ASCII; a `link` leads somewhere."""

    name: str
    about: About
    description: str
    is_plain: bool = False
    is_link: bool = False


# What stands behind it is any name that the subscription has an attribute of.
ATTRIBUTES = "membership.attributes"
WORDS: tuple[Word, ...] = (
    Word("person.email", About.RECIPIENT, "The address that this copy goes to."),
    Word("person.name", About.RECIPIENT, "The name given when joining, or else the account's; may be empty."),
    Word("person.language", About.RECIPIENT, "The account's language, or else the list's.", is_plain=True),
    Word("membership.email", About.RECIPIENT, "The address that is on the list."),
    Word(
        "membership.reception", About.RECIPIENT, "How the member gets the list's mail: mail …", is_plain=True
    ),
    Word("membership.since", About.RECIPIENT, "The day of joining, as 2026-05-31.", is_plain=True),
    Word(
        f"{ATTRIBUTES}.NAME",
        About.RECIPIENT,
        "An attribute of the subscription, as imports and the member left it; empty where there is none.",
    ),
    Word("list.name", About.LIST, "The list's name."),
    Word("list.address", About.LIST, "The list's posting address."),
    Word("list.subject", About.LIST, "The list's line in the directory."),
    Word("list.owner", About.LIST, "The address that reaches the owners."),
    Word("list.archive", About.LIST, "The list's archive.", is_plain=True, is_link=True),
    Word("message.subject", About.MESSAGE, "The subject as its author wrote it."),
    Word("message.author", About.MESSAGE, "The author's address."),
    Word("message.date", About.MESSAGE, "The day it was sent out, as 2026-05-31.", is_plain=True),
    Word(
        "message.archived_at",
        About.MESSAGE,
        "The message's own page in the archive.",
        is_plain=True,
        is_link=True,
    ),
    Word(
        "unsubscribe_url",
        About.RECIPIENT,
        "A page where one press ends this very subscription; it works for years and without signing in.",
        is_plain=True,
        is_link=True,
    ),
    Word(
        "manage_url",
        About.LIST,
        "Where people sign in to change their subscriptions.",
        is_plain=True,
        is_link=True,
    ),
)
KNOWN = {word.name: word for word in WORDS}
_ATTRIBUTE = KNOWN[f"{ATTRIBUTES}.NAME"]


def word_of(name: str) -> Word | None:
    """The variable that a dotted name stands for; None where there is none."""
    if name.startswith(f"{ATTRIBUTES}."):
        return _ATTRIBUTE
    return KNOWN.get(name)
