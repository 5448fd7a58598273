"""Who may see and change which documents: the scenarios `d_read` and `d_edit`, asked with the name that governs the item."""

from collections.abc import Iterable
from dataclasses import replace

from identity.actor import Actor
from identity.refusal import Forbidden, NotFound
from lists.authorize import Rejected, authorize
from lists.documents.tree import File, Folder, Item, Tree, tree_of
from lists.mailing_lists import NoSuchList, visible_by_id
from lists.rights import list_here
from scenarios.decision import Decision
from storage import documents as stored
from storage.database import Reader, transaction_of
from storage.tables.documents import Document
from storage.tables.lists import MailingList


class NoSuchDocument(NotFound):
    """There is no such folder or file, or it is not for your eyes."""


class OnlyHandedIn(Forbidden):
    """Here you may hand in files, which wait for an owner; everything else is for those who may change the documents."""


class NotAllOfIt(Forbidden):
    """Something in this folder is not yours to change, so the folder stays as it is."""


def shares_documents(mlist: MailingList) -> bool:
    """Whether a list shares documents at all."""
    return mlist.documents_quota > 0


async def opened(reader: Reader, actor: Actor, mlist: MailingList) -> Tree:
    """The documents of a list as the actor may read them; raises NoSuchDocument where a list shares none.

    One statement, and the few of a decision for each scenario that is named anywhere in the tree.
    """
    if not shares_documents(mlist):
        raise NoSuchDocument
    tree = tree_of(mlist, await stored.of_list(reader, mlist.id))
    reading, _ = tree.policies()
    return replace(tree, readable=await allowed(reader, actor, mlist, reading))


async def allowed(
    reader: Reader, actor: Actor, mlist: MailingList, policies: Iterable[str]
) -> frozenset[str]:
    """Those of some scenarios of `d_read` that let the actor read."""
    found = set()
    for policy in sorted(policies):
        if (await reading_decision(reader, actor, mlist, policy)).action == "do_it":
            found.add(policy)
    return frozenset(found)


async def reading_decision(
    reader: Reader, actor: Actor, mlist: MailingList, policy: str, *, record: bool = False
) -> Decision:
    """What the scenario of this name says to the actor about reading."""
    return await authorize(reader, actor, "d_read", mlist=replace(mlist, d_read=policy), record=record)


async def editing_decision(
    reader: Reader, actor: Actor, mlist: MailingList, policy: str, *, record: bool = False
) -> Decision:
    """What the scenario of this name says to the actor about changing."""
    return await authorize(reader, actor, "d_edit", mlist=replace(mlist, d_edit=policy), record=record)


async def item_by_key(reader: Reader, actor: Actor, key: int) -> Folder | File:
    """The folder or file behind an Item's number; raises NoSuchDocument, in the same words for hidden and absent ones.

    In a transaction, nobody else changes the list's documents until it ends.
    """
    row = await row_by_key(reader, key)
    list_id = key // 2 if row is None else row.list_id
    tree = await opened_by_id(reader, actor, list_id)
    return readable(tree.item(None if row is None else row.id))


async def opened_by_id(reader: Reader, actor: Actor, list_id: int) -> Tree:
    """As `opened`, for a list that the actor may see, and in a transaction one of their own robot; raises NoSuchDocument."""
    uow = transaction_of(reader)
    try:
        mlist = await (visible_by_id if uow is None else list_here)(reader, actor, list_id)
    except NoSuchList:
        raise NoSuchDocument from None
    if uow is not None:
        await stored.lock(uow, mlist.id)
    return await opened(reader, actor, mlist)


async def row_by_key(reader: Reader, key: int) -> Document | None:
    """The row behind an Item's number, wherever it is; None for the top of a list. Raises NoSuchDocument."""
    if key % 2 == 0:
        return None
    row = await stored.by_id(reader, key // 2)
    if row is None:
        raise NoSuchDocument
    return row


def readable(item: Folder | File | None) -> Folder | File:
    """The item, where its reader may see it; raises NoSuchDocument for a hidden one as for none."""
    if item is None or not item.is_readable:
        raise NoSuchDocument
    return item


def readable_folder(item: Folder | File | None) -> Folder:
    """As `readable`, for a folder; raises NoSuchDocument for a file."""
    found = readable(item)
    if not isinstance(found, Folder):
        raise NoSuchDocument
    return found


async def may_hand_in(reader: Reader, actor: Actor, item: Item) -> Decision:
    """The decision that lets the actor put a file there, at once or for an owner's yes; raises Rejected."""
    decision = await editing_decision(reader, actor, item.tree.mlist, item.rules.edit, record=True)
    if decision.action == "reject":
        raise Rejected(decision, actor)
    return decision


async def require_edit(reader: Reader, actor: Actor, item: Item) -> None:
    """Raises Rejected, or OnlyHandedIn where the scenario only lets files be handed in."""
    if (await may_hand_in(reader, actor, item)).action != "do_it":
        raise OnlyHandedIn


async def require_all_of_it(reader: Reader, actor: Actor, item: Item) -> None:
    """As `require_edit`, for an item and everything below it; raises NotAllOfIt.

    What is hidden from the actor, or not theirs to change, would otherwise be removed, or opened by a move.
    """
    await require_edit(reader, actor, item)
    below = [*item.tree.below(item)]
    if not all(each.is_readable for each in below):
        raise NotAllOfIt
    for policy in sorted({each.rules.edit for each in below} - {item.rules.edit}):
        decision = await editing_decision(reader, actor, item.tree.mlist, policy)
        if decision.action != "do_it":
            raise NotAllOfIt
