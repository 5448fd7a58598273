"""Signing in by whichever way a robot offers: one beginning and one going on for pages and API alike (row 38)."""

import asyncio
from collections.abc import Mapping
from typing import cast

from identity import admission, provider_sign_in, sign_in
from identity.auth_config import BUILT_IN, AuthConfig, Entry, auth_config
from identity.believing import DEADLINE_SECONDS
from identity.evenly import evenly
from identity.provider import Discovering, Organization, ProviderAway
from identity.provider_sign_in import PREFIX, Visitor
from identity.return_to import safe_return
from identity.sign_in import PASSWORD, TICKET, UnknownProvider
from identity.standing import FRESH
from identity.steps import Code, Elsewhere, Form, Step
from storage.database import Database, Reader
from storage.tables.access import Session
from storage.tables.lists import Robot


async def offered(reader: Reader, robot: Robot) -> tuple[Entry, ...]:
    """The ways in that a robot offers to people, in its order."""
    config = await auth_config(reader, robot)
    return tuple(each for each in config.entries if not each.is_hidden)


async def begin(
    db: Database,
    robot: Robot,
    key: str,
    visitor: Visitor,
    *,
    identifier: str = "",
    return_to: str = "",
    is_reset: bool = False,
    organization: str = "",
    linking_session: Session | None = None,
    is_fresh: bool = False,
) -> Form | Code | Elsewhere:
    """Begin to sign in by the way with this key. Raises UnknownProvider, ProviderAway, TooMany, Invalid."""
    async with db.read() as reader:
        config = await auth_config(reader, robot)
    entry = _entry(config, key, is_reset=is_reset)
    if entry.kind in BUILT_IN:
        async with evenly(), db.write() as uow:
            return await sign_in.start(
                uow,
                robot,
                entry.kind,
                identifier,
                return_to=return_to,
                remote=visitor.browser.remote,
                is_reset=is_reset,
            )
    return await provider_sign_in.start(
        db,
        robot,
        entry,
        visitor,
        return_to=safe_return(db.site, robot, return_to),
        linking_session=linking_session,
        is_fresh=is_fresh or _is_too_old(db, visitor.browser.previous),
        organization=organization,
        login_hint=identifier,
    )


def _is_too_old(db: Database, session: Session | None) -> bool:
    """Whether somebody is signed in, and signs in again because that was too long ago for what they want to do."""
    return session is not None and db.site.clock() - session.authenticated_at > FRESH


async def go_on(
    db: Database,
    robot: Robot,
    attempt_id: str,
    visitor: Visitor,
    *,
    fields: Mapping[str, str] | None = None,
    code: str = "",
) -> Step:
    """The next step, a second factor's too. Raises AttemptInvalid, WrongCredentials, WrongCode, TicketInvalid, NotProved, ProviderAway, TooMany."""
    if attempt_id.startswith(admission.PREFIX):
        given = {**(fields or {}), **({"code": code} if code else {})}
        return await admission.finish(db, robot, attempt_id, given, visitor.browser)
    if not attempt_id.startswith(PREFIX):
        async with evenly():
            return await sign_in.finish(
                db, robot, attempt_id, fields=fields, code=code, browser=visitor.browser
            )
    async with db.read() as reader:
        config = await auth_config(reader, robot)
    entries = {each.key: each for each in config.entries if each.kind not in BUILT_IN}
    return await provider_sign_in.go_on(db, robot, entries, attempt_id, fields or {}, code, visitor)


async def organizations(entry: Entry, text: str) -> list[Organization]:
    """The home organizations of a provider whose name has this in it; none where it has no such thing. Raises ProviderAway."""
    if entry.kind in BUILT_IN or not hasattr(entry.module, "organizations"):
        return []
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            return await cast(Discovering, entry.module).organizations(entry.settings, text)
    except TimeoutError:
        raise ProviderAway("no list of organizations in time") from None


def _entry(config: AuthConfig, key: str, *, is_reset: bool) -> Entry:
    entry = config.entry(key)
    if entry is not None and not entry.is_hidden:
        return entry
    # A new password is chosen by mail, also where nobody signs in that way.
    if is_reset and key == TICKET and any(each.kind == PASSWORD for each in config.entries):
        return Entry("*", TICKET, TICKET, BUILT_IN[TICKET])
    raise UnknownProvider(path=("provider",))
