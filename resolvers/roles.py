"""Offices: who runs and who moderates a list, and what somebody runs themselves."""

import strawberry
from strawberry import UNSET

from lists import roles, subscriptions
from lists.mailing_lists import visible_by_id
from lists.offices import is_owner
from lists.relations import OWNING
from lists.standing import own_keys
from resolvers.context import Context, Info, reading
from resolvers.lists import bring_lists, lists_by_id
from resolvers.pages import Page, keyset_page, page_of_all, window
from resolvers.people import is_self
from schema.inputs.common import After, Before, First, Last
from storage import keyset
from storage import roles as stored
from storage.tables.lists import MailingList, Role
from storage.tables.people import Person
from storage.tables.words import Reception, RoleKind

Edges = tuple[int | None, str | None, int | None, str | None]


async def owners(
    root: strawberry.Parent[MailingList],
    info: Info,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
) -> Page[Role]:
    """Who runs a list: those named on its page, and all of them for its owners."""
    return await _holders(info, root, "owners", (first, after, last, before), *OWNING)


async def moderators(
    root: strawberry.Parent[MailingList],
    info: Info,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
) -> Page[Role]:
    """Who moderates a list, likewise."""
    return await _holders(info, root, "moderators", (first, after, last, before), RoleKind.EDITOR)


async def _holders(info: Info, mlist: MailingList, what: str, edges: Edges, *kinds: RoleKind) -> Page[Role]:
    wanted = window(info, f"{what}|{mlist.id}", *edges)
    async with reading(info) as reader:
        found = await roles.roles_of_list(reader, info.context.actor, mlist, wanted.keyset, *kinds)
    info.context.bring(lists_by_id, {mlist.id: mlist})

    async def count() -> int:
        async with reading(info) as reader:
            return await roles.count_of_list(reader, info.context.actor, mlist, *kinds)

    return keyset_page(wanted, found, lambda row: (row.address_key, row.id), count)


async def roles_of(
    root: strawberry.Parent[Person],
    info: Info,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
) -> Page[Role]:
    """What the asker runs or moderates in this robot; nobody sees another's."""
    wanted = window(info, f"roles|{root.id}", first, after, last, before)
    if not is_self(info.context, root.id):
        return page_of_all(wanted, [], lambda row: row.id)
    async with reading(info) as reader:
        found = await subscriptions.my_roles(reader, info.context.actor, wanted.keyset)
    names = {role.id: mlist.name for role, mlist in found.rows}
    await bring_lists(info, [mlist for _, mlist in found.rows])

    async def count() -> int:
        async with reading(info) as reader:
            return await subscriptions.count_of_my_roles(reader, info.context.actor)

    rows = keyset.Page([role for role, _ in found.rows], found.has_more)
    return keyset_page(wanted, rows, lambda row: (names[row.id], row.id), count)


async def role_by_key(context: Context, key: int) -> Role | None:
    """An office on a list: one's own, or one that the list's page shows the asker."""
    actor = context.actor
    async with context.db.read() as reader:
        found = await stored.by_id(reader, key)
        if found is None or found.list_id is None:
            return None
        if found.address_key in own_keys(actor, found.robot_id):
            return found
        mlist = await visible_by_id(reader, actor, found.list_id)
        return found if found.is_shown or await is_owner(reader, actor, mlist) else None


def reception(root: Role, _context: Context) -> str:
    """Whether notices are mailed."""
    return "nomail" if root.reception is Reception.NOMAIL else "mail"


def display_name(root: Role, _context: Context) -> str | None:
    """Name."""
    return root.display_name or None
