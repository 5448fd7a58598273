"""Copies of one's own on a real wire: each says what is its recipient's, small or large, and its signature holds there."""

import re

import pytest

from delivery.reception import receive
from identity.actor import operator
from lists.mailing_lists import update_settings
from storage.database import Database
from tests.conftest import Clock
from tests.delivery.signing.keeping_world import Domain
from tests.delivery.signing.verifying import key, verdicts
from tests.delivery.test_flow import a_list, a_message, posts_of
from tests.wire.sink import Sink
from tests.wire.test_worker import until, working

FOOTER = "-- \nFor {{ person.email }}\n.{{ unsubscribe_url }}"


@pytest.mark.parametrize("size", [100, 700_000])
async def test_each_recipient_gets_their_own_signed_copy(database: Database, clock: Clock, size: int) -> None:
    # dkimpy believes no signature of a time to come.
    clock.now = 1_700_000_000 * 1_000_000
    robot, mlist = await a_list(database, members=40, dkim_sign_posts="any")
    await Domain(database, robot, mlist).key(selector=key().selector)
    async with database.write() as uow:
        await update_settings(uow, operator(robot), mlist, {"footer": FOOTER})
    body = b"x\r\n" + b".y" * 30 + b"\r\n" + (b"." + b"z" * 70 + b"\r\n") * (size // 73)
    assert (await receive(database, "m0@example.edu", mlist.address, a_message() + body)).code == 250
    (delivery,) = await posts_of(database, mlist)
    async with Sink() as sink, working(database, sink.port):
        done = await until(database, delivery)
    assert done.accepted == 40
    assert len(sink.taken) == 40
    ways_out = set()
    for taken in sink.taken:
        (address,) = taken.recipients
        end = taken.data[-300:].decode()
        found = re.search(rf"\r\n-- \r\nFor {re.escape(address)}\r\n\.(\S+)\r\n$", end)
        assert found is not None
        ways_out.add(found[1])
        assert f"<{found[1]}>".encode() in taken.data[:4000]
        assert body in taken.data
    assert len(ways_out) == 40
    for taken in sink.taken[:: 1 if size < 1_000 else 10]:
        assert verdicts(taken.data, key()) == [True]
