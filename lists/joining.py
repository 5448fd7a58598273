"""Joining and leaving themselves: the row, its audit line, the mails that follow; nobody is asked here any more."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from identity.actor import Actor
from identity.people import clean_name
from identity.refusal import Invalid
from lists import mails
from lists.held_by_person import still_holds
from mail.address import parse_address
from scenarios.decision import Decision
from storage import audit, memberships, roles
from storage.database import UnitOfWork
from storage.tables.lists import MailingList, Membership, Robot
from storage.tables.words import Reception, RoleKind, Visibility

MOST_ATTRIBUTES = 50
LONGEST_ATTRIBUTE = 1000


class BadAttributes(Invalid):
    """At most 50 attributes of at most 1000 characters each, without control characters."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """How somebody wants to be on a list."""

    reception: Reception = Reception.MAIL
    visibility: Visibility = Visibility.NOCONCEAL
    display_name: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    # Who wants to hold it themselves, so that it follows their main address (row 131).
    person_id: int | None = None
    # No copy of what names them in To or Cc; None where their account decides (row 132).
    skips_addressed_copies: bool | None = None

    def as_payload(self) -> dict[str, Any]:
        """For a ticket or a waiting item."""
        return {
            "reception": self.reception.value,
            "visibility": self.visibility.value,
            "display_name": self.display_name,
            "attributes": dict(self.attributes),
            **({} if self.person_id is None else {"person_id": self.person_id}),
            "skips_addressed_copies": self.skips_addressed_copies,
        }


def wishes_from(payload: Mapping[str, Any]) -> Wishes:
    """Back from a ticket or a waiting item."""
    return Wishes(
        reception=Reception(payload.get("reception", Reception.MAIL.value)),
        visibility=Visibility(payload.get("visibility", Visibility.NOCONCEAL.value)),
        display_name=str(payload.get("display_name", "")),
        attributes=dict(payload.get("attributes", {})),
        person_id=payload.get("person_id"),
        skips_addressed_copies=payload.get("skips_addressed_copies"),
    )


def checked_wishes(
    reception: Reception | None,
    visibility: Visibility | None,
    display_name: str,
    attributes: Mapping[str, str] | None,
) -> Wishes:
    """Wishes as somebody typed them; raises BadAttributes, or Invalid for a name that cannot be."""
    return Wishes(
        reception=reception or Reception.MAIL,
        visibility=visibility or Visibility.NOCONCEAL,
        display_name=clean_name(display_name),
        attributes=checked_attributes(attributes or {}),
    )


def checked_attributes(attributes: Mapping[str, str]) -> dict[str, str]:
    """Answers to a list's questions, fit to be stored; raises BadAttributes."""
    if len(attributes) > MOST_ATTRIBUTES:
        raise BadAttributes(path=("attributes",))
    for text in (*attributes.keys(), *attributes.values()):
        if len(text) > LONGEST_ATTRIBUTE or not text.replace("\n", " ").isprintable():
            raise BadAttributes(path=("attributes",))
    return dict(attributes)


async def join(
    uow: UnitOfWork,
    actor: Actor,
    robot: Robot,
    mlist: MailingList,
    address: str,
    wishes: Wishes,
    decision: Decision,
    *,
    quiet: bool = False,
) -> tuple[Membership, bool]:
    """Put an address on a list, greet it unless told to be quiet, tell owners where the rule says `notify`.

    Gives the membership and whether it is new; one that exists stays as it is.
    """
    parsed = parse_address(address)
    made = await memberships.add(
        uow,
        mlist.id,
        address=str(parsed),
        address_key=parsed.key,
        display_name=wishes.display_name,
        reception=wishes.reception,
        visibility=wishes.visibility,
        attributes=wishes.attributes,
        skips_addressed_copies=wishes.skips_addressed_copies,
        person_id=await still_holds(uow, wishes.person_id, parsed.key, mlist.robot_id),
    )
    if made is None:
        existing = await memberships.find(uow, mlist.id, parsed.key)
        if existing is None:
            raise LookupError("a membership vanished within a transaction")
        return existing, False
    await _record(uow, actor, mlist, "subscribed", made.address, decision)
    if not (quiet or decision.quiet):
        await mails.welcome(uow, robot, mlist, made)
    if decision.notify:
        await tell_owners(uow, mlist, f"{made.address} has joined")
    return made, True


async def leave(
    uow: UnitOfWork,
    actor: Actor,
    mlist: MailingList,
    membership: Membership,
    decision: Decision,
    *,
    quiet: bool = False,
) -> bool:
    """Take a membership off its list; False when it was gone already."""
    gone = await memberships.remove(uow, mlist.id, membership.id)
    if gone is None:
        return False
    await _record(uow, actor, mlist, "unsubscribed", gone.address, decision)
    if not (quiet or decision.quiet):
        await mails.goodbye(uow, mlist, gone.address)
    if decision.notify:
        await tell_owners(uow, mlist, f"{gone.address} has left")
    return True


async def tell_owners(uow: UnitOfWork, mlist: MailingList, event: str) -> None:
    """Mail an event to the owners who want notices."""
    for owner in await roles.of_list(uow, mlist.id, RoleKind.PRIVILEGED_OWNER, RoleKind.OWNER):
        if owner.reception is not Reception.NOMAIL:
            await mails.owner_notice(uow, mlist, owner.address, event=event)


async def _record(
    uow: UnitOfWork, actor: Actor, mlist: MailingList, event: str, address: str, decision: Decision
) -> None:
    await audit.record(
        uow,
        event,
        actor=actor.sender,
        via=actor.via,
        robot_id=mlist.robot_id,
        list_id=mlist.id,
        person_id=None if actor.person is None else actor.person.id,
        address=address,
        detail={
            "operation": decision.operation,
            "scenario": decision.scenario,
            "line": decision.line,
            "method": decision.method,
            "element": decision.element,
        },
    )
