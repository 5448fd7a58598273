"""What an SMTP transaction is given and what it gives back: one answer for each recipient."""

from collections.abc import Sequence
from dataclasses import dataclass

from delivery.transports.spliced import Spliced
from mail.status import Reply


@dataclass(slots=True)
class Envelope:
    """A reverse-path (empty for the null one) and the recipients, as `local@domain`, without angle brackets."""

    reverse_path: str
    recipients: Sequence[str]


@dataclass(slots=True)
class Outgoing:
    """A message as it goes over the wire: for whom, its dot-stuffed bytes, and what these need of the peer.

    The flags say that the header needs SMTPUTF8 and that there are bytes above 127.
    """

    envelope: Envelope
    data: bytes | Spliced
    smtputf8: bool = False
    eight_bit: bool = False


@dataclass(slots=True)
class TransactionResult:
    """The outcome of one transaction.

    `replies` has one final Reply for each recipient, in order: its refusal, or what was said of the message.
    `accepted`: the peer took the message for at least one of them. `in_doubt`: it may have, but the connection
    was lost between our final dot and the answer (the replies are temporary then). `stale`: a connection that
    had been used before turned out to be dead before the peer said anything; trying again at once is safe.
    `unheard` are the places of those for whom the peer had no room in this transaction (RFC 5321 section 4.5.3.1.10): they
    can be named in another one at once. `taken`: how many it had room for. `is_of_server`: what put everybody off was not
    said of a recipient (the connection was lost; MAIL, DATA or the message was refused for now).
    """

    replies: list[Reply]
    accepted: bool = False
    in_doubt: bool = False
    stale: bool = False
    unheard: Sequence[int] = ()
    taken: int = 0
    is_of_server: bool = False

    @property
    def is_unanimous(self) -> bool:
        """Whether every recipient was told the same, which is one object then: the usual case, seen cheaply."""
        return self.replies.count(self.replies[0]) == len(self.replies) if self.replies else False
