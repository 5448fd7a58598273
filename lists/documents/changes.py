"""What is done to folders and files: made, filled, renamed, moved, described; each under the rules of what it touches."""

from dataclasses import dataclass
from typing import Any

from identity.actor import Actor
from identity.refusal import Conflict, Invalid, Taken
from lists.documents import pending, uploads
from lists.documents.access import (
    NoSuchDocument,
    may_hand_in,
    opened,
    readable_folder,
    require_all_of_it,
    require_edit,
)
from lists.documents.names import checked_name, name_key, slot
from lists.documents.tree import DEEPEST, File, Folder, Item
from scenarios.decision import Decision
from storage import audit
from storage import documents as stored
from storage.database import UnitOfWork

MOST_ITEMS = 10_000
_LONGEST_TEXT = 20_000


class NameInUse(Taken):
    """There is something of this name in this folder already; names that differ in case or accents' spelling alone are the same."""


class TooManyDocuments(Conflict):
    """A list shares at most 10000 folders and files, those in the trash included."""


class TooDeep(Invalid):
    """Folders lie at most 30 deep in each other."""


class IntoItself(Invalid):
    """A folder cannot lie in itself."""


class NotTheTop(Invalid):
    """This is the list's own folder, which has no place, and has the rules of the list's settings d_read and d_edit."""


class TextTooLong(Invalid):
    """The text above or below a folder has at most 20000 characters."""


@dataclass(frozen=True, slots=True)
class Put:
    """What became of a file: shared at once, or None while it waits for a yes; and the decision that said so."""

    file: File | None
    decision: Decision


async def create_folder(uow: UnitOfWork, actor: Actor, parent: Folder, name: str) -> Folder:
    """Make a folder; raises BadName, Rejected, NameInUse, TooManyDocuments, TooDeep."""
    normal = checked_name(name)
    await require_edit(uow, actor, parent)
    await require_place(uow, parent, normal)
    row_id = await stored.add(
        uow, parent.list_id, parent.row_id, normal, slot=slot(parent.row_id, normal), author=actor.sender
    )
    found = await again(uow, actor, parent, row_id)
    await record(uow, actor, "document_folder_created", found)
    return readable_folder(found)


async def put_file(
    uow: UnitOfWork, actor: Actor, parent: Folder, name: str, content_id: int, *, replaces: bool = False
) -> Put:
    """Give uploaded bytes a name in a folder, or with `replaces` to the file of that name.

    Where the scenario's answer is `editor`, the file waits for a moderator. Raises BadName, Rejected, NameInUse,
    TooManyDocuments, NoSuchUpload, NotAllThere.
    """
    normal = checked_name(name)
    content = await uploads.complete(uow, actor, parent.tree.mlist, content_id)
    there = _named(parent, normal)
    existing = there if replaces and isinstance(there, File) and there.is_readable else None
    decision = await may_hand_in(uow, actor, existing or parent)
    if existing is None:
        await require_place(uow, parent, normal)
    if decision.action != "do_it":
        await pending.hand_in(uow, actor, parent, normal, content, existing)
        return Put(None, decision)
    if existing is None:
        row_id = await stored.add(
            uow,
            parent.list_id,
            parent.row_id,
            normal,
            slot=slot(parent.row_id, normal),
            author=actor.sender,
            content_id=content.id,
        )
    else:
        row_id = _row_id(existing)
        await stored.fill(uow, row_id, content.id, actor.sender)
    found = await again(uow, actor, parent, row_id)
    event = "document_added" if existing is None else "document_replaced"
    await record(uow, actor, event, found, sha256=content.sha256)
    return Put(found if isinstance(found, File) else None, decision)


async def move(
    uow: UnitOfWork, actor: Actor, item: Item, parent: Folder | None = None, name: str | None = None
) -> Folder | File:
    """Give an item another folder, another name, or both. Content, rules of its own and number stay (rows 69, 71).

    Into another folder goes only what is the actor's to change as a whole, since what it inherits changes.
    Raises BadName, Rejected, NotAllOfIt, NameInUse, IntoItself, TooDeep, NotTheTop.
    """
    row_id = _row_id(item)
    around = item.tree.parent(item)
    target = parent or around
    if around is None or target is None:
        raise NotTheTop
    if target.list_id != item.list_id:
        raise NoSuchDocument(path=("parent_id",))
    normal = item.name if name is None else checked_name(name)
    if target.row_id == around.row_id:
        await require_edit(uow, actor, item)
    else:
        await require_all_of_it(uow, actor, item)
        await require_edit(uow, actor, target)
        _require_no_circle(item, target)
    there = _named(target, normal)
    if there is not None and there.row_id != row_id:
        raise NameInUse(path=("name",))
    before = item.path
    await stored.place(uow, row_id, target.row_id, normal, slot(target.row_id, normal))
    found = await again(uow, actor, item, row_id)
    await record(uow, actor, "document_moved", found, before=before)
    return found


async def describe(
    uow: UnitOfWork, actor: Actor, folder: Folder, header: str | None, footer: str | None
) -> Folder:
    """Say something above and below a folder's listing, in Markdown; what is None stays. Raises TextTooLong, NotTheTop."""
    row_id = _row_id(folder)
    await require_edit(uow, actor, folder)
    known = (await stored.texts(uow, [row_id]))[row_id]
    above, below = (
        old if new is None else _text(new) for old, new in zip(known, (header, footer), strict=True)
    )
    await stored.describe(uow, row_id, above, below)
    found = await again(uow, actor, folder, row_id)
    await record(uow, actor, "document_folder_described", found)
    return readable_folder(found)


async def require_place(uow: UnitOfWork, parent: Folder, name: str) -> None:
    """Raises NameInUse, TooDeep or TooManyDocuments where a new item of that name does not fit."""
    require_free(parent, name)
    if len(parent.tree.around(parent)) + 1 >= DEEPEST:
        raise TooDeep
    if await stored.count(uow, parent.list_id) >= MOST_ITEMS:
        raise TooManyDocuments


def require_free(parent: Folder, name: str) -> None:
    """Raises NameInUse; a hidden item holds its name, too, so that it is taken has to be said."""
    if _named(parent, name) is not None:
        raise NameInUse(path=("name",))


async def again(uow: UnitOfWork, actor: Actor, item: Item, row_id: int) -> Folder | File:
    """An item of the same list as it is after a change; raises NoSuchDocument where it is hidden from its maker."""
    found = (await opened(uow, actor, item.tree.mlist)).item(row_id)
    if found is None:
        raise NoSuchDocument
    return found


async def record(uow: UnitOfWork, actor: Actor, event: str, item: Item, **detail: Any) -> None:
    """Write down what was done to an item, with the change."""
    await audit.record(
        uow,
        event,
        actor=actor.sender,
        via=actor.via,
        robot_id=item.tree.mlist.robot_id,
        list_id=item.list_id,
        detail={"document": item.row_id, "path": item.path, **detail},
    )


def _named(folder: Folder, name: str) -> Folder | File | None:
    key = name_key(name)
    return next((each for each in folder.tree.children(folder) if name_key(each.name) == key), None)


def _row_id(item: Item) -> int:
    if item.row is None:
        raise NotTheTop
    return item.row.id


def _require_no_circle(item: Item, target: Folder) -> None:
    around = [target, *target.tree.around(target)]
    if any(folder.row_id == item.row_id for folder in around):
        raise IntoItself(path=("parent_id",))
    height = max((len(each.tree.around(each)) for each in item.tree.below(item)), default=0)
    own_depth = len(item.tree.around(item))
    if len(around) + max(height - own_depth, 0) >= DEEPEST:
        raise TooDeep


def _text(text: str) -> str:
    clean = text.replace("\r\n", "\n").replace("\0", "").strip()
    if len(clean) > _LONGEST_TEXT:
        raise TextTooLong
    return clean
