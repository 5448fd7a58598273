"""`postroom delivery`: what is on its way is listed, followed, stopped as a whole, and accounted for."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import orjson

from delivery.domains import Domains
from delivery.reception import receive
from delivery.report import Oddity, Report, Step
from delivery.settling import apply, member_ids
from mail.status import Reply
from server.commands.shell import opened
from storage import nodes, packets
from storage.database import Database
from storage.tables.words import RecipientState
from tests.delivery.test_flow import a_message
from tests.server.command_line import STAFF, Run
from tests.storage.queued import lease

ROBOT = "lists.example.org"
NEVER = Reply(550, "5.1.1", "no such user")
SLOWER = Reply(450, "4.7.1", "too many messages, slow down")


def in_database(work: Callable[[Database], Awaitable[Any]]) -> Any:
    """Do something in the database that the commands use, between two of them."""

    async def done() -> Any:
        async with opened() as database:
            return await work(database)

    return asyncio.run(done())


def a_post(run: Run, members: int = 3) -> str:
    """A post to so many members; its delivery's number."""
    rows = "".join(f"m{n}@example.edu\n" for n in range(members))
    run("membership", "import", STAFF, "-", "--quiet", given=f"email\n{rows}")
    run("list", "set", STAFF, "send=public")

    async def post(database: Database) -> None:
        raw = a_message("x@example.net", message_id=f"<{secrets.token_hex(8)}@example.net>")
        assert (await receive(database, "x@example.net", STAFF, raw)).code == 250

    in_database(post)
    return str(run("delivery", "list", "--list", STAFF)["deliveries"][0]["id"])


async def settle(database: Database) -> None:
    """Have a worker hand over the one packet: the second of three was refused."""
    async with database.write() as uow:
        (packet,) = await lease(uow, "w", limit=1, leased_until=uow.now + 10**9)
        odd = [Oddity(member_ids(packet)[1], "m1@example.edu", RecipientState.FAILED, NEVER)]
        assert await apply(uow, Report(packet, Step.SETTLE, 0, 3, 2, odd))
        await packets.count_accepted(uow, packet.delivery_id, 2)
        await packets.complete(uow, packet.delivery_id)


def test_a_delivery_is_accounted_for_to_the_last_recipient(lists: Run) -> None:
    number = a_post(lists)
    counts = {"total": 3, "accepted": 0, "failed": 0, "skipped": 0, "pending": 3}
    rest = {"is_expanded": True, "adds_up": True, "exceptions": []}
    assert lists("delivery", "audit", number) == {**counts, **rest}
    in_database(settle)
    found = lists("delivery", "audit", number)
    assert (found["accepted"], found["failed"], found["pending"], found["adds_up"]) == (2, 1, 0, True)
    assert found["exceptions"] == [
        {"address": "m1@example.edu", "state": "failed", "reply": "550 no such user"}
    ]
    assert "adds up" in lists("delivery", "audit", number, plain=True)
    assert lists("delivery", "show", number)["status"] == "completed"
    assert lists("delivery", "show", number)["list"] == STAFF
    assert f"  2/3  {STAFF}  " in lists("delivery", "list", plain=True)
    # Who may not see it hears that there is none.
    assert "NOT_FOUND" in lists("delivery", "audit", number, "--as", "eve@example.com", fails=1)
    assert lists("delivery", "audit", number, "--as", "carol@example.edu")["adds_up"]


def test_after_a_cancel_who_was_not_tried_was_skipped(lists: Run) -> None:
    number = a_post(lists)
    assert lists("delivery", "cancel", number)["status"] == "cancelled"
    found = lists("delivery", "audit", number)
    assert (found["skipped"], found["pending"], found["adds_up"]) == (3, 0, True)
    shown = lists("delivery", "show", number)
    assert (shown["skipped"], shown["pending"], shown["deferred"]) == (3, 0, 0)


def test_a_delivery_is_followed_until_it_ends_and_one_that_was_refused_leaves_with_one(lists: Run) -> None:
    number = a_post(lists)
    in_database(settle)
    said = lists("delivery", "watch", number, fails=1)
    assert '"failed": 1' in said
    other = a_post(lists)
    lists("delivery", "cancel", other)
    found = lists("delivery", "watch", other)
    assert (found["status"], found["skipped"]) == ("cancelled", 3)


def test_a_queue_is_drained_for_one_domain_or_for_all(lists: Run) -> None:
    a_post(lists)
    assert lists("delivery", "drain") == {"stops": []}
    assert "Mail leaves." in lists("delivery", "drain", plain=True)
    (stop,) = lists("delivery", "drain", "on", "--robot", ROBOT)["stops"]
    assert stop["robot"] == ROBOT

    async def leased(database: Database) -> int:
        async with database.write() as uow:
            return len(await lease(uow, "w", limit=9, leased_until=uow.now + 10**9))

    assert in_database(leased) == 0
    assert "FORBIDDEN" in lists(
        "delivery", "drain", "off", "--robot", ROBOT, "--as", "eve@example.com", fails=1
    )
    assert "Nothing leaves" in lists("delivery", "drain", plain=True)
    assert lists("delivery", "drain", "off", "--robot", ROBOT) == {"stops": []}
    assert lists("delivery", "drain", "on")["stops"][0]["robot"] is None
    assert lists("delivery", "drain", "off") == {"stops": []}
    assert in_database(leased) > 0


def test_domains_that_put_us_off_are_shown_and_reset(lists: Run) -> None:
    a_post(lists)
    assert "No domain" in lists("delivery", "domains", plain=True)

    async def learn(database: Database) -> None:
        domains = Domains({}, most=20)
        async with database.write() as uow:
            (packet,) = await lease(uow, "w", limit=1, leased_until=uow.now + 10**9)
            odd = [
                Oddity(key, f"m{place}@example.edu", RecipientState.DEFERRED, SLOWER)
                for place, key in enumerate(member_ids(packet))
            ]
            domains.learn(Report(packet, Step.SETTLE, 0, 3, 0, odd), uow.now)
            await domains.save(uow)

    in_database(learn)
    (found,) = lists("delivery", "domains")["domains"]
    assert (found["domain"], found["is_paused"], found["reply"]) == ("example.edu", True, SLOWER.text)
    assert "example.edu" in lists("delivery", "domains", plain=True)
    assert lists("delivery", "domains", "--reset", "example.edu") == {"domains": []}


def test_workers_and_what_they_have_leased_are_shown(lists: Run) -> None:
    a_post(lists)
    assert "No process" in lists("delivery", "workers", plain=True)

    async def take(database: Database) -> None:
        async with database.write() as uow:
            await lease(uow, "host:1:abcd", limit=1, leased_until=uow.now + 10**9)

    in_database(take)
    found = lists("delivery", "workers")
    (leased,) = found["leases"]
    assert (leased["owner"], leased["count"]) == ("host:1:abcd", 1)
    assert found["nodes"] == []
    assert "host:1:abcd" in lists("delivery", "workers", plain=True)


def test_why_nothing_moves_is_said(lists: Run) -> None:
    number = a_post(lists)
    assert lists("delivery", "show", number)["waits_because"] == "no worker runs"

    async def sign(database: Database, failures: int) -> None:
        server = {"server": "mx.example.org:25", "failures": failures, "reply": "421 4.4.1 away"}
        async with database.write() as uow:
            await nodes.sign(
                uow,
                name="host:1:abcd",
                role="worker",
                host="host",
                pid=1,
                version="1",
                detail=orjson.dumps({"mail_servers": [server]}).decode(),
                started_at=uow.now,
            )

    in_database(partial(sign, failures=3))
    away = "mx.example.org:25 (421 4.4.1 away)"
    assert lists("delivery", "show", number)["waits_because"] == f"no mail server answers: {away}"
    assert f"  cannot reach           {away}\n" in lists("delivery", "workers", plain=True)
    assert lists("delivery", "show", number, "--as", "carol@example.edu")["waits_because"] == ""
    in_database(partial(sign, failures=0))
    assert lists("delivery", "show", number)["waits_because"] == ""
    lists("delivery", "drain", "on")
    assert "the queue is stopped" in lists("delivery", "show", number)["waits_because"]
    lists("delivery", "cancel", number)
    assert lists("delivery", "show", number)["waits_because"] == ""


def test_an_owner_sees_the_lists_deliveries_and_nobody_else_does(lists: Run) -> None:
    number = a_post(lists)
    found = lists("delivery", "list", "--list", STAFF, "--as", "carol@example.edu")["deliveries"]
    assert [str(each["id"]) for each in found] == [number]
    assert "NOT_FOUND" in lists("delivery", "list", "--list", STAFF, "--as", "eve@example.com", fails=1)
    assert "FORBIDDEN" in lists("delivery", "list", "--as", "carol@example.edu", fails=1)
