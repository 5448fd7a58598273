"""The values of a template's variables: those that a message and its list have for everybody, and a recipient's own."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

import orjson

from lists.archive import permalink
from lists.robots import base_url
from lists.template_words import ATTRIBUTES
from mail.message import Message
from storage.recipient_facts import RecipientFacts
from storage.site import Site
from storage.tables.lists import MailingList, Robot

_LONGEST = 1_000
_BREAKS = re.compile("[\x00-\x20\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


def one_line(text: str) -> str:
    """A value as it is inserted: one line, without control characters."""
    return _BREAKS.sub(" ", text[:_LONGEST]).strip()


def day(instant: int) -> str:
    """The day of an instant, in UTC."""
    return datetime.fromtimestamp(instant / 1_000_000, UTC).date().isoformat()


def list_values(site: Site, robot: Robot, mlist: MailingList) -> dict[str, str]:
    """What is the same in all messages of a list."""
    base = base_url(site, robot)
    return {
        "list.name": mlist.name,
        "list.address": mlist.address,
        "list.subject": one_line(mlist.subject),
        "list.owner": f"{mlist.name}-owner@{mlist.domain}",
        "list.archive": permalink(site, mlist, "", robot).rstrip("/"),
        "manage_url": f"{base}/account",
        # For those whose account says none.
        "person.language": mlist.language,
    }


def message_values(
    site: Site, robot: Robot, mlist: MailingList, message: Message, archive_key: str, author: str, now: int
) -> dict[str, str]:
    """What is the same in all copies of a message."""
    return {
        **list_values(site, robot, mlist),
        "message.subject": one_line(message.first("Subject") or ""),
        "message.author": one_line(author),
        "message.date": day(now),
        "message.archived_at": permalink(site, mlist, archive_key, robot),
    }


def own_values(facts: RecipientFacts, link: str) -> dict[str, str]:
    """What is one recipient's own; `link` is their way out of the list."""
    attributes: Mapping[str, object] = orjson.loads(facts.attributes) if facts.attributes != "{}" else {}
    found = {
        "person.email": one_line(facts.address),
        "person.name": one_line(facts.display_name or facts.account_name or ""),
        "membership.email": one_line(facts.address),
        "membership.reception": facts.reception,
        "membership.since": day(facts.subscribed_at),
        "unsubscribe_url": link,
        **{f"{ATTRIBUTES}.{name}": one_line(str(value)) for name, value in attributes.items()},
    }
    if facts.language:
        found["person.language"] = one_line(facts.language)
    return found
