"""The documents of a list: folders, files, who may do what with them, and links to their bytes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from identity.refusal import Refused
from lists.bindings import Binding, bindings_of
from lists.documents import access, descriptions, links, listing, pending, trash, uploads
from lists.documents.tree import File, Folder, Item, Tree
from lists.reading import hides_addresses
from resolvers.context import Context, Info, load, reading
from resolvers.ids import global_id
from resolvers.messages import HeaderField
from resolvers.pages import Page, page, window
from resolvers.problems import CursorInvalid
from schema.inputs.common import After, Before, First, Last, given
from storage import documents as stored
from storage.tables.documents import Content, Document
from storage.tables.lists import MailingList
from storage.tables.mail import ModerationItem

Recursive = Annotated[bool | None, strawberry.argument(description="All levels, depth first.")]
NameContains = Annotated[
    str | None, strawberry.argument(description="Part of a name; neither case nor accents count.")
]
Depth = Annotated[int, strawberry.argument(description="How many levels, at most 30.")]
SomePath = Annotated[
    str,
    strawberry.argument(
        description="From the top, such as `minutes/2026`; the case of letters does not count."
    ),
]


@dataclass(frozen=True, slots=True)
class Removed:
    """Something in the trash."""

    row: Document

    @property
    def id(self) -> int:
        """The number that its item had and will have again."""
        return self.row.id * 2 + 1


async def trees_by_list(context: Context, list_ids: list[int]) -> list[Tree | None]:
    """A batch: what lists share, as the asker may read it; None where there is nothing for their eyes."""
    found: list[Tree | None] = []
    async with context.db.read() as reader:
        for list_id in list_ids:
            try:
                found.append(await access.opened_by_id(reader, context.actor, list_id))
            except Refused:
                found.append(None)
    return found


async def reads_by_policy(context: Context, asked: list[tuple[MailingList, str]]) -> list[bool]:
    """A batch: what lets the asker read is kept, where the robot keeps that, once for each scenario."""
    async with context.db.read() as reader:
        for mlist, policy in dict.fromkeys(asked):
            await access.reading_decision(reader, context.actor, mlist, policy, record=True)
    return [True for _ in asked]


async def _note(context: Context, item: Item) -> None:
    await context.loader(reads_by_policy).load((item.tree.mlist, item.rules.read))


async def item_by_key(context: Context, key: int) -> Folder | File | None:
    """A folder or file that the asker may read."""
    async with context.db.read() as reader:
        row = await access.row_by_key(reader, key)
    list_id = key // 2 if row is None else row.list_id
    tree: Tree | None = await context.loader(trees_by_list).load(list_id)
    return None if tree is None else await _seen(context, tree.item(None if row is None else row.id))


async def folder_by_key(context: Context, key: int) -> Folder | None:
    """A folder that the asker may read."""
    found = await item_by_key(context, key)
    return found if isinstance(found, Folder) else None


async def file_by_key(context: Context, key: int) -> File | None:
    """A file that the asker may read."""
    found = await item_by_key(context, key)
    return found if isinstance(found, File) else None


async def upload_by_key(context: Context, key: int) -> Content:
    """An upload of the asker's own."""
    async with context.db.read() as reader:
        return await uploads.mine(reader, context.actor, key)


async def top(root: strawberry.Parent[MailingList], info: Info) -> Folder | None:
    """The list's own folder; None when it shares nothing, or nothing with the asker."""
    tree: Tree | None = await load(info, trees_by_list, root.id)
    return tree.top if tree is not None and tree.top.is_readable else None


async def at_path(root: strawberry.Parent[MailingList], info: Info, path: SomePath) -> Folder | File | None:
    """What lies at a path, be the folders around it open or not."""
    tree: Tree | None = await load(info, trees_by_list, root.id)
    return None if tree is None else await _seen(info.context, tree.at(path))


async def children(
    root: strawberry.Parent[Folder],
    info: Info,
    recursive: Recursive = False,
    name_contains: NameContains = UNSET,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
) -> Page[Folder | File]:
    """What lies in a folder, by name."""
    part = given(name_contains) or ""
    wanted = window(info, f"documents|{root.id}|{recursive}|{part}", first, after, last, before)
    await _note(info.context, root)
    rows = listing.listed(root, recursive=bool(recursive), name_contains=part)

    async def count() -> int:
        return len(rows)

    ordered = rows[::-1] if wanted.backwards else rows
    if wanted.position is not None:
        ordered = ordered[_place(ordered, wanted.position[0]) + 1 :]
    return page(wanted, ordered[: wanted.limit], lambda item: (item.id,), count)


def _place(items: Sequence[Item], key: object) -> int:
    """Where the last item seen stands; where it was removed meanwhile, nobody knows."""
    for place, item in enumerate(items):
        if item.id == key:
            return place
    raise CursorInvalid


async def tree_below(root: strawberry.Parent[Folder], info: Info, depth: Depth = 3) -> list[Folder | File]:
    """Everything below a folder to a depth."""
    await _note(info.context, root)
    return listing.tree_to(root, depth)


async def removed(root: strawberry.Parent[Folder], info: Info) -> list[Removed]:
    """What was removed from a folder, latest first."""
    async with reading(info) as reader:
        found = await trash.removed_from(reader, info.context.actor, root)
    return [Removed(row) for row in found[: listing.MOST_AT_ONCE]]


async def texts_by_folder(context: Context, keys: list[int]) -> list[tuple[str, str]]:
    """A batch: what is said above and below the listings of folders."""
    async with context.db.read() as reader:
        found = await stored.texts(reader, keys)
    return [found.get(key, ("", "")) for key in keys]


async def header(root: strawberry.Parent[Folder], info: Info) -> str | None:
    """The text above, in Markdown."""
    return (await _texts(root, info))[0] or None


async def footer(root: strawberry.Parent[Folder], info: Info) -> str | None:
    """The text below, in Markdown."""
    return (await _texts(root, info))[1] or None


async def header_html(root: strawberry.Parent[Folder], info: Info) -> str | None:
    """The text above as harmless HTML."""
    return descriptions.as_html((await _texts(root, info))[0]) or None


async def footer_html(root: strawberry.Parent[Folder], info: Info) -> str | None:
    """The text below as harmless HTML."""
    return descriptions.as_html((await _texts(root, info))[1]) or None


async def _texts(folder: Folder, info: Info) -> tuple[str, str]:
    if folder.row is None:
        return "", ""
    found: tuple[str, str] = await load(info, texts_by_folder, folder.row.id)
    return found


async def edit_by_policy(context: Context, asked: list[tuple[MailingList, str]]) -> list[bool]:
    """A batch: whether scenarios let the asker change what goes by them."""
    found: dict[tuple[MailingList, str], bool] = {}
    async with context.db.read() as reader:
        for mlist, policy in dict.fromkeys(asked):
            decision = await access.editing_decision(reader, context.actor, mlist, policy)
            found[mlist, policy] = decision.action == "do_it"
    return [found[each] for each in asked]


async def can_edit(root: strawberry.Parent[Any], info: Info) -> bool:
    """Whether the asker may change an item."""
    found: bool = await load(info, edit_by_policy, (root.tree.mlist, root.rules.edit))
    return found


async def bindings_by_policy(
    context: Context, asked: list[tuple[MailingList, str, str]]
) -> list[Binding | None]:
    """A batch: the scenarios that decide on documents, by operation and name."""
    found: dict[tuple[MailingList, str, str], Binding | None] = {}
    async with context.db.read() as reader:
        for mlist, operation, name in dict.fromkeys(asked):
            named = replace(mlist, d_read=name) if operation == "d_read" else replace(mlist, d_edit=name)
            bindings = (await bindings_of(reader, context.actor, [named]))[mlist.id]
            found[mlist, operation, name] = next(
                (each for each in bindings if each.operation == operation), None
            )
    return [found[each] for each in asked]


async def read_scenario(root: strawberry.Parent[Any], info: Info) -> Binding | None:
    """Who may read an item."""
    found: Binding | None = await load(info, bindings_by_policy, (root.tree.mlist, "d_read", root.rules.read))
    return found


async def edit_scenario(root: strawberry.Parent[Any], info: Info) -> Binding | None:
    """Who may change an item."""
    found: Binding | None = await load(info, bindings_by_policy, (root.tree.mlist, "d_edit", root.rules.edit))
    return found


def id_of_removed(root: Removed, context: Context) -> strawberry.ID:
    """The global id that something in the trash had and will have again."""
    return global_id(context, "SharedFolder" if root.row.is_folder else "SharedFile", root.id)


def is_inherited(root: Item, _: Context) -> bool:
    """Whether no rule of its own decides on an item."""
    return root.row is None or root.row.id not in (root.rules.read_from, root.rules.edit_from)


def inherited_from(root: Item, _: Context) -> Folder | None:
    """The folder whose rules for reading hold, where the asker may see it."""
    if root.row is None or root.rules.read_from == root.row.id:
        return None
    found = root.tree.item(root.rules.read_from)
    return found if isinstance(found, Folder) and found.is_readable else None


def own_read(root: Item, _: Context) -> str | None:
    """The scenario for reading that was named for the item itself."""
    return None if root.row is None else root.row.d_read


def own_edit(root: Item, _: Context) -> str | None:
    """The scenario for changing that was named for the item itself."""
    return None if root.row is None else root.row.d_edit


def is_overruled(root: Item, _: Context) -> bool:
    """Whether a folder above binds all below it."""
    return root.rules.ignored


def is_binding(root: Item, _: Context) -> bool:
    """Whether a folder binds all below it."""
    return root.row is not None and root.row.binds


def link_to_zip(root: Folder, context: Context) -> str:
    """Where a folder is fetched as a zip."""
    return links.to_item(context.site, context.actor.robot, root)


def link_to_bytes(root: File, context: Context) -> str:
    """Where a file is fetched."""
    if root.row is not None and root.row.is_pending:
        return links.to_pending(context.site, context.actor.robot, root.row)
    return links.to_item(context.site, context.actor.robot, root)


def link_to_room(root: Content, context: Context) -> str:
    """Where the bytes of an upload are sent."""
    return links.to_upload(context.site, context.actor.robot, root)


def headers_of_upload(_root: Content, _context: Context) -> list[HeaderField]:
    """What is sent along with the bytes."""
    return [HeaderField("Content-Type", "application/octet-stream")]


def author(root: Item, context: Context) -> str | None:
    """Who put an item there; strangers are shown no addresses."""
    if root.row is None or "@" not in root.row.author or hides_addresses(context.actor):
        return None
    return root.row.author


async def waiting_file(root: strawberry.Parent[ModerationItem], info: Info) -> File | None:
    """The file that waits, for those who decide on it."""
    tree: Tree | None = await load(info, trees_by_list, root.list_id)
    if tree is None:
        return None
    async with reading(info) as reader:
        return await pending.for_decider(reader, info.context.actor, root, tree)


async def _seen(context: Context, item: Folder | File | None) -> Folder | File | None:
    if item is None or not item.is_readable:
        return None
    await _note(context, item)
    return item
