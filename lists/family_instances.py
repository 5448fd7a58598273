"""Making a family's lists what its data say: in steps that let others work, with every bad entry told by its line."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from identity.actor import Actor
from identity.refusal import Invalid, Refused
from identity.standing import require_fresh
from lists.csv_cells import BadRow
from lists.families import definition_of
from lists.family_changes import Difference, compare
from lists.family_definition import Rendered, complete, render
from lists.family_lists import chosen_name, instance_of, office_rows, put_members
from lists.family_rows import Entry
from lists.offices import require_listmaster
from lists.setting_scenarios import require_scenarios
from lists.settings import defaults
from storage import audit, roles
from storage import families as kept
from storage import lists as stored
from storage.database import Database, Reader, UnitOfWork
from storage.tables.families import Family
from storage.tables.lists import MailingList, Robot
from storage.tables.words import ListStatus

CHUNK = 500
# Long enough for other writers to get their turn between two steps.
_PAUSE = 0.01
MOST_PROBLEMS = 1_000
Progress = Callable[[int], None]


class NothingToMake(Invalid):
    """Not one usable entry is in the data, so nothing was changed: every list of the family would have been closed."""


class NameOfAnother(Invalid):
    """There is a list of this name that is none of this family."""


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one list: `what` is created, updated, opened or closed; `details` say how."""

    name: str
    what: str
    details: tuple[str, ...] = ()


@dataclass(slots=True)
class InstantiateReport:
    """What was done, or with `dry_run` would be; problems beyond the first thousand are only counted.

    `missing_kept` says that lists without an entry were not closed since some entry could not be told by its name.
    """

    created: int = 0
    updated: int = 0
    closed: int = 0
    unchanged: int = 0
    failed: int = 0
    lines: int = 0
    changes: list[Change] = field(default_factory=list)
    problems: list[BadRow] = field(default_factory=list)
    missing_kept: bool = False
    dry_run: bool = False

    def note(self, change: Change) -> None:
        """Count and keep a change."""
        self.changes.append(change)
        match change.what:
            case "created":
                self.created += 1
            case "closed":
                self.closed += 1
            case _:
                self.updated += 1

    def note_problem(self, line: int, code: str, message: str) -> None:
        """Count and keep a problem."""
        self.failed += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(BadRow(line, code, message))


@dataclass(frozen=True, slots=True)
class _Wanted:
    line: int
    name: str
    parameters: Mapping[str, str]
    rendered: Rendered


@dataclass(slots=True)
class _Run:
    """One instantiation: names seen so far, scenario names asked about already, and how much room is left."""

    db: Database
    actor: Actor
    robot: Robot
    family: Family
    report: InstantiateReport
    named: set[str] = field(default_factory=set)
    asked: set[tuple[str, Any]] = field(default_factory=set)
    room: int = 0


async def instantiate(
    db: Database,
    actor: Actor,
    robot: Robot,
    family: Family,
    entries: Iterable[Entry | BadRow],
    *,
    close_missing: bool = True,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> InstantiateReport:
    """Create, update and close lists so that they are what the entries say; for listmasters. Twice changes nothing.

    What owners changed and the family does not constrain stays, unless template or data changed there. Each step is a
    transaction of its own, so that what is cut off can be repeated. Lists made by mail, and lists that a listmaster or
    owner has closed, are left alone. Raises ListmastersOnly, SignInIsOld, NothingToMake.
    """
    async with db.read() as reader:
        await require_listmaster(reader, actor, robot.id)
        require_fresh(actor, reader.now)
        alive = await kept.count_alive(reader, family.id)
    report = InstantiateReport(dry_run=dry_run)
    run = _Run(db, actor, robot, family, report, room=family.most_lists - alive)
    rest = iter(entries)
    while chunk := list(islice(rest, CHUNK)):
        wanted = [*_readable(run, chunk)]
        await _step(run, wanted)
        report.lines += len(chunk)
        if progress is not None:
            progress(report.lines)
        await asyncio.sleep(_PAUSE)
    if close_missing and not run.named:
        raise NothingToMake
    if close_missing and not report.missing_kept:
        await _close_missing(run)
    return report


def _readable(run: _Run, chunk: list[Entry | BadRow]) -> Iterator[_Wanted]:
    """The good entries, each name once; whatever can be told of a bad one keeps its list from being closed."""
    for entry in chunk:
        if isinstance(entry, BadRow):
            run.report.note_problem(entry.line, entry.code, entry.message)
            run.report.missing_kept = True
            continue
        name = entry.name
        try:
            parameters = complete(definition_of(run.family), entry.parameters)
            name = chosen_name(run.family, entry.name, parameters)
            if name in run.named:
                raise Invalid(f"The list {name} is named twice.")
            rendered = render(definition_of(run.family), name, run.robot.domain, parameters)
        except Refused as refused:
            run.report.note_problem(entry.line, refused.code, refused.message)
            if name is None:
                run.report.missing_kept = True
            else:
                run.named.add(name.strip().lower())
            continue
        run.named.add(name)
        yield _Wanted(entry.line, name, parameters, rendered)


async def _step(run: _Run, wanted: list[_Wanted]) -> None:
    if run.report.dry_run:
        async with run.db.read() as reader:
            await _differences(run, reader, wanted)
        return
    async with run.db.write() as uow:
        await kept.lock(uow, run.family.id)
        before = (run.report.created, run.report.updated)
        new, changed = await _differences(run, uow, wanted)
        await _create(run, uow, new)
        await _update(run, uow, changed)
        if before != (run.report.created, run.report.updated):
            await _record(run, uow, created=len(new), updated=len(changed))


async def _differences(
    run: _Run, reader: Reader, wanted: list[_Wanted]
) -> tuple[list[_Wanted], list[tuple[_Wanted, Difference]]]:
    """What has to be made and what has to be changed; all of it is noted in the report."""
    there = await kept.lists_named(reader, run.robot.id, [each.name for each in wanted])
    own = {mlist.id: mlist for mlist in there.values() if mlist.family_id == run.family.id}
    made = await kept.instances(reader, [*own])
    held = await roles.of_lists(reader, [*own])
    new: list[_Wanted] = []
    changed: list[tuple[_Wanted, Difference]] = []
    for each in wanted:
        mlist = there.get(each.name)
        try:
            await _require_scenarios(run, reader, each)
            if mlist is None:
                _take_room(run)
                new.append(each)
                run.report.note(Change(each.name, "created"))
                continue
            if mlist.id not in own:
                raise NameOfAnother
            difference = compare(
                definition_of(run.family),
                mlist,
                made.get(mlist.id),
                held.get(mlist.id, []),
                each.parameters,
                each.rendered,
            )
            if difference.opens:
                _take_room(run)
        except Refused as refused:
            run.report.note_problem(each.line, refused.code, f"{each.name}: {refused.message}")
            continue
        if not difference.is_any:
            run.report.unchanged += 1
            continue
        if difference.is_seen:
            what = "opened" if difference.opens else "updated"
            run.report.note(Change(each.name, what, tuple(difference.lines())))
        else:
            run.report.unchanged += 1
        changed.append((each, difference))
    return new, changed


def _take_room(run: _Run) -> None:
    if run.room <= 0:
        raise Invalid(f"The family {run.family.name} has its {run.family.most_lists} lists.")
    run.room -= 1


async def _require_scenarios(run: _Run, reader: Reader, wanted: _Wanted) -> None:
    """Each scenario name once: ten thousand lists of a kind are one question."""
    new = {name: value for name, value in wanted.rendered.values.items() if (name, value) not in run.asked}
    await require_scenarios(reader, new, robot_id=run.robot.id)
    run.asked |= {*new.items()}


async def _create(run: _Run, uow: UnitOfWork, new: list[_Wanted]) -> None:
    if not new:
        return
    rows = [(each.name, {**defaults(), **each.rendered.values}) for each in new]
    await stored.add_many(uow, run.robot.id, rows, family_id=run.family.id)
    found = await kept.lists_named(uow, run.robot.id, [each.name for each in new])
    # Somebody else may have taken a name a moment ago; the next run tells of it.
    made = {name: mlist for name, mlist in found.items() if mlist.family_id == run.family.id}
    new = [each for each in new if each.name in made]
    offices = [row for each in new for row in office_rows(made[each.name].id, each.rendered)]
    await roles.add_many(uow, run.robot.id, offices)
    for each in new:
        await put_members(uow, made[each.name].id, each.rendered)
    await kept.put_instances(
        uow, [instance_of(made[each.name].id, each.parameters, each.rendered) for each in new]
    )


async def _update(run: _Run, uow: UnitOfWork, changed: list[tuple[_Wanted, Difference]]) -> None:
    if not changed:
        return
    rows = [
        (one.mlist, one.values, ListStatus.OPEN if one.opens else None)
        for _, one in changed
        if one.values or one.opens
    ]
    await stored.change_many(uow, rows)
    await roles.add_many(uow, run.robot.id, [row for _, one in changed for row in one.grant])
    await roles.remove_many(uow, [role.id for _, one in changed for role in one.revoke])
    await kept.put_instances(
        uow, [instance_of(one.mlist.id, each.parameters, each.rendered) for each, one in changed]
    )


async def _close_missing(run: _Run) -> None:
    """Close the open lists of the family that no entry names; those made by mail live by their own rule."""
    async with run.db.read() as reader:
        there = [
            mlist
            for mlist in await kept.lists_of(reader, run.family.id)
            if mlist.status is ListStatus.OPEN and mlist.name not in run.named
        ]
        made = await kept.instances(reader, [mlist.id for mlist in there])
    rest: Iterator[MailingList] = iter(
        mlist for mlist in there if mlist.id not in made or not made[mlist.id].is_automatic
    )
    while chunk := list(islice(rest, CHUNK)):
        for mlist in chunk:
            run.report.note(Change(mlist.name, "closed"))
        if run.report.dry_run:
            continue
        async with run.db.write() as uow:
            now = await stored.by_ids(uow, [mlist.id for mlist in chunk])
            open_still = [each for each in now.values() if each.status is ListStatus.OPEN]
            await stored.change_many(uow, [(each, {}, ListStatus.FAMILY_CLOSED) for each in open_still])
            await _record(run, uow, closed=len(open_still), names=[each.name for each in open_still])
        await asyncio.sleep(_PAUSE)


async def _record(run: _Run, uow: UnitOfWork, **numbers: Any) -> None:
    await audit.record(
        uow,
        "family_instantiated",
        actor=run.actor.sender,
        via=run.actor.via,
        robot_id=run.robot.id,
        detail={"family": run.family.name, **numbers},
    )
