"""What waits because of the asker, and for them, over all lists."""

import strawberry
from strawberry import UNSET

from lists import own_requests
from lists.own_requests import OwnRequest
from resolvers.context import Context, Info, reading
from resolvers.lists import bring_lists, list_at_hand
from resolvers.pages import Page, keyset_page, page_of_all, window
from resolvers.people import is_self
from schema.inputs.common import After, Before, First, Last
from storage.tables.lists import MailingList
from storage.tables.mail import ModerationItem
from storage.tables.people import Person


async def requests(root: strawberry.Parent[Person], info: Info) -> list[OwnRequest]:
    """What waits and is about the asker's addresses; nobody sees another's."""
    if not is_self(info.context, root.id):
        return []
    async with reading(info) as reader:
        found, mlists = await own_requests.requests_of(reader, info.context.actor)
    await bring_lists(info, mlists)
    return found


async def to_decide(
    root: strawberry.Parent[Person],
    info: Info,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
) -> Page[ModerationItem]:
    """What waits for the asker's decision, oldest first; nobody sees another's."""
    wanted = window(info, f"to-decide|{root.id}", first, after, last, before)
    if not is_self(info.context, root.id):
        return page_of_all(wanted, [], lambda row: row.id)
    async with reading(info) as reader:
        where = await own_requests.where_to_decide(reader, info.context.actor)
        found = await own_requests.page_to_decide(reader, where, wanted.keyset)
    await bring_lists(info, where.mlists)

    async def count() -> int:
        async with reading(info) as reader:
            return await own_requests.count_to_decide(reader, where)

    return keyset_page(wanted, found, lambda row: (row.received_at, row.id), count)


def mailing_list(root: OwnRequest, context: Context) -> MailingList | None:
    """The list it is about; None for a request about the whole domain."""
    return None if root.list_id is None else list_at_hand(root, context)


def subject(root: OwnRequest, _context: Context) -> str | None:
    """Subject of a message, name of a document."""
    return root.subject or None
