"""A signed request is taken in: all of its events in one transaction, each once, as if they had come by mail (row 46)."""

from collections.abc import Mapping

import structlog

from delivery.bounces.reading import Failed, Outcome
from delivery.bounces.recording import copy_failed
from delivery.bounces.webhooks.event import BadSignature, Event, Repeated, Signed, TooLate
from delivery.bounces.webhooks.sources import FORMS
from delivery.bounces.webhooks.whose import copy_of
from identity.secrets_by_reference import SecretMissing, secret_of
from lists.bounces import complaints, probes
from mail.instant import DAY, MINUTE, SECOND
from storage import seen, webhook_sources
from storage.database import Database, UnitOfWork
from storage.tables.webhooks import WebhookSource
from storage.undone import transacted

log = structlog.get_logger(__name__)

TOLERANCE = 5 * MINUTE
# Longer than a copy counts after its delivery, and than anybody goes on telling the same.
_REMEMBERED = 30 * DAY
_NEWS = (Outcome.FAILED, Outcome.COMPLAINT)


async def proved_source(
    db: Database, name: str, fields: Mapping[str, str], body: bytes
) -> tuple[WebhookSource, Signed]:
    """Whose request this is, by its signature. Raises BadSignature, whether or not there is such a name, and TooLate."""
    async with db.read() as reader:
        source = await webhook_sources.find(reader, name)
        now = reader.now
    if source is None:
        raise BadSignature
    try:
        signed = FORMS[source.kind].proved(secret_of(source.secret), fields, body)
    except SecretMissing as missing:
        log.warning("bounce_webhook_without_secret", name=source.name, reason=str(missing))
        raise BadSignature from None
    if abs(now - signed.at * SECOND) > TOLERANCE:
        raise TooLate
    return source, signed


async def take_in(db: Database, source: WebhookSource, signed: Signed, body: bytes) -> int:
    """Record what a proved request says; how many events it tells of, whether or not they count.

    Raises Unreadable, and Repeated for a request that was taken in before; then nothing is recorded. The same events in
    another request are no mistake: a sender that got no answer tells them again, and they count once.
    """
    told = FORMS[source.kind].events(body)

    async def work(uow: UnitOfWork) -> None:
        await _once(uow, source, signed)
        for event in told:
            if event.outcome in _NEWS and await _is_new(uow, source, event):
                await _record(uow, source, event)

    await transacted(db, work)
    log.info("bounce_webhook_taken", name=source.name, events=len(told))
    return len(told)


async def _once(uow: UnitOfWork, source: WebhookSource, signed: Signed) -> None:
    # Removed, or given to another robot, since the signature was looked at.
    if not await webhook_sources.heard(uow, source.id):
        raise BadSignature
    expires = signed.at * SECOND + 2 * TOLERANCE
    if not await seen.first_time(uow, f"bounce webhook {source.name}", f"{signed.id} {signed.at}", expires):
        raise Repeated


async def _is_new(uow: UnitOfWork, source: WebhookSource, event: Event) -> bool:
    return await seen.first_time(uow, f"bounce webhook event {source.name}", event.id, uow.now + _REMEMBERED)


async def _record(uow: UnitOfWork, source: WebhookSource, event: Event) -> None:
    copy = await copy_of(uow, source.robot_id, event)
    if copy is None:
        return
    words = f"Webhook {source.name}: {event.diagnostic}".rstrip(": ")
    if event.outcome is Outcome.COMPLAINT:
        if event.feedback in complaints.UNWANTED and not copy.probe:
            said = f"{event.feedback} reported by webhook {source.name}"
            await complaints.complained(uow, copy.mlist, copy.member, said)
    elif copy.probe:
        await probes.came_back(uow, copy.probe, event.kind, event.enhanced_status, words)
    elif copy.delivery is not None:
        failed = Failed((copy.member.address,), event.kind, event.enhanced_status, words)
        await copy_failed(uow, copy.mlist, copy.member, copy.delivery, failed)
