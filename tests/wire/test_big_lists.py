"""A list too big for one transaction reaches everybody once; some members get copies of their own, and the rest share."""

from collections import Counter

import orjson
from sqlalchemy import select

from delivery.control import account
from delivery.reception import receive
from storage import bouncing, expansion, memberships
from storage.database import Database
from storage.query import Query
from storage.tables.mail import audit
from tests.delivery.test_flow import a_list, a_message, posts_of
from tests.wire.sink import Sink
from tests.wire.test_worker import until, working


async def test_a_list_that_is_cut_in_chunks_reaches_every_member_once(database: Database) -> None:
    members = expansion.WHOLE + 1_500
    _, mlist = await a_list(database, members=1)
    rows = [
        memberships.row(address=f"m{n}@d{n % 7}.example", address_key=f"m{n}@d{n % 7}.example")
        for n in range(members)
    ]
    async with database.write() as uow:
        await memberships.add_many(uow, mlist.id, rows)
    reply = await receive(database, "m0@example.edu", mlist.address, a_message())
    assert str(reply) == "250 2.0.0 taken; the recipients are still being found"
    (delivery,) = await posts_of(database, mlist)
    async with database.read() as reader:
        half = await account(reader, delivery.id)
    assert half is not None
    assert (half.adds_up, half.is_expanding, half.progress.total) == (True, True, expansion.CHUNK)
    assert delivery.expanded_to is not None
    assert delivery.total == expansion.CHUNK
    async with Sink(keeps_data=False) as sink, working(database, sink.port):
        done = await until(database, delivery)
        times = Counter(address for each in sink.taken for address in each.recipients)
    assert len(times) == members + 1
    assert set(times.values()) == {1}
    assert (done.total, done.accepted, done.expanded_to) == (members + 1, members + 1, None)
    async with database.read() as reader:
        found = await account(reader, delivery.id)
        told = [each async for each in reader.stream(_TOLD)]
    assert found is not None
    assert (found.adds_up, found.is_expanding) == (True, False)
    assert told == [
        ("distributed", {"is_expanding": True}),
        ("expanded", {"recipients": members + 1}),
    ]


_TOLD = Query(
    select(audit.c.event, audit.c.detail)
    .where(audit.c.event.in_(["distributed", "expanded"]))
    .order_by(audit.c.id),
    lambda event, detail: (
        event,
        {name: orjson.loads(detail)[name] for name in ("is_expanding", "recipients") if name in detail},
    ),
)


async def test_a_list_that_samples_sends_own_copies_to_those_whose_mail_comes_back_and_now_and_then_to_all(
    database: Database,
) -> None:
    _, mlist = await a_list(database, members=5, personalization="sampled", verp_every="2")
    async with database.write() as uow:
        await bouncing.count(uow, "m3@example.edu", "5.1.1")
    for number in (1, 2):
        message = a_message(message_id=f"<{number}@example.edu>", subject=f"Number {number}")
        assert (await receive(database, "m0@example.edu", mlist.address, message)).is_positive
    second, first = await posts_of(database, mlist)
    async with Sink() as sink, working(database, sink.port):
        await until(database, first)
        await until(database, second)
    shared = [each.recipients for each in sink.taken if len(each.recipients) > 1]
    own = Counter(each.recipients[0] for each in sink.taken if len(each.recipients) == 1)
    assert shared == [tuple(f"m{n}@example.edu" for n in (0, 1, 2, 4))]
    assert own == Counter({f"m{n}@example.edu": 1 for n in range(5)} | {"m3@example.edu": 2})
    paths = {each.reverse_path for each in sink.taken if len(each.recipients) == 1}
    assert len(paths) == 6
