"""The copy that goes out: the list's own fields in front, what was another list's taken away, the body untouched."""

from delivery.letter import Done, Letter, Next
from delivery.list_copy import Changes, changed, changes_for
from delivery.personal.merging import is_filled_in
from mail.fields import Field
from mail.message import author
from mail.munging import (
    ORIGINAL_FROM,
    answering,
    carried_over,
    from_list,
    original_from,
    original_signatures,
    wrapped,
)
from storage.database import UnitOfWork
from storage.tables.words import Protection

# What the message from the list says in the original's words, where it is wrapped.
_CARRIED = (
    "Received",
    "To",
    "Cc",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Reply-To",
    "Auto-Submitted",
)


async def transform(letter: Letter, uow: UnitOfWork) -> Next | Done | None:
    """Make `outgoing` from the raw message by splicing fields, under its author's name or the list's (row 49)."""
    changes = changes_for(letter, uow.site)
    match letter.shield:
        case None:
            letter.outgoing = changed(letter, changes)
        # Nobody wants a template as its author wrote it, and its signature would be over that: it is filled in instead.
        case shield if shield.mode is Protection.WRAP and not is_filled_in(letter.mlist, letter.mail_results):
            letter.outgoing = _wrapped(letter, _munged(letter, changes))
        case _:
            letter.outgoing = changed(letter, _munged(letter, changes))
    return None


def _munged(letter: Letter, changes: Changes) -> Changes:
    """The changes, and those that make it a message from the list."""
    mlist, message = letter.mlist, letter.message
    writer = author(message)
    replaced = answering(message, writer, mlist.address if mlist.reply_to_list else None)
    names = {field.name.lower() for field in replaced}
    ours: list[Field] = [
        from_list(writer, mlist.name, mlist.address),
        original_from(message),
        *(field for field in changes.added if field.name.lower() not in names),
        *replaced,
        *original_signatures(message),
    ]
    removed = changes.removed | names | {"from", "dkim-signature", ORIGINAL_FROM.lower()}
    return Changes(removed, tuple(ours))


def _wrapped(letter: Letter, changes: Changes) -> bytes:
    """A message from the list with the original inside, to the octet; its signatures are good in there."""
    kept = [field for field in changes.added if not field.name.startswith("X-Original-DKIM")]
    there = {field.name.lower() for field in kept}
    carried = [field for field in carried_over(letter.message, _CARRIED) if field.name.lower() not in there]
    return wrapped(letter.message, [*kept, *carried])
