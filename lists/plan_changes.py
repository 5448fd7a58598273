"""From a plan and what there is to the changes between them, and from the changes to the deed."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from identity.actor import Actor
from lists.families import require_constraints_of_many
from lists.plan import Plan, PlannedList, PlannedRobot
from lists.robot_settings import ROBOT_SETTINGS, robot_defaults
from lists.robots import OperatorOnly, create_robot, find_robot
from lists.setting_scenarios import require_scenarios
from lists.settings import defaults, shown
from lists.topics import POLICY, NoParentTopic, require_known
from mail.address import Address
from storage import audit, lists, robots, roles, topics
from storage.database import Database, Reader, UnitOfWork
from storage.tables.lists import MailingList, Robot, Role
from storage.tables.words import ListStatus, RoleKind

CHUNK = 1_000
_PAUSE = 0.01
T = TypeVar("T")


@dataclass(slots=True)
class RobotChanges:
    """What has to happen in one robot; nothing for a robot that is as planned."""

    domain: str
    # The title of a robot that has to be made first.
    create_as: str | None = None
    # The new title of one that is called otherwise.
    call: str | None = None
    # Its settings that change: what they are now (None for a robot to be made), and what they will be.
    settings: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    # Topics that are made or changed: title and policy by name.
    topics: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    create: list[PlannedList] = field(default_factory=list)
    update: list[tuple[MailingList, Mapping[str, Any], ListStatus | None]] = field(default_factory=list)
    # List names; an empty one is the robot itself.
    grant: list[tuple[str, RoleKind, Address]] = field(default_factory=list)
    revoke: list[tuple[str, Role]] = field(default_factory=list)
    close: list[MailingList] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """One line for each change, for people."""
        if self.create_as is not None:
            yield f"+ robot {self.domain}"
        if self.call is not None:
            yield f"~ robot {self.domain}: title {self.call!r}"
        for name, (before, after) in self.settings.items():
            show = ROBOT_SETTINGS[name].show
            yield f"~ robot {self.domain}: {name}: {show(before)!r} -> {show(after)!r}"
        for name, (title, policy) in self.topics.items():
            yield f"~ topic {name} of {self.domain}: {title!r}{f', seen by {policy}' if policy else ''}"
        for planned in self.create:
            yield f"+ list {planned.name}@{self.domain}"
        for mlist, values, status in self.update:
            told = [
                f"{name}: {shown(name, before)!r} -> {shown(name, values[name])!r}"
                for name, before in lists.values_of(mlist).items()
                if name in values
            ]
            yield f"~ list {mlist.address}: {', '.join([*told, *(['opened'] if status else [])])}"
        for name, kind, address in self.grant:
            yield f"+ {kind.value} {address} of {name}@{self.domain}" if name else f"+ {kind.value} {address}"
        for name, role in self.revoke:
            yield f"- {role.kind.value} {role.address} of {name}@{self.domain}"
        for mlist in self.close:
            yield f"- list {mlist.address} (closed)"


@dataclass(slots=True)
class Changes:
    """What lies between a plan and what there is."""

    robots: list[RobotChanges] = field(default_factory=list)

    def lines(self) -> list[str]:
        """One line for each change; none when everything is as planned."""
        return [line for robot in self.robots for line in robot.lines()]


async def diff(reader: Reader, plan: Plan, *, prune: bool = False) -> Changes:
    """What `apply` would change. What the plan does not mention stays, unless `prune`: then lists are closed.

    A list that the plan names is opened again where it was closed. Raises BadSetting for unknown scenarios,
    BoundByFamily for what a list's family does not allow.
    """
    return Changes([await _robot(reader, planned, prune=prune) for planned in plan.robots])


async def _robot(reader: Reader, planned: PlannedRobot, *, prune: bool) -> RobotChanges:
    robot = await find_robot(reader, planned.domain)
    changes = RobotChanges(planned.domain)
    if robot is None:
        changes.create_as = planned.title or planned.domain
    elif planned.title is not None and planned.title != robot.title:
        changes.call = planned.title
    now = robot_defaults() if robot is None else robots.values_of(robot)
    changes.settings = {
        name: (now[name], value) for name, value in planned.values.items() if now[name] != value
    }
    existing = {} if robot is None else {each.name: each for each in await lists.of_robot(reader, robot.id)}
    held = await _held(reader, robot)
    for one in planned.lists:
        _compare(one, existing.get(one.name), held, changes)
    await require_constraints_of_many(reader, [(mlist, values) for mlist, values, _ in changes.update])
    if planned.listmasters is not None:
        _compare_offices(
            "", RoleKind.LISTMASTER, planned.listmasters, held.get((0, RoleKind.LISTMASTER), []), changes
        )
    await _require_scenarios(reader, robot, planned)
    changes.topics = await _topics(reader, robot, planned)
    if prune:
        named = {one.name for one in planned.lists}
        changes.close = [
            mlist
            for name, mlist in existing.items()
            if name not in named and mlist.status is not ListStatus.CLOSED
        ]
    return changes


def _compare(
    planned: PlannedList,
    mlist: MailingList | None,
    held: Mapping[tuple[int, RoleKind], list[Role]],
    changes: RobotChanges,
) -> None:
    if mlist is None:
        changes.create.append(planned)
    else:
        now = lists.values_of(mlist)
        values = {name: value for name, value in planned.values.items() if now[name] != value}
        status = ListStatus.OPEN if mlist.status is ListStatus.CLOSED else None
        if values or status:
            changes.update.append((mlist, values, status))
    for kind, wanted in planned.offices.items():
        there = [] if mlist is None else held.get((mlist.id, kind), [])
        _compare_offices(planned.name, kind, wanted, there, changes)


def _compare_offices(
    name: str, kind: RoleKind, wanted: Sequence[Address], there: list[Role], changes: RobotChanges
) -> None:
    keys = {role.address_key for role in there}
    changes.grant += [(name, kind, address) for address in wanted if address.key not in keys]
    named = {address.key for address in wanted}
    changes.revoke += [(name, role) for role in there if role.address_key not in named]


async def _held(reader: Reader, robot: Robot | None) -> dict[tuple[int, RoleKind], list[Role]]:
    found: dict[tuple[int, RoleKind], list[Role]] = {}
    if robot is not None:
        offices = [
            *await roles.of_robot(reader, robot.id),
            *await roles.of_lists_of_robot(reader, robot.id),
        ]
        for role in offices:
            found.setdefault((role.list_id or 0, role.kind), []).append(role)
    return found


async def _topics(reader: Reader, robot: Robot | None, planned: PlannedRobot) -> dict[str, tuple[str, str]]:
    """The topics that change; raises BadSetting, NoParentTopic for what names one that neither is there nor planned."""
    there = {each.name: each for each in await topics.of_robot(reader, 0 if robot is None else robot.id)}
    wanted = planned.topics or {}
    known = {*there, *wanted}
    if any("/" in name and name.rpartition("/")[0] not in known for name in wanted):
        raise NoParentTopic
    robot_id = 0 if robot is None else robot.id
    for policy in {policy for _, policy in wanted.values() if policy}:
        await require_scenarios(reader, {POLICY: policy}, robot_id=robot_id, settings=ROBOT_SETTINGS)
    for one in planned.lists:
        require_known(one.values.get("topics", "").split(), known)
    return {
        name: wanted[name]
        for name in sorted(wanted)
        if name not in there or (there[name].title, there[name].visibility) != wanted[name]
    }


async def _require_scenarios(reader: Reader, robot: Robot | None, planned: PlannedRobot) -> None:
    """Each combination of scenario names once: ten thousand lists of a kind are one question."""
    robot_id = 0 if robot is None else robot.id
    await require_scenarios(reader, planned.values, robot_id=robot_id, settings=ROBOT_SETTINGS)
    asked: set[tuple[str, Any]] = set()
    for one in planned.lists:
        new = {name: value for name, value in one.values.items() if (name, value) not in asked}
        await require_scenarios(reader, new, robot_id=robot_id)
        asked |= {*new.items()}


async def apply(db: Database, actor: Actor, changes: Changes) -> None:
    """Make the changes, for the operator, in transactions of at most 1,000 rows that let others work in between.

    Cut off half way, the rest is what the next `diff` finds. Raises OperatorOnly.
    """
    if not actor.is_operator:
        raise OperatorOnly
    for robot_changes in changes.robots:
        await _apply_robot(db, actor, robot_changes)


async def _apply_robot(db: Database, actor: Actor, changes: RobotChanges) -> None:
    async with db.write() as uow:
        robot = await find_robot(uow, changes.domain)
        if robot is None:
            robot = await create_robot(uow, actor, changes.domain, changes.create_as or "")
        if changes.call is not None:
            await robots.set_title(uow, robot.id, changes.call)
            await _record(uow, actor, robot, "robot_changed", 1)
        if changes.settings:
            wanted = {name: after for name, (_, after) in changes.settings.items()}
            robot = await robots.change(uow, robot, wanted)
            await _record(uow, actor, robot, "robot_settings_changed", len(wanted))
    if changes.topics:
        async with db.write() as uow:
            for name, (title, policy) in changes.topics.items():
                await topics.put(uow, robot.id, name, title=title, visibility=policy)
            await _record(uow, actor, robot, "topics_set", len(changes.topics))
    for created in _chunks(changes.create):
        rows = [(one.name, {**defaults(), **one.values}) for one in created]
        async with db.write() as uow:
            await create_lists(uow, actor, robot, rows)
        await asyncio.sleep(_PAUSE)
    closing = [(mlist, dict[str, Any](), ListStatus.CLOSED) for mlist in changes.close]
    for changed in _chunks([*changes.update, *closing]):
        async with db.write() as uow:
            await lists.change_many(uow, changed)
            await _record(uow, actor, robot, "lists_changed", len(changed))
        await asyncio.sleep(_PAUSE)
    await _apply_offices(db, actor, robot, changes)


async def create_lists(
    uow: UnitOfWork, actor: Actor, robot: Robot, rows: Sequence[tuple[str, Mapping[str, Any]]]
) -> None:
    """Many open lists at once, each a checked name with the stored values of all its settings; for the operator.

    Names that are taken stay as they are. Keep it to 2,000 rows a transaction. Raises OperatorOnly.
    """
    if not actor.is_operator:
        raise OperatorOnly
    await lists.add_many(uow, robot.id, rows)
    await _record(uow, actor, robot, "lists_created", len(rows))


async def _apply_offices(db: Database, actor: Actor, robot: Robot, changes: RobotChanges) -> None:
    if not changes.grant and not changes.revoke:
        return
    async with db.read() as reader:
        ids = {mlist.name: mlist.id for mlist in await lists.of_robot(reader, robot.id)}
    for _, kind, address in (grant for grant in changes.grant if not grant[0]):
        async with db.write() as uow:
            await roles.add(
                uow,
                robot_id=robot.id,
                list_id=None,
                kind=kind,
                address=str(address),
                address_key=address.key,
            )
            await _record(uow, actor, robot, "listmaster_granted", 1)
    for granted in _chunks([grant for grant in changes.grant if grant[0]]):
        async with db.write() as uow:
            rows = [(ids[name], kind, str(address), address.key) for name, kind, address in granted]
            await roles.add_many(uow, robot.id, rows)
            await _record(uow, actor, robot, "roles_granted", len(rows))
        await asyncio.sleep(_PAUSE)
    for revoked in _chunks(changes.revoke):
        async with db.write() as uow:
            await roles.remove_many(uow, [role.id for _, role in revoked])
            await _record(uow, actor, robot, "roles_revoked", len(revoked))
        await asyncio.sleep(_PAUSE)


def _chunks(rows: Sequence[T]) -> Iterator[list[T]]:
    rest = iter(rows)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk


async def _record(uow: UnitOfWork, actor: Actor, robot: Robot, event: str, count: int) -> None:
    await audit.record(
        uow,
        event,
        actor=actor.sender,
        via=actor.via,
        robot_id=robot.id,
        detail={"count": count, "by": "plan"},
    )
