"""How far a delivery has come: its counts, its pace, and when it will be done at that pace."""

from dataclasses import dataclass, replace

from mail.instant import MINUTE
from storage import deliveries
from storage.database import Reader
from storage.deliveries import Progress
from storage.tables.mail import Delivery
from storage.tables.words import DeliveryStatus

ENDED = frozenset({DeliveryStatus.COMPLETED, DeliveryStatus.CANCELLED, DeliveryStatus.FAILED})


@dataclass(frozen=True, slots=True)
class Standing:
    """The counts of one delivery at the instant `now`; `started_at` and `ended_at` bound the pace."""

    counts: Progress
    started_at: int | None
    ended_at: int | None
    now: int

    @property
    def total(self) -> int:
        """Everybody it was made for."""
        return self.counts.total

    @property
    def pending(self) -> int:
        """Not tried yet."""
        return self.counts.pending

    @property
    def handed_over(self) -> int:
        """Taken by the mail server."""
        return self.counts.accepted

    @property
    def deferred(self) -> int:
        """To be tried again."""
        return self.counts.deferred

    @property
    def failed(self) -> int:
        """Refused for good."""
        return self.counts.failed

    @property
    def skipped(self) -> int:
        """Left since, or cancelled."""
        return self.counts.skipped

    @property
    def bounced(self) -> int:
        """Handed over and come back."""
        return self.counts.bounced

    @property
    def settled(self) -> int:
        """Those who need nothing more."""
        return self.counts.accepted + self.counts.failed + self.counts.skipped

    @property
    def rate_per_minute(self) -> float:
        """Recipients settled a minute, since the first packet; 0 before it."""
        if self.started_at is None:
            return 0.0
        taken = max((self.ended_at or self.now) - self.started_at, 1_000_000)
        return round(self.settled * MINUTE / taken, 1)

    @property
    def estimated_finish_at(self) -> int | None:
        """The instant at which it will be done at this pace; None when it has ended or has no pace yet."""
        left = self.total - self.settled
        if self.ended_at is not None or self.rate_per_minute <= 0:
            return None
        return self.now + int(left * MINUTE / self.rate_per_minute)


def is_expanding(delivery: Delivery) -> bool:
    """Whether more recipients are still being found, chunk by chunk."""
    return delivery.expanded_to is not None and delivery.status not in ENDED


async def standings(reader: Reader, wanted: list[Delivery]) -> list[Standing]:
    """The standing of each delivery, in the order given: one statement."""
    counted = await deliveries.progress(reader, [each.id for each in wanted])
    known = {each.delivery_id: each for each in counted}
    return [standing_of(each, known[each.id], reader.now) for each in wanted]


def standing_of(delivery: Delivery, counts: Progress, now: int) -> Standing:
    """The standing of a delivery with these counts; who was not tried before it was cancelled was skipped."""
    if delivery.status is DeliveryStatus.CANCELLED:
        skipped = counts.total - counts.accepted - counts.failed
        counts = replace(counts, deferred=0, skipped=skipped)
    ended = delivery.finished_at if delivery.status in ENDED else None
    return Standing(counts, delivery.started_at, ended, now)
