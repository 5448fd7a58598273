"""What comes in through the door: who talks to us, and a message with its envelope."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class LmtpSession:
    """One connection: its peer's address, the name it gave, and the client it forwards for.

    `xforward` holds the attributes of Postfix's XFORWARD (NAME, ADDR, PROTO, HELO, …, upper-case names) that
    describe whoever gave the peer the message at hand; attributes it called unavailable are missing. It is
    emptied after each message.
    """

    peer: str
    helo: str = ""
    xforward: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LmtpEnvelope:
    """A whole message: `raw` is as it was sent, dots removed, every line ended by CRLF.

    `recipients` are the accepted ones in the order of their RCPT commands, repeated if they were. `parameters`
    are those of MAIL, upper-case names (SIZE, BODY; SMTPUTF8 has an empty value).
    """

    reverse_path: str
    recipients: tuple[str, ...]
    raw: bytes
    smtputf8: bool
    parameters: Mapping[str, str]
    xforward: Mapping[str, str]
