"""What a recipient address means to us: a list, one of its service addresses, or the listmaster."""

from dataclasses import dataclass
from enum import Enum

from mail.address import Address, split_extension
from mail.verp import parse_verp
from storage import lists, memberships, robots
from storage.database import Reader
from storage.tables.lists import MailingList, Robot


class Kind(Enum):
    """The part of a list that an address stands for; the value is the suffix after the list's name."""

    POST = ""
    REQUEST = "-request"
    OWNER = "-owner"
    EDITOR = "-editor"
    SUBSCRIBE = "-subscribe"
    UNSUBSCRIBE = "-unsubscribe"
    BOUNCE = "-bounce"
    LISTMASTER = "listmaster"


# Addresses that every mail domain answers (RFC 2142), all read by the listmasters here.
_ROBOT_PARTS = frozenset({"listmaster", "postmaster", "abuse", "mailer-daemon"})
_SUFFIXES = tuple(kind for kind in Kind if kind.value.startswith("-"))


@dataclass(frozen=True, slots=True)
class Destination:
    """Where mail for an address goes; `token` is what stood after the delimiter of a bounce address."""

    kind: Kind
    robot: Robot
    mlist: MailingList | None
    token: str | None = None


async def resolve(reader: Reader, address: Address) -> Destination | None:
    """The destination of an address; None when there is none here (rows 51, 89)."""
    robot = await robots.find(reader, address.domain)
    if robot is None:
        return None
    local = address.local.lower()
    if local in _ROBOT_PARTS:
        return Destination(Kind.LISTMASTER, robot, None)
    base, token = split_extension(local, "+")
    if base == "bounce" and token is not None:
        return await _by_token(reader, robot, local, token)
    for kind in _SUFFIXES:
        if token is not None and local.endswith(kind.value):
            # A list's own name may hold the delimiter.
            mlist = await lists.find(reader, local.removesuffix(kind.value), robot.domain)
            if mlist is not None:
                return Destination(kind, robot, mlist)
        if base.endswith(kind.value) and (token is None or kind is Kind.BOUNCE):
            mlist = await lists.find(reader, base.removesuffix(kind.value), robot.domain)
            if mlist is not None:
                return Destination(kind, robot, mlist, token)
    mlist = await lists.find(reader, local, robot.domain)
    return Destination(Kind.POST, robot, mlist) if mlist else None


async def _by_token(reader: Reader, robot: Robot, local: str, token: str) -> Destination | None:
    # A long list name leaves no room for itself beside the token, which names the member and so the list.
    named = parse_verp(local, reader.site.key("verp"))
    member = await memberships.by_id(reader, named[0]) if named else None
    mlist = await lists.by_id(reader, member.list_id) if member else None
    if mlist is None or mlist.robot_id != robot.id:
        return None
    return Destination(Kind.BOUNCE, robot, mlist, token)
