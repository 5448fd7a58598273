"""What an SMTP transaction is given and what it gives back: one answer for each recipient."""

from collections.abc import Sequence
from dataclasses import dataclass

from mail.status import Reply


@dataclass(frozen=True, slots=True)
class Envelope:
    """A reverse-path (empty for the null one) and the recipients, as `local@domain`, without angle brackets."""

    reverse_path: str
    recipients: Sequence[str]


@dataclass(frozen=True, slots=True)
class TransactionResult:
    """The outcome of one transaction.

    `replies` has one final Reply for each recipient, in order: its refusal, or what was said of the message.
    `accepted`: the peer took the message for at least one of them. `in_doubt`: it may have, but the connection
    was lost between our final dot and the answer (the replies are temporary then). `stale`: a connection that
    had been used before turned out to be dead before the peer said anything; trying again at once is safe.
    """

    replies: list[Reply]
    accepted: bool = False
    in_doubt: bool = False
    stale: bool = False
