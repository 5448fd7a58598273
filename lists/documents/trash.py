"""Removing folders and files: into the trash, out of it again within thirty days, and then for good (row 70)."""

from identity.actor import Actor
from identity.refusal import Conflict
from lists import offices
from lists.documents.access import (
    NoSuchDocument,
    item_by_key,
    opened_by_id,
    readable_folder,
    require_all_of_it,
    require_edit,
    row_by_key,
)
from lists.documents.changes import NotTheTop, again, record, require_free
from lists.documents.names import checked_name, slot
from lists.documents.tree import File, Folder
from mail.instant import DAY
from storage import audit
from storage import document_contents as contents
from storage import documents as stored
from storage.database import Database, Reader, UnitOfWork
from storage.tables.documents import Document

KEPT_FOR = 30 * DAY
_AT_ONCE = 100


class FolderGone(Conflict):
    """The folder that this lay in was removed, too; restore that one."""


async def remove(uow: UnitOfWork, actor: Actor, key: int) -> None:
    """Put a folder or file in the trash with all that lies in it; what is there already, an owner removes for good.

    `key` is an Item's number. Raises NoSuchDocument, Rejected, NotAllOfIt, NotTheTop, OwnersOnly.
    """
    row = await row_by_key(uow, key)
    if row is None:
        raise NotTheTop
    if row.trashed_at is not None:
        await _remove_for_good(uow, actor, row)
        return
    item = await item_by_key(uow, actor, key)
    await require_all_of_it(uow, actor, item)
    below = [each.row.id for each in item.tree.below(item) if each.row is not None]
    await record(uow, actor, "document_removed", item, items=1 + len(below))
    await stored.trash(uow, [row.id, *below], row.id)


async def restore(uow: UnitOfWork, actor: Actor, key: int, name: str | None = None) -> Folder | File:
    """Take something out of the trash, to where it lay, with all that went along; under another name if one is given.

    Raises NoSuchDocument, Rejected, FolderGone, NameInUse, BadName.
    """
    row = await _in_trash(uow, key)
    tree = await opened_by_id(uow, actor, row.list_id)
    if row.parent_id is not None and tree.item(row.parent_id) is None:
        raise FolderGone
    parent = readable_folder(tree.item(row.parent_id))
    if tree.rules_of(row).read not in tree.readable:
        raise NoSuchDocument
    await require_edit(uow, actor, parent)
    normal = row.name if name is None else checked_name(name)
    require_free(parent, normal)
    if normal != row.name:
        await stored.place(uow, row.id, row.parent_id, normal, slot(row.parent_id, normal))
    along = [each for each in await stored.trash_of(uow, row.list_id) if each.trashed_with == row.id]
    await stored.revive(
        uow,
        [(each.id, slot(each.parent_id, normal if each.id == row.id else each.name)) for each in along],
    )
    found = await again(uow, actor, parent, row.id)
    await record(uow, actor, "document_restored", found, items=len(along))
    return found


async def removed_from(reader: Reader, actor: Actor, folder: Folder) -> list[Document]:
    """What was removed from a folder, latest first, as far as the actor may read it; raises Rejected, OnlyHandedIn.

    For those who may change the folder.
    """
    await require_edit(reader, actor, folder)
    return [
        row
        for row in await stored.trash_of(reader, folder.list_id)
        if row.parent_id == folder.row_id
        and row.trashed_with == row.id
        and folder.tree.rules_of(row).read in folder.tree.readable
    ]


async def sweep(db: Database) -> int:
    """Take away for good what was in the trash for thirty days, and bytes that are no file's; how many of both.

    Each content goes in a transaction of its own, since it may be large.
    """
    async with db.write(durable=False) as uow:
        gone = await stored.remove_old_trash(uow, uow.now - KEPT_FOR)
    while True:
        async with db.read() as reader:
            found = await contents.orphans(reader, _AT_ONCE)
        for content_id in found:
            async with db.write(durable=False) as uow:
                gone += await contents.forget(uow, content_id)
        if len(found) < _AT_ONCE:
            return gone


async def _remove_for_good(uow: UnitOfWork, actor: Actor, row: Document) -> None:
    tree = await opened_by_id(uow, actor, row.list_id)
    if row.trashed_with != row.id or tree.rules_of(row).read not in tree.readable:
        raise NoSuchDocument
    await offices.require_owner(uow, actor, tree.mlist)
    await stored.remove(uow, [row.id])
    await audit.record(
        uow,
        "document_removed_for_good",
        actor=actor.sender,
        via=actor.via,
        robot_id=tree.mlist.robot_id,
        list_id=row.list_id,
        detail={"document": row.id, "name": row.name},
    )


async def _in_trash(reader: Reader, key: int) -> Document:
    row = await row_by_key(reader, key)
    if row is None or row.trashed_at is None or row.trashed_with != row.id:
        raise NoSuchDocument
    return row
