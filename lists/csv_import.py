"""Putting a file of members on a list: in steps that let others work, with every bad line told by its number."""

import asyncio
from collections.abc import AsyncIterable, Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import BinaryIO

from identity.actor import Actor
from identity.refusal import Refused
from lists import mails, policies, reasons
from lists.authorize import authorize, require
from lists.csv_cells import BadRow
from lists.csv_rows import Row, decoded, rows_of
from lists.membership import ListNotOpen
from lists.robots import robot_of
from scenarios.decision import Decision
from storage import audit, memberships
from storage.database import Database, Reader, UnitOfWork
from storage.tables.lists import MailingList
from storage.tables.words import ListStatus

CHUNK = 1_000
LONGEST_FILE = 64 * 1024 * 1024
# Long enough for other writers to get their turn between two chunks.
_PAUSE = 0.01
# A file of another kind has a problem in every line; this many say so.
MOST_PROBLEMS = 1_000
# What a text has to say for its answer to depend on who is added: the address itself, or a filter that is handed it.
_ABOUT_EACH = ("[email", "search")


class FileTooLarge(Refused):
    """A members file has at most 64 MB; split it."""

    code = "TOO_LARGE"


class AddNeedsConfirmation(Refused):
    """This list wants each new member to confirm, so files cannot be imported; invite the people instead."""

    code = "CHALLENGE_REQUIRED"


@dataclass(slots=True)
class ImportReport:
    """What an import did, or with `dry_run` would do; problems beyond the first thousand are only counted."""

    added: int = 0
    already: int = 0
    lines: int = 0
    failed: int = 0
    problems: list[BadRow] = field(default_factory=list)
    dry_run: bool = False


_Allowed = tuple[Row, Decision]
Source = AsyncIterable[bytes] | BinaryIO
Progress = Callable[[int], None]


async def import_members(
    db: Database,
    actor: Actor,
    mlist: MailingList,
    source: Source,
    *,
    quiet: bool = False,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> ImportReport:
    """Add everybody in a members file (row 100), as the scenario `add` lets the actor, who asks it by way of an import.

    It is asked once; where its text looks at who is added, for each line, and a line that it refuses is a problem.
    Each step of at most 1,000 lines is a transaction of its own with its audit row, so an import that is cut off can
    simply be repeated: whoever is on the list stays as they are. New members are greeted unless `quiet`. `progress`
    hears the number of lines done. Raises Rejected, ListNotOpen, BadHeader, FileTooLarge, AddNeedsConfirmation.
    """
    if mlist.status is not ListStatus.OPEN:
        raise ListNotOpen
    asker = replace(actor, via="import")
    async with db.read() as reader:
        general = None if await _is_about_each(reader, asker, mlist) else await _general(reader, asker, mlist)
    rows = rows_of(decoded(await _whole(source)))
    report = ImportReport(dry_run=dry_run)
    seen: set[str] = set()
    while chunk := list(islice(rows, CHUNK)):
        wanted = [*_fresh(chunk, seen, report)]
        if dry_run:
            async with db.read() as reader:
                await _look(
                    reader, mlist, await _allowed(reader, asker, mlist, wanted, general, report), report
                )
        else:
            async with db.write() as uow:
                allowed = await _allowed(uow, asker, mlist, wanted, general, report)
                await _store(uow, actor, mlist, allowed, report, quiet=quiet)
        report.lines += len(chunk)
        if progress is not None:
            progress(report.lines)
        await asyncio.sleep(_PAUSE)
    if not dry_run:
        async with db.write() as uow:
            await _record(uow, actor, mlist, "members_imported", general, _summary(report))
    return report


async def _is_about_each(reader: Reader, asker: Actor, mlist: MailingList) -> bool:
    """Whether the scenario's answer may differ from one line to the next."""
    if asker.is_operator:
        return False
    policy = await policies.policy_for(reader, "add", await robot_of(reader, asker, mlist), mlist)
    return any(policy.mentions(word) for word in _ABOUT_EACH)


async def _general(reader: Reader, asker: Actor, mlist: MailingList) -> Decision:
    """The answer that holds for every line; raises Rejected, AddNeedsConfirmation."""
    decision = await require(reader, asker, "add", mlist=mlist)
    if decision.action != "do_it":
        raise AddNeedsConfirmation
    return decision


async def _allowed(
    reader: Reader,
    asker: Actor,
    mlist: MailingList,
    rows: list[Row],
    general: Decision | None,
    report: ImportReport,
) -> list[_Allowed]:
    """The rows that the scenario lets in, each asked where there is no general answer."""
    if general is not None:
        return [(row, general) for row in rows]
    found: list[_Allowed] = []
    for row in rows:
        decision = await authorize(
            reader, asker, "add", mlist=mlist, email=str(row.address), record=not report.dry_run
        )
        if decision.action == "do_it":
            found.append((row, decision))
        elif decision.action == "reject":
            _note(report, BadRow(row.line, "FORBIDDEN", reasons.sentence(decision)))
        else:
            _note(report, BadRow(row.line, AddNeedsConfirmation.code, AddNeedsConfirmation().message))
    return found


def _note(report: ImportReport, problem: BadRow) -> None:
    report.failed += 1
    if len(report.problems) < MOST_PROBLEMS:
        report.problems.append(problem)


async def _whole(source: Source) -> bytes:
    pieces: list[bytes] = []
    size = 0
    async for piece in _pieces(source):
        size += len(piece)
        if size > LONGEST_FILE:
            raise FileTooLarge
        pieces.append(piece)
    return b"".join(pieces)


async def _pieces(source: Source) -> AsyncIterable[bytes]:
    if isinstance(source, AsyncIterable):
        async for piece in source:
            yield piece
        return
    while piece := await asyncio.to_thread(source.read, 1 << 20):
        yield piece


def _fresh(chunk: list[Row | BadRow], seen: set[str], report: ImportReport) -> Iterator[Row]:
    """The good rows whose address stands in the file for the first time."""
    for row in chunk:
        if isinstance(row, BadRow):
            _note(report, row)
        elif row.address.key in seen:
            report.already += 1
        else:
            seen.add(row.address.key)
            yield row


async def _look(reader: Reader, mlist: MailingList, rows: list[_Allowed], report: ImportReport) -> None:
    there = await memberships.keys_on_list(reader, mlist.id, [row.address.key for row, _ in rows])
    report.already += len(there)
    report.added += len(rows) - len(there)


async def _store(
    uow: UnitOfWork,
    actor: Actor,
    mlist: MailingList,
    rows: list[_Allowed],
    report: ImportReport,
    *,
    quiet: bool,
) -> None:
    there = {*await memberships.keys_on_list(uow, mlist.id, [row.address.key for row, _ in rows])}
    new = [(row, decision) for row, decision in rows if row.address.key not in there]
    report.already += len(there)
    if not new:
        return
    await memberships.add_many(
        uow,
        mlist.id,
        [
            memberships.row(
                address=str(row.address),
                address_key=row.address.key,
                display_name=row.wishes.display_name,
                reception=row.wishes.reception,
                visibility=row.wishes.visibility,
                attributes=row.wishes.attributes,
                skips_addressed_copies=row.wishes.skips_addressed_copies,
            )
            for row, _ in new
        ],
    )
    report.added += len(new)
    greeted = [] if quiet else [row.address.key for row, decision in new if not decision.quiet]
    if greeted:
        await mails.welcome_many(uow, mlist, await memberships.ids_on_list(uow, mlist.id, greeted))
    (first, decision), (last, _) = new[0], new[-1]
    lines = {"first_line": first.line, "last_line": last.line, "added": len(new)}
    await _record(uow, actor, mlist, "members_added", decision, lines)


def _summary(report: ImportReport) -> dict[str, int]:
    return {
        "lines": report.lines,
        "added": report.added,
        "already": report.already,
        "failed": report.failed,
    }


async def _record(
    uow: UnitOfWork,
    actor: Actor,
    mlist: MailingList,
    event: str,
    decision: Decision | None,
    numbers: dict[str, int],
) -> None:
    """Which rule let them in, or that nobody asked one because the operator is obeyed."""
    said = (
        {"scenario": mlist.add, "line": None}
        if decision is None
        else {"scenario": decision.scenario, "line": decision.line}
    )
    await audit.record(
        uow,
        event,
        actor=actor.sender,
        via="import",
        robot_id=mlist.robot_id,
        list_id=mlist.id,
        detail={**numbers, **said, "asked_by": actor.via, "operator_obeyed": actor.is_operator},
    )
