"""Whose account an address belongs to here and now, and since when it is nobody's any more (threat T8)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from mail.instant import DAY
from storage import federation_consents as rows
from storage.database import Reader
from storage.tables.federation_consents import Proof

# An address that was proved longer ago may have changed hands.
PROVED_WITHIN = 365 * DAY


@dataclass(frozen=True, slots=True)
class Holders:
    """Of some addresses: who has them, and when the last proof of the others ended; None as a robot is the whole server."""

    live: Mapping[tuple[str, int | None], int]
    ended: Mapping[tuple[str, int | None], int]

    def of(self, key: str, robot_id: int) -> int | None:
        """Whose address this is in a robot."""
        return self.live.get((key, None), self.live.get((key, robot_id)))

    def anywhere(self, key: str) -> int | None:
        """Whose address this is in any robot."""
        return next((person for (of, _), person in self.live.items() if of == key), None)

    def ended_at(self, key: str, robot_id: int) -> int | None:
        """When it ceased to be somebody's in a robot (microseconds); None where it is somebody's, or never was."""
        if self.of(key, robot_id) is not None:
            return None
        ends = [self.ended[place] for place in ((key, None), (key, robot_id)) if place in self.ended]
        return max(ends, default=None)


async def holders_of(reader: Reader, keys: Collection[str]) -> Holders:
    """Read it, in one statement whatever there is."""
    live: dict[tuple[str, int | None], int] = {}
    ended: dict[tuple[str, int | None], int] = {}
    for each in await rows.proofs(reader, keys):
        place, ends = (each.address_key, each.robot_id), _ends(each)
        if ends > reader.now:
            live.setdefault(place, each.person_id)
        else:
            ended[place] = max(ends, ended.get(place, 0))
    return Holders(live, ended)


def _ends(proof: Proof) -> int:
    """The instant from which on it does not count any more."""
    year = max(proof.confirmed_at or 0, proof.proved_at) + PROVED_WITHIN + 1
    return year if proof.expires_at is None else min(year, proof.expires_at)
