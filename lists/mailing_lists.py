"""Mailing lists themselves: made, found by those who may see them, changed, shut and opened again."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from identity.actor import Actor
from identity.ledger import read_address
from identity.refusal import Conflict, Forbidden, Invalid, NotFound, Taken
from identity.standing import require_fresh
from lists import mails, offices, topics
from lists.authorize import authorize, authorize_many, require
from lists.families import require_constraints
from lists.robots import robot_of
from lists.setting_scenarios import require_scenarios
from lists.settings import defaults, parse_settings
from lists.standing import acting_in
from lists.waiting import hold
from mail.address import Address
from scenarios.request import NOBODY
from storage import audit, roles
from storage import lists as stored
from storage.database import Reader, UnitOfWork
from storage.tables.lists import MailingList, Robot
from storage.tables.words import ListStatus, ModerationKind, RoleKind, TokenScope

RESERVED_SUFFIXES = ("-request", "-owner", "-editor", "-subscribe", "-unsubscribe", "-bounce")
_NAME = re.compile(r"[a-z0-9][a-z0-9._+-]{0,49}")


class NoSuchList(NotFound):
    """There is no such list, or it is not for your eyes."""


class BadListName(Invalid):
    """A list's name has at most 50 of a-z, 0-9, dot, dash, plus and underscore, and begins with a letter or digit."""


class ReservedListName(Invalid):
    """A list's name may not end in -request, -owner, -editor, -subscribe, -unsubscribe or -bounce."""


class ListNameTaken(Taken):
    """There is a list of this name in this domain already."""


class ChangedMeanwhile(Conflict):
    """Somebody changed this list since you read it; look again, then change it."""


class FoundersOnly(Forbidden):
    """Only a privileged owner or a listmaster may do this."""


def checked_name(name: str) -> str:
    """A list's name in lower case; raises BadListName or ReservedListName."""
    lower = name.strip().lower()
    if not _NAME.fullmatch(lower) or ".." in lower or lower.endswith("."):
        raise BadListName(path=("name",))
    if lower.endswith(RESERVED_SUFFIXES):
        raise ReservedListName(path=("name",))
    return lower


async def create_list(
    uow: UnitOfWork,
    actor: Actor,
    robot: Robot,
    name: str,
    subject: str,
    settings: Mapping[str, object] | None = None,
    owners: Iterable[str] = (),
) -> MailingList:
    """Make a list, or with the scenario's answer `listmaster` a pending one that waits for a listmaster.

    `settings` are texts by setting name; `owners` become privileged owners, the actor where none is named.
    Raises Rejected, BadListName, ReservedListName, ListNameTaken, BadSetting.
    """
    here = acting_in(actor, robot.id)
    if here.robot.id != robot.id:
        # Whoever is signed in elsewhere is a stranger here, and asks as one.
        here = replace(here, robot=robot)
    decision = await require(uow, here, "create_list")
    lower = checked_name(name)
    founders = [read_address(each, "owners") for each in owners]
    if not founders and here.sender != NOBODY and not here.is_operator:
        founders = [read_address(here.sender)]
    values = {**defaults(), **parse_settings({**(settings or {}), "subject": subject})}
    await require_scenarios(uow, values, robot_id=robot.id)
    if values["topics"]:
        values = await topics.settled(uow, here, robot, values)
    if await stored.find(uow, lower, robot.domain) is not None:
        raise ListNameTaken(path=("name",))
    status = ListStatus.OPEN if decision.action == "do_it" else ListStatus.PENDING
    list_id = await stored.add(uow, robot.id, lower, status, values)
    await _name_founders(uow, robot.id, list_id, founders)
    mlist = await _reread(uow, list_id)
    await _record(uow, actor, mlist, "list_created", {"status": status.value})
    if status is ListStatus.PENDING:
        await hold(uow, robot, mlist, ModerationKind.LIST_CREATION, author=here.sender, subject=mlist.subject)
    elif decision.notify:
        for role in await roles.of_robot(uow, robot.id):
            await mails.list_made(uow, robot, mlist, role.address, here.sender)
    return mlist


async def find_list(reader: Reader, address: str) -> MailingList | None:
    """The list with this posting address, visible or not; None for anything else."""
    name, _, domain = address.strip().lower().rpartition("@")
    return await stored.find(reader, name, domain)


async def visible_list(reader: Reader, actor: Actor, address: str) -> MailingList:
    """The list with this address; raises NoSuchList, in the same words, for an absent and for a hidden one."""
    return await seen(reader, actor, await find_list(reader, address))


async def visible_by_id(reader: Reader, actor: Actor, list_id: int) -> MailingList:
    """The list with this id, as `visible_list`."""
    return await seen(reader, actor, await stored.by_id(reader, list_id))


async def seen(reader: Reader, actor: Actor, mlist: MailingList | None) -> MailingList:
    """The list, when the actor may see it: by its scenario, or by office where it is not open."""
    if mlist is None:
        raise NoSuchList
    if (await authorize(reader, actor, "visibility", mlist=mlist)).action == "do_it":
        return mlist
    if mlist.status is not ListStatus.OPEN and await offices.is_owner(reader, actor, mlist):
        return mlist
    raise NoSuchList


async def visible_among(reader: Reader, actor: Actor, mlists: Iterable[MailingList]) -> list[MailingList]:
    """Those of some lists that the actor may see, in their order, in a handful of statements."""
    wanted = [*mlists]
    decisions = await authorize_many(reader, actor, "visibility", wanted)
    return [mlist for mlist in wanted if decisions[mlist.id].action == "do_it"]


async def update_settings(
    uow: UnitOfWork,
    actor: Actor,
    mlist: MailingList,
    changes: Mapping[str, object],
    if_unmodified_since: int | None = None,
) -> MailingList:
    """Change settings given as texts by name; for owners. What is left out stays.

    `if_unmodified_since` is the instant of the reading that the changes rest on. Raises OwnersOnly, BadSetting,
    BoundByFamily, ChangedMeanwhile.
    """
    await offices.require_owner(uow, actor, mlist)
    values = parse_settings(changes)
    await require_scenarios(uow, values, robot_id=mlist.robot_id, list_id=mlist.id)
    await require_constraints(uow, mlist, values)
    current = await _reread(uow, mlist.id)
    values = await topics.settled(uow, actor, await robot_of(uow, actor, mlist), values, current)
    if not await stored.change(uow, current, values, unmodified_since=if_unmodified_since):
        raise ChangedMeanwhile
    before = stored.values_of(current)
    detail = {name: [before[name], value] for name, value in values.items() if before[name] != value}
    await _record(uow, actor, mlist, "settings_changed", detail)
    return await _reread(uow, mlist.id)


async def close_list(uow: UnitOfWork, actor: Actor, mlist: MailingList) -> MailingList:
    """Shut a list; its people and archive stay. For privileged owners and listmasters. Raises FoundersOnly, SignInIsOld."""
    await _require_founder(uow, actor, mlist, RoleKind.PRIVILEGED_OWNER, RoleKind.LISTMASTER)
    return await _set_status(uow, actor, mlist, ListStatus.CLOSED, "list_closed")


async def open_list(uow: UnitOfWork, actor: Actor, mlist: MailingList) -> MailingList:
    """Open a closed or pending list; for listmasters. Raises FoundersOnly."""
    await _require_founder(uow, actor, mlist, RoleKind.LISTMASTER)
    return await _set_status(uow, actor, mlist, ListStatus.OPEN, "list_opened")


async def _require_founder(reader: Reader, actor: Actor, mlist: MailingList, *kinds: RoleKind) -> None:
    offices.require_scope(actor, TokenScope.OWN)
    if not actor.is_operator and not (await offices.standing_at(reader, actor, mlist)).held & {*kinds}:
        raise FoundersOnly
    require_fresh(actor, reader.now)


async def _set_status(
    uow: UnitOfWork, actor: Actor, mlist: MailingList, status: ListStatus, event: str
) -> MailingList:
    current = await _reread(uow, mlist.id)
    if current.status is not status:
        await stored.change(uow, current, {}, status=status)
        await _record(uow, actor, mlist, event, {})
    return await _reread(uow, mlist.id)


async def _name_founders(uow: UnitOfWork, robot_id: int, list_id: int, founders: list[Address]) -> None:
    rows = [(list_id, RoleKind.PRIVILEGED_OWNER, str(each), each.key) for each in founders]
    await roles.add_many(uow, robot_id, rows)


async def _reread(reader: Reader, list_id: int) -> MailingList:
    mlist = await stored.by_id(reader, list_id)
    if mlist is None:
        raise NoSuchList
    return mlist


async def _record(
    uow: UnitOfWork, actor: Actor, mlist: MailingList, event: str, detail: dict[str, Any]
) -> None:
    await audit.record(
        uow,
        event,
        actor=actor.sender,
        via=actor.via,
        robot_id=mlist.robot_id,
        list_id=mlist.id,
        detail=detail,
    )
