"""The rules of folders and files: scenarios of their own, those of the folder around, or one folder's for all below (rows 74, 75)."""

from identity.actor import Actor
from identity.refusal import Conflict
from lists import offices
from lists.documents.access import require_all_of_it
from lists.documents.changes import NotTheTop, again, record
from lists.documents.tree import File, Folder, Item
from lists.setting_scenarios import require_scenarios
from lists.settings import SETTINGS, parsed
from storage import documents as stored
from storage.database import UnitOfWork

MOST_POLICIES = 50


class TooManyPolicies(Conflict):
    """The documents of a list go by at most 50 different scenarios; use one that is used already."""


class LocksYouOut(Conflict):
    """With these rules you could not see it any more, nor change them back; name a scenario that lets its owners read."""


async def set_rules(
    uow: UnitOfWork,
    actor: Actor,
    item: Item,
    d_read: str | None,
    d_edit: str | None,
    *,
    binds: bool = False,
) -> Folder | File:
    """Name the scenarios that decide on an item; None takes those of the folder around. For the list's owners.

    With `binds`, everything below a folder has exactly its rules, whatever it has of its own, until that is taken back.
    Raises OwnersOnly, BadSetting, NotTheTop, TooManyPolicies, NotAllOfIt, LocksYouOut.
    """
    await offices.require_owner(uow, actor, item.tree.mlist)
    if item.row is None:
        raise NotTheTop
    row_id = item.row.id
    given = {"d_read": d_read, "d_edit": d_edit}
    named = {name: parsed(SETTINGS, name, value) for name, value in given.items() if value is not None}
    mlist = item.tree.mlist
    await require_scenarios(uow, named, robot_id=mlist.robot_id, list_id=mlist.id)
    reading, editing = item.tree.policies()
    if len(reading | editing | {*named.values()}) > MOST_POLICIES:
        raise TooManyPolicies
    if binds and isinstance(item, Folder) and not item.row.binds:
        # What is hidden from this owner would be opened unseen.
        await require_all_of_it(uow, actor, item)
    await stored.set_rules(
        uow, row_id, named.get("d_read"), named.get("d_edit"), binds=binds and isinstance(item, Folder)
    )
    found = await again(uow, actor, item, row_id)
    if not found.is_readable:
        raise LocksYouOut
    await record(uow, actor, "document_rules_set", found, **given, binds=binds)
    return found
