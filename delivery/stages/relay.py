"""Mail for a list's owners, its editors or the listmasters is passed on as it is."""

from delivery.letter import TAKEN, Done, Letter, Next
from lists import waiting
from mail.automatic import loop_field, loops
from mail.message import message_id, new_message_id, with_fields
from mail.status import Reply
from storage import outgoing
from storage.database import Reader, UnitOfWork
from storage.tables.lists import Role
from storage.tables.words import ModerationKind

_LOOP = Reply(554, "5.4.6", "this message has been through here before")
_NOBODY = Reply(550, "5.1.1", "nobody reads this address")


async def relay_to_owners(letter: Letter, uow: UnitOfWork) -> Next | Done | None:
    """LIST-owner: those who also decide on who joins."""
    return await _relay(letter, uow, await _owners(letter, uow), "owner")


async def relay_to_editors(letter: Letter, uow: UnitOfWork) -> Next | Done | None:
    """LIST-editor: those who decide on messages, the owners where there are no editors (requirement 4.4)."""
    return await _relay(letter, uow, await _editors(letter, uow), "editor")


async def owners_read(letter: Letter, reader: Reader) -> Next | Done | None:
    """Whether a message for LIST-owner reaches anybody."""
    return _refusal(letter, await _owners(letter, reader), "owner")


async def editors_read(letter: Letter, reader: Reader) -> Next | Done | None:
    """Whether a message for LIST-editor reaches anybody."""
    return _refusal(letter, await _editors(letter, reader), "editor")


async def _owners(letter: Letter, reader: Reader) -> list[Role]:
    return await waiting.deciders(reader, letter.mlist, ModerationKind.SUBSCRIBE)


async def _editors(letter: Letter, reader: Reader) -> list[Role]:
    return await waiting.deciders(reader, letter.mlist, ModerationKind.MESSAGE)


def _refusal(letter: Letter, people: list[Role], part: str) -> Done | None:
    if loops(letter.message, _here(letter, part)):
        return Done(_LOOP)
    return None if people else Done(_NOBODY)


def _here(letter: Letter, part: str) -> str:
    return f"{letter.mlist.name}-{part}.{letter.mlist.domain}"


async def _relay(letter: Letter, uow: UnitOfWork, people: list[Role], part: str) -> Done:
    refused = _refusal(letter, people, part)
    if refused is not None:
        return refused
    mlist, here = letter.mlist, _here(letter, part)
    raw = with_fields(
        letter.message, remove={"return-path", "authentication-results"}, prepend=[loop_field(here)]
    )
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
