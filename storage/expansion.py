"""Deliveries of lists are cut into packets: small lists at once, big ones chunk by chunk, and nobody twice (rows 20, 27)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

import orjson
from sqlalchemy import delete, func, insert, select, text, update

from storage import audit, deliveries, packets, takers
from storage.database import Reader, UnitOfWork, one
from storage.query import Query, param, values_of
from storage.queue import NEVER, is_open
from storage.tables.expansion import expansions
from storage.tables.lists import lists
from storage.tables.mail import Delivery
from storage.tables.mail import deliveries as delivery_rows
from storage.tables.mail import packets as packet_rows
from storage.tables.words import DeliveryStatus, Personalization
from storage.takers import Span, Taker

WHOLE = 5_000
"""A list with as many memberships is expanded in the transaction that accepts the post."""
CHUNK = 2_000
"""Of a bigger one, so many memberships are expanded in one transaction."""

_BEGIN = Query(
    insert(expansions).values(
        delivery_id=param("delivery_id"),
        author_keys=param("author_keys"),
        addressed_members=param("addressed_members"),
    ),
    int,
)
_STARTED = Query(
    update(delivery_rows)
    .where(delivery_rows.c.id == param("delivery_id"))
    .values(total=param("found"), expanded_to=param("expanded_to"), last_member=param("last_member")),
    int,
)
_MOVED = Query(
    update(delivery_rows)
    .where(delivery_rows.c.id == param("delivery_id"), delivery_rows.c.expanded_to == param("after"))
    .values(total=delivery_rows.c.total + param("found"), expanded_to=param("expanded_to")),
    int,
)
_END = Query(delete(expansions).where(expansions.c.delivery_id == param("delivery_id")), int)
_waits = (
    select(expansions.c.delivery_id, expansions.c.author_keys, expansions.c.addressed_members)
    .join(delivery_rows, delivery_rows.c.id == expansions.c.delivery_id)
    .where(is_open, delivery_rows.c.priority < NEVER)
    .order_by(delivery_rows.c.priority, delivery_rows.c.id)
    .limit(1)
)
_NEXT = Query(
    _waits.with_for_update(of=expansions, skip_locked=True),
    lambda delivery_id, *kept: (delivery_id, *map(orjson.loads, kept)),
)
_WAITS = Query(_waits, lambda delivery_id, *_: delivery_id)
_NEXT_SEQ = Query(
    select(func.coalesce(func.max(packet_rows.c.seq) + 1, 0)).where(
        packet_rows.c.delivery_id == param("delivery_id")
    ),
    int,
)
_PACKET = Query(
    insert(packet_rows).values(
        delivery_id=param("delivery_id"),
        seq=param("seq"),
        member_ids=param("member_ids"),
        recipient_count=param("recipient_count"),
        domain=param("domain"),
        is_personal=param("is_personal"),
        due_at=param("now"),
    ),
    int,
)
# One statement for thousands of rows.
_DECIDE = (
    "INSERT INTO decided_members (delivery_id, membership_id) SELECT CAST(:delivery_id AS bigint), value"
)
_DECIDED = Query(
    {
        dialect: text(f"{_DECIDE} FROM ({values_of(dialect, 'ids', 'BIGINT')}) AS ahead").bindparams(
            param("delivery_id"), param("ids")
        )
        for dialect in ("sqlite", "postgresql")
    },
    int,
)
_COUNT_SAMPLED = Query(
    update(lists)
    .where(lists.c.id == param("list_id"))
    .values(verp_count=lists.c.verp_count + 1)
    .returning(lists.c.verp_count, lists.c.verp_every),
    lambda count, every: (count, every),
)


@dataclass(frozen=True, slots=True)
class Cut:
    """What one packet is to hold; `domain` is "" where it mixes several."""

    domain: str
    is_personal: bool
    ids: list[int]


def cut(members: Sequence[Taker], size: int, personalization: str) -> Iterator[Cut]:
    """Members in packets of at most `size`: by domain, with those together of whom a domain has less than half a packet.

    Those who get copies of their own (all, or where it is `on_bounce` those whose mail comes back) are apart from the rest.
    """
    everybody = personalization == Personalization.ALWAYS
    bouncing = personalization in (Personalization.ON_BOUNCE, Personalization.SAMPLED)
    apart = [each for each in members if everybody or (bouncing and each.is_bouncing)]
    shared = [] if everybody else [each for each in members if not (bouncing and each.is_bouncing)]
    for group, is_personal in ((shared, False), (apart, True)):
        yield from _by_domain(sorted(group, key=attrgetter("domain", "id")), size, is_personal=is_personal)


def _by_domain(members: Sequence[Taker], size: int, *, is_personal: bool) -> Iterator[Cut]:
    mixed: list[Taker] = []
    for domain, those in groupby(members, key=attrgetter("domain")):
        there = list(those)
        for start in range(0, len(there), size):
            part = there[start : start + size]
            if 2 * len(part) < size:
                mixed += part
            else:
                yield Cut(domain, is_personal, [each.id for each in part])
    for start in range(0, len(mixed), size):
        part = mixed[start : start + size]
        domain = part[0].domain if part[0].domain == part[-1].domain else ""
        yield Cut(domain, is_personal, [each.id for each in part])


async def sampled(uow: UnitOfWork, list_id: int) -> Personalization:
    """What the next message of a list is whose copies are sampled: each n-th goes to everybody as their own (row 59)."""
    count, every = await one(uow, _COUNT_SAMPLED, list_id=list_id)
    return Personalization.ALWAYS if count % every == 0 else Personalization.ON_BOUNCE


async def expand(
    uow: UnitOfWork,
    delivery_id: int,
    *,
    author_keys: Sequence[str],
    addressed: Sequence[int] = (),
    whole: int = WHOLE,
    chunk: int = CHUNK,
) -> int | None:
    """Cut a list's members who take mail now into packets; how many there are, None while more chunks follow.

    `author_keys` are the keys of the author's addresses, `addressed` the memberships that get no copy, since the message
    names their people: who that is is found once, at acceptance. A list of more than `whole` memberships is begun with the first
    `chunk` of them. A delivery to nobody is complete at once.
    """
    delivery = await _of_list(uow, delivery_id)
    last = await takers.last_member(uow, delivery.list_id or 0)
    upto = await takers.end_of_chunk(uow, delivery.list_id or 0, after=0, last=last, size=whole + 1)
    is_whole = upto >= last
    if not is_whole:
        await uow.run(
            _BEGIN,
            delivery_id=delivery_id,
            author_keys=orjson.dumps([*author_keys]).decode(),
            addressed_members=orjson.dumps([*addressed]).decode(),
        )
        upto = await takers.end_of_chunk(uow, delivery.list_id or 0, after=0, last=last, size=chunk)
    span = _span(delivery, after=0, upto=upto, last=last)
    found = await _chunk(uow, delivery, span, author_keys, addressed, seq=0)
    await uow.run(
        _STARTED,
        delivery_id=delivery_id,
        found=found,
        expanded_to=None if is_whole else upto,
        last_member=None if is_whole else last,
    )
    if found or not is_whole:
        uow.announce("deliver")
    else:
        await deliveries.set_status(uow, delivery_id, DeliveryStatus.COMPLETED, allowed=deliveries.OPEN)
    return found if is_whole else None


async def waits(reader: Reader) -> bool:
    """Whether some delivery that is neither paused nor ended has members left that are in no packet yet."""
    return await reader.first(_WAITS) is not None


async def expand_more(uow: UnitOfWork, *, chunk: int = CHUNK) -> bool:
    """One further chunk of the most urgent delivery that has one; whether there was one.

    On PostgreSQL several may do so at once, each for another delivery. What is read of the delivery is read after it is
    locked; that it is as it was is checked once more when it is moved on.
    """
    found = await uow.first(_NEXT)
    if found is None:
        return False
    delivery_id, author_keys, addressed = found
    delivery = await _of_list(uow, delivery_id)
    after, last = delivery.expanded_to or 0, delivery.last_member or 0
    upto = await takers.end_of_chunk(uow, delivery.list_id or 0, after=after, last=last, size=chunk)
    seq = await one(uow, _NEXT_SEQ, delivery_id=delivery_id)
    span = _span(delivery, after=after, upto=upto, last=last)
    count = await _chunk(uow, delivery, span, author_keys, addressed, seq=seq)
    is_end = upto >= last
    moved = await uow.run(
        _MOVED, delivery_id=delivery_id, after=after, found=count, expanded_to=None if is_end else upto
    )
    if moved != 1:
        raise LookupError(f"delivery {delivery_id} was expanded by somebody else")
    if is_end:
        await uow.run(_END, delivery_id=delivery_id)
        await audit.record(
            uow,
            "expanded",
            actor="",
            via="sweep",
            robot_id=delivery.robot_id,
            list_id=delivery.list_id,
            detail={"delivery": delivery_id, "recipients": delivery.total + count},
        )
        await packets.complete(uow, delivery_id)
    uow.announce("deliver")
    return True


async def _of_list(uow: UnitOfWork, delivery_id: int) -> Delivery:
    found = await deliveries.find(uow, delivery_id)
    if found is None or found.list_id is None:
        raise LookupError(f"delivery {delivery_id} is of no list")
    return found


def _span(delivery: Delivery, *, after: int, upto: int, last: int) -> Span:
    return Span(delivery.id, delivery.list_id or 0, delivery.robot_id, delivery.created_at, after, upto, last)


async def _chunk(
    uow: UnitOfWork,
    delivery: Delivery,
    span: Span,
    author_keys: Sequence[str],
    addressed: Sequence[int],
    *,
    seq: int,
) -> int:
    """Packets for the memberships of a chunk, numbered from `seq`; for how many members."""
    taken = await takers.of_chunk(uow, span, author_keys=author_keys, addressed=addressed)
    rows = [
        {
            "delivery_id": delivery.id,
            "seq": number,
            "member_ids": orjson.dumps(each.ids).decode(),
            "recipient_count": len(each.ids),
            "domain": each.domain,
            "is_personal": each.is_personal,
            "now": uow.now,
        }
        for number, each in enumerate(
            cut(taken.takers, uow.site.packet_size, delivery.personalization), start=seq
        )
    ]
    await uow.run_many(_PACKET, rows)
    if taken.ahead:
        await uow.run(_DECIDED, delivery_id=delivery.id, ids=taken.ahead)
    return len(taken.takers)
