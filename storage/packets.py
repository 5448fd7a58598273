"""Packets: leased under a fence, moved on, settled; what a recipient's odd answer leaves behind."""

from collections.abc import Sequence

import orjson
from sqlalchemy import (
    and_,
    case,
    delete,
    exists,
    func,
    literal_column,
    not_,
    or_,
    select,
    text,
    update,
)

from storage.database import Reader, UnitOfWork, one
from storage.query import Query, any_of, columns_for, param
from storage.queue import NEVER, is_new, is_open
from storage.tables.lists import memberships
from storage.tables.mail import (
    ExceptionalRecipient,
    Packet,
    deliveries,
    outgoing_messages,
    packets,
    recipients,
)
from storage.tables.words import DeliveryKind, DeliveryStatus, PacketState, RecipientState

_NEW, _LEASED, _DONE = PacketState.NEW.value, PacketState.LEASED.value, PacketState.DONE.value

_is_leased = packets.c.state == literal_column(f"'{_LEASED}'")
_held = and_(packets.c.id == param("id"), packets.c.fence == param("fence"), _is_leased)
# What the reporter wrote last is on record: a database that lost a commit as it died must not lose what was in it.
_went_on = and_(_held, packets.c.position == param("since"))
_ADVANCE = Query(update(packets).where(_went_on).values(position=param("position")), int)
_IS_AT = Query(
    select(packets.c.id).where(_held, packets.c.position == param("position")), lambda packet_id: packet_id
)
_FINISH = Query(
    update(packets)
    .where(_went_on)
    .values(
        state=literal_column(f"'{_DONE}'"),
        position=packets.c.recipient_count,
        finished_at=param("now"),
        worker=literal_column("''"),
    ),
    int,
)

_IS_FINISHED = Query(
    select(packets.c.id).where(
        packets.c.id == param("id"), packets.c.fence == param("fence"), packets.c.finished_at == param("now")
    ),
    lambda packet_id: packet_id,
)


def _for_many(change: str) -> Query[int]:
    """One statement for all connections of a PostgreSQL that report at one moment: rows are [id, fence, since, position]."""
    rows = (
        "SELECT CAST(value ->> 0 AS bigint) AS id, CAST(value ->> 1 AS bigint) AS fence,"
        " CAST(value ->> 2 AS int) AS since, CAST(value ->> 3 AS int) AS position"
        " FROM json_array_elements(CAST(:rows AS json))"
    )
    held = (
        "packets.id = moved.id AND packets.fence = moved.fence AND packets.state = 'leased'"
        " AND packets.position = moved.since"
    )
    statement = f"UPDATE packets SET {change} FROM ({rows}) AS moved WHERE {held} RETURNING packets.id"  # noqa: S608
    return Query(
        text(statement).bindparams(*(param(name) for name in ("rows", "now") if f":{name}" in statement)), int
    )


_ADVANCE_MANY = _for_many("position = moved.position")
_FINISH_MANY = _for_many(
    f"state = '{_DONE}', position = packets.recipient_count, finished_at = CAST(:now AS bigint), worker = ''"
)
_given_back = (
    update(packets)
    .where(_held)
    .values(state=_NEW, member_ids=param("member_ids"), recipient_count=param("recipient_count"), worker="")
)
_SHRINK = Query(_given_back.values(position=0, attempts=param("attempts"), due_at=param("due_at")), int)
_NARROW = Query(_given_back.values(position=param("position")), int)
_RELEASE = Query(update(packets).where(_held).values(state=_NEW, due_at=param("due_at"), worker=""), int)
_RENEW = Query(
    update(packets)
    .where(_is_leased, packets.c.worker == param("worker"), any_of(packets.c.id, "ids"))
    .values(leased_until=param("leased_until"))
    .returning(packets.c.id),
    int,
)
_GIVE_BACK = Query(
    update(packets)
    .where(_is_leased, packets.c.worker == param("worker"))
    .values(state=_NEW, worker=literal_column("''")),
    int,
)
_RECLAIM = Query(
    update(packets).where(_is_leased, packets.c.leased_until < param("before")).values(state=_NEW, worker=""),
    int,
)
_ACCEPTED = Query(
    update(deliveries)
    .where(deliveries.c.id == param("id"))
    .values(accepted=deliveries.c.accepted + param("count")),
    int,
)
_complete_done = (
    update(deliveries)
    .where(
        is_open,
        # While a big list is still being cut, somebody has no packet yet.
        deliveries.c.expanded_to.is_(None),
        ~exists().where(packets.c.delivery_id == deliveries.c.id, is_new),
        ~exists().where(packets.c.delivery_id == deliveries.c.id, _is_leased),
    )
    .values(status=DeliveryStatus.COMPLETED.value, finished_at=param("now"))
)
_done = (deliveries.c.id, deliveries.c.kind == DeliveryKind.SERVICE.value)
_COMPLETE = Query(
    _complete_done.where(deliveries.c.id == param("id")).returning(*_done), lambda key, ours: (key, ours)
)
_COMPLETE_ALL = Query(_complete_done.returning(*_done), lambda key, ours: (key, ours))
_FORGET = Query(delete(outgoing_messages).where(any_of(outgoing_messages.c.delivery_id, "ids")), int)
_EXCEPTION = Query(
    lambda insert: (
        insert(recipients)
        .values(
            delivery_id=param("delivery_id"),
            membership_id=param("membership_id"),
            address=param("address"),
            state=param("state"),
            attempts=1,
            reply_code=param("reply_code"),
            enhanced_status=param("enhanced_status"),
            reply=param("reply"),
            updated_at=param("now"),
        )
        .on_conflict_do_update(
            index_elements=["delivery_id", "address"],
            set_={
                "state": param("state"),
                "attempts": recipients.c.attempts + 1,
                "reply_code": param("reply_code"),
                "enhanced_status": param("enhanced_status"),
                "reply": param("reply"),
                "updated_at": param("now"),
            },
        )
    ),
    int,
)
# By whom they are for, and not by their addresses alone: somebody may have moved to another one between two tries.
_ANSWERED = Query(
    delete(recipients).where(
        recipients.c.delivery_id == param("delivery_id"),
        recipients.c.state == RecipientState.DEFERRED.value,
        or_(any_of(recipients.c.membership_id, "ids"), any_of(recipients.c.address, "addresses")),
        not_(any_of(recipients.c.address, "kept")),
    ),
    int,
)
_DEFERRED = Query(
    select(recipients.c.membership_id, recipients.c.address).where(
        recipients.c.delivery_id == param("delivery_id"),
        recipients.c.state == RecipientState.DEFERRED.value,
        any_of(recipients.c.membership_id, "ids"),
    ),
    lambda membership_id, address: (membership_id, address),
)
_ADDRESSES = Query(
    select(memberships.c.id, memberships.c.address).where(any_of(memberships.c.id, "ids")),
    lambda key, address: (key, address),
)
# The first of each open delivery, however many packets wait behind it.
_oldest = (
    select(func.min(packets.c.due_at))
    .where(packets.c.delivery_id == deliveries.c.id, is_new)
    .correlate(deliveries)
    .scalar_subquery()
)
_OLDEST_WAITING = Query(
    select(func.min(_oldest)).where(is_open, deliveries.c.priority < NEVER), lambda due_at: due_at
)


_BY_STATE = Query(
    select(
        select(func.count()).select_from(packets).where(is_new).scalar_subquery(),
        select(func.count()).select_from(packets).where(_is_leased).scalar_subquery(),
        select(func.count()).select_from(packets).scalar_subquery(),
    ),
    lambda new, leased, every: {_NEW: new, _LEASED: leased, _DONE: every - new - leased},
)
_OF_DELIVERY = Query(
    select(*columns_for(Packet, packets))
    .where(packets.c.delivery_id == param("delivery_id"), packets.c.seq >= param("from_seq"))
    .order_by(case((packets.c.state == _DONE, 1), else_=0), packets.c.seq)
    .limit(param("limit")),
    Packet,
)
_EXCEPTIONS = Query(
    select(*columns_for(ExceptionalRecipient, recipients))
    .where(recipients.c.delivery_id == param("delivery_id"), recipients.c.id > param("after"))
    .order_by(recipients.c.id)
    .limit(param("limit")),
    ExceptionalRecipient,
)


async def advance(uow: UnitOfWork, packet: Packet, since: int, position: int) -> bool:
    """Recipients from `since` to before `position` are settled, those before `since` were.

    False when somebody else holds the packet now, or what the reporter wrote before is not on record any more.
    """
    changed = await uow.run(_ADVANCE, id=packet.id, fence=packet.fence, since=since, position=position)
    return changed == 1


async def advance_many(uow: UnitOfWork, moved: Sequence[tuple[Packet, int, int]]) -> set[int]:
    """The same for several packets at once, each with `since` and `position`; the ids of those that are still held."""
    if uow.dialect == "sqlite" or len(moved) == 1:
        # Where no round trip is saved, a statement costs less than the JSON that would carry its rows.
        rows = [
            {"id": packet.id, "fence": packet.fence, "since": since, "position": position}
            for packet, since, position in moved
        ]
        if await uow.run_each(_ADVANCE, rows) == len(rows):
            return {packet.id for packet, _, _ in moved}
        return {packet.id for packet, _, position in moved if await _is_at(uow, packet, position)}
    lines = [(packet.id, packet.fence, since, position) for packet, since, position in moved]
    return set(await uow.all(_ADVANCE_MANY, rows=orjson.dumps(lines).decode()))


async def _is_at(reader: Reader, packet: Packet, position: int) -> bool:
    return await reader.first(_IS_AT, id=packet.id, fence=packet.fence, position=position) is not None


async def finish(uow: UnitOfWork, packet: Packet, since: int) -> bool:
    """Every recipient of it is settled for good, those before `since` were before; False as for `advance`."""
    return await uow.run(_FINISH, id=packet.id, fence=packet.fence, since=since, now=uow.now) == 1


async def finish_many(uow: UnitOfWork, done: Sequence[tuple[Packet, int]]) -> set[int]:
    """The same for several packets at once, each with `since`; the ids of those that were still held."""
    if uow.dialect == "sqlite" or len(done) == 1:
        bound = [
            {"id": packet.id, "fence": packet.fence, "since": since, "now": uow.now} for packet, since in done
        ]
        if await uow.run_each(_FINISH, bound) == len(done):
            return {packet.id for packet, _ in done}
        return {packet.id for packet, _ in done if await _is_finished(uow, packet)}
    rows = [(packet.id, packet.fence, since) for packet, since in done]
    return set(await uow.all(_FINISH_MANY, rows=orjson.dumps(rows).decode(), now=uow.now))


async def _is_finished(reader: Reader, packet: Packet) -> bool:
    """Whether this very transaction finished it."""
    return await reader.first(_IS_FINISHED, id=packet.id, fence=packet.fence, now=reader.now) is not None


async def shrink(
    uow: UnitOfWork, packet: Packet, *, member_ids: str | None, count: int, due_at: int, attempts: int
) -> bool:
    """Only these are left, to be tried again at `due_at`; False when somebody else holds the packet now."""
    changed = await uow.run(
        _SHRINK,
        id=packet.id,
        fence=packet.fence,
        member_ids=member_ids,
        recipient_count=count,
        due_at=due_at,
        attempts=attempts,
    )
    return changed == 1


async def narrow(uow: UnitOfWork, packet: Packet, *, member_ids: str, count: int, position: int) -> bool:
    """Only these are left, from `position` on to be tried at once; False when somebody else holds the packet now."""
    changed = await uow.run(
        _NARROW,
        id=packet.id,
        fence=packet.fence,
        member_ids=member_ids,
        recipient_count=count,
        position=position,
    )
    return changed == 1


async def release(uow: UnitOfWork, packet: Packet, *, due_at: int) -> bool:
    """Give a packet back untried from its position on."""
    return await uow.run(_RELEASE, id=packet.id, fence=packet.fence, due_at=due_at) == 1


async def renew(uow: UnitOfWork, worker: str, leased_until: int, ids: list[int]) -> set[int]:
    """Keep a worker's leases of those packets that it still has in hand; the ids of those that are its own indeed.

    One that it was given and never heard of, since the answer was lost, runs out.
    """
    return set(await uow.all(_RENEW, worker=worker, leased_until=leased_until, ids=ids))


async def give_back(uow: UnitOfWork, worker: str) -> int:
    """Free whatever a worker still has as it ends, so that others go on at once; how many."""
    return await uow.run(_GIVE_BACK, worker=worker)


async def reclaim(uow: UnitOfWork, before: int) -> int:
    """Free the packets whose lease ended before then; how many."""
    return await uow.run(_RECLAIM, before=before)


async def count_accepted(uow: UnitOfWork, delivery_id: int, count: int) -> None:
    """So many more recipients' copies were taken by the mail server."""
    await uow.run(_ACCEPTED, id=delivery_id, count=count)


async def complete(uow: UnitOfWork, delivery_id: int) -> bool:
    """Close a delivery if none of its packets is left; whether it is closed now."""
    return await _closed(uow, await uow.all(_COMPLETE, id=delivery_id, now=uow.now)) == 1


async def complete_all(uow: UnitOfWork) -> int:
    """Close every delivery that has nothing left; how many.

    Two workers that settle the last two packets at one moment do not see each other's, and then neither closes it.
    """
    return await _closed(uow, await uow.all(_COMPLETE_ALL, now=uow.now))


async def _closed(uow: UnitOfWork, done: list[tuple[int, bool]]) -> int:
    # Mail of our own holds tickets: once it is delivered no copy of their secrets stays here (pitfall 45).
    ours = [delivery_id for delivery_id, is_ours in done if is_ours]
    if ours:
        await uow.run(_FORGET, ids=ours)
    return len(done)


async def record_exception(
    uow: UnitOfWork,
    delivery_id: int,
    *,
    membership_id: int | None,
    address: str,
    state: RecipientState,
    code: int | None,
    enhanced: str,
    words: str,
) -> None:
    """What a recipient was answered, if not a plain yes; a later answer replaces it."""
    await uow.run(
        _EXCEPTION,
        delivery_id=delivery_id,
        membership_id=membership_id,
        address=address,
        state=state.value,
        reply_code=code,
        enhanced_status=enhanced,
        reply=words,
        now=uow.now,
    )


async def forget_deferrals(
    uow: UnitOfWork,
    delivery_id: int,
    *,
    members: Sequence[int] = (),
    addresses: Sequence[str] = (),
    kept: Sequence[str] = (),
) -> None:
    """These members, and these bare addresses, had another answer; rows of the addresses in `kept` stay, to be replaced."""
    await uow.run(
        _ANSWERED, delivery_id=delivery_id, ids=list(members), addresses=list(addresses), kept=list(kept)
    )


async def deferred_among(reader: Reader, delivery_id: int, ids: list[int]) -> list[tuple[int | None, str]]:
    """Which of these members wait for another try, with their addresses."""
    return await reader.all(_DEFERRED, delivery_id=delivery_id, ids=ids)


async def addresses_of(reader: Reader, ids: list[int]) -> dict[int, str]:
    """The addresses of those members who are still there."""
    return dict(await reader.all(_ADDRESSES, ids=ids))


async def oldest_waiting(reader: Reader) -> int | None:
    """Since when the packet that waits longest has been due."""
    return await reader.first(_OLDEST_WAITING)


async def count_by_state(reader: Reader) -> dict[str, int]:
    """How many packets are in each state."""
    found = await one(reader, _BY_STATE)
    return {state: count for state, count in found.items() if count}


async def of_delivery(
    reader: Reader, delivery_id: int, *, from_seq: int = 0, limit: int = 1000
) -> list[Packet]:
    """A delivery's packets, those not done first."""
    return await reader.all(_OF_DELIVERY, delivery_id=delivery_id, from_seq=from_seq, limit=limit)


async def exceptions(
    reader: Reader, delivery_id: int, *, after: int = 0, limit: int = 100
) -> list[ExceptionalRecipient]:
    """Recipients whose answer was not a plain yes, in order of their rows."""
    return await reader.all(_EXCEPTIONS, delivery_id=delivery_id, after=after, limit=limit)
