"""Return paths that name the recipient and the delivery they belong to, so that any bounce tells whose it is (VERP)."""

import base64
import binascii
import hmac
import re
from collections.abc import Sequence
from itertools import groupby

from mail.base32 import base32_of_each
from mail.keyed_hash import keyed_hashes

_LOCAL_OCTETS = 64
_MAC_OCTETS = 10
# A relay may rewrite the plus sign, and any relay may change the case of letters.
_FORM = re.compile(r"((?:.+-)?bounce)[+=-]([a-z2-7]{18,50})", re.ASCII | re.DOTALL)


def verp_address(list_name: str, domain: str, recipient_id: int, delivery_id: int, key: bytes) -> str:
    """Return `<list>-bounce+<token>@<domain>`, or `bounce+<token>@<domain>` when a long list name leaves no room.

    The token holds both numbers (0 to 2**64-1) and 80 bits of HMAC over them and the part before it, so that nobody can
    make one up or move it to another list (row 57). It survives folding to either case. `key` is secret, 16 octets or
    more. Raises ValueError for a number out of range.
    """
    return verp_addresses(list_name, domain, [recipient_id], delivery_id, key)[0]


def verp_addresses(
    list_name: str, domain: str, recipient_ids: Sequence[int], delivery_id: int, key: bytes
) -> list[str]:
    """Return the return paths of several recipients of one delivery; see `verp_address`."""
    own = f"{list_name}-bounce".lower()
    octets = len(own.encode())
    tail = _numbered(delivery_id)
    made: list[str] = []
    for size, payloads in groupby([_packed(each, tail) for each in recipient_ids], len):
        prefix = own if octets + 1 + _token_length(size) <= _LOCAL_OCTETS else "bounce"
        made += [f"{prefix}+{token}@{domain}" for token in _tokens(prefix, [*payloads], key)]
    return made


def parse_verp(local_part: str, key: bytes) -> tuple[int, int] | None:
    """Return the recipient and delivery of a return path made by `verp_address`; None when it is forged or foreign."""
    match = _FORM.fullmatch(local_part.lower())
    if match is None:
        return None
    prefix, token = match.groups()
    try:
        octets = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
    except binascii.Error:
        return None
    payload = octets[:-_MAC_OCTETS]
    if not hmac.compare_digest(_tokens(prefix, [payload], key)[0], token):
        return None
    return _unpacked(payload)


def _tokens(prefix: str, payloads: Sequence[bytes], key: bytes) -> list[str]:
    """The tokens of some payloads that are equally long."""
    start = b"verp\0" + prefix.encode() + b"\0"
    macs = keyed_hashes(key, [start + payload for payload in payloads])
    return base32_of_each([payload + mac[:_MAC_OCTETS] for payload, mac in zip(payloads, macs, strict=True)])


def _token_length(payload_octets: int) -> int:
    return -(-(payload_octets + _MAC_OCTETS) * 8 // 5)


def _numbered(number: int) -> bytes:
    """A number in as few octets as it needs."""
    if not 0 <= number < 2**64:
        raise ValueError("A return path can name numbers from 0 to 2**64-1.")
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _packed(first: int, rest: bytes) -> bytes:
    """Both numbers, after one octet that says how many octets the first has."""
    octets = _numbered(first)
    return bytes((len(octets),)) + octets + rest


def _unpacked(payload: bytes) -> tuple[int, int]:
    cut = 1 + payload[0]
    return int.from_bytes(payload[1:cut], "big"), int.from_bytes(payload[cut:], "big")
