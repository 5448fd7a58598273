"""The operations that scenarios govern, and what each may answer."""

from __future__ import annotations

from types import MappingProxyType

ACTIONS = frozenset(
    {
        "do_it",
        "reject",
        "request_auth",
        "owner",
        "editor",
        "editorkey",
        "listmaster",
        "ham",
        "spam",
        "unsure",
    }
)

_PLAIN = frozenset({"do_it", "reject"})
_CONFIRMED = _PLAIN | {"request_auth"}
_APPROVED = _CONFIRMED | {"owner"}

# What the handler of each operation can carry out; any other answer is refused rather than guessed at.
OPERATIONS = MappingProxyType(
    {
        "add": _CONFIRMED,
        "archive_mail_access": _PLAIN,
        "archive_web_access": _PLAIN,
        "automatic_list_creation": _PLAIN,
        "create_list": _PLAIN | {"listmaster"},
        "d_edit": _PLAIN | {"editor"},
        "d_read": _PLAIN,
        "del": _CONFIRMED,
        "family_signoff": _CONFIRMED,
        "global_remind": _CONFIRMED,
        "info": _PLAIN,
        "invite": _CONFIRMED,
        "move_user": _CONFIRMED,
        "remind": _CONFIRMED,
        "review": _CONFIRMED,
        "send": _CONFIRMED | {"editor", "editorkey"},
        "spam_status": _PLAIN | {"ham", "spam", "unsure"},
        "stats": _PLAIN,
        "subscribe": _APPROVED,
        "topics_visibility": _PLAIN,
        "tracking": _PLAIN,
        "unsubscribe": _APPROVED,
        "visibility": _PLAIN,
    }
)

# A list that is not open neither distributes nor shows itself, whatever its rules say.
OPEN_LIST_ONLY = frozenset({"send", "visibility"})

_OLD_NAMES = MappingProxyType(
    {
        "archive.access": "archive_mail_access",
        "archive.mail_access": "archive_mail_access",
        "archive.web_access": "archive_web_access",
        "mail_access": "archive_mail_access",
        "shared_doc.d_edit": "d_edit",
        "shared_doc.d_read": "d_read",
        "tracking.tracking": "tracking",
        "web_access": "archive_web_access",
        "web_archive.access": "archive_web_access",
    }
)


def canonical_operation(name: str) -> str:
    """Today's name of an operation that older configurations call otherwise."""
    return _OLD_NAMES.get(name, name)


def permitted_actions(operation: str) -> frozenset[str]:
    """The actions an operation may answer; an unknown operation may only be refused."""
    return OPERATIONS.get(canonical_operation(operation), frozenset({"reject"}))
