"""How much each asker may still spend: a bucket of points for each token, person and network, that fills up by itself."""

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache

from identity.actor import Actor
from resolvers.context import Spending
from resolvers.limits import Limits

_KEPT = 50_000


@dataclass(slots=True)
class _Bucket:
    points: float
    at: int


class Budgets:
    """The buckets of this process; those that are full again are forgotten first, since a new one is full as well."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def charge(self, asker: str, cost: int, now: int) -> tuple[Spending, bool]:
        """Take `cost` points out at the instant `now`; the second value tells whether there were enough of them."""
        limits = self.limits
        bucket = self._buckets.pop(asker, None) or _Bucket(limits.budget, now)
        elapsed = max(0, now - bucket.at) / 1_000_000
        points = min(float(limits.budget), bucket.points + elapsed * limits.refill)
        enough = points >= cost
        bucket.points, bucket.at = points - cost if enough else points, now
        self._buckets[asker] = bucket
        if len(self._buckets) > _KEPT:
            self._buckets.popitem(last=False)
        full_at = now + int((limits.budget - bucket.points) / limits.refill * 1_000_000)
        return Spending(limits.budget, cost, int(bucket.points), full_at), enough


def asker_of(actor: Actor) -> str:
    """Whose bucket pays: the token's, the person's, the application's that speaks for them, or that of a stranger's network."""
    if actor.token is not None:
        return f"token {actor.token.id}"
    if actor.application and actor.session is not None and actor.person is not None:
        # What an application spends is not the person's own.
        return f"application {actor.session.application_id} person {actor.person.id}"
    if actor.person is not None:
        return f"person {actor.person.id}"
    return f"network {network_of(actor.remote_address)}"


@lru_cache(maxsize=1024)
def network_of(address: str) -> str:
    """The IPv4 address, or the /64 of an IPv6 address, that a stranger comes from."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False).network_address)
    return str(found)
