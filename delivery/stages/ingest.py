"""Whether a message may be looked at at all: size, loops, answers of automata, copies of what is here already."""

from delivery.letter import Done, Letter, Next
from mail.automatic import is_automatic_reply, loops
from mail.message import message_id, new_message_id
from mail.status import Reply
from storage import posts
from storage.database import Reader

_LOOP = Reply(554, "5.4.6", "this message has been through this list before")
_AUTOMATIC = Reply(550, "5.7.1", "automatic replies are not distributed")
_AGAIN = Reply(250, "2.6.0", "this message is here already")


async def ingest(letter: Letter, reader: Reader) -> Next | Done | None:
    """Refuse what must not go on; a copy of a message that the list has is taken and forgotten (RFC 3834, row 52)."""
    message, limit = letter.message, letter.mlist.message_size_limit
    if len(message.raw) > limit:
        return Done(Reply(552, "5.3.4", f"this list takes messages of up to {limit} bytes"))
    if loops(message, f"{letter.mlist.name}.{letter.mlist.domain}"):
        return Done(_LOOP)
    if is_automatic_reply(message, letter.reverse_path):
        return Done(_AUTOMATIC)
    letter.message_id = message_id(message) or new_message_id(letter.mlist.domain)
    if await posts.seen(reader, letter.mlist.id, letter.message_id):
        return Done(_AGAIN)
    return None
