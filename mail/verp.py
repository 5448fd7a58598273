"""Return paths that name the recipient and the delivery they belong to, so that any bounce tells whose it is (VERP)."""

import base64
import binascii
import hmac
import re
from hashlib import sha256

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
    payload = _packed(recipient_id, delivery_id)
    local_part = _local_part(f"{list_name}-bounce".lower(), payload, key)
    if len(local_part.encode()) > _LOCAL_OCTETS:
        local_part = _local_part("bounce", payload, key)
    return f"{local_part}@{domain}"


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


def _local_part(prefix: str, payload: bytes, key: bytes) -> str:
    return f"{prefix}+{_token(prefix, payload, key)}"


def _token(prefix: str, payload: bytes, key: bytes) -> str:
    mac = hmac.digest(key, b"verp\0" + prefix.encode() + b"\0" + payload, sha256)[:_MAC_OCTETS]
    return base64.b32encode(payload + mac).decode("ascii").rstrip("=").lower()


def _packed(first: int, second: int) -> bytes:
    """Both numbers in as few octets as they need, after one octet that says how many the first has."""
    if not (0 <= first < 2**64 and 0 <= second < 2**64):
        raise ValueError("A return path can name numbers from 0 to 2**64-1.")
    width, rest = (first.bit_length() + 7) // 8, (second.bit_length() + 7) // 8
    return bytes([width]) + first.to_bytes(width, "big") + second.to_bytes(rest, "big")


def _unpacked(payload: bytes) -> tuple[int, int]:
    cut = 1 + payload[0]
    return int.from_bytes(payload[1:cut], "big"), int.from_bytes(payload[cut:], "big")
