"""Which messages a machine wrote, and which have been here before (RFC 3834)."""

import re

from mail.dsn import is_dsn
from mail.fields import Field, make_field
from mail.message import Message

_MAX_RECEIVED = 50
_LIST_ID = re.compile(r"<([^<>]*)>\s*$")

# Fields that only programs write, whatever they say.
_MARKS = ("X-Autoreply", "X-Autorespond", "X-AutoReply-From", "X-Failed-Recipients", "X-Mail-Autoreply")
_PRECEDENCES = frozenset({"bulk", "junk", "auto_reply", "auto-reply"})


def is_automatic(message: Message, reverse_path: str | None = None) -> bool:
    """Tell whether a program wrote this message by itself, so that it confirms nothing and is never answered.

    `reverse_path` is the envelope's, when known: the null one, `""` or `<>`, is a program's. A post that another list
    passed on (`Precedence: list`) was still written by a person.
    """
    if reverse_path is not None and reverse_path.strip() in ("", "<>"):
        return True
    if any(body.strip() in ("<>", "") for body in message.all("Return-Path")):
        return True
    if any(_keyword(body) not in ("", "no") for body in message.all("Auto-Submitted")):
        return True
    if any(_keyword(body) in _PRECEDENCES for body in message.all("Precedence")):
        return True
    if any(message.count(name) for name in _MARKS):
        return True
    return "all" in _suppressed(message) or is_dsn(message)


def is_automatic_reply(message: Message, reverse_path: str) -> bool:
    """Tell whether a program answered something: a vacation notice or a bounce, which a list must not distribute.

    What a program wrote of its own accord (`Auto-Submitted: auto-generated`, the report of a nightly job) may be meant
    for the list and is left to its scenario.
    """
    if reverse_path.strip() in ("", "<>") or is_dsn(message):
        return True
    if any(_keyword(body) in ("auto-replied", "auto-notified") for body in message.all("Auto-Submitted")):
        return True
    if any(_keyword(body) in ("auto_reply", "auto-reply") for body in message.all("Precedence")):
        return True
    return any(message.count(name) for name in _MARKS)


def loops(message: Message, list_id: str) -> bool:
    """Tell whether the list of that identifier (`name.example.org`) already sent this message, or it travels in circles.

    A message has been here if it carries our List-Id, or the X-Loop of `loop_field`, which survives lists that replace
    the former; more than 50 Received fields mean a circle of others (RFC 5321 section 6.3).
    """
    own = list_id.strip().strip("<>").lower()
    for body in message.all("List-Id"):
        match = _LIST_ID.search(body[-1000:])
        if (match[1] if match else body).strip().lower() == own:
            return True
    if any(body.strip().lower() == own for body in message.all("X-Loop")):
        return True
    return message.count("Received") > _MAX_RECEIVED


def loop_field(list_id: str) -> Field:
    """Return the field by which a list knows its own posts again."""
    return make_field("X-Loop", list_id.lower())


def _suppressed(message: Message) -> set[str]:
    """Return which answers the sender wants none of, in Exchange's words."""
    bodies = message.all("X-Auto-Response-Suppress")
    return {word.strip().lower() for body in bodies for word in body.split(",")}


def _keyword(body: str) -> str:
    """Return a field's first word, without comments and parameters."""
    return re.split(r"[;(\s]", body.strip(), maxsplit=1)[0].lower()
