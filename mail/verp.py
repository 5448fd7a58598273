"""Return paths that name the recipient and the delivery they belong to, so that any bounce tells whose it is (VERP)."""

import base64
import binascii
import hmac
import re
from collections.abc import Sequence

from mail.keyed_hash import keyed_hash

_LOCAL_OCTETS = 64
_MAC_OCTETS = 10
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = [first + second for first in _LETTERS for second in _LETTERS]
# For so many pairs of letters, where each pair stands in the number.
_SHIFTS = [range(10 * pairs - 10, -1, -10) for pairs in range(26)]
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
    for recipient_id in recipient_ids:
        payload = _packed(recipient_id, tail)
        room = octets + 1 + _token_length(len(payload)) <= _LOCAL_OCTETS
        prefix = own if room else "bounce"
        made.append(f"{prefix}+{_token(prefix, payload, key)}@{domain}")
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
    if not hmac.compare_digest(_token(prefix, payload, key), token):
        return None
    return _unpacked(payload)


def _token(prefix: str, payload: bytes, key: bytes) -> str:
    mac = keyed_hash(key, b"verp\0" + prefix.encode() + b"\0" + payload)[:_MAC_OCTETS]
    return _base32(payload + mac)


def _token_length(payload_octets: int) -> int:
    return -(-(payload_octets + _MAC_OCTETS) * 8 // 5)


def _base32(octets: bytes) -> str:
    """RFC 4648 base32 in small letters without padding: two letters at a time, as this is made for every copy."""
    letters = -(-len(octets) * 8 // 5)
    number = int.from_bytes(octets, "big") << (5 * letters - 8 * len(octets))
    if letters % 2:
        number <<= 5
    text = "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS[-(-letters // 2)]])
    return text[:letters]


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
