"""Whom packets are for: the addresses of all their recipients, one row for each packet."""

from collections.abc import Sequence

import orjson
from sqlalchemy import text

from storage import packets
from storage.database import Reader
from storage.query import Query, param
from storage.tables.mail import Packet

# Two aggregates of one scan, so that the ids tell the order of the addresses; "" stands for a member who has left.
_ADDRESSES: Query[tuple[int, str, str]] = Query(
    {
        "sqlite": text(
            "SELECT packets.id, group_concat(wanted.value),"
            " group_concat(coalesce(memberships.address, ''), char(10))"
            " FROM packets, json_each(packets.member_ids) AS wanted"
            " LEFT JOIN memberships ON memberships.id = wanted.value"
            " WHERE packets.id IN (SELECT value FROM json_each(:packets)) GROUP BY packets.id"
        ).bindparams(param("packets")),
        "postgresql": text(
            "SELECT packets.id, string_agg(wanted.id, ',' ORDER BY wanted.place),"
            " string_agg(coalesce(memberships.address, ''), chr(10) ORDER BY wanted.place)"
            " FROM packets CROSS JOIN json_array_elements_text(CAST(packets.member_ids AS json))"
            " WITH ORDINALITY AS wanted(id, place)"
            " LEFT JOIN memberships ON memberships.id = CAST(wanted.id AS bigint)"
            " WHERE packets.id = ANY(CAST(:packets AS bigint[])) GROUP BY packets.id"
        ).bindparams(param("packets")),
    },
    lambda *row: row,
)


async def addresses(reader: Reader, found: Sequence[Packet]) -> dict[int, list[str]]:
    """The addresses of each packet's recipients in the packet's order, by its id; "" for those who have left."""
    known: dict[int, list[str]] = {
        packet.id: [packet.address] for packet in found if packet.address is not None
    }
    of_members = {packet.id: packet for packet in found if packet.address is None}
    if of_members:
        for key, ids, names in await reader.all(_ADDRESSES, packets=list(of_members)):
            packet = of_members[key]
            known[key] = _in_order(packet, ids, names) or await _one_by_one(reader, packet)
    return known


def _in_order(packet: Packet, ids: str, names: str) -> list[str]:
    """The addresses as they came; nobody when they did not come in the packet's order, one for each."""
    found = names.split("\n")
    if len(found) != packet.recipient_count or f"[{ids}]" != (packet.member_ids or "").replace(" ", ""):
        return []
    return found


async def _one_by_one(reader: Reader, packet: Packet) -> list[str]:
    ids = orjson.loads(packet.member_ids or "[]")
    found = await packets.addresses_of(reader, ids)
    return [found.get(key, "") for key in ids]
