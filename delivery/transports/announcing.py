"""How a message is announced to a mail server: MAIL, a RCPT for each recipient and DATA, as one group of commands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from delivery.transports.capabilities import Capabilities
from delivery.transports.envelope import Outgoing
from delivery.transports.precheck import plan
from mail.status import Reply


@dataclass(slots=True)
class Call:
    """A message about to be announced: to whom, and whom we refuse ourselves (by index; `refusal_of_all`: everybody).

    `owed` counts the replies to the whole group; once it is said, `heard_before` is how many replies the peer will
    have given on this connection before the group's first.
    """

    message: Outgoing
    mail: str
    asked: Sequence[str]
    refused: Mapping[int, Reply]
    refusal_of_all: Reply | None
    needs_reset: bool
    owed: int
    heard_before: int = 0
    is_said: bool = False

    @property
    def is_for_all(self) -> bool:
        """Whether the whole envelope can be said."""
        return self.refusal_of_all is None and not self.refused

    def said(self, heard_before: int) -> bytes:
        """The group, which is written now (RFC 2920 section 3.1: DATA can only be its last command)."""
        self.is_said, self.heard_before = True, heard_before
        reset = "RSET\r\n" if self.needs_reset else ""
        names = ">\r\nRCPT TO:<".join(self.asked)
        return f"{reset}{self.mail}RCPT TO:<{names}>\r\nDATA\r\n".encode()


def call_for(capabilities: Capabilities, message: Outgoing, *, needs_reset: bool = False) -> Call:
    """How to announce a message to a peer with these capabilities; `needs_reset`: after a transaction left open."""
    envelope = message.envelope
    planned = plan(
        capabilities, envelope, message.data, smtputf8=message.smtputf8, eight_bit=message.eight_bit
    )
    refused, asked = planned.refused, envelope.recipients
    if refused:
        asked = [name for i, name in enumerate(asked) if i not in refused]
    owed = len(asked) + (3 if needs_reset else 2)
    return Call(message, planned.mail, asked, refused, planned.refusal_of_all, needs_reset, owed)
