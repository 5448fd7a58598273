"""Which decision let something wait at a list, for those who decide on it (rows 82 and 102)."""

from collections.abc import Sequence

from identity.actor import Actor
from lists import decisions
from lists.explaining import Account, is_steward, to_stewards, told_to_asker
from lists.standing import key_or_none
from storage import archived, lists
from storage import decisions as stored
from storage.database import Reader
from storage.tables.decisions import KeptDecision
from storage.tables.lists import MailingList
from storage.tables.mail import ModerationItem
from storage.tables.words import ModerationKind

_OPERATIONS = {
    ModerationKind.MESSAGE: "send",
    ModerationKind.SUBSCRIBE: "subscribe",
    ModerationKind.UNSUBSCRIBE: "unsubscribe",
}


async def why_waiting(reader: Reader, actor: Actor, items: Sequence[ModerationItem]) -> dict[int, Account]:
    """The kept decisions by which these came to wait, by the items' ids; who asks for it decides on them.

    Something waits since the instant of its decision. Owners and listmasters see the wording of rules; somebody who only
    moderates sees what the author does. What is missing was decided too long ago, or waits for another reason.
    """
    messages = await archived.by_ids(reader, [each.message_id for each in items if each.message_id])
    rows = await stored.of_instants(
        reader, sorted({each.list_id for each in items}), sorted({each.received_at for each in items})
    )
    found: dict[int, KeptDecision] = {}
    for item in items:
        message = messages.get(item.message_id or 0)
        for row in rows:
            if _is_about(row, item, "" if message is None else message.message_id):
                found[item.id] = row
    return await _told(reader, actor, found)


def _is_about(row: KeptDecision, item: ModerationItem, message_id: str) -> bool:
    if (row.list_id, row.at, row.operation) != (
        item.list_id,
        item.received_at,
        _OPERATIONS.get(item.kind, ""),
    ):
        return False
    if item.kind is ModerationKind.MESSAGE:
        return row.message_id.strip("<>") == message_id.strip("<>")
    return key_or_none(item.author) in {key_or_none(row.sender), key_or_none(row.target)}


async def _told(reader: Reader, actor: Actor, found: dict[int, KeptDecision]) -> dict[int, Account]:
    result: dict[int, Account] = {}
    for list_id in sorted({row.list_id for row in found.values() if row.list_id is not None}):
        mlist = await lists.by_id(reader, list_id)
        if mlist is None:
            continue
        here = {key: row for key, row in found.items() if row.list_id == list_id}
        result.update(zip(here, await _accounts(reader, actor, mlist, [*here.values()]), strict=True))
    return result


async def _accounts(
    reader: Reader, actor: Actor, mlist: MailingList, rows: list[KeptDecision]
) -> list[Account]:
    if await is_steward(reader, actor, mlist):
        return await to_stewards(reader, actor, rows)
    return [Account(row, told_to_asker(decisions.as_decision(row), decisions.steps_of(row))) for row in rows]
