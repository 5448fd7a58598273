"""Kinds of list: a word that stands for the settings that such a list usually has."""

from collections.abc import Mapping

from identity.refusal import Invalid

KINDS: Mapping[str, Mapping[str, str]] = {
    "discussion": {"send": "private", "subscribe": "open", "visibility": "noconceal"},
    "public": {
        "send": "public",
        "subscribe": "open",
        "visibility": "noconceal",
        "archive_web_access": "public",
        "archive_mail_access": "public",
    },
    "newsletter": {"send": "newsletter", "subscribe": "open", "visibility": "noconceal"},
    "moderated": {"send": "privatekey", "subscribe": "auth_owner", "visibility": "noconceal"},
    "confidential": {
        "send": "confidential",
        "subscribe": "owner",
        "visibility": "secret",
        "review": "private",
    },
}


class NoSuchKind(Invalid):
    """There is no such kind of list."""


def settings_of_kind(kind: str) -> Mapping[str, str]:
    """The settings of a kind, as texts by name; raises NoSuchKind, which names the kinds there are."""
    found = KINDS.get(kind)
    if found is None:
        raise NoSuchKind(f"The kinds of list are {', '.join(KINDS)}.", path=("template",))
    return found
