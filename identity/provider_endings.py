"""Signing out where a provider is involved, whichever side begins, and what we tell a provider about ourselves (pitfalls 13, 24)."""

from typing import cast

import structlog

from identity.actor import Actor
from identity.auth_config import Entry, auth_config
from identity.believing import bounded
from identity.elsewhere import web_address
from identity.provider import (
    Answer,
    Describing,
    Inbound,
    NotProved,
    ProviderAway,
    Redirect,
    SigningOut,
    Submit,
    Wish,
)
from identity.provider_sign_in import place_of
from identity.sealed import AttemptInvalid, opened
from identity.secret import new_secret
from storage import audit, seen, sessions
from storage.database import Database
from storage.tables.access import Session
from storage.tables.lists import Robot

log = structlog.get_logger(__name__)


async def metadata(db: Database, robot: Robot, entry: Entry) -> Answer:
    """Our description for the other side; raises NotProved where the provider has none."""
    if not hasattr(entry.module, "metadata"):
        raise NotProved("it has no metadata")
    return await cast(Describing, entry.module).metadata(entry.settings, place_of(db, robot, entry))


async def heard(db: Database, robot: Robot, entry: Entry, inbound: Inbound) -> Answer:
    """What a provider says of sessions: those that it ended end here, too, each word being believed once.

    Raises NotProved for what cannot be believed, ProviderAway.
    """
    if not hasattr(entry.module, "heard"):
        raise NotProved("it says nothing")
    provider = cast(SigningOut, entry.module)
    said = await bounded(entry, provider.heard(entry.settings, place_of(db, robot, entry), inbound))
    answer = said if isinstance(said, Answer) else said.answer or Answer()
    if answer.redirect_url:
        web_address(answer.redirect_url)
    if isinstance(said, Answer):
        return answer
    async with db.write() as uow:
        for once in said.once:
            if not await seen.first_time(uow, f"provider {entry.ref}", once.id, once.until):
                raise NotProved("replayed")
        if said.issuer:
            account = f"{entry.identity_scope} {said.issuer}"
            ended = await sessions.revoke_of_provider(
                uow, account, subject=said.subject, session=said.session
            )
        else:
            ended = await sessions.revoke_named(uow, entry.identity_scope, said.session)
        for session in ended:
            await audit.record(
                uow,
                "signed_out",
                actor=session.address,
                via="web",
                robot_id=robot.id,
                person_id=session.person_id,
                detail={"provider": entry.ref},
            )
    return answer


async def way_out(db: Database, actor: Actor, session: Session) -> Redirect | Submit | None:
    """Where a browser signs out at the provider that it came in by; None where there is nothing to do there.

    It never stands in the way of signing out here: a provider that does not answer is left alone.
    """
    if not session.provider_kept:
        return None
    try:
        kept = opened(db.site, "provider session", session.provider_kept)
        async with db.read() as reader:
            entry = (await auth_config(reader, actor.robot)).entry(kept.pop("key", ""))
        if entry is None or not hasattr(entry.module, "logout"):
            return None
        provider = cast(SigningOut, entry.module)
        place = place_of(db, actor.robot, entry)
        found = await bounded(
            entry, provider.logout(entry.settings, place, session.provider_subject, kept, Wish(new_secret()))
        )
        if found is not None:
            web_address(found.url)
        return found
    except (AttemptInvalid, NotProved, ProviderAway) as problem:
        log.warning("provider_sign_out_left", provider=session.provider, reason=str(problem))
        return None
