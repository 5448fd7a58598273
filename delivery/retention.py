"""Old deliveries keep their counts and let go of what they carried."""

import asyncio

from storage import retention
from storage.database import Database

_PACKETS_AT_ONCE = 500
_DELIVERIES_AT_ONCE = 100
_BREATH_SECONDS = 0.01


async def sweep(database: Database, kept: int) -> int:
    """Drop the packets and outgoing bytes of deliveries that ended `kept` microseconds ago; how many packets.

    In small transactions, since a single delivery may have ten thousand packets. How many were accepted, and who was not
    and why, stays.
    """
    dropped = 0
    while True:
        async with database.read() as reader:
            ids = await retention.spent(reader, before=reader.now - kept, limit=_DELIVERIES_AT_ONCE)
        if not ids:
            return dropped
        for delivery_id in ids:
            gone = _PACKETS_AT_ONCE
            while gone == _PACKETS_AT_ONCE:
                async with database.write(durable=False) as uow:
                    gone = await retention.drop_packets(uow, delivery_id, limit=_PACKETS_AT_ONCE)
                dropped += gone
                if gone == _PACKETS_AT_ONCE:
                    await asyncio.sleep(_BREATH_SECONDS)
        async with database.write(durable=False) as uow:
            await retention.drop_bytes(uow, ids)
        await asyncio.sleep(_BREATH_SECONDS)
