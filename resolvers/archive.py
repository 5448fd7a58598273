"""A list's archive, for those whom its scenario lets read it."""

from dataclasses import dataclass
from typing import Annotated

import strawberry
from strawberry import UNSET

from lists import archive
from resolvers.context import Context, Info, load, reading
from resolvers.lists import decisions, lists_by_id
from resolvers.pages import Page, keyset_page, window
from scenarios.decision import Decision
from schema.inputs.common import After, Before, First, Last, given
from schema.inputs.mail import ArchiveFilter
from storage import archived
from storage.tables.lists import MailingList
from storage.tables.mail import StoredMessage

WhichMessages = Annotated[
    ArchiveFilter | None, strawberry.argument(description="Narrow the result; all members must match.")
]


@dataclass(frozen=True, slots=True)
class Archive:
    """The readable messages of one list."""

    mlist: MailingList


async def archive_of(root: strawberry.Parent[MailingList], info: Info) -> Archive | None:
    """The archive; None when it is closed to the asker."""
    decision: Decision = await load(info, decisions, ("archive_web_access", root))
    return Archive(root) if decision.action == "do_it" else None


async def messages(
    root: strawberry.Parent[Archive],
    info: Info,
    filter: WhichMessages = UNSET,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
) -> Page[StoredMessage]:
    """Messages, latest first."""
    actor, mlist = info.context.actor, root.mlist
    since, until, author = _bounds(given(filter))
    what = f"archive|{mlist.id}|{since}|{until}|{author}"
    wanted = window(info, what, first, after, last, before)
    async with reading(info) as reader:
        found = await archive.messages(
            reader, actor, mlist, wanted.keyset, since=since, until=until, author=author
        )
    info.context.bring(lists_by_id, {mlist.id: mlist})

    async def count() -> int:
        async with reading(info) as reader:
            return await archive.count_of_messages(
                reader, actor, mlist, since=since, until=until, author=author
            )

    return keyset_page(wanted, found, lambda row: (row.archived_at or 0, row.id), count)


def _bounds(filter: ArchiveFilter | None) -> tuple[int | None, int | None, str]:
    if filter is None:
        return None, None, ""
    span = given(filter.date)
    since, until = (None, None) if span is None else (given(span.from_), given(span.until))
    return since, until, given(filter.author) or ""


async def message_by_key(context: Context, key: int) -> StoredMessage | None:
    """An archived message that the asker may read."""
    async with context.db.read() as reader:
        return await archive.message_by_id(reader, context.actor, key)


async def answered(context: Context, keys: list[tuple[int, str]]) -> list[StoredMessage | None]:
    """A batch: the archived messages with these Message-IDs, each of one list."""
    found: dict[tuple[int, str], StoredMessage] = {}
    async with context.db.read() as reader:
        for list_id in {each for each, _ in keys}:
            wanted = [message_id for each, message_id in keys if each == list_id]
            known = await archived.by_message_ids(reader, list_id, wanted)
            found |= {(list_id, message_id): message for message_id, message in known.items()}
    return [found.get(each) for each in keys]


async def in_reply_to(root: strawberry.Parent[StoredMessage], info: Info) -> StoredMessage | None:
    """What a message answers, when that is in the same archive."""
    if not root.in_reply_to:
        return None
    found: StoredMessage | None = await load(info, answered, (root.list_id, root.in_reply_to))
    return found


async def permalink(root: strawberry.Parent[StoredMessage], info: Info) -> str:
    """The stable link to a message."""
    mlist: MailingList = await load(info, lists_by_id, root.list_id)
    return archive.permalink(info.context.site, mlist, root.archive_key, info.context.actor.robot)
