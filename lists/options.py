"""How somebody is on a list: mode, visibility, address, pauses that end by themselves."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import orjson

from identity.actor import Actor
from identity.ledger import read_address
from identity.people import clean_name
from identity.refusal import Conflict, Invalid, Taken
from lists import offices
from lists.alternates import Kind
from lists.held_by_person import hold
from lists.joining import checked_attributes
from lists.membership import NoSuchMembership
from lists.standing import acting_in, own_keys, proved_keys
from storage import audit, lists, memberships
from storage.database import Reader, UnitOfWork
from storage.tables.lists import MailingList, Membership
from storage.tables.words import Origin, Reception, TokenScope, Visibility


class NotYourAddress(Invalid):
    """A subscription can only be moved to an address that you have proved to be yours."""


class AlreadyThere(Taken):
    """This address is subscribed to the list already."""


class IncludedStays(Conflict):
    """This subscription comes from another source and keeps its address; write to the owners."""


class BadSuspension(Invalid):
    """A pause ends after it begins."""


@dataclass(frozen=True, slots=True)
class Suspension:
    """No mail from `since` until `until` (instants); without `until`, with an open end."""

    since: int
    until: int | None = None


AS_THE_ACCOUNT: Literal["as_the_account"] = "as_the_account"
"""Nothing of its own is said for a list: what the person's account says holds."""
# A pause that is not named stays; NO_SUSPENSION ends it.
NO_SUSPENSION = Suspension(0, 0)


async def membership_for(reader: Reader, actor: Actor, membership_id: int) -> tuple[Membership, MailingList]:
    """A membership that is the actor's own or on a list of theirs; raises NoSuchMembership for any other."""
    found = await memberships.by_id(reader, membership_id)
    mlist = None if found is None else await lists.by_id(reader, found.list_id)
    if found is None or mlist is None:
        raise NoSuchMembership
    if actor.is_operator or found.address_key in own_keys(actor, mlist.robot_id):
        return found, mlist
    if await offices.is_owner(reader, actor, mlist):
        return found, mlist
    raise NoSuchMembership


async def update(
    uow: UnitOfWork,
    actor: Actor,
    membership: Membership,
    *,
    address: str | None = None,
    reception: Reception | None = None,
    visibility: Visibility | None = None,
    display_name: str | None = None,
    suspension: Suspension | None = None,
    attributes: Mapping[str, str] | None = None,
    is_moderated: bool | None = None,
    is_held_by_person: bool | None = None,
    is_preferred: bool | None = None,
    skips_addressed_copies: bool | Literal["as_the_account"] | None = None,
) -> Membership:
    """Change a membership, for its person or the list's owners; None leaves a thing as it is.

    Only its person moves it, to another address proved to be theirs; only owners set `is_moderated`, which moves
    along (row 65). `is_held_by_person` lets it follow their main address from now on, or stay where it is (row 131);
    `is_preferred` lets it be the one that gets their one copy, `skips_addressed_copies` get none of what names them in To or
    Cc, or AS_THE_ACCOUNT says (row 132). Raises NoSuchMembership, NoMainAddress, NotYourAddress, AlreadyThere, IncludedStays, OwnersOnly, BadSuspension.
    """
    current, mlist = await membership_for(uow, actor, membership.id)
    offices.require_scope(actor, TokenScope.SUBSCRIBE)
    is_own = current.address_key in proved_keys(acting_in(actor, mlist.robot_id))
    if not is_own or is_moderated is not None:
        await offices.require_owner(uow, actor, mlist)
    if not is_own and (is_held_by_person is not None or is_preferred is not None):
        raise NotYourAddress
    changed = replace(
        current,
        reception=reception or current.reception,
        visibility=visibility or current.visibility,
        display_name=current.display_name if display_name is None else clean_name(display_name),
        attributes=current.attributes
        if attributes is None
        else orjson.dumps(checked_attributes(attributes)).decode(),
        is_moderated=current.is_moderated if is_moderated is None else is_moderated,
    )
    if skips_addressed_copies is not None:
        own_word = None if skips_addressed_copies == AS_THE_ACCOUNT else skips_addressed_copies
        changed = replace(changed, skips_addressed_copies=own_word)
    if suspension is not None:
        changed = _suspended(changed, suspension)
    if address is not None:
        changed = await _moved(uow, actor, mlist, changed, address)
    if is_held_by_person is False:
        changed = replace(changed, person_id=None)
    if is_preferred is not None:
        await memberships.unprefer(uow, mlist.id, proved_keys(acting_in(actor, mlist.robot_id)))
        changed = replace(changed, is_preferred=is_preferred)
    written = await memberships.change(uow, changed)
    if written is None:
        raise NoSuchMembership
    if is_held_by_person:
        written = await hold(uow, actor, mlist.robot_id, written)
    await _record(uow, actor, mlist, current, written)
    return written


def bounds(suspension: Suspension) -> tuple[int | None, int | None]:
    """The two instants of a pause, both None for NO_SUSPENSION; raises BadSuspension."""
    if suspension == NO_SUSPENSION:
        return None, None
    if suspension.until is not None and suspension.until <= suspension.since:
        raise BadSuspension(path=("suspension", "until"))
    return suspension.since, suspension.until


def _suspended(membership: Membership, suspension: Suspension) -> Membership:
    since, until = bounds(suspension)
    return replace(membership, suspended_from=since, suspended_until=until)


async def _moved(
    reader: Reader, actor: Actor, mlist: MailingList, membership: Membership, address: str
) -> Membership:
    target = read_address(address, "email")
    if target.key == membership.address_key:
        return replace(membership, address=str(target))
    own = proved_keys(acting_in(actor, mlist.robot_id))
    # What an alternate may not do on this list, it may not move either (row 106).
    if membership.address_key not in proved_keys(actor, mlist, Kind.MEMBERSHIP) or target.key not in own:
        raise NotYourAddress(path=("email",))
    if membership.origin is not Origin.SUBSCRIBED:
        raise IncludedStays(path=("email",))
    if await memberships.find(reader, mlist.id, target.key) is not None:
        raise AlreadyThere(path=("email",))
    return replace(
        membership, address=str(target), address_key=target.key, domain=target.domain, person_id=None
    )


async def _record(
    uow: UnitOfWork, actor: Actor, mlist: MailingList, before: Membership, after: Membership
) -> None:
    watched = (
        "address",
        "reception",
        "visibility",
        "suspended_from",
        "suspended_until",
        "display_name",
        "is_moderated",
        "person_id",
        "is_preferred",
        "skips_addressed_copies",
    )
    changes = {
        name: [getattr(before, name), getattr(after, name)]
        for name in watched
        if getattr(before, name) != getattr(after, name)
    }
    await audit.record(
        uow,
        "membership_changed",
        actor=actor.sender,
        via=actor.via,
        robot_id=mlist.robot_id,
        list_id=mlist.id,
        address=after.address,
        detail=changes,
    )
