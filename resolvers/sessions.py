"""Where a person is signed in, the tokens they made, and how both end."""

from dataclasses import replace
from typing import Annotated

import strawberry

from identity import sessions, tokens
from identity.actor import Actor
from identity.provider import Redirect
from identity.provider_endings import way_out
from identity.standing import person_of
from lists import debugging, elevation
from resolvers.context import Context, Info, load, writing
from resolvers.idempotency import idempotent
from resolvers.ids import global_id, key_of
from resolvers.lists import lists_by_id
from resolvers.payloads import Once, Payload, refusable
from resolvers.strengths import strength_of_method
from schema.inputs.common import Everything, given
from schema.inputs.identity import (
    ApiTokenCreateInput,
    ApiTokenRevokeInput,
    ListElevateInput,
    SessionDebugInput,
    SignOutInput,
)
from storage.database import UnitOfWork
from storage.tables.access import Session, Token
from storage.tables.lists import MailingList
from storage.tables.words import TokenScope


def is_current(root: Session, context: Context) -> bool:
    """It is the one of this request."""
    session = context.actor.session
    return session is not None and session.id == root.id


def strength(root: Session, _context: Context) -> str:
    """Level."""
    return strength_of_method(root.strength, root.method)


def user_agent(root: Session, _context: Context) -> str | None:
    """What the browser called itself."""
    return root.user_agent or None


def elevated_until(root: Session, context: Context) -> int | None:
    """The end of an elevation that is not over."""
    until = None if root.elevated_list_id is None else root.elevated_until
    return None if until is None or until <= context.site.clock() else until


async def elevated_list(root: strawberry.Parent[Session], info: Info) -> MailingList | None:
    """The list of an elevation that is not over, in the session of this request."""
    if not is_current(root, info.context) or elevated_until(root, info.context) is None:
        return None
    found: MailingList | None = await load(info, lists_by_id, root.elevated_list_id)
    return found


def scopes(root: Token, _context: Context) -> list[TokenScope]:
    """What a token may do."""
    return [TokenScope(each) for each in root.scopes.split()]


async def session_by_key(context: Context, key: int) -> Session | None:
    """One of the asker's own sessions."""
    async with context.db.read() as reader:
        return await sessions.find_session(reader, context.actor, key)


async def token_by_key(context: Context, key: int) -> Token | None:
    """One of the asker's own tokens."""
    async with context.db.read() as reader:
        mine = await tokens.list_tokens(reader, context.actor)
    return next((each for each in mine if each.id == key), None)


@refusable
async def sign_out(info: Info, input: Annotated[SignOutInput, Everything]) -> Payload:
    """End this session, another one, or all; nothing happens to somebody who is not signed in."""
    context = info.context
    actor = context.actor
    session_id = given(input.session_id)
    if actor.person is None:
        context.answering.clear_cookie()
        return Payload(redirect_url=None)
    async with writing(info) as uow:
        if input.is_everywhere:
            await sessions.sign_out_everywhere(uow, actor)
        elif session_id is not None:
            await sessions.revoke(uow, actor, key_of(context, session_id, "Session"))
        else:
            await sessions.sign_out(uow, actor)
    elsewhere = await _way_out(context, actor) if session_id is None else None
    ended = session_id is None or (actor.session is not None and _is(context, session_id, actor.session))
    if ended and actor.session is not None:
        context.answering.clear_cookie()
        context.become_stranger()
    return Payload(redirect_url=elsewhere)


async def _way_out(context: Context, actor: Actor) -> str | None:
    """Where to sign out at the provider, too."""
    found = None if actor.session is None else await way_out(context.db, actor, actor.session)
    return found.url if isinstance(found, Redirect) else None


@refusable
async def session_debug(info: Info, input: Annotated[SessionDebugInput, Everything]) -> Payload:
    """Switch the debugging of this session on for a while, or off."""
    async with writing(info) as uow:
        return Payload(session=await debugging.switch(uow, info.context.actor, input.minutes))


@refusable
async def list_elevate(info: Info, input: Annotated[ListElevateInput, Everything]) -> Payload:
    """Let a listmaster count as an owner of a list in this session; the rest of the request has it, too."""
    payload = await _list_elevated(info=info, input=input)
    context, session = info.context, payload.session
    # The answer to a repeated request may show another session of the same person.
    if session is not None and is_current(session, context):
        context.actor = replace(context.actor, session=session)
        context.forget()
    return payload


@idempotent
async def _list_elevated(
    info: Info, uow: UnitOfWork, input: Annotated[ListElevateInput, Everything]
) -> Payload:
    minutes = given(input.minutes)
    session = await elevation.elevate(
        uow,
        info.context.actor,
        key_of(info.context, input.mailing_list_id, "MailingList"),
        given(input.reason) or "",
        elevation.USUAL_MINUTES if minutes is None else minutes,
    )
    return Payload(session=session)


def _is(context: Context, session_id: str, session: Session) -> bool:
    return session_id == global_id(context, "Session", session.id)


@refusable
@idempotent
async def api_token_create(
    info: Info, uow: UnitOfWork, input: Annotated[ApiTokenCreateInput, Everything]
) -> Payload:
    """Make a token; its secret is shown this once."""
    wanted = [scope.value for scope in input.scopes]
    token, secret = await tokens.create_token(
        uow, info.context.actor, input.label, wanted, given(input.expires_at)
    )
    return Payload(api_token=token, secret=Once(secret))


@refusable
@idempotent
async def api_token_revoke(
    info: Info, uow: UnitOfWork, input: Annotated[ApiTokenRevokeInput, Everything]
) -> Payload:
    """End a token."""
    person_of(info.context.actor)
    await tokens.revoke(uow, info.context.actor, key_of(info.context, input.api_token_id, "ApiToken"))
    return Payload(revoked_id=input.api_token_id)
