"""People, as they themselves and the listmasters see them."""

from dataclasses import replace
from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from identity import people, sessions, tokens
from identity.people import find_by_address
from identity.preferences import Preferences, update_preferences
from identity.standing import person_of
from lists.offices import is_listmaster, require_listmaster
from resolvers.context import Context, Info, reading
from resolvers.idempotency import idempotent
from resolvers.pages import Page, page_of_all, window
from resolvers.payloads import Payload, refusable, scoped
from schema.inputs.common import After, Before, Everything, First, Last, given
from schema.inputs.identity import ProfileUpdateInput
from schema.scalars import EmailAddress
from storage import ledger as ledger_rows
from storage import people as people_rows
from storage.database import UnitOfWork
from storage.tables.access import Session, Token
from storage.tables.people import Person
from storage.tables.words import TokenScope

SomeAddress = Annotated[EmailAddress, strawberry.argument(description="Main or alternate address.")]


def display_name(root: Person, _context: Context) -> str | None:
    """Name as the person writes it."""
    return root.display_name or None


def preferences(root: Person, context: Context) -> Person | None:
    """What the asker likes; nobody sees another's."""
    return root if is_self(context, root.id) else None


def is_self(context: Context, person_id: int) -> bool:
    """Whether the asker is this person."""
    return context.actor.person is not None and context.actor.person.id == person_id


async def people_by_id(context: Context, ids: list[Any]) -> list[Person | None]:
    """A batch of people; whoever asks for one has checked that the asker may see them."""
    async with context.db.read() as reader:
        found = {each.id: each for each in await people_rows.by_ids(reader, ids)}
    return [found.get(each) for each in ids]


async def user_by_key(context: Context, key: int) -> Person | None:
    """The asker, or for a listmaster anybody with an address that counts in the robot."""
    if is_self(context, key):
        return context.actor.person
    async with context.db.read() as reader:
        robot = context.actor.robot
        if not await is_listmaster(reader, context.actor, robot.id):
            return None
        if not await ledger_rows.live(reader, key, robot.id):
            return None
        return await people_rows.find(reader, key)


async def user(info: Info, email: SomeAddress) -> Person | None:
    """Whoever has this address; for listmasters."""
    context = info.context
    async with reading(info) as reader:
        await require_listmaster(reader, context.actor, context.actor.robot.id)
        return await find_by_address(reader, email, robot_id=context.actor.robot.id)


async def sessions_of(
    root: strawberry.Parent[Person],
    info: Info,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
) -> Page[Session]:
    """Where the asker is signed in, newest first; nobody sees another's."""
    wanted = window(info, f"sessions|{root.id}", first, after, last, before)
    async with reading(info) as reader:
        rows = await sessions.list_sessions(reader, info.context.actor) if _own(info, root) else []
    return page_of_all(wanted, rows, _newest_first)


async def tokens_of(
    root: strawberry.Parent[Person],
    info: Info,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
) -> Page[Token]:
    """The asker's tokens, newest first; nobody sees another's."""
    wanted = window(info, f"tokens|{root.id}", first, after, last, before)
    async with reading(info) as reader:
        rows = await tokens.list_tokens(reader, info.context.actor) if _own(info, root) else []
    return page_of_all(wanted, rows, _newest_first)


def _own(info: Info, person: Person) -> bool:
    return is_self(info.context, person.id)


def _newest_first(row: Session | Token) -> tuple[int]:
    return (-row.id,)


@refusable
@scoped(TokenScope.ADMINISTRATE)
@idempotent
async def profile_update(
    info: Info, uow: UnitOfWork, input: Annotated[ProfileUpdateInput, Everything]
) -> Payload:
    """Change one's name, language, and what one likes."""
    person_of(info.context.actor)
    locale = given(input.locale)
    name = given(input.display_name, ...)
    reception = given(input.default_reception)
    wanted = Preferences(
        # null takes it away.
        time_zone="" if input.time_zone is None else given(input.time_zone),
        page_size=given(input.page_size),
        default_reception=None if reception is None else reception.value,
        each_address_gets_a_copy=given(input.each_address_gets_a_copy),
        skips_addressed_copies=given(input.skips_addressed_copies),
    )
    renamed = await people.update_profile(
        uow,
        info.context.actor,
        # null takes the name away, leaving it out leaves it.
        display_name=None if name is ... else name or "",
        locale=locale,
    )
    if wanted.changes:
        renamed = await update_preferences(uow, replace(info.context.actor, person=renamed), wanted)
    return Payload(user=renamed)
