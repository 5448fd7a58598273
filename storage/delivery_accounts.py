"""What became of a delivery's recipients, counted at one instant from its packets and its exceptional recipients."""

from dataclasses import dataclass, replace

from sqlalchemy import text

from storage.database import Reader
from storage.deliveries import Progress
from storage.query import Query, param
from storage.tables.words import DeliveryStatus

# One statement sees one instant, however fast workers write. Of a packet in the middle, those before its position who were
# put off wait as well; its other recipients before it are counted as accepted, failed or skipped.
_ACCOUNT = """
SELECT d.id, d.status, d.expanded_to IS NOT NULL, d.total, d.accepted,
 (SELECT count(*) FROM exceptional_recipients AS r WHERE r.delivery_id = d.id AND r.state = 'deferred'),
 (SELECT count(*) FROM exceptional_recipients AS r WHERE r.delivery_id = d.id AND r.state = 'failed'),
 (SELECT count(*) FROM exceptional_recipients AS r WHERE r.delivery_id = d.id AND r.state = 'skipped'),
 (SELECT count(*) FROM exceptional_recipients AS r WHERE r.delivery_id = d.id AND r.state = 'bounced'),
 (SELECT coalesce(sum(p.recipient_count - p.position), 0) FROM packets AS p
   WHERE p.delivery_id = d.id AND p.state = 'new') + {put_off_new},
 (SELECT coalesce(sum(p.recipient_count - p.position), 0) FROM packets AS p
   WHERE p.delivery_id = d.id AND p.state = 'leased') + {put_off_leased},
 EXISTS (SELECT 1 FROM packets AS p WHERE p.delivery_id = d.id)
FROM deliveries AS d WHERE d.id = :id
"""
_BEFORE = {
    "sqlite": "SELECT w.value FROM packets AS p, json_each(p.member_ids) AS w"
    " WHERE p.delivery_id = :id AND p.state = '{state}' AND p.position > 0 AND w.key < p.position",
    "postgresql": "SELECT CAST(w.id AS bigint) FROM packets AS p,"
    " json_array_elements_text(CAST(p.member_ids AS json)) WITH ORDINALITY AS w(id, place)"
    " WHERE p.delivery_id = :id AND p.state = '{state}' AND p.position > 0 AND w.place <= p.position",
}
_PUT_OFF = (
    "(SELECT count(*) FROM exceptional_recipients AS r WHERE r.delivery_id = :id AND r.state = 'deferred'"
    " AND r.membership_id IN ({before}))"
)


@dataclass(frozen=True, slots=True)
class Counted:
    """A delivery's counts: `waiting` stand in packets that nobody has in hand, `in_hand` in those that a worker has."""

    status: DeliveryStatus
    is_expanding: bool
    progress: Progress
    waiting: int
    in_hand: int
    has_packets: bool


def _loaded(key: int, status: str, expanding: bool, *counts: int) -> Counted:
    total, accepted, deferred, failed, skipped, bounced, waiting, in_hand, has_packets = counts
    progress = Progress(key, total, accepted, deferred, failed, skipped, bounced)
    return Counted(
        DeliveryStatus(status), bool(expanding), progress, int(waiting), int(in_hand), bool(has_packets)
    )


def _put_off(before: str, state: str) -> str:
    return _PUT_OFF.format(before=before.format(state=state))


_COUNTED: Query[Counted] = Query(
    {
        dialect: text(
            _ACCOUNT.format(put_off_new=_put_off(before, "new"), put_off_leased=_put_off(before, "leased"))
        ).bindparams(param("id"))
        for dialect, before in _BEFORE.items()
    },
    _loaded,
)


async def counted(reader: Reader, delivery_id: int) -> Counted | None:
    """The counts of a delivery at this instant.

    Of one that was cancelled, nobody waits any more but those whose packets were in hand: the others count as skipped.
    """
    found = await reader.first(_COUNTED, id=delivery_id)
    if found is None or found.status is not DeliveryStatus.CANCELLED:
        return found
    progress = found.progress
    dropped = found.waiting
    if not found.has_packets:
        # Long after its end a delivery keeps its counts alone.
        dropped = progress.total - progress.accepted - progress.failed - progress.skipped
    told = replace(progress, deferred=0, skipped=progress.skipped + dropped)
    return replace(found, progress=told, waiting=0, is_expanding=False)
