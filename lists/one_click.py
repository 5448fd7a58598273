"""The link by which one press takes one membership off its list, for ever and without signing in (RFC 8058)."""

import base64
import binascii
import hmac
import struct
from collections.abc import Sequence

from lists.robots import base_url
from mail.keyed_hash import keyed_hash, keyed_hashes
from storage import audit, lists, memberships
from storage.database import UnitOfWork
from storage.site import Site
from storage.tables.lists import Robot

_NUMBERS = struct.Struct(">QQ")
_MAC_BYTES = 16
_LETTERS = 43
_PURPOSE = "one-click"


def token(site: Site, list_id: int, membership_id: int) -> str:
    """The secret part of the link: both numbers and a MAC over them, 43 characters that are safe in a URL."""
    return _tokens(site, list_id, [membership_id])[0]


def url(site: Site, robot: Robot, list_id: int, membership_id: int) -> str:
    """The link itself, for List-Unsubscribe."""
    return urls(site, robot, list_id, [membership_id])[0]


def urls(site: Site, robot: Robot, list_id: int, membership_ids: Sequence[int]) -> list[str]:
    """The links of several members of one list."""
    base = f"{base_url(site, robot)}/u/"
    return [base + secret for secret in _tokens(site, list_id, membership_ids)]


def _tokens(site: Site, list_id: int, membership_ids: Sequence[int]) -> list[str]:
    pack = _NUMBERS.pack
    numbers = [pack(list_id, each) for each in membership_ids]
    macs = keyed_hashes(site.key(_PURPOSE), numbers)
    # All in one go, as they are made for every copy: with an octet more each is whole groups of four letters.
    octets = b"".join([own + mac[:_MAC_BYTES] + b"\0" for own, mac in zip(numbers, macs, strict=True)])
    letters = base64.urlsafe_b64encode(octets).decode("ascii")
    return [letters[start : start + _LETTERS] for start in range(0, len(letters), _LETTERS + 1)]


async def unsubscribe_one_click(uow: UnitOfWork, text: str) -> str | None:
    """Take exactly the token's membership off its list; the address, or None when there is nothing to do.

    A caller answers both alike: whether a token was ever good is nobody's business. No scenario is asked, since
    whoever has the link has the member's mail, and leaving must always work (requirement 7, item 9).
    """
    numbers = _read(uow.site, text)
    if numbers is None:
        return None
    list_id, membership_id = numbers
    gone = await memberships.remove(uow, list_id, membership_id)
    mlist = await lists.by_id(uow, list_id)
    if gone is None or mlist is None:
        return None
    await audit.record(
        uow,
        "unsubscribed",
        actor=gone.address,
        via="one-click",
        robot_id=mlist.robot_id,
        list_id=list_id,
        address=gone.address,
    )
    return gone.address


def named_by(site: Site, link: str) -> tuple[int, int] | None:
    """The list and membership that a link of ours names, wherever it was found; None for any other."""
    return _read(site, link.rpartition("/u/")[2].strip(" <>"))


def _read(site: Site, text: str) -> tuple[int, int] | None:
    if len(text) > 64:
        return None
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    numbers, mac = raw[: _NUMBERS.size], raw[_NUMBERS.size :]
    if len(raw) != _NUMBERS.size + _MAC_BYTES or not hmac.compare_digest(mac, _mac(site, numbers)):
        return None
    list_id, membership_id = _NUMBERS.unpack(numbers)
    return int(list_id), int(membership_id)


def _mac(site: Site, numbers: bytes) -> bytes:
    return keyed_hash(site.key(_PURPOSE), numbers)[:_MAC_BYTES]
