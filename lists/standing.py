"""Which of somebody's addresses count in one place, and how strongly: the ground of every decision about them."""

from dataclasses import replace

from identity.actor import Actor, stranger
from lists.alternates import Kind, counts, rule_for
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


def is_elevated(actor: Actor, list_id: int, now: int) -> bool:
    """Whether the actor's own session counts at this list as an owner's, as far as they are a listmaster (row 85).

    It is no office: whoever asks has to see that they still are a listmaster. Tokens and mails have no session.
    """
    session = actor.session
    if session is None or session.elevated_until is None or session.elevated_list_id != list_id:
        return False
    return now < session.elevated_until


def counting(actor: Actor, mlist: MailingList | None = None, kind: Kind = Kind.READ) -> tuple[Identity, ...]:
    """The addresses that count, each with its effective method, the presented one first (rows 121, 124).

    The list's `alt_email_policy` says which alternates count there for that kind of operation (row 106).
    """
    here = actor if mlist is None else acting_in(actor, mlist.robot_id)
    if here.sender == NOBODY or here.is_operator:
        return ()
    presented = Identity(here.sender, here.method)
    own = key_or_none(here.sender)
    others = (
        Identity(one.address, weaker(here.method, one.strength))
        for one in here.identities
        if key_or_none(one.address) != own
    )
    if mlist is None:
        return (presented, *others)
    rule = rule_for(mlist.alt_email_policy, kind)
    return (presented, *(one for one in others if counts(one.strength, rule)))


def counting_keys(actor: Actor, mlist: MailingList | None = None, kind: Kind = Kind.READ) -> list[str]:
    """The keys of the addresses that count."""
    return _keys(counting(actor, mlist, kind))


def proved_keys(actor: Actor, mlist: MailingList | None = None, kind: Kind = Kind.OWN) -> list[str]:
    """The keys of the addresses that count and whose method proves something."""
    return _keys(tuple(one for one in counting(actor, mlist, kind) if one.strength in PROVED))


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
