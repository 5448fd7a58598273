"""Whom packets are for: the addresses of all their recipients, one row for each packet."""

from collections.abc import Sequence

import orjson
from sqlalchemy import text

from storage import packets
from storage.database import Reader
from storage.query import Query, param
from storage.tables.mail import Packet

_SPREAD = 50
"""How many ids there may be between the first recipient and the last for each of a packet's, to be read as neighbours."""

# Both arrays are of one scan, so that the ids tell the order of the addresses; null stands for a member who has left.
_BY_ID: Query[tuple[int, str | None]] = Query(
    {
        "sqlite": text(
            "SELECT packets.id, (SELECT json_group_array(wanted.value) || json_group_array(memberships.address)"
            " FROM json_each(packets.member_ids) AS wanted"
            " LEFT JOIN memberships ON memberships.id = wanted.value)"
            " FROM packets WHERE packets.id IN (SELECT value FROM json_each(:packets))"
        ).bindparams(param("packets")),
        "postgresql": text(
            "SELECT packets.id, CAST(json_agg(CAST(wanted.id AS bigint) ORDER BY wanted.place) AS text)"
            " || CAST(json_agg(memberships.address ORDER BY wanted.place) AS text)"
            " FROM packets CROSS JOIN json_array_elements_text(CAST(packets.member_ids AS json))"
            " WITH ORDINALITY AS wanted(id, place)"
            " LEFT JOIN memberships ON memberships.id = CAST(wanted.id AS bigint)"
            " WHERE packets.id = ANY(CAST(:packets AS bigint[])) GROUP BY packets.id"
        ).bindparams(param("packets")),
    },
    lambda key, both: (key, both),
)
# A packet of one domain is a stretch of the index that expansion walked: reading that is less than half of the work of
# finding each member by the id. Members who did not get this message may stand in between.
_NEIGHBOURS: Query[tuple[int, str | None]] = Query(
    text(
        "SELECT packets.id, (SELECT json_group_array(near.id) || json_group_array(near.address)"
        " FROM memberships AS first, memberships AS last, memberships AS near"
        " WHERE first.id = CAST(substr(packets.member_ids, 2) AS INTEGER)"
        " AND last.id = json_extract(packets.member_ids, '$[#-1]')"
        " AND last.list_id = first.list_id AND last.domain = first.domain"
        " AND near.list_id = first.list_id AND near.domain = first.domain"
        " AND near.id BETWEEN first.id AND last.id)"
        " FROM packets WHERE packets.id IN (SELECT value FROM json_each(:packets))"
    ).bindparams(param("packets")),
    lambda key, both: (key, both),
)


async def addresses(reader: Reader, found: Sequence[Packet]) -> dict[int, list[str]]:
    """The addresses of each packet's recipients in the packet's order, by its id; "" for those who have left."""
    known: dict[int, list[str]] = {
        packet.id: [packet.address] for packet in found if packet.address is not None
    }
    rest = {packet.id: packet for packet in found if packet.address is None}
    if rest and reader.dialect == "sqlite":
        near = [packet.id for packet in rest.values() if _may_be_neighbours(packet)]
        for key, both in await reader.all(_NEIGHBOURS, packets=near) if near else ():
            names = _among_neighbours(rest[key], both or "")
            if names:
                known[key] = names
                del rest[key]
    if rest:
        for key, both in await reader.all(_BY_ID, packets=list(rest)):
            known[key] = _in_order(rest[key], both or "") or await _one_by_one(reader, rest[key])
    return known


def _may_be_neighbours(packet: Packet) -> bool:
    ids = packet.member_ids or ""
    first, _, others = ids[1:-1].partition(",")
    last = others.rpartition(",")[2]
    return bool(last) and 0 < int(last) - int(first) < _SPREAD * packet.recipient_count


def _among_neighbours(packet: Packet, both: str) -> list[str]:
    """The packet's recipients out of those who stand between its first and its last; none if one is not there."""
    ids, names = _parts(both)
    if ids == packet.member_ids or not names:
        return names
    at = dict(zip(ids[1:-1].split(","), names, strict=True))
    wanted = (packet.member_ids or "")[1:-1].split(",")
    return [at[key] for key in wanted] if at.keys() >= set(wanted) else []


def _in_order(packet: Packet, both: str) -> list[str]:
    """The addresses as they came; nobody when they did not come in the packet's order, one for each."""
    ids, names = _parts(both)
    if ids.replace(" ", "") != (packet.member_ids or "").replace(" ", ""):
        return []
    return [name or "" for name in names] if None in names else names


def _parts(both: str) -> tuple[str, list[str]]:
    """An array of ids, as it is written, and the one of addresses behind it."""
    end = both.find("]") + 1
    return both[:end], orjson.loads(both[end:]) if end else []


async def _one_by_one(reader: Reader, packet: Packet) -> list[str]:
    ids = orjson.loads(packet.member_ids or "[]")
    found = await packets.addresses_of(reader, ids)
    return [found.get(key, "") for key in ids]
