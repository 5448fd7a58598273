"""Whom a message is written to: the addresses of its To and Cc, as far as they can be read."""

from collections.abc import Iterator

from mail.address import Address, legible_mailboxes
from mail.fields import Field
from mail.message import Message

MOST = 500
"""So many addresses are read of one message."""
# What so many addresses take. Nobody reads a longer field to the end, and its sender is not to make us.
_MOST_OCTETS = 64 * 1024


def addressees(message: Message) -> list[Address]:
    """The first 500 different addresses of To and Cc, groups opened; what is no address is passed over.

    What stands behind the first 64 KiB of these fields is not read.
    """
    found: dict[str, Address] = {}
    room = _MOST_OCTETS
    for field in (*message.fields_named("To"), *message.fields_named("Cc")):
        for address in _addresses(_cut(field, room)):
            found.setdefault(address.key, address)
            if len(found) == MOST:
                return [*found.values()]
        room -= len(field.raw)
        if room <= 0:
            break
    return [*found.values()]


def _addresses(field: Field) -> Iterator[Address]:
    """Where a charset can only be guessed, those that do not depend on the guess."""
    written = legible_mailboxes(field.unfolded)
    if field.plain == field.unfolded:
        return (each.address for each in written)
    plain = {each.address for each in legible_mailboxes(field.plain)}
    return (each.address for each in written if each.address in plain)


def _cut(field: Field, room: int) -> Field:
    """A field's beginning, up to the last comma that there is room for: half an address may be somebody else's."""
    return field if len(field.raw) <= room else Field(field.name, field.raw[:room].rpartition(b",")[0])
