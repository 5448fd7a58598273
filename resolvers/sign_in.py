"""Signing in and choosing a password: the identity floor's steps, and the cookie or token that comes of them."""

from dataclasses import dataclass
from typing import Annotated

import strawberry

from identity import password_change
from identity import sign_in as steps
from identity.entrance import actor_for_session
from identity.steps import Code, Done, Form
from resolvers.context import Context, Info, writing
from resolvers.payloads import Payload, refusable
from schema.enums.identity import SessionTransport
from schema.inputs.common import Everything, given
from schema.inputs.identity import PasswordChangeInput, SignInFinishInput, SignInStartInput
from storage.tables.access import Session

# The attempt remembers how the client wants to keep the session; nothing is gained by changing it.
_BEARER = "bearer."


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The end of signing in; `token` only for a client that keeps it itself."""

    session: Session
    token: str | None
    return_to: str | None
    needs_password_change: bool


def attempt_id(root: Form | Code, _context: Context) -> strawberry.ID:
    """What the client hands back."""
    return strawberry.ID(root.attempt_id)


@refusable
async def sign_in_start(info: Info, input: Annotated[SignInStartInput, Everything]) -> Payload:
    """Begin; the answer never tells whether an account exists."""
    context = info.context
    async with writing(info) as uow:
        step = await steps.start(
            uow,
            context.actor.robot,
            input.provider,
            given(input.identifier) or "",
            return_to=given(input.return_to) or "",
            remote=context.facts.remote_address,
            is_reset=bool(given(input.is_reset)),
        )
    if input.transport is SessionTransport.BEARER:
        step = _marked(step)
    return Payload(step=step)


def _marked(step: Form | Code) -> Form | Code:
    marked = f"{_BEARER}{step.attempt_id}"
    if isinstance(step, Form):
        return Form(marked, step.fields)
    return Code(marked, step.masked_destination, step.expires_at)


@refusable
async def sign_in_finish(info: Info, input: Annotated[SignInFinishInput, Everything]) -> Payload:
    """End signing in: the browser gets its cookie, any other client its token."""
    context = info.context
    is_bearer = input.attempt_id.startswith(_BEARER)
    done = await steps.finish(
        context.db,
        context.actor.robot,
        input.attempt_id.removeprefix(_BEARER),
        fields={each.name: each.value for each in given(input.fields) or ()},
        code=given(input.code),
        browser=steps.Browser(
            context.facts.user_agent, context.facts.remote_address, previous=context.actor.session
        ),
    )
    if not is_bearer:
        context.answering.set_cookie(done.raw_token)
    await _become(context, done.raw_token)
    return Payload(step=_signed_in(done, is_bearer=is_bearer))


def _signed_in(done: Done, *, is_bearer: bool) -> SignedIn:
    token = done.raw_token if is_bearer else None
    return SignedIn(done.session, token, done.return_to or None, done.needs_password_change)


async def _become(context: Context, raw_token: str) -> None:
    async with context.db.read() as reader:
        actor = await actor_for_session(
            reader, context.actor.robot, raw_token, remote_address=context.facts.remote_address
        )
    if actor is not None:
        context.actor = actor
    context.forget()


@refusable
async def password_change_mutation(info: Info, input: Annotated[PasswordChangeInput, Everything]) -> Payload:
    """Set a password; a browser's cookie is renewed, since the old one ends."""
    context = info.context
    _, renewed = await password_change.change_password(
        context.db,
        context.actor,
        input.new_password,
        current=given(input.current_password),
        hands_out_token=context.facts.by_cookie,
    )
    if renewed is not None:
        context.answering.set_cookie(renewed)
        await _become(context, renewed)
    return Payload(user=context.actor.person)
