"""Scenario texts that somebody wrote: read, written and taken away through the API."""

from dataclasses import dataclass
from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from identity.refusal import Invalid, NotFound
from lists import bindings
from lists import scenario_texts as texts
from lists.bindings import Binding
from lists.rights import list_here
from lists.scenario_places import Place
from lists.scenario_texts import BadScenario, Shown, Written
from resolvers.context import Context, Info, reading
from resolvers.idempotency import idempotent, recallable
from resolvers.ids import key_of
from resolvers.pages import Page, page_of_all, window
from resolvers.payloads import Payload, refusable, scoped, user_error
from scenarios.decision_table import Change
from scenarios.lint import Finding, findings
from schema.enums.scenarios import ScenarioAction
from schema.inputs.common import After, Before, Everything, First, Last, given
from schema.inputs.scenario_texts import ScenarioRemoveInput, ScenarioWriteInput
from storage.database import Reader, UnitOfWork
from storage.tables.lists import MailingList, Robot
from storage.tables.words import TokenScope

OfAction = Annotated[ScenarioAction | None, strawberry.argument(description="Only those that decide this.")]


class OnePlace(Invalid):
    """Give the list or the robot that the text is for, and not both."""


@recallable
@dataclass(frozen=True, slots=True)
class Changed:
    """Who gains or loses what, in plain words."""

    role: str
    target: str
    methods: tuple[str, ...]
    before: str
    after: str
    effect: str


recallable(Finding)
recallable(Shown)


def source(root: Binding, context: Context) -> str | None:
    """The text of a scenario: a shipped one is everybody's, another needs a token that may administrate."""
    return root.source if root.is_shipped or context.actor.may(TokenScope.ADMINISTRATE) else None


def concerns_another(root: Changed, _context: Context) -> bool:
    """Whether the change is about acting for somebody else."""
    return root.target == "other"


def origin(root: Shown, _context: Context) -> str:
    """Where a text is written; what is shipped is the server's."""
    return "server" if root.origin == "shipped" else root.origin


async def scenarios_of_robot(
    root: strawberry.Parent[Robot],
    info: Info,
    action: OfAction = UNSET,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
) -> Page[Binding]:
    """The scenarios that lists of a robot can name."""
    chosen = given(action)
    operation = None if chosen is None else chosen.value
    wanted = window(info, f"scenarios|{root.id}|{operation}", first, after, last, before)
    async with reading(info) as reader:
        found = await bindings.nameable(reader, info.context.actor, root)
    rows = [each for each in found if operation in (None, each.operation)]
    return page_of_all(wanted, rows, lambda row: (row.operation, row.name))


async def texts_of_robot(
    root: strawberry.Parent[Robot],
    info: Info,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
) -> Page[Shown]:
    """The texts that were written for a robot."""
    return await _texts(info, Place(root), "robot", first, after, last, before)


async def texts_of_list(
    root: strawberry.Parent[MailingList],
    info: Info,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
) -> Page[Shown]:
    """The texts that were written for a list."""
    return await _texts(info, Place(info.context.actor.robot, root), "list", first, after, last, before)


async def _texts(info: Info, place: Place, level: str, *edges: Any) -> Page[Shown]:
    wanted = window(info, f"scenarioTexts|{place.robot_id}|{place.list_id}", *edges)
    async with reading(info) as reader:
        found = await texts.every(reader, info.context.actor, place, own_only=True)
    rows = [each for each in found if each.origin == level]
    return page_of_all(wanted, rows, lambda row: (row.operation, row.name))


@refusable
@scoped(TokenScope.ADMINISTRATE)
@idempotent
async def scenario_write(
    info: Info, uow: UnitOfWork, input: Annotated[ScenarioWriteInput, Everything]
) -> Payload:
    """Keep a text, or only say what it would change."""
    place = await _place(info, uow, input)
    try:
        written = await texts.write(
            uow,
            info.context.actor,
            place,
            input.operation,
            input.name,
            input.source,
            expected=given(input.expected_hash) or None,
            is_dry=bool(given(input.is_dry_run)),
        )
    except BadScenario as bad:
        # Nothing was written; the findings tell the line and the column of all that is wrong, not only of the first.
        return Payload(
            findings=findings(input.source, input.operation, input.name), user_errors=(user_error(bad),)
        )
    shown = None if given(input.is_dry_run) else await _now(uow, info, place, written)
    return Payload(text=shown, findings=written.effect.findings, changes=_changes(written))


@refusable
@scoped(TokenScope.ADMINISTRATE)
@idempotent
async def scenario_remove(
    info: Info, uow: UnitOfWork, input: Annotated[ScenarioRemoveInput, Everything]
) -> Payload:
    """Take a text away, or only say what that would change."""
    place = await _place(info, uow, input)
    gone = await texts.remove(
        uow,
        info.context.actor,
        place,
        input.operation,
        input.name,
        expected=input.expected_hash,
        is_dry=bool(given(input.is_dry_run)),
    )
    shown = await _now(uow, info, place, gone) if gone.text_hash and not given(input.is_dry_run) else None
    return Payload(text=shown, changes=_changes(gone))


async def _place(info: Info, reader: Reader, input: ScenarioWriteInput | ScenarioRemoveInput) -> Place:
    actor = info.context.actor
    list_id, robot_id = given(input.mailing_list_id), given(input.robot_id)
    if (list_id is None) == (robot_id is None):
        raise OnePlace(path=("mailing_list_id",))
    if list_id is not None:
        mlist = await list_here(reader, actor, key_of(info.context, list_id, "MailingList"))
        return Place(actor.robot, mlist)
    if key_of(info.context, robot_id, "Robot") != actor.robot.id:
        raise NotFound(path=("robot_id",))
    return Place(actor.robot)


async def _now(reader: Reader, info: Info, place: Place, written: Written) -> Shown:
    return await texts.show(reader, info.context.actor, place, written.operation, written.name)


def _changes(written: Written) -> tuple[Changed, ...]:
    return tuple(_changed(each) for each in written.effect.here)


def _changed(change: Change) -> Changed:
    return Changed(
        change.role, change.target, change.methods, str(change.before), str(change.after), change.effect
    )
