"""What we refuse ourselves, before a word is sent: what the peer cannot take, and addresses that would break out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from delivery.transports.capabilities import Capabilities
from delivery.transports.envelope import Envelope
from delivery.transports.spliced import Spliced
from delivery.transports.stuffing import unstuffed_size
from mail.status import Reply

TOO_LARGE = Reply(552, "5.3.4", "the message is larger than the next mail server takes")
NEEDS_EIGHT_BIT = Reply(554, "5.6.3", "the next mail server does not take 8-bit messages")
NEEDS_UTF8 = Reply(553, "5.6.7", "the next mail server does not take addresses or header fields in UTF-8")
BAD_RECIPIENT = Reply(553, "5.1.3", "this address cannot be written in an SMTP command")
BAD_SENDER = Reply(553, "5.1.7", "the return address cannot be written in an SMTP command")

_NOBODY: Mapping[int, Reply] = MappingProxyType({})
_SUSPICIOUS = bytes(range(0x21)) + b'"<>\x7f'
_QUOTED = re.compile(r'"(?:[^"\\\x00-\x1f\x7f]|\\[^\x00-\x1f\x7f])*"@[^\x00-\x20<>"\\\x7f]+')


@dataclass(slots=True)
class Plan:
    """How to announce a message: MAIL's whole line, and the refusals by recipient index (None: of all)."""

    mail: str
    refused: Mapping[int, Reply]
    refusal_of_all: Reply | None = None


def plan(
    capabilities: Capabilities, envelope: Envelope, data: bytes | Spliced, *, smtputf8: bool, eight_bit: bool
) -> Plan:
    """Decide how a message is announced to a peer with these capabilities; `data` is dot-stuffed.

    `smtputf8` says that the header needs RFC 6531; the envelope's own need is seen here. Bytes above 127 are
    seen here too, so that `eight_bit` can only add.
    """
    names, sender = envelope.recipients, envelope.reverse_path
    # One look at all the addresses of a packet: the usual answer is that there is nothing to be said against it.
    together = sender + "".join(names)
    is_plain = "" not in names and _is_plain(together)
    eight_bit = eight_bit or not data.isascii()
    utf8 = smtputf8 or not together.isascii()
    refused: Mapping[int, Reply] = _NOBODY
    if not is_plain and sender and not _fits(sender):
        return Plan("", refused, BAD_SENDER)
    if utf8 or eight_bit or 0 < capabilities.size < len(data):
        utf8_sender = smtputf8 or not sender.isascii()
        obstacle = _obstacle(capabilities, data, utf8=utf8_sender, eight_bit=eight_bit)
        if obstacle is not None:
            return Plan("", refused, obstacle)
        if utf8 and not capabilities.smtputf8:
            refused = {i: NEEDS_UTF8 for i, name in enumerate(names) if not name.isascii()}
    if not is_plain:
        refused = {**refused, **{i: BAD_RECIPIENT for i, name in enumerate(names) if not _fits(name)}}
    mail = f"MAIL FROM:<{sender}>"
    if capabilities.size_offered:
        mail += f" SIZE={len(data)}"
    if eight_bit and capabilities.eight_bit:
        mail += " BODY=8BITMIME"
    if utf8 and capabilities.smtputf8:
        mail += " SMTPUTF8"
    return Plan(mail + "\r\n", refused)


def _obstacle(
    capabilities: Capabilities, data: bytes | Spliced, *, utf8: bool, eight_bit: bool
) -> Reply | None:
    if utf8 and not capabilities.smtputf8:
        return NEEDS_UTF8
    if eight_bit and not capabilities.eight_bit:
        return NEEDS_EIGHT_BIT
    if 0 < capabilities.size < len(data) and unstuffed_size(data) > capabilities.size:
        return TOO_LARGE
    return None


def _is_plain(text: str) -> bool:
    try:
        octets = text.encode()
    except UnicodeEncodeError:
        return False
    return len(octets.translate(None, _SUSPICIOUS)) == len(octets)


def _fits(address: str) -> bool:
    """Whether an address can stand between angle brackets; blanks and brackets only in a quoted local part."""
    if not address:
        return False
    if _is_plain(address):
        return True
    return address.isprintable() and _QUOTED.fullmatch(address) is not None
