"""Families of lists: shown to those who have to do with them, made into lists, left all at once."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from identity.refusal import Invalid
from lists import families, family_lists, family_signoff
from lists.csv_cells import BadRow
from lists.families import NoSuchFamily, definition_of
from lists.family_definition import Parameter
from lists.family_instances import Change, InstantiateReport, instantiate
from lists.family_rows import Entry
from lists.family_signoff import Left
from lists.mailing_lists import visible_among
from lists.settings import BadSetting
from resolvers.context import Context, Info, load, reading
from resolvers.idempotency import idempotent, recallable
from resolvers.ids import key_of
from resolvers.pages import Page, page_of_all, window
from resolvers.payloads import Payload, refusable, scoped
from resolvers.robots import listmaster_here
from schema.inputs.common import After, Before, Everything, First, Last, given
from schema.inputs.families import (
    FamilyInstantiateInput,
    FamilyListCreateInput,
    FamilyParameterInput,
    FamilySignOffInput,
)
from storage import families as kept
from storage.database import UnitOfWork
from storage.tables.families import Family
from storage.tables.lists import MailingList, Robot
from storage.tables.words import TokenScope

MOST_INSTANCES = 1_000
MOST_CHANGES = 1_000
recallable(Left)


async def families_by_id(context: Context, ids: list[int]) -> list[Family | None]:
    """A batch of families, None for those that the asker may not see."""
    found: list[Family | None] = []
    async with context.db.read() as reader:
        for family_id in ids:
            try:
                found.append(await families.seen(reader, context.actor, family_id))
            except NoSuchFamily:
                found.append(None)
    return found


async def family_by_key(context: Context, key: int) -> Family | None:
    """A family that the asker may see."""
    return (await families_by_id(context, [key]))[0]


async def family_of(root: strawberry.Parent[MailingList], info: Info) -> Family | None:
    """The family of a list, for those who may see it."""
    if root.family_id is None:
        return None
    found: Family | None = await load(info, families_by_id, root.family_id)
    return found


async def robot_of(root: strawberry.Parent[Family], info: Info) -> Robot:
    """The robot of a family, which is always that of the request."""
    return info.context.actor.robot


async def families_of_robot(
    root: strawberry.Parent[Robot],
    info: Info,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
) -> Page[Family]:
    """The families of a robot that the asker may see, by name."""
    wanted = window(info, f"families|{root.id}", first, after, last, before)
    found: list[Family] = []
    if root.id == info.context.actor.robot.id:
        async with reading(info) as reader:
            found = await families.every(reader, info.context.actor, root)
    return page_of_all(wanted, found, lambda row: (row.name, row.id))


async def lists_of_family(
    root: strawberry.Parent[Family],
    info: Info,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
) -> Page[MailingList]:
    """The lists of a family that the asker may see, by name."""
    wanted = window(info, f"lists of family|{root.id}", first, after, last, before)
    async with reading(info) as reader:
        every = await kept.lists_of(reader, root.id)
        found = await visible_among(reader, info.context.actor, every)
    return page_of_all(wanted, found, lambda row: (row.name, row.id))


async def can_manage(root: strawberry.Parent[Robot], info: Info) -> bool:
    """Whether the asker may instantiate families of a robot."""
    return bool(await load(info, listmaster_here, root.id))


def description(root: Family, _context: Context) -> str | None:
    """What it is for."""
    return root.description or None


def address(root: Family, _context: Context) -> str | None:
    """The local part of its lists' addresses."""
    return root.address or None


def parameters(root: Family, _context: Context) -> list[Parameter]:
    """What each list has to tell."""
    return [*definition_of(root).parameters]


class Constraint:
    """The values that a setting of a family's lists may have."""

    __slots__ = ("allowed_values", "setting")

    def __init__(self, setting: str, allowed_values: tuple[str, ...]) -> None:
        self.setting = setting
        self.allowed_values = allowed_values


def constraints(root: Family, _context: Context) -> list[Constraint]:
    """What owners of its lists may not change."""
    return [Constraint(setting, allowed) for setting, allowed in definition_of(root).constraints.items()]


def changes(root: InstantiateReport, _context: Context) -> list[Change]:
    """The first thousand changes."""
    return root.changes[:MOST_CHANGES]


@refusable
@scoped(TokenScope.ADMINISTRATE)
async def family_instantiate(info: Info, input: Annotated[FamilyInstantiateInput, Everything]) -> Payload:
    """Make, change and close lists of a family; each step is a transaction of its own, and repeating does no harm."""
    context = info.context
    if len(input.instances) > MOST_INSTANCES:
        raise Invalid(
            f"At most {MOST_INSTANCES} lists at once; use the command line for more.", path=("instances",)
        )
    key = key_of(context, input.family_id, "Family")
    async with context.db.read() as reader:
        family = await families.seen(reader, context.actor, key)
    entries: list[Entry | BadRow] = [
        Entry(place, given(each.name), _pairs(each.parameters))
        for place, each in enumerate(input.instances, start=1)
    ]
    report = await instantiate(
        context.db,
        context.actor,
        context.actor.robot,
        family,
        entries,
        close_missing=bool(given(input.close_missing)),
        dry_run=bool(given(input.is_dry_run)),
    )
    context.forget()
    return Payload(report=report)


@refusable
@scoped(TokenScope.OWN)
@idempotent
async def family_list_create(
    info: Info, uow: UnitOfWork, input: Annotated[FamilyListCreateInput, Everything]
) -> Payload:
    """Make a list of a family, or ask for one."""
    key = key_of(info.context, input.family_id, "Family")
    try:
        mlist = await family_lists.request_list(
            uow, info.context.actor, key, given(input.name), _pairs(input.parameters)
        )
    except BadSetting as bad:
        raise BadSetting(bad.message, path=("parameters",)) from bad
    return Payload(mailing_list=mlist)


@refusable
@scoped(TokenScope.SUBSCRIBE)
@idempotent
async def family_sign_off(
    info: Info, uow: UnitOfWork, input: Annotated[FamilySignOffInput, Everything]
) -> Payload:
    """Leave all lists of a family."""
    actor = info.context.actor
    family = await families.seen(uow, actor, key_of(info.context, input.family_id, "Family"))
    outcome = await family_signoff.sign_off(uow, actor, family, given(input.email))
    return Payload(subscriptions=outcome.results, asked=outcome.asked, decision=outcome.decision)


def _pairs(given_parameters: list[FamilyParameterInput]) -> dict[str, str]:
    pairs = {each.name: each.value for each in given_parameters}
    if len(pairs) < len(given_parameters):
        raise Invalid("Each parameter stands once.", path=("parameters",))
    return pairs
