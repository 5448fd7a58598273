"""Which of somebody's addresses count in one place, and how strongly: the ground of every decision about them."""

from dataclasses import replace

from identity.actor import Actor, stranger
from mail.address import address_key
from mail.errors import BadAddress
from scenarios.request import NOBODY, Identity, weaker
from storage.tables.lists import MailingList

# An office or a change of one's own settings is never exercised on the word of a plain From field.
PROVED = ("md5", "smime")


def acting_in(actor: Actor, robot_id: int) -> Actor:
    """The actor as they stand in a robot: whoever signed in elsewhere is a stranger here (rows 38, 89)."""
    if actor.robot.id == robot_id or actor.is_operator:
        return actor
    return replace(
        stranger(actor.robot, via=actor.via, remote_address=actor.remote_address), scopes=actor.scopes
    )


def counting(actor: Actor, mlist: MailingList | None = None) -> tuple[Identity, ...]:
    """The addresses that count, each with its effective method, the presented one first (rows 121, 124).

    On a list with `strict_main_address` only the address that the request came under counts (row 126).
    """
    here = actor if mlist is None else acting_in(actor, mlist.robot_id)
    if here.sender == NOBODY or here.is_operator:
        return ()
    presented = Identity(here.sender, here.method)
    if mlist is not None and mlist.strict_main_address:
        return (presented,)
    own = key_or_none(here.sender)
    others = (one for one in here.identities if key_or_none(one.address) != own)
    return (presented, *(Identity(one.address, weaker(here.method, one.strength)) for one in others))


def counting_keys(actor: Actor, mlist: MailingList | None = None) -> list[str]:
    """The keys of the addresses that count."""
    return _keys(counting(actor, mlist))


def proved_keys(actor: Actor, mlist: MailingList | None = None) -> list[str]:
    """The keys of the addresses that count and whose method proves something."""
    return _keys(tuple(one for one in counting(actor, mlist) if one.strength in PROVED))


def own_keys(actor: Actor, robot_id: int) -> list[str]:
    """The keys of all addresses that are the actor's in a robot, whatever the list's strictness."""
    here = acting_in(actor, robot_id)
    return _keys(counting(here))


def key_or_none(address: str) -> str | None:
    """The key of an address; None for what is no address, such as `nobody`."""
    try:
        return address_key(address)
    except BadAddress:
        return None


def _keys(identities: tuple[Identity, ...]) -> list[str]:
    keys = (key_or_none(one.address) for one in identities)
    return list(dict.fromkeys(key for key in keys if key is not None))
