"""One list of a family: made of its parameters, with the people whom the template names."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from identity.actor import Actor
from identity.refusal import SignInNeeded
from lists import families
from lists.authorize import require
from lists.families import asking, definition_of, require_room
from lists.family_addresses import name_for
from lists.family_definition import MEMBERS, BadParameters, Rendered, complete, render
from lists.mailing_lists import ListNameTaken, checked_name
from lists.offices import OFFICES
from lists.setting_scenarios import require_scenarios
from lists.settings import defaults
from lists.waiting import hold
from mail.address import address_key, parse_address
from scenarios.request import NOBODY
from storage import audit, memberships, roles
from storage import families as kept
from storage import lists as stored
from storage.database import UnitOfWork
from storage.tables.families import Family, FamilyInstance
from storage.tables.lists import MailingList, Robot
from storage.tables.words import ListStatus, ModerationKind, RoleKind


async def request_list(
    uow: UnitOfWork, actor: Actor, family_id: int, name: str | None, parameters: Mapping[str, str]
) -> MailingList:
    """Make a list of a family as its rules let the actor; with the answer `listmaster` one that waits for a listmaster.

    The actor becomes a privileged owner beside those whom the template names. Without a `name`, the family's address
    gives it. Raises SignInNeeded, NoSuchFamily, Rejected, BadParameters, NotAllowedHere, ListNameTaken, TooManyLists.
    """
    if actor.sender == NOBODY:
        raise SignInNeeded
    family = await families.seen(uow, actor, family_id)
    robot = actor.robot
    decision = await require(uow, asking(actor, family), "create_list", family=family)
    given = complete(definition_of(family), parameters)
    status = ListStatus.OPEN if decision.action == "do_it" else ListStatus.PENDING
    founder = () if actor.is_operator else (actor.sender,)
    mlist = await make_list(
        uow, actor, robot, family, chosen_name(family, name, given), given, status=status, founders=founder
    )
    if status is ListStatus.PENDING:
        details = [f"Family: {family.name}", *(f"{key}: {value}" for key, value in given.items())]
        await hold(
            uow,
            robot,
            mlist,
            ModerationKind.LIST_CREATION,
            author=actor.sender,
            subject=mlist.subject,
            details=details,
        )
    return mlist


def chosen_name(family: Family, name: str | None, parameters: Mapping[str, str]) -> str:
    """The name of the list with complete parameters: as the address says, or the one that is given."""
    if not family.address:
        if not name:
            raise BadParameters("A list of this family needs a name.", path=("name",))
        return checked_name(name)
    found = checked_name(name_for(family.address, parameters))
    if name and name.strip().lower() != found:
        raise BadParameters(f"With these parameters the list is called {found}.", path=("name",))
    return found


async def make_list(
    uow: UnitOfWork,
    actor: Actor,
    robot: Robot,
    family: Family,
    name: str,
    parameters: Mapping[str, str],
    *,
    status: ListStatus = ListStatus.OPEN,
    founders: Iterable[str] = (),
    is_automatic: bool = False,
) -> MailingList:
    """Make the list with this checked name and complete parameters; nobody is asked here any more.

    `founders` become privileged owners too. Of several at once, one makes it. Raises ListNameTaken, TooManyLists, BadSetting.
    """
    await kept.lock(uow, family.id)
    if await stored.find(uow, name, robot.domain) is not None:
        raise ListNameTaken(path=("name",))
    await require_room(uow, family)
    rendered = render(definition_of(family), name, robot.domain, parameters)
    await require_scenarios(uow, rendered.values, robot_id=robot.id)
    values = {**defaults(), **rendered.values}
    list_id = await stored.add(uow, robot.id, name, status, values, family_id=family.id)
    offices = office_rows(list_id, rendered)
    offices += [
        (list_id, RoleKind.PRIVILEGED_OWNER, each, address_key(each))
        for each in founders
        if (RoleKind.PRIVILEGED_OWNER, address_key(each)) not in {(kind, key) for _, kind, _, key in offices}
    ]
    await roles.add_many(uow, robot.id, offices)
    await put_members(uow, list_id, rendered)
    await kept.put_instances(uow, [instance_of(list_id, parameters, rendered, is_automatic=is_automatic)])
    detail = {"family": family.name, "parameters": dict(parameters), "status": status.value}
    await audit.record(
        uow,
        "list_created",
        actor=actor.sender,
        via=actor.via,
        robot_id=robot.id,
        list_id=list_id,
        detail=detail,
    )
    made = await stored.by_id(uow, list_id)
    if made is None:
        raise LookupError("a list vanished within a transaction")
    return made


def office_rows(list_id: int, rendered: Rendered) -> list[tuple[int, RoleKind, str, str]]:
    """The offices of a list, each address once."""
    found = {
        (kind, address_key(each)): (list_id, kind, each, address_key(each))
        for word, kind in OFFICES.items()
        for each in rendered.people.get(word, ())
    }
    return [*found.values()]


async def put_members(uow: UnitOfWork, list_id: int, rendered: Rendered) -> None:
    """Subscribe those whom the template names to a new list, without a greeting."""
    found = {parse_address(each).key: each for each in rendered.people.get(MEMBERS, ())}
    if found:
        await memberships.add_many(
            uow, list_id, [memberships.row(address=each, address_key=key) for key, each in found.items()]
        )


def instance_of(
    list_id: int, parameters: Mapping[str, str], rendered: Rendered, *, is_automatic: bool = False
) -> FamilyInstance:
    """What a list was made with, to be kept."""
    return FamilyInstance(list_id, _json(dict(parameters)), written_of(rendered), is_automatic)


def written_of(rendered: Rendered) -> str:
    """What the family writes to a list, as it is kept."""
    people = {word: [*addresses] for word, addresses in rendered.people.items() if word != MEMBERS}
    return _json({"settings": dict(rendered.values), "people": people})


def _json(value: dict[str, Any]) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
