"""What was told to peers, in the trail of whom it is about: the peer, when, and how many lists (listfed/1, 8)."""

from collections.abc import Collection
from dataclasses import dataclass

import orjson

from storage import audit, federation_told
from storage.database import Reader, UnitOfWork
from storage.tables.federation import Peer

EVENT = "federation_told"
MOST = 100


@dataclass(frozen=True, slots=True)
class Told:
    """Once that a peer was told something; `at` in microseconds, `lists` how many it heard of."""

    id: int
    peer: str
    address: str
    lists: int
    at: int


async def record(
    uow: UnitOfWork, peer: Peer, address: str, person_id: int | None, robot_id: int, count: int
) -> None:
    """Write down that a peer was told of so many lists of an address in a robot, before it is."""
    await audit.record(
        uow,
        EVENT,
        actor=peer.domain,
        via="federation",
        robot_id=robot_id,
        person_id=person_id,
        address=address,
        detail={"peer": peer.domain, "lists": count},
    )


async def told_of(reader: Reader, person_id: int, addresses: Collection[str]) -> list[Told]:
    """What peers were told of a person, newest first; at most 100. `addresses` are theirs that count, as they are written."""
    found = await federation_told.of_person(reader, EVENT, person_id, addresses, MOST)
    return [_told(*row) for row in found]


def _told(id: int, address: str, detail: str, at: int) -> Told:
    said = orjson.loads(detail)
    return Told(id, str(said.get("peer", "")), address, int(said.get("lists", 0)), at)
