"""Applications that may speak for people: their registration, people's leave, and the exchange of an assertion."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import orjson
import strawberry
from strawberry import UNSET

from identity import acting, applications, grants
from identity.application_keys import BadKey, NewKey, read_keys
from identity.applications import NoSuchApplication, Trust
from identity.refusal import NotFound
from lists import trusted_applications
from mail.instant import DAY
from resolvers.context import Context, Info, load, reading, writing
from resolvers.idempotency import idempotent
from resolvers.ids import key_of
from resolvers.pages import Page, page_of_all, window
from resolvers.payloads import Once, Payload, refusable, scoped
from resolvers.people import is_self
from resolvers.robots import listmaster_here
from resolvers.viewer import Viewer
from schema.inputs.applications import (
    ApplicationActAsInput,
    ApplicationGrantCreateInput,
    ApplicationGrantRevokeInput,
    ApplicationRegisterInput,
    ApplicationRevokeInput,
    ApplicationRotateInput,
)
from schema.inputs.common import After, Before, Everything, First, Last, given
from storage import applications as stored
from storage.database import UnitOfWork
from storage.tables.applications import Application, ApplicationGrant, ApplicationKey
from storage.tables.lists import Robot
from storage.tables.people import Person
from storage.tables.words import TokenScope


@dataclass(frozen=True, slots=True)
class Said:
    """A variable that an application asserted."""

    name: str
    values: tuple[str, ...]
    issued_by: str


async def applications_by_id(context: Context, ids: list[int]) -> list[Application | None]:
    """A batch of applications; whoever asks for one has checked that the asker may see them."""
    async with context.db.read() as reader:
        found = await stored.by_ids(reader, ids)
    return [found.get(each) for each in ids]


async def keys_by_application(context: Context, ids: list[int]) -> list[list[ApplicationKey]]:
    """A batch of the keys of applications."""
    async with context.db.read() as reader:
        found = await stored.keys(reader, ids)
    return [[key for key in found if key.application_id == each] for each in ids]


async def application_by_key(context: Context, key: int) -> Application:
    """An application that the asker may see."""
    async with context.db.read() as reader:
        return await trusted_applications.visible(reader, context.actor, key)


async def grant_by_key(context: Context, key: int) -> ApplicationGrant | None:
    """One of the asker's own leaves."""
    async with context.db.read() as reader:
        found = await grants.mine(reader, context.actor)
    return next((grant for grant, _ in found if grant.id == key), None)


async def acting_application(root: strawberry.Parent[Viewer], info: Info) -> Application | None:
    """The application that speaks for the asker."""
    session = root.actor.session
    if session is None or session.application_id is None:
        return None
    found: Application | None = await load(info, applications_by_id, session.application_id)
    return found


def assertions(root: Viewer, _context: Context) -> list[Said]:
    """What the application said of the asker, and what it always says."""
    actor = root.actor
    return [Said(name, (value,), actor.application) for name, value in sorted(actor.assertions.items())]


async def applications_of_robot(
    root: strawberry.Parent[Robot],
    info: Info,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
) -> Page[Application] | None:
    """A robot's applications by name, for its listmasters."""
    wanted = window(info, f"applications|{root.id}", first, after, last, before)
    if not await can_manage(root, info):
        return None
    async with reading(info) as reader:
        rows = await trusted_applications.every(reader, info.context.actor)
    return page_of_all(wanted, rows, lambda row: (row.name, row.id))


async def can_manage(root: strawberry.Parent[Robot], info: Info) -> bool:
    """Whether the asker decides which applications the robot trusts."""
    is_here = root.id == info.context.actor.robot.id
    return is_here and bool(await load(info, listmaster_here, root.id))


async def grants_of(
    root: strawberry.Parent[Person],
    info: Info,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
) -> Page[ApplicationGrant]:
    """What the asker allowed, newest first; nobody sees another's."""
    wanted = window(info, f"grants|{root.id}", first, after, last, before)
    rows = []
    if is_self(info.context, root.id):
        async with reading(info) as reader:
            rows = await grants.mine(reader, info.context.actor)
    info.context.bring(applications_by_id, {application.id: application for _, application in rows})
    return page_of_all(wanted, [grant for grant, _ in rows], lambda row: (-row.id,))


async def application_of(root: strawberry.Parent[ApplicationGrant], info: Info) -> Application:
    """Which application."""
    found: Application | None = await load(info, applications_by_id, root.application_id)
    if found is None:
        raise NoSuchApplication
    return found


async def keys_of(root: strawberry.Parent[Application], info: Info) -> list[ApplicationKey]:
    """The keys it signs with."""
    found: list[ApplicationKey] = await load(info, keys_by_application, root.id)
    return found


async def fixed_of(root: strawberry.Parent[Application], info: Info) -> list[Said] | None:
    """What it always says, for listmasters."""
    if not await load(info, listmaster_here, root.robot_id):
        return None
    return [Said(name, (value,), root.name) for name, value in applications.fixed_of(root).items()]


async def networks_of(root: strawberry.Parent[Application], info: Info) -> list[str] | None:
    """Where it may come from, for listmasters."""
    return root.networks.split() if await load(info, listmaster_here, root.robot_id) else None


def scopes(root: Application | ApplicationGrant, _context: Context) -> list[TokenScope]:
    """What it may do."""
    return [TokenScope(each) for each in root.scopes.split()]


def jwk(root: ApplicationKey, _context: Context) -> object:
    """The key as RFC 7517 writes it."""
    return {**orjson.loads(root.jwk), "kid": root.kid, "alg": root.algorithm, "use": "sig"}


@refusable
@scoped(TokenScope.ADMINISTRATE)
@idempotent
async def application_register(
    info: Info, uow: UnitOfWork, input: Annotated[ApplicationRegisterInput, Everything]
) -> Payload:
    """Trust an application."""
    context = info.context
    if key_of(context, input.robot_id, "Robot") != context.actor.robot.id:
        raise NotFound(path=("robot_id",))
    trust = Trust(
        operations=given(input.allowed_operations) or (),
        scopes=[each.value for each in input.allowed_scopes],
        assertable=input.allowed_assertions,
        fixed={each.name: each.value for each in given(input.fixed_assertions) or ()},
        domains=given(input.domains) or (),
        networks=given(input.permitted_networks) or (),
        requires_grant=input.requires_user_grant,
    )
    keys = _keys(input.jwks)
    return Payload(
        application=await trusted_applications.register(uow, context.actor, input.name, keys, trust)
    )


@refusable
@scoped(TokenScope.ADMINISTRATE)
@idempotent
async def application_rotate(
    info: Info, uow: UnitOfWork, input: Annotated[ApplicationRotateInput, Everything]
) -> Payload:
    """Give an application new keys."""
    overlap = given(input.overlap)
    application, _ = await trusted_applications.rotate(
        uow,
        info.context.actor,
        await _client_id(info, uow, input.application_id),
        _keys(input.jwks),
        overlap=DAY if overlap is None else overlap,
    )
    return Payload(application=application)


@refusable
@scoped(TokenScope.ADMINISTRATE)
@idempotent
async def application_revoke(
    info: Info, uow: UnitOfWork, input: Annotated[ApplicationRevokeInput, Everything]
) -> Payload:
    """End the trust in an application."""
    client_id = await _client_id(info, uow, input.application_id)
    return Payload(application=await trusted_applications.revoke(uow, info.context.actor, client_id))


@refusable
async def application_act_as(info: Info, input: Annotated[ApplicationActAsInput, Everything]) -> Payload:
    """Exchange an assertion for a session; the rest of the request has it, too. An assertion is good once."""
    context = info.context
    made = await acting.act_as(
        context.db,
        context.actor.robot,
        input.assertion,
        [each.value for each in input.scopes],
        remote_address=context.facts.remote_address,
        user_agent=context.facts.user_agent,
    )
    async with context.db.read() as reader:
        actor = await acting.actor_for_application(
            reader, context.actor.robot, made.raw_token, remote_address=context.facts.remote_address
        )
    if actor is not None:
        context.actor = actor
    context.forget()
    return Payload(session=made.session, access_token=Once(made.raw_token))


@refusable
@idempotent
async def application_grant_create(
    info: Info, uow: UnitOfWork, input: Annotated[ApplicationGrantCreateInput, Everything]
) -> Payload:
    """Allow an application to speak for the asker."""
    wanted = [each.value for each in input.scopes]
    grant, _ = await grants.give(uow, info.context.actor, input.client_id, wanted)
    return Payload(application_grant=grant)


@refusable
async def application_grant_revoke(
    info: Info, input: Annotated[ApplicationGrantRevokeInput, Everything]
) -> Payload:
    """Take the asker's leave back."""
    async with writing(info) as uow:
        await grants.take_back(
            uow, info.context.actor, key_of(info.context, input.grant_id, "ApplicationGrant")
        )
    return Payload(revoked_id=input.grant_id)


async def _client_id(info: Info, uow: UnitOfWork, id: str) -> str:
    key = key_of(info.context, id, "TrustedApplication")
    return (await trusted_applications.visible(uow, info.context.actor, key)).client_id


def _keys(jwks: Any) -> list[NewKey]:
    if not isinstance(jwks, Mapping):
        raise BadKey(path=("jwks",))
    return read_keys(jwks)
