"""What waits for a decision at a list, for those who decide."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from lists import moderation
from lists.explaining import Account
from lists.why_waiting import why_waiting
from resolvers.context import Context, Info, load, reading
from resolvers.lists import lists_by_id
from resolvers.pages import Page, keyset_page, window
from schema.inputs.common import After, Before, First, Last, given
from schema.inputs.mail import ModerationFilter
from storage import archived, posts
from storage.tables.lists import MailingList
from storage.tables.mail import ModerationItem, StoredMessage
from storage.tables.words import ModerationKind

WhatWaits = Annotated[
    ModerationFilter | None, strawberry.argument(description="Narrow the result; all members must match.")
]


async def waiting(
    root: strawberry.Parent[MailingList],
    info: Info,
    filter: WhatWaits = UNSET,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
) -> Page[ModerationItem]:
    """What waits for the asker's decision, oldest first."""
    kinds, author = _narrowing(given(filter))
    wanted = window(info, f"moderation|{root.id}|{kinds}|{author}", first, after, last, before)
    actor = info.context.actor
    async with reading(info) as reader:
        found = await moderation.waiting_items(reader, actor, root, wanted.keyset, kinds=kinds, author=author)
    info.context.bring(lists_by_id, {root.id: root})

    async def count() -> int:
        async with reading(info) as reader:
            return await moderation.count_of_waiting(reader, actor, root, kinds=kinds, author=author)

    return keyset_page(wanted, found, lambda row: (row.received_at, row.id), count)


def _narrowing(filter: ModerationFilter | None) -> tuple[tuple[ModerationKind, ...], str | None]:
    if filter is None:
        return tuple(ModerationKind), None
    kinds = given(filter.kind)
    return (
        tuple(ModerationKind) if kinds is None else tuple(each.value for each in kinds),
        given(filter.author),
    )


async def item_by_key(context: Context, key: int) -> ModerationItem | None:
    """An item that the asker decides on, waiting or decided."""
    async with context.db.read() as reader:
        item, mlist = await moderation.item_for(reader, context.actor, key)
    context.bring(lists_by_id, {mlist.id: mlist})
    return item


async def messages_by_id(context: Context, ids: list[int]) -> list[StoredMessage | None]:
    """A batch of messages, archived or waiting; whoever asks for one has checked that the asker may read it."""
    async with context.db.read() as reader:
        found = await archived.by_ids(reader, ids)
    return [found.get(each) for each in ids]


async def message(root: strawberry.Parent[ModerationItem], info: Info) -> StoredMessage | None:
    """The message that waits."""
    if root.message_id is None:
        return None
    found: StoredMessage | None = await load(info, messages_by_id, root.message_id)
    return found


async def decisions_of_items(context: Context, items: list[ModerationItem]) -> list[Account | None]:
    """A batch of decisions by which items came to wait; the asker decides on the items."""
    async with context.db.read() as reader:
        found = await why_waiting(reader, context.actor, items)
    return [found.get(each.id) for each in items]


async def decision(root: strawberry.Parent[ModerationItem], info: Info) -> Account | None:
    """The decision by which it came to wait."""
    found: Account | None = await load(info, decisions_of_items, root)
    return found


def subject(root: Any, _context: Context) -> str | None:
    """Subject of a message."""
    return root.subject or None


@dataclass(frozen=True, slots=True)
class Authenticity:
    """What was found out about a message when it came: one of the API's words for each check, and the author's policy."""

    dkim: str
    spf: str
    dmarc: str
    arc: str
    smime: str
    policy: str | None


_CHECKED = {"pass": "PASS", "none": "NONE", "neutral": "NONE", "temperror": "UNSURE"}


async def results_by_id(context: Context, ids: list[int]) -> list[Mapping[str, str]]:
    """A batch of what was found out; whoever asks for one has checked that the asker may read the message."""
    async with context.db.read() as reader:
        found = await posts.several_results(reader, ids)
    return [found.get(each, {}) for each in ids]


async def authenticity(root: strawberry.Parent[ModerationItem], info: Info) -> Authenticity | None:
    """How sure it is who wrote the message that waits; None for a request, and for what did not come by mail."""
    if root.message_id is None:
        return None
    found: Mapping[str, str] = await load(info, results_by_id, root.message_id)
    if "dkim" not in found:
        return None
    dkim, spf, dmarc, arc, smime = (
        _CHECKED.get(found.get(name, "none"), "FAIL") for name in ("dkim", "spf", "dmarc", "arc", "smime")
    )
    return Authenticity(dkim, spf, dmarc, arc, smime, found.get("policy"))
