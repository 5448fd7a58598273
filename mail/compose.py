"""A new message of our own, written as bytes that any mail server of the last forty years can pass on."""

import base64
import re
import secrets
import time
from collections.abc import Iterator, Sequence
from email import quoprimime

from mail.address import parse_mailbox, parse_mailboxes
from mail.errors import BadAddress, UnsafeField
from mail.fields import make_field
from mail.instant import Instant, to_date_field
from mail.message import new_message_id

_LINE_LIMIT = 998
_BREAK = re.compile(r"\r\n|\r|\n")
# Written here from the arguments; a second one would make the message ambiguous.
_OURS = frozenset({"from", "to", "subject", "date", "message-id", "mime-version"})


def compose(
    *,
    sender: str,
    to: str,
    subject: str,
    text: str,
    domain: str,
    date: Instant | None = None,
    message_id: str | None = None,
    extra: Sequence[tuple[str, str]] = (),
    html: str | None = None,
) -> bytes:
    """Return a whole RFC 5322 message with CRLF line breaks and a body of 7-bit octets.

    `sender` is one mailbox, `to` one or several; a display name may hold any script. `domain` names the message-id when
    none is given (with its angle brackets); without `date`, now. `extra` are further fields, such as Auto-Submitted,
    in the order given. With `html` the message offers both forms. The header section is ASCII too unless an address
    itself is not. Raises BadAddress, or UnsafeField for a line break in a value or a field named twice.
    """
    if not parse_mailboxes(to):
        raise BadAddress("A message needs somebody to go to.")
    stamp = time.time_ns() // 1000 if date is None else date
    fields = [
        ("From", str(parse_mailbox(sender))),
        ("To", ", ".join(str(mailbox) for mailbox in parse_mailboxes(to))),
        ("Subject", subject),
        ("Date", to_date_field(stamp)),
        ("Message-ID", message_id or new_message_id(domain)),
        *_checked(extra),
        ("MIME-Version", "1.0"),
    ]
    head = b"".join(make_field(name, value).raw for name, value in fields)
    plain = _text_entity("plain", text)
    return head + (plain if html is None else _alternative(plain, _text_entity("html", html)))


def _checked(extra: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for name, value in extra:
        if name.lower() in _OURS or name.lower().startswith("content-"):
            raise UnsafeField(
                f"The field {name} is written from the arguments; it cannot be given a second time."
            )
        yield name, value


def _text_entity(subtype: str, text: str) -> bytes:
    """Return the Content fields, the empty line and the body of a text part, in the encoding that costs least."""
    body = _BREAK.sub("\r\n", text)
    if not body.endswith("\r\n"):
        body += "\r\n"
    raw = body.encode("utf-8", "replace")
    if raw.isascii() and b"\0" not in raw and all(len(line) <= _LINE_LIMIT for line in raw.split(b"\r\n")):
        encoding, encoded = "7bit", raw
    else:
        encoding, encoded = min(_quoted_printable(raw), _base64(raw), key=lambda choice: len(choice[1]))
    charset = "us-ascii" if raw.isascii() else "utf-8"
    return (
        f"Content-Type: text/{subtype}; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    ).encode() + encoded


def _quoted_printable(raw: bytes) -> tuple[str, bytes]:
    lines = raw.decode("latin-1").split("\r\n")
    return "quoted-printable", quoprimime.body_encode("\n".join(lines), eol="\r\n").encode("ascii")


def _base64(raw: bytes) -> tuple[str, bytes]:
    return "base64", base64.encodebytes(raw).replace(b"\n", b"\r\n")


def _alternative(plain: bytes, rich: bytes) -> bytes:
    boundary = f"=_{secrets.token_hex(16)}"
    head = f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n'.encode()
    mark = f"\r\n--{boundary}".encode()
    return head + mark[2:] + b"\r\n" + plain + mark + b"\r\n" + rich + mark + b"--\r\n"
