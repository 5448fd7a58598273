"""Signing in and choosing a password: the identity floor's steps, and the cookie or token that comes of them."""

from dataclasses import dataclass, replace
from typing import Annotated

import strawberry

from identity import password_change, ways_in
from identity.browser import Browser
from identity.entrance import actor_for_session
from identity.provider_sign_in import Visitor
from identity.secret import new_secret
from identity.steps import Code, Done, Elsewhere, Form, Step
from identity.tickets import base_url
from resolvers.context import Context, Info
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


def attempt_id(root: Form | Code | Elsewhere, _context: Context) -> strawberry.ID:
    """What the client hands back."""
    return strawberry.ID(root.attempt_id)


def place_to_go(root: Elsewhere, context: Context) -> str:
    """Where the browser goes; a provider that wants a form is reached from our own page, which has its button."""
    robot = context.actor.robot
    return f"{base_url(context.site, robot)}/auth/{robot.domain}" if root.fields else root.url


@refusable
async def sign_in_start(info: Info, input: Annotated[SignInStartInput, Everything]) -> Payload:
    """Begin; the answer never tells whether an account exists."""
    context = info.context
    step = await ways_in.begin(
        context.db,
        context.actor.robot,
        input.provider,
        visitor_of(context),
        identifier=given(input.identifier) or "",
        return_to=given(input.return_to) or "",
        is_reset=bool(given(input.is_reset)),
        organization=given(input.organization) or "",
        is_fresh=bool(given(input.is_fresh)),
    )
    context.forget()
    if input.transport is SessionTransport.BEARER:
        step = replace(step, attempt_id=f"{_BEARER}{step.attempt_id}")
    return Payload(step=step)


@refusable
async def sign_in_finish(info: Info, input: Annotated[SignInFinishInput, Everything]) -> Payload:
    """The next step, or the end: the browser gets its cookie, any other client its token."""
    context = info.context
    is_bearer = input.attempt_id.startswith(_BEARER)
    step: Step = await ways_in.go_on(
        context.db,
        context.actor.robot,
        input.attempt_id.removeprefix(_BEARER),
        visitor_of(context),
        fields={each.name: each.value for each in given(input.fields) or ()},
        code=given(input.code) or "",
    )
    if not isinstance(step, Done):
        marked = f"{_BEARER}{step.attempt_id}" if is_bearer else step.attempt_id
        return Payload(step=replace(step, attempt_id=marked))
    if step.raw_token:
        if not is_bearer:
            context.answering.set_cookie(step.raw_token)
        await become(context, step.raw_token)
    return Payload(step=_signed_in(step, is_bearer=is_bearer))


def visitor_of(context: Context) -> Visitor:
    """The client of this request; a browser that has no word of its own yet is given one."""
    word = context.facts.browser
    if not word:
        word = context.answering.browser = context.answering.browser or new_secret()
    browser = Browser(context.facts.user_agent, context.facts.remote_address, previous=context.actor.session)
    return Visitor(browser, word)


def _signed_in(done: Done, *, is_bearer: bool) -> SignedIn:
    token = (done.raw_token or None) if is_bearer else None
    return SignedIn(done.session, token, done.return_to or None, done.needs_password_change)


async def become(context: Context, raw_token: str) -> None:
    """The rest of the request is asked by whoever this session belongs to."""
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
        await become(context, renewed)
    return Payload(user=context.actor.person)
