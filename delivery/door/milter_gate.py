"""The one who decides behind the milter door: which recipients exist, and whether a message is let in."""

from dataclasses import dataclass
from typing import Protocol

from mail.status import Reply


@dataclass(frozen=True, slots=True)
class SeenMessage:
    """A whole message with its envelope, while its sender is still there.

    `raw` is as the sender gave it, before the MTA adds fields of its own; `recipients` are those that are ours.
    `client_address` is the sender's IP address, "" where the MTA does not say.
    """

    reverse_path: str
    recipients: tuple[str, ...]
    raw: bytes
    client_address: str


class Gate(Protocol):
    """Answers with 2yz, 4yz or 5yz replies; what it raises becomes 451 and is logged."""

    async def recipient(self, recipient: str) -> Reply | None:
        """Whether there is such an address; None for addresses that are not ours to judge."""

    async def message(self, seen: SeenMessage) -> Reply:
        """What the sender is told; a 2yz lets the message go on."""
