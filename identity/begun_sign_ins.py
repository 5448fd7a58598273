"""The begun sign-in that something from a provider belongs to; used up by being found (pitfalls 15, 30 and 31)."""

from identity import attempts
from identity.auth_config import Entry
from identity.provider import NotProved
from identity.sealed import sealed
from identity.secret import hashed, new_secret
from mail.instant import MINUTE
from storage import sign_ins
from storage.database import Database, UnitOfWork
from storage.tables.lists import Robot
from storage.tables.providers import SignIn

SENT = "sent"
LASTS = 15 * MINUTE


async def begun_sign_in(
    db: Database, robot: Robot, entry: Entry, state: str, browser_secret: str, remote: str
) -> SignIn:
    """The one that `state` names; or a new one of this browser, where the operator lets sign-ins begin at the provider.

    Raises NotProved, TooMany.
    """
    async with db.write(durable=False) as uow:
        row = await sign_ins.use(uow, hashed(state), robot.id) if state else None
        if row is None and entry.settings.takes_unasked:
            # What anybody can send without asking would else leave as many rows as they like.
            await attempts.take(uow, [(attempts.BEGUN_NETWORK, attempts.network(remote))])
            row = await _unasked(uow, robot, entry, browser_secret)
    if row is None or row.stage != SENT or row.provider != entry.key:
        raise NotProved("the state is unknown, used or too old")
    return row


async def _unasked(uow: UnitOfWork, robot: Robot, entry: Entry, browser_secret: str) -> SignIn | None:
    """Written and used in one transaction, so that nobody else can come with it."""
    handle_hash = hashed(new_secret())
    await sign_ins.add(
        uow,
        handle_hash=handle_hash,
        browser_hash=hashed(browser_secret),
        robot_id=robot.id,
        provider=entry.key,
        session_id=None,
        stage=SENT,
        kept=sealed(uow.site, "sign-in", {"provider": {}}),
        return_to="",
        expires_at=uow.now + LASTS,
    )
    return await sign_ins.use(uow, handle_hash, robot.id)
