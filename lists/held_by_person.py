"""Memberships that a person holds and not one of their addresses: they go where the main address goes (row 131)."""

from dataclasses import replace

from identity.actor import Actor
from identity.refusal import Conflict
from identity.standing import person_of
from lists.merging import move_membership
from lists.standing import acting_in, proved_keys
from mail.address import parse_address
from storage import memberships, people
from storage.database import Reader, UnitOfWork
from storage.tables.lists import Membership
from storage.tables.people import Person
from storage.tables.words import Origin


class NoMainAddress(Conflict):
    """Your main address is not proved here; prove it, or make another one your main address first."""


class SourceHoldsIt(Conflict):
    """This subscription comes from another source, which holds it; write to the owners."""


def person_with_main(actor: Actor, robot_id: int, *path: str) -> Person:
    """The actor, whose main address is proved in this robot; raises SignInNeeded or NoMainAddress."""
    person = person_of(actor)
    if person.main_key not in proved_keys(acting_in(actor, robot_id)):
        raise NoMainAddress(path=path or None)
    return person


async def hold(uow: UnitOfWork, actor: Actor, robot_id: int, membership: Membership) -> Membership:
    """Let the actor hold a membership of one of their addresses: it is at the main one from now on.

    Where the main address is on the list already, the two become one. Raises SignInNeeded, NoMainAddress, SourceHoldsIt.
    """
    person = person_with_main(actor, robot_id, "is_held_by_person")
    if membership.origin is not Origin.SUBSCRIBED:
        raise SourceHoldsIt(path=("is_held_by_person",))
    moved: Membership | None = membership
    if membership.address_key != person.main_key:
        moved = await move_membership(uow, membership, parse_address(person.main_address))
    held = None if moved is None else await memberships.change(uow, replace(moved, person_id=person.id))
    if held is None:
        raise SourceHoldsIt(path=("is_held_by_person",))
    return held


async def still_holds(reader: Reader, person_id: int | None, key: str, robot_id: int) -> int | None:
    """The person who wished to hold a membership, if this is their main address and counts now; else None."""
    if person_id is None:
        return None
    person = await people.by_proved_address(reader, key, robot_id)
    return person_id if person is not None and (person.id, person.main_key) == (person_id, key) else None
