"""Files that wait for somebody's yes, since the scenario of their folder answers `editor`."""

import orjson

from identity.actor import Actor
from identity.refusal import Conflict, SignInNeeded
from lists import mails, offices
from lists.documents.access import NoSuchDocument
from lists.documents.names import name_key, slot
from lists.documents.tree import File, Folder, Tree, tree_of
from lists.robots import robot_of
from lists.waiting import hold
from scenarios.request import NOBODY
from storage import audit
from storage import documents as stored
from storage.database import Reader, UnitOfWork
from storage.tables.documents import Content, Document
from storage.tables.lists import MailingList
from storage.tables.mail import ModerationItem
from storage.tables.words import ModerationKind


class NobodyToAnswer(SignInNeeded):
    """Files are handed in by people who can be told what became of them; sign in first."""


class NoPlaceAnyMore(Conflict):
    """The folder of this file is gone, or something else has its name by now; refuse the file, or make room for it."""


async def hand_in(
    uow: UnitOfWork, actor: Actor, parent: Folder, name: str, content: Content, replaced: File | None
) -> ModerationItem:
    """Keep a file, or new content for the one it replaces, until somebody decides, and tell those who do.

    Raises NobodyToAnswer for strangers, whom no answer would reach.
    """
    if actor.sender == NOBODY:
        raise NobodyToAnswer
    mlist = parent.tree.mlist
    row_id = await stored.add(
        uow,
        mlist.id,
        parent.row_id,
        name,
        slot=None,
        author=actor.sender,
        content_id=content.id,
        is_pending=True,
    )
    robot = await robot_of(uow, actor, mlist)
    path = f"{parent.path.rstrip('/')}/{name}"
    await audit.record(
        uow,
        "document_handed_in",
        actor=actor.sender,
        via=actor.via,
        robot_id=mlist.robot_id,
        list_id=mlist.id,
        detail={"document": row_id, "path": path, "sha256": content.sha256},
    )
    uow.announce("moderation")
    return await hold(
        uow,
        robot,
        mlist,
        ModerationKind.DOCUMENT,
        author=actor.sender,
        subject=path,
        payload={"document": row_id, "replaces": None if replaced is None else replaced.row_id},
        details=[f"Size: {content.size} bytes, {content.media_type}"],
    )


async def of_item(reader: Reader, item: ModerationItem) -> Document | None:
    """The file that an item of the queue is about, as long as it waits."""
    row = await stored.by_id(reader, int(orjson.loads(item.payload).get("document", 0)))
    return row if row is not None and row.is_pending and row.list_id == item.list_id else None


async def for_decider(reader: Reader, actor: Actor, item: ModerationItem, tree: Tree) -> File | None:
    """As `of_item`, as it would lie in the tree, for somebody who decides on documents there; None for anybody else."""
    if item.kind is not ModerationKind.DOCUMENT:
        return None
    if not await offices.may_decide(reader, actor, tree.mlist, ModerationKind.DOCUMENT):
        return None
    row = await of_item(reader, item)
    return None if row is None else File(tree, row, tree.rules_of(row))


async def publish(uow: UnitOfWork, mlist: MailingList, item: ModerationItem) -> None:
    """Share a file that waited, or give its content to the one it replaces; raises NoPlaceAnyMore, NoSuchDocument."""
    await stored.lock(uow, mlist.id)
    row = await of_item(uow, item)
    if row is None or row.content_id is None:
        raise NoSuchDocument
    tree = tree_of(mlist, await stored.of_list(uow, mlist.id))
    parent = tree.item(row.parent_id)
    if not isinstance(parent, Folder):
        raise NoPlaceAnyMore
    key = name_key(row.name)
    there = next((each for each in tree.children(parent) if name_key(each.name) == key), None)
    if there is None:
        await stored.publish(uow, row.id, slot(row.parent_id, row.name))
    elif there.row is not None and there.row.id == orjson.loads(item.payload).get("replaces"):
        await stored.fill(uow, there.row.id, row.content_id, row.author)
        await stored.remove(uow, [row.id])
    else:
        raise NoPlaceAnyMore


async def refuse(
    uow: UnitOfWork, mlist: MailingList, item: ModerationItem, reason: str, *, quietly: bool
) -> None:
    """Let go of a file that waited; whoever handed it in is told why, unless it is done quietly."""
    row = await of_item(uow, item)
    if row is not None:
        await stored.remove(uow, [row.id])
    if not quietly:
        await mails.request_refused(uow, mlist, item.author, f"sharing {item.subject} by", reason)
