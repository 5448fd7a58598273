"""Families of lists: defined by listmasters, seen by those who have to do with them, binding whoever changes their lists."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import orjson

from identity.actor import Actor
from identity.refusal import Invalid, NotFound
from lists.authorize import authorize
from lists.family_addresses import check_address
from lists.family_definition import (
    BadFamily,
    Definition,
    allowed_values,
    document_of,
    plain_text,
    read_definition,
    recalled,
    render,
    stored,
)
from lists.offices import is_listmaster, require_listmaster
from lists.robot_settings import ROBOT_SETTINGS
from lists.setting_scenarios import require_scenarios
from lists.settings import BadSetting, parsed, shown
from lists.standing import acting_in, proved_keys
from mail.instant import DAY, parse_duration
from storage import audit
from storage import families as kept
from storage.database import Reader, UnitOfWork
from storage.tables.families import Family
from storage.tables.lists import MailingList, Robot

LONGEST_NAME = 60
DEFAULT_LIFETIME = 90 * DAY
DEFAULT_MOST = 10_000
MOST_LISTS = 1_000_000
# The operations that a family may name a scenario of its own for.
OPERATIONS = ("create_list", "automatic_list_creation", "family_signoff")
_KEYS = frozenset(
    {
        "name", "description", "parameters", "template", "constraints", "address", "by_mail", "idle_lifetime",
        "most_lists", "owners_list", *OPERATIONS,
    }
)  # fmt: skip


class NoSuchFamily(NotFound):
    """There is no such family, or it is not for your eyes."""


class BoundByFamily(BadSetting):
    """The family of this list does not allow this value."""


class TooManyLists(Invalid):
    """This family has as many lists as it may have."""


async def define(uow: UnitOfWork, actor: Actor, robot: Robot, text: str) -> Family:
    """Write a family from its definition, over the one of that name; for listmasters.

    Lists that exist stay as they are until the family is instantiated again; what its constraints say binds at once.
    Raises ListmastersOnly, TokenTooNarrow, BadFamily, BadSetting.
    """
    await require_listmaster(uow, actor, robot.id)
    document = document_of(text)
    unknown = sorted({*document} - _KEYS)
    if unknown:
        raise BadFamily(f"A family has {', '.join(sorted(_KEYS))}; not {unknown[0]!r}.")
    definition = read_definition(document)
    wanted = _family(robot, document, definition)
    await _require_scenarios(uow, robot, wanted, definition)
    known = await kept.find(uow, robot.id, wanted.name)
    family = await kept.put(uow, known, wanted)
    await _record(uow, actor, family, "family_changed" if known else "family_defined", {})
    return family


async def every(reader: Reader, actor: Actor, robot: Robot) -> list[Family]:
    """The families of a robot that the actor may see, by name."""
    return [each for each in await kept.of_robot(reader, robot.id) if await may_see(reader, actor, each)]


async def named(reader: Reader, robot: Robot, name: str) -> Family:
    """The family of that name in a robot, whoever asks; raises NoSuchFamily."""
    found = await kept.find(reader, robot.id, name.strip().lower())
    if found is None:
        raise NoSuchFamily
    return found


async def seen(reader: Reader, actor: Actor, family_id: int) -> Family:
    """A family of the actor's own robot that they may see; raises NoSuchFamily, in the same words for a hidden one."""
    found = await kept.by_id(reader, family_id)
    if found is None or found.robot_id != actor.robot.id or not await may_see(reader, actor, found):
        raise NoSuchFamily
    return found


async def may_see(reader: Reader, actor: Actor, family: Family) -> bool:
    """Whether the actor runs the domain, may make such lists, or is on one of them or in office there."""
    if await is_listmaster(reader, actor, family.robot_id):
        return True
    keys = proved_keys(acting_in(actor, family.robot_id))
    if keys and await kept.takes_part(reader, family.id, keys):
        return True
    if actor.robot.id != family.robot_id:
        return False
    asker = asking(actor, family)
    decision = await authorize(reader, asker, "create_list", family=family, record=False)
    return decision.action in ("do_it", "listmaster")


def asking(actor: Actor, family: Family) -> Actor:
    """The actor in a robot that names the family's own scenarios, where it has any."""
    own = {name: getattr(family, name) for name in OPERATIONS if getattr(family, name)}
    return replace(actor, robot=replace(actor.robot, **own)) if own else actor


def definition_of(family: Family) -> Definition:
    """What the family is made of."""
    return recalled(family.definition)


async def require_room(reader: Reader, family: Family, *, more: int = 1) -> None:
    """Raises TooManyLists where the family may not have so many more lists."""
    if await kept.count_alive(reader, family.id) + more > family.most_lists:
        raise TooManyLists(f"The family {family.name} has its {family.most_lists} lists.")


async def require_constraints(reader: Reader, mlist: MailingList, values: Mapping[str, Any]) -> None:
    """Raises BoundByFamily for stored values that the list's family does not allow, whoever sets them."""
    if mlist.family_id is not None and values:
        await require_constraints_of_many(reader, [(mlist, values)])


async def require_constraints_of_many(
    reader: Reader, changes: Iterable[tuple[MailingList, Mapping[str, Any]]]
) -> None:
    """As `require_constraints`, for many lists in two statements."""
    bound = [(mlist, mlist.family_id, values) for mlist, values in changes if mlist.family_id is not None]
    if not bound:
        return
    families = await kept.by_ids(reader, sorted({family_id for _, family_id, _ in bound}))
    made = await kept.instances(reader, [mlist.id for mlist, _, _ in bound])
    for mlist, family_id, values in bound:
        family, instance = families[family_id], made.get(mlist.id)
        parameters = {} if instance is None else orjson.loads(instance.parameters)
        _require_allowed(family, mlist, values, parameters)


async def constrained_operation(reader: Reader, mlist: MailingList, operations: Iterable[str]) -> str | None:
    """The family whose constraints name the scenario of one of these operations on the list; None where none does."""
    family = None if mlist.family_id is None else await kept.by_id(reader, mlist.family_id)
    if family is None or not {*operations} & {*definition_of(family).constraints}:
        return None
    return family.name


def _require_allowed(
    family: Family, mlist: MailingList, values: Mapping[str, Any], parameters: Mapping[str, str]
) -> None:
    definition = definition_of(family)
    if not {*values} & {*definition.constraints}:
        return
    allowed = allowed_values(definition, mlist.name, mlist.domain, parameters)
    for name, value in values.items():
        if name in allowed and value not in allowed[name]:
            said = " or ".join(repr(shown(name, each)) for each in allowed[name])
            raise BoundByFamily(
                f"The family {family.name} holds the setting {name} of its lists at {said}.", path=(name,)
            )


def _family(robot: Robot, document: Mapping[str, Any], definition: Definition) -> Family:
    name = _line(document, "name").lower()
    if not name or len(name) > LONGEST_NAME or not name.replace("-", "").replace("_", "").isalnum():
        raise BadFamily(f"A family's name has 1 to {LONGEST_NAME} letters, digits, dashes and underscores.")
    address = _line(document, "address").lower()
    prefix = check_address(definition, address) if address else ""
    by_mail = document.get("by_mail", bool(address))
    if not isinstance(by_mail, bool) or (by_mail and not address):
        raise BadFamily("by_mail is true or false, and needs an address.")
    return Family(
        id=0,
        robot_id=robot.id,
        name=name,
        description=_line(document, "description"),
        definition=stored(definition),
        address=address,
        prefix=prefix if by_mail else "",
        idle_lifetime=_lifetime(document.get("idle_lifetime")),
        most_lists=_most(document.get("most_lists", DEFAULT_MOST)),
        create_list=_policy(document, "create_list"),
        automatic_list_creation=_policy(document, "automatic_list_creation"),
        family_signoff=_policy(document, "family_signoff"),
        owners_list=_line(document, "owners_list").lower(),
        created_at=0,
        updated_at=0,
    )


def _line(document: Mapping[str, Any], key: str) -> str:
    text = " ".join(plain_text(document.get(key)).split())
    if len(text) > 500 or not text.isprintable():
        raise BadFamily(f"{key} is one line of at most 500 characters.")
    return text


def _policy(document: Mapping[str, Any], operation: str) -> str:
    return (
        str(parsed(ROBOT_SETTINGS, operation, plain_text(document[operation])))
        if document.get(operation)
        else ""
    )


def _lifetime(given: object) -> int:
    if given is None:
        return DEFAULT_LIFETIME
    try:
        lifetime = parse_duration(plain_text(given))
    except ValueError as problem:
        raise BadFamily(f"idle_lifetime: {problem}") from problem
    if lifetime <= 0:
        raise BadFamily("idle_lifetime is longer than nothing, such as P90D.")
    return lifetime


def _most(given: object) -> int:
    if not isinstance(given, int) or isinstance(given, bool) or not 0 < given <= MOST_LISTS:
        raise BadFamily(f"most_lists is a number from 1 to {MOST_LISTS}.")
    return given


async def _require_scenarios(reader: Reader, robot: Robot, family: Family, definition: Definition) -> None:
    """Raises BadSetting for a scenario that nobody has written; names with parameters are asked when lists are made."""
    own = {name: getattr(family, name) for name in OPERATIONS if getattr(family, name)}
    await require_scenarios(reader, own, robot_id=robot.id, settings=ROBOT_SETTINGS)
    plain = Definition(
        (), {name: text for name, text in definition.settings.items() if "{" not in text}, {}, {}
    )
    await require_scenarios(reader, render(plain, "", "", {}).values, robot_id=robot.id)


async def _record(uow: UnitOfWork, actor: Actor, family: Family, event: str, detail: dict[str, Any]) -> None:
    await audit.record(
        uow,
        event,
        actor=actor.sender,
        via=actor.via,
        robot_id=family.robot_id,
        detail={"family": family.name, **detail},
    )
