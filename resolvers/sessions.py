"""Where a person is signed in, the tokens they made, and how both end."""

from typing import Annotated

from identity import sessions, tokens
from identity.standing import person_of
from lists import debugging
from resolvers.context import Context, Info, writing
from resolvers.idempotency import idempotent
from resolvers.ids import global_id, key_of
from resolvers.payloads import Once, Payload, refusable
from resolvers.strengths import strength_of_method
from schema.inputs.common import Everything, given
from schema.inputs.identity import ApiTokenCreateInput, ApiTokenRevokeInput, SessionDebugInput, SignOutInput
from storage.database import UnitOfWork
from storage.tables.access import Session, Token
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
    ended = session_id is None or (actor.session is not None and _is(context, session_id, actor.session))
    if ended and actor.session is not None:
        context.answering.clear_cookie()
        context.become_stranger()
    return Payload(redirect_url=None)


@refusable
async def session_debug(info: Info, input: Annotated[SessionDebugInput, Everything]) -> Payload:
    """Switch the debugging of this session on for a while, or off."""
    async with writing(info) as uow:
        return Payload(session=await debugging.switch(uow, info.context.actor, input.minutes))


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
