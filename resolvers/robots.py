"""Robots: what they offer to everybody, and what the asker may do in them."""

from dataclasses import dataclass
from typing import Annotated

import strawberry
from strawberry import UNSET

from identity import passwords, secret, ways_in
from identity.auth_config import Entry
from identity.provider import Organization
from identity.registry import ProviderMissing
from identity.sign_in import PASSWORD, TICKET
from lists import robots
from lists.authorize import authorize
from lists.offices import is_listmaster
from lists.policies import ROBOT_SETTINGS
from resolvers.context import Context, Info, load, reading
from resolvers.pages import Page, page_of_all, window
from schema.inputs.common import After, Before, First, Last, given
from storage import robots as stored
from storage.tables.lists import Robot
from storage.tables.words import SignInMethod

SomeDomain = Annotated[
    str | None,
    strawberry.argument(description="The robot's domain; the one of the Host header when left out."),
]


@dataclass(frozen=True, slots=True)
class FormProvider:
    """Signing in by a form with a name and a secret."""

    key: str
    label: str
    method: SignInMethod
    is_default: bool
    identifier_label: str
    requires_https: bool


@dataclass(frozen=True, slots=True)
class TicketProvider:
    """Signing in by a code that is mailed; `lifetime` in microseconds."""

    key: str
    label: str
    method: SignInMethod
    is_default: bool
    code_length: int
    lifetime: int


@dataclass(frozen=True, slots=True)
class RedirectProvider:
    """Signing in elsewhere, and coming back."""

    key: str
    label: str
    method: SignInMethod
    is_default: bool
    entry: Entry


@dataclass(frozen=True, slots=True)
class RobotPolicy:
    """Which scenario decides one operation in a whole domain."""

    action: str
    scenario: str


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """Rules for new passwords."""

    minimum_length: int
    is_breach_checked: bool


async def robots_by_id(context: Context, ids: list[int]) -> list[Robot | None]:
    """A batch of robots."""
    async with context.db.read() as reader:
        found = await stored.by_ids(reader, ids)
    return [found.get(each) for each in ids]


async def robot_by_key(context: Context, key: int) -> Robot | None:
    """A robot by its key; what a robot shows is for everybody."""
    if key == context.actor.robot.id:
        return context.actor.robot
    async with context.db.read() as reader:
        return await stored.by_id(reader, key)


async def robot(info: Info, domain: SomeDomain = UNSET) -> Robot | None:
    """One robot by its domain."""
    wanted = given(domain)
    if wanted is None:
        return info.context.actor.robot
    async with reading(info) as reader:
        return await robots.find_robot(reader, wanted)


async def robots_page(
    info: Info, first: First = UNSET, after: After = UNSET, last: Last = UNSET, before: Before = UNSET
) -> Page[Robot]:
    """The robots that the asker may see: the one that the request was addressed to."""
    wanted = window(info, "robots", first, after, last, before)
    return page_of_all(wanted, [info.context.actor.robot], lambda row: (row.domain, row.id))


def description(root: Robot, _context: Context) -> str | None:
    """What it is for."""
    return root.description or None


async def identity_providers(
    root: strawberry.Parent[Robot], info: Info
) -> list[FormProvider | TicketProvider | RedirectProvider]:
    """The sign-in buttons, in display order; one whose package is missing is left out."""
    async with reading(info) as reader:
        entries = await ways_in.offered(reader, root)
    found = [_button(entry, info.context, is_default=not place) for place, entry in enumerate(entries)]
    return [each for each in found if each is not None]


def _button(
    entry: Entry, context: Context, *, is_default: bool
) -> FormProvider | TicketProvider | RedirectProvider | None:
    if entry.kind == TICKET:
        lifetime = context.site.ticket_lifetime
        return TicketProvider(
            entry.key, entry.label, SignInMethod.TICKET, is_default, secret.CODE_LENGTH, lifetime
        )
    if entry.kind == PASSWORD:
        return FormProvider(
            entry.key, entry.label, SignInMethod.PASSWORD, is_default, "Mail address", requires_https=False
        )
    try:
        module = entry.module
    except ProviderMissing:
        return None
    asked = entry.asks
    if asked:
        return FormProvider(
            entry.key, entry.label, module.METHOD, is_default, asked[0].label, requires_https=False
        )
    return RedirectProvider(entry.key, entry.label, module.METHOD, is_default, entry)


async def organizations(
    root: strawberry.Parent[RedirectProvider],
    info: Info,
    search: Annotated[str | None, strawberry.argument(description="Part of a name.")] = UNSET,
) -> list[Organization]:
    """Where the person may come from."""
    return (await ways_in.organizations(root.entry, given(search) or ""))[:50]


def password_policy(_root: Robot, _context: Context) -> PasswordPolicy:
    """Rules for new passwords."""
    return PasswordPolicy(passwords.SHORTEST, is_breach_checked=False)


def languages(root: Robot, _context: Context) -> list[str]:
    """Languages on offer: the robot's own first."""
    return list(dict.fromkeys((root.language, "en")))


def policies(root: Robot, _context: Context) -> list[RobotPolicy]:
    """Who decides what in the whole domain."""
    return [RobotPolicy(name, str(getattr(root, name))) for name in sorted(ROBOT_SETTINGS)]


async def settings(root: strawberry.Parent[Robot], info: Info) -> Robot | None:
    """The robot itself, for its listmasters."""
    return root if await load(info, listmaster_here, root.id) else None


async def can_administrate(info: Info) -> bool:
    """Whether the asker is a listmaster of the robot of this request."""
    return bool(await load(info, listmaster_here, info.context.actor.robot.id))


async def can_update(root: strawberry.Parent[Robot], info: Info) -> bool:
    """Whether the asker is a listmaster of this robot."""
    return bool(await load(info, listmaster_here, root.id))


async def can_create_list(info: Info) -> bool:
    """Whether the robot's rules let the asker make a list, at once or after a listmaster's yes."""
    async with reading(info) as reader:
        decision = await authorize(reader, info.context.actor, "create_list", record=False)
        return decision.action in {"do_it", "listmaster"}


async def listmaster_here(context: Context, robot_ids: list[int]) -> list[bool]:
    """For each robot, whether the asker is its listmaster."""
    async with context.db.read() as reader:
        return [await is_listmaster(reader, context.actor, each) for each in robot_ids]
