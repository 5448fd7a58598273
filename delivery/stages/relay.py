"""Mail for a list's owners, its editors or the listmasters is passed on as it is."""

from delivery.letter import TAKEN, Done, Letter, Next
from lists import waiting
from mail.automatic import loop_field, loops
from mail.message import message_id, new_message_id, with_fields
from mail.status import Reply
from storage import outgoing
from storage.database import UnitOfWork
from storage.tables.lists import Role
from storage.tables.words import ModerationKind

_LOOP = Reply(554, "5.4.6", "this message has been through here before")
_NOBODY = Reply(550, "5.1.1", "nobody reads this address")


async def relay_to_owners(letter: Letter, uow: UnitOfWork) -> Next | Done | None:
    """LIST-owner: those who also decide on who joins."""
    return await _relay(
        letter, uow, await waiting.deciders(uow, letter.mlist, ModerationKind.SUBSCRIBE), "owner"
    )


async def relay_to_editors(letter: Letter, uow: UnitOfWork) -> Next | Done | None:
    """LIST-editor: those who decide on messages, the owners where there are no editors (requirement 4.4)."""
    return await _relay(
        letter, uow, await waiting.deciders(uow, letter.mlist, ModerationKind.MESSAGE), "editor"
    )


async def _relay(letter: Letter, uow: UnitOfWork, people: list[Role], part: str) -> Done:
    mlist = letter.mlist
    here = f"{mlist.name}-{part}.{mlist.domain}"
    if loops(letter.message, here):
        return Done(_LOOP)
    if not people:
        return Done(_NOBODY)
    raw = with_fields(letter.message, remove={"return-path"}, prepend=[loop_field(here)])
    for address in {person.address_key: person.address for person in people}.values():
        await outgoing.enqueue(
            uow,
            robot_id=letter.robot.id,
            list_id=mlist.id,
            to=address,
            outgoing=raw,
            # Null: a failure to reach an owner must not come back to the owners.
            reverse_path="",
            subject=letter.message.first("Subject") or "",
            message_id=message_id(letter.message) or new_message_id(mlist.domain),
        )
    return Done(TAKEN)
