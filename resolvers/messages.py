"""Messages as people read them, opened only as far as somebody asks."""

from dataclasses import dataclass
from typing import Annotated

import strawberry
from strawberry import UNSET

from lists.reading import READ_AT_MOST, Readable, hides_addresses, readable
from mail.encoded_words import decoded
from resolvers.context import Context, Info, load
from schema.inputs.common import given
from storage import openings
from storage.tables.mail import StoredMessage

FieldNames = Annotated[list[str] | None, strawberry.argument(description="Only these.")]


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a message; `email` is None where the archive hides addresses."""

    name: str | None
    email: str | None


@dataclass(frozen=True, slots=True)
class HeaderField:
    """A header field, decoded."""

    name: str
    value: str


async def readable_by_id(context: Context, message_ids: list[int]) -> list[Readable | None]:
    """A batch of messages, as far as they are read; whoever asks for one has checked that the asker may read it."""
    async with context.db.read() as reader:
        found = await openings.openings(reader, message_ids, READ_AT_MOST)
    return [readable(found[each]) if each in found else None for each in message_ids]


async def _opened(root: StoredMessage, info: Info) -> Readable | None:
    found: Readable | None = await load(info, readable_by_id, root.id)
    return found


def subject(root: StoredMessage, _context: Context) -> str:
    """Decoded."""
    return decoded(root.subject)


async def author(root: strawberry.Parent[StoredMessage], info: Info) -> Author:
    """Who wrote it."""
    opened = await _opened(root, info)
    name = None if opened is None else opened.author_name or None
    return Author(name, None if hides_addresses(info.context.actor) else root.author)


async def date(root: strawberry.Parent[StoredMessage], info: Info) -> int:
    """When it was written, as far as that is sane; else when it came."""
    opened = await _opened(root, info)
    return root.received_at if opened is None else opened.date(root.received_at)


async def text(root: strawberry.Parent[StoredMessage], info: Info) -> str | None:
    """Its words."""
    opened = await _opened(root, info)
    return None if opened is None else opened.text


async def headers(
    root: strawberry.Parent[StoredMessage], info: Info, names: FieldNames = UNSET
) -> list[HeaderField]:
    """Its header fields; strangers see those that name nobody."""
    opened = await _opened(root, info)
    if opened is None:
        return []
    fields = opened.fields(given(names), for_strangers=hides_addresses(info.context.actor))
    return [HeaderField(name, value) for name, value in fields]
