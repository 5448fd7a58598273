"""What a recipient address means to us: a list, one of its service addresses, or the listmaster."""

from dataclasses import dataclass
from enum import Enum

from lists.automatic_lists import begins_as_family, prospect
from lists.bounces import probes
from mail.address import Address, split_extension
from mail.verp import parse_verp
from storage import lists, memberships, robots
from storage.database import Reader
from storage.tables.lists import MailingList, Robot
from storage.tables.words import ListStatus


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
    # A list that is not there yet, which a mail of somebody entitled brings into being.
    AUTOMATIC = "automatic"


# Addresses that every mail domain answers (RFC 2142), all read by the listmasters here.
_ROBOT_PARTS = frozenset({"listmaster", "postmaster", "abuse", "mailer-daemon"})
_SUFFIXES = tuple(kind for kind in Kind if kind.value.startswith("-"))


@dataclass(frozen=True, slots=True)
class Destination:
    """Where mail for an address goes; `token` is a bounce address's whole local part.

    With Kind.AUTOMATIC, `mlist` is the list that might be made.
    """

    kind: Kind
    robot: Robot
    mlist: MailingList | None
    token: str | None = None


def addresses_of(mlist: MailingList) -> frozenset[str]:
    """The keys of the addresses under which a list can be written to: itself and its service addresses."""
    local, domain = mlist.name.lower(), mlist.domain.lower()
    return frozenset(f"{local}{kind.value}@{domain}" for kind in (Kind.POST, *_SUFFIXES))


async def is_known(reader: Reader, address: Address) -> bool:
    """Whether mail for an address is let in as far as its author; whatever begins as a family's addresses do is."""
    if await resolve(reader, address) is not None:
        return True
    return await begins_as_family_here(reader, address)


async def begins_as_family_here(reader: Reader, address: Address) -> bool:
    """Whether an address begins as those do that mail may make lists of."""
    robot = await robots.find(reader, address.domain)
    return robot is not None and await begins_as_family(reader, robot, address.local.lower())


async def resolve(reader: Reader, address: Address) -> Destination | None:
    """The destination of an address; None when there is none here (rows 51, 89)."""
    robot = await robots.find(reader, address.domain)
    if robot is None:
        return None
    local = address.local.lower()
    if local in _ROBOT_PARTS:
        return Destination(Kind.LISTMASTER, robot, None)
    named = await _by_token(reader, robot, local)
    if named is not None:
        return named
    for kind in _SUFFIXES:
        mlist = await _with_suffix(reader, robot, local, kind)
        if mlist is not None:
            return Destination(kind, robot, mlist, local if kind is Kind.BOUNCE else None)
    mlist = await _list_at(reader, local, robot)
    if mlist is not None and mlist.status is not ListStatus.FAMILY_CLOSED:
        return Destination(Kind.POST, robot, mlist)
    wanted = await prospect(reader, robot, local)
    if wanted is not None:
        return Destination(Kind.AUTOMATIC, robot, wanted)
    return Destination(Kind.POST, robot, mlist) if mlist else None


async def _list_at(reader: Reader, name: str, robot: Robot) -> MailingList | None:
    """The list of that name; one that waits for a listmaster's yes is not there yet (row 14)."""
    mlist = await lists.find(reader, name, robot.domain)
    return None if mlist is None or mlist.status is ListStatus.PENDING else mlist


async def _with_suffix(reader: Reader, robot: Robot, local: str, kind: Kind) -> MailingList | None:
    # A list's own name may hold the delimiter, and a bounce address that was tampered with still names its list.
    base = split_extension(local, "+")[0] if kind is Kind.BOUNCE and not local.endswith(kind.value) else local
    if not base.endswith(kind.value):
        return None
    return await _list_at(reader, base.removesuffix(kind.value), robot)


async def _by_token(reader: Reader, robot: Robot, local: str) -> Destination | None:
    # The token names the member and so the list, whatever became of the rest of the address on its way.
    named = parse_verp(local, reader.site.key("verp"))
    key = named[0] if named else probes.membership_of(reader, local)
    member = await memberships.by_id(reader, key) if key is not None else None
    mlist = await lists.by_id(reader, member.list_id) if member else None
    if mlist is None or mlist.robot_id != robot.id:
        return None
    return Destination(Kind.BOUNCE, robot, mlist, local)
