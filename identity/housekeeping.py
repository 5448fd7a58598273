"""Rows that can give nothing to anybody any more, removed now and then; nothing depends on it (invariant 5)."""

from mail.instant import DAY
from storage import (
    address_claims,
    alerts,
    attempts,
    idempotency,
    ledger,
    merges,
    seen,
    sessions,
    sign_ins,
    tickets,
)
from storage.database import UnitOfWork

_UNANSWERED = 7 * DAY
_PAST = 30 * DAY
# Longer than anything that is not to be said again is remembered (identity/consent.py).
_LONG_PAST = 100 * DAY


async def tidy(uow: UnitOfWork) -> int:
    """Remove old attempts, keys, tickets, sessions, begun sign-ins, unanswered challenges, joined accounts and what was told; how many."""
    return sum(
        [
            await attempts.drop_old(uow, before=uow.now - DAY),
            await idempotency.drop_old(uow, before=uow.now - DAY),
            await seen.drop_old(uow, before=uow.now - DAY),
            await sign_ins.drop_old(uow, before=uow.now - DAY),
            await tickets.drop_old(uow, before=uow.now - _PAST),
            await sessions.drop_expired(uow, before=uow.now - _PAST),
            await merges.drop_over(uow),
            await address_claims.drop_old(uow, before=uow.now - _LONG_PAST),
            await alerts.drop_old(uow, before=uow.now - _LONG_PAST),
            await ledger.drop_stale_candidates(uow, before=uow.now - _UNANSWERED),
        ]
    )
