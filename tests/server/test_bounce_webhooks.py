"""Bounces by signed webhook (row 46): they count as by mail, for whom we sent to; and what is forged, late or said twice does not."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from delivery.bounces.recording import LATEST
from delivery.bounces.webhooks import standard
from delivery.bounces.webhooks.sources import remove_source, set_source
from identity.actor import founder, operator
from lists.bounces import tending
from lists.mailing_lists import create_list
from lists.merging import move_membership
from lists.robots import create_robot
from mail.address import Address
from mail.verp import verp_address
from server.bounce_webhooks import LARGEST
from storage import bounces, memberships
from storage.database import Database
from storage.query import Query
from storage.tables.lists import lists
from storage.tables.mail import deliveries
from storage.tables.webhooks import WebhookKind
from storage.tables.words import BounceKind
from tests.conftest import Clock
from tests.delivery import bounce_world
from tests.delivery.bounce_world import VICTIM, member, post, score
from tests.server.webhook_world import MESSAGE_ID, REFERENCE, SECRET, World, an_event, handed_over, world_of


@pytest.fixture
async def hook(database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """A provider that may tell of bounces."""
    monkeypatch.setenv("TEST_BOUNCE_SECRET", SECRET)
    async with world_of(database, clock) as world:
        yield world


async def refuse(hook: World, answer: httpx.Response, status: int, code: str) -> None:
    """It was refused with this code, and nobody was counted."""
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["code"] == code
    assert await score(hook.db, hook.mlist) is None


async def test_a_signed_hard_bounce_counts_and_stands_in_the_history_with_where_it_came_from(
    hook: World,
) -> None:
    answer = await hook.send([an_event()])
    assert (answer.status_code, answer.json()) == (200, {"events": 1})
    counted = await score(hook.db, hook.mlist)
    assert counted is not None
    assert (counted.kind, counted.score, counted.proved_score) == (BounceKind.HARD, 1000, 1000)
    [kept] = await hook.history()
    assert (kept.delivery_id, kept.enhanced_status) == (hook.delivery, "5.1.1")
    assert kept.diagnostic == "Webhook mta: 550 5.1.1 User unknown"


@pytest.mark.parametrize(
    ("more", "kind", "weight"),
    [
        ({"status": "4.4.7", "code": 451, "diagnostic": "timed out"}, BounceKind.SOFT, 500),
        ({"status": "5.2.2", "diagnostic": "mailbox full"}, BounceKind.SOFT, 500),
        ({"status": "5.7.1", "diagnostic": "looks like spam"}, BounceKind.POLICY, 0),
        ({"status": "", "code": None, "diagnostic": ""}, BounceKind.UNKNOWN, 500),
        ({"status": "", "code": 550, "diagnostic": ""}, BounceKind.HARD, 1000),
    ],
)
async def test_an_event_is_of_the_kind_that_a_report_by_mail_would_be(
    hook: World, more: dict[str, object], kind: BounceKind, weight: int
) -> None:
    await hook.send([an_event(**more)])
    counted = await score(hook.db, hook.mlist)
    assert counted is not None
    assert (counted.kind, counted.score) == (kind, weight)


@pytest.mark.parametrize("told", ["message_id", "return_path", "delivery", "return_path alone"])
async def test_the_copy_is_found_by_what_the_sender_knows_of_it(hook: World, told: str) -> None:
    known: dict[str, dict[str, object]] = {
        "message_id": {"message_id": MESSAGE_ID.strip("<>")},
        "return_path": {"message_id": "", "return_path": f"<{(await hook.path()).upper()}>"},
        "delivery": {"message_id": "", "delivery": hook.delivery},
        "return_path alone": {"message_id": "", "recipient": "", "return_path": await hook.path()},
    }
    answer = await hook.send([an_event(**known[told])])
    assert answer.status_code == 200, answer.text
    assert (await score(hook.db, hook.mlist)) is not None


@pytest.mark.parametrize("type", ["delayed", "delivered"])
async def test_a_delay_and_a_delivery_are_no_failures(hook: World, type: str) -> None:
    assert (await hook.send([an_event(type=type, status="4.4.1")])).status_code == 200
    assert await score(hook.db, hook.mlist) is None
    # What became of it in the end is news, though the sender calls it by the same name.
    await hook.send([an_event()])
    assert await score(hook.db, hook.mlist) is not None


async def test_who_complains_leaves(hook: World) -> None:
    await hook.send([an_event(type="complaint", status="", diagnostic="")])
    async with hook.db.read() as reader:
        assert await memberships.find(reader, hook.mlist.id, VICTIM) is None
        assert await bounces.complained(reader, hook.mlist.id, since=0, limit=9) == [VICTIM]


async def test_that_something_was_no_spam_is_no_complaint(hook: World) -> None:
    await hook.send([an_event(type="complaint", feedback="not-spam")])
    assert (await member(hook.db, hook.mlist)).address == VICTIM


async def test_a_wave_by_webhook_counts_against_nobody(
    database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_BOUNCE_SECRET", SECRET)
    async with world_of(database, clock, members=20) as hook:
        told = [an_event(id=f"e{n}", recipient=f"m{n}@example.edu") for n in range(20)]
        assert (await hook.send(told)).json() == {"events": 20}
        for n in range(20):
            counted = await score(database, hook.mlist, f"m{n}@example.edu")
            assert counted is not None
            assert counted.score == 0


async def test_a_probe_that_the_provider_could_not_deliver_has_come_back(hook: World, clock: Clock) -> None:
    for day in range(2, 7):
        await bounce_world.copy_comes_back(hook.db, hook.mlist, await post(hook.db, hook.mlist, day))
        clock.advance(days=1)
    await tending.tend(hook.db)
    await handed_over(hook.db)
    [path] = await bounce_world.probes(hook.db)
    stranger = an_event(id="e8", recipient="m2@example.edu", message_id="", return_path=path)
    await hook.send([stranger])
    held = await score(hook.db, hook.mlist)
    assert held is not None
    assert held.probe_failed_at is None
    await hook.send([an_event(id="e9", message_id="", return_path=path)])
    held = await score(hook.db, hook.mlist)
    assert held is not None
    assert held.probe_failed_at is not None


async def test_attack_what_is_not_signed_is_refused_as_an_unknown_name_is(hook: World) -> None:
    event = [an_event()]
    answers = [
        await hook.send(event, name="nobody"),
        await hook.send(event, name="nobody", secret="another secret of that length"),
        await hook.send(event, name="nobody", webhook_signature=""),
        await hook.send(event, secret="another secret of that length"),
        await hook.send(event, webhook_signature=""),
        await hook.send(event, webhook_signature="v1,"),
        await hook.send(event, webhook_signature="v2,AAAA v1a,AAAA"),
        await hook.send(event, webhook_id=""),
        await hook.send(event, webhook_id="msg_other"),
        await hook.send(event, webhook_timestamp=""),
        await hook.send(event, webhook_timestamp=str(int(hook.at) - 1)),
        await hook.send(event, id="a.b"),
        await hook.send(event, at="1e9"),
        await hook.send(event, at="-1"),
        await hook.send(b"no json", secret="another secret of that length"),
    ]
    for answer in answers:
        await refuse(hook, answer, 401, "BAD_SIGNATURE")
    assert len({answer.content for answer in answers}) == 1


async def test_attack_a_body_that_was_changed_after_it_was_signed_is_refused(hook: World) -> None:
    signature = standard.signature(SECRET, "msg_x", hook.at, b'{"events": []}')
    await refuse(
        hook, await hook.send([an_event()], id="msg_x", webhook_signature=signature), 401, "BAD_SIGNATURE"
    )


async def test_attack_without_its_secret_a_name_is_as_unknown_as_any(
    hook: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for held in ("", "short"):
        monkeypatch.setenv("TEST_BOUNCE_SECRET", held)
        await refuse(hook, await hook.send([an_event()]), 401, "BAD_SIGNATURE")


@pytest.mark.parametrize("seconds", [-301, 301, -86_400 * 365])
async def test_attack_what_was_signed_long_ago_or_is_from_the_future_is_refused(
    hook: World, seconds: int
) -> None:
    at = str(int(hook.at) + seconds)
    await refuse(hook, await hook.send([an_event()], at=at), 401, "LATE")


async def test_attack_a_request_that_is_sent_again_is_refused_and_counts_once(hook: World) -> None:
    first = await hook.send([an_event()], id="msg_same")
    again = await hook.send([an_event()], id="msg_same")
    assert (first.status_code, again.status_code) == (200, 409)
    assert again.json()["error"]["code"] == "REPEATED"
    assert len(await hook.history()) == 1


async def test_a_sender_that_got_no_answer_tells_again_and_it_counts_once(hook: World, clock: Clock) -> None:
    complaint = an_event(id="c", type="complaint")
    async with hook.db.write() as uow:
        await uow.run(Query(update(lists).values(bounce_complaint="mark"), int))
    for _ in range(3):
        answer = await hook.send([an_event(), complaint], id="msg_same")
        assert (answer.status_code, answer.json()) == (200, {"events": 2})
        clock.advance(hours=1)
    assert sorted(each.kind.value for each in await hook.history()) == ["complaint", "hard"]


async def test_attack_too_much_is_refused_under_any_name(hook: World) -> None:
    answers = [await hook.send(b" " * (LARGEST + 1), name=name) for name in ("mta", "nobody")]
    for answer in answers:
        await refuse(hook, answer, 413, "TOO_LARGE")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        b"[]",
        b"{}",
        b'{"events": 1}',
        b'{"events": [1]}',
        b"[" * 100_000,
        b'{"events": [{"id": "e1", "type": "bounce", "recipient": "m1@example.edu"}]}',
        b'{"events": [{"id": "e1", "type": "bouncy", "recipient": "m1@example.edu", "message_id": "x"}]}',
        b'{"events": [{"id": "e1", "type": "bounce", "recipient": "m1@example.edu", "delivery": 1e99}]}',
        b'{"events": [{"id": "\\ud800", "type": "bounce", "recipient": "m1@example.edu", "message_id": "x"}]}',
        b"\xff\xfe",
    ],
)
async def test_attack_what_is_signed_and_is_not_our_json_is_refused(hook: World, body: bytes) -> None:
    await refuse(hook, await hook.send(body), 400, "INVALID")


async def test_attack_of_a_batch_with_one_wrong_event_nothing_is_recorded(hook: World) -> None:
    told = [an_event(), an_event(id="e2", recipient="m2@example.edu", status="nonsense")]
    await refuse(hook, await hook.send(told, id="msg_same"), 400, "INVALID")
    # And the same name may be used for what was meant.
    assert (await hook.send([an_event()], id="msg_same")).status_code == 200


@pytest.mark.parametrize(
    "more",
    [
        {"recipient": "stranger@example.org"},
        {"recipient": "no address"},
        {"recipient": "m1@example.edu\u0000"},
        {"message_id": "<never@example.edu>"},
        {"message_id": "", "delivery": 999},
        {"message_id": "", "delivery": 2**62 - 1},
        {"message_id": "", "return_path": "welcome-bounce+aaaaaaaaaaaaaaaaaaaa@lists.example.org"},
        {"message_id": "\u0000%_"},
    ],
)
async def test_attack_what_we_never_sent_is_counted_nowhere_and_answered_the_same(
    hook: World, more: dict[str, object]
) -> None:
    answer = await hook.send([an_event(**more)])
    assert (answer.status_code, answer.json()) == (200, {"events": 1})
    for n in range(3):
        assert await score(hook.db, hook.mlist, f"m{n}@example.edu") is None


async def test_attack_a_member_who_joined_after_the_post_did_not_get_it(hook: World) -> None:
    async with hook.db.write() as uow:
        await memberships.add(uow, hook.mlist.id, address="late@example.edu", address_key="late@example.edu")
    await hook.send([an_event(recipient="late@example.edu")])
    assert await score(hook.db, hook.mlist, "late@example.edu") is None


async def test_attack_a_post_that_still_waits_was_not_sent(hook: World) -> None:
    await post(hook.db, hook.mlist, 2)
    await hook.send([an_event(message_id="<2@example.edu>")])
    assert await score(hook.db, hook.mlist) is None


async def test_attack_another_domains_list_is_not_theirs_to_tell_of(hook: World) -> None:
    async with hook.db.write() as uow:
        other = await create_robot(uow, founder(), "lists.other.example", "Other")
        theirs = await create_list(uow, operator(other), other, "welcome", "W", {}, owners=["d@example.edu"])
        for key in ("m0@example.edu", VICTIM):
            await memberships.add(uow, theirs.id, address=key, address_key=key)
    delivery = await post(hook.db, theirs, 9)
    await handed_over(hook.db)
    hurt = await member(hook.db, theirs)
    path = verp_address("welcome", theirs.domain, hurt.id, delivery, hook.db.site.key("verp"))
    copies: list[dict[str, Any]] = [
        {"message_id": "<9@example.edu>"},
        {"message_id": "", "delivery": delivery},
        {"return_path": path},
    ]
    for number, copy in enumerate(copies):
        for type in ("bounce", "complaint"):
            answer = await hook.send([an_event(id=f"{type}{number}", type=type, **copy)])
            assert answer.json() == {"events": 1}
    assert await score(hook.db, theirs) is None
    assert await score(hook.db, hook.mlist) is None
    async with hook.db.write() as uow:
        await set_source(uow, operator(other), other, "theirs", WebhookKind.STANDARD, REFERENCE)
    await hook.send([an_event(**copies[0])], name="theirs")
    assert await score(hook.db, theirs) is not None


async def test_attack_of_the_same_request_many_times_at_once_one_is_taken(hook: World) -> None:
    answers = await asyncio.gather(*(hook.send([an_event()], id="msg_same") for _ in range(6)))
    assert sorted(each.status_code for each in answers) == [200, 409, 409, 409, 409, 409]
    assert len(await hook.history()) == 1


async def test_a_forwarded_copy_counts_for_whom_we_sent_to(hook: World) -> None:
    """The sender names where m2's server refused what m1 had forwarded there."""
    await hook.send([an_event(recipient="m2@example.edu", return_path=await hook.path())])
    assert await score(hook.db, hook.mlist, "m2@example.edu") is None
    assert await score(hook.db, hook.mlist) is not None


async def test_attack_the_address_that_a_member_had_does_not_count_against_the_one_they_have(
    hook: World, clock: Clock
) -> None:
    path = await hook.path()
    clock.advance(hours=1)
    async with hook.db.write() as uow:
        held = await memberships.find(uow, hook.mlist.id, VICTIM)
        assert held is not None
        await move_membership(uow, held, Address("new", "example.edu"))
    await hook.send([an_event(return_path=path), an_event(id="e2")])
    assert await score(hook.db, hook.mlist, "new@example.edu") is None


async def test_of_a_post_to_two_lists_each_copy_fails_by_itself_and_a_complaint_names_neither(
    hook: World,
) -> None:
    async with hook.db.write() as uow:
        second = await create_list(uow, operator(hook.robot), hook.robot, "all", "A", {}, ["d@example.edu"])
        for key in ("m0@example.edu", VICTIM):
            await memberships.add(uow, second.id, address=key, address_key=key)
    await post(hook.db, second, 1)
    await handed_over(hook.db)
    await hook.send([an_event(id="c", type="complaint")])
    assert (await member(hook.db, second)).id != (await member(hook.db, hook.mlist)).id
    for number in (1, 2):
        await hook.send([an_event(id=f"e{number}")])
        counted = [await score(hook.db, each) is not None for each in (hook.mlist, second)]
        assert sum(counted) == number


async def test_a_report_by_mail_and_a_webhook_of_the_same_copy_count_once(hook: World) -> None:
    await bounce_world.copy_comes_back(hook.db, hook.mlist, hook.delivery)
    await hook.send([an_event()])
    assert len(await hook.history()) == 1


async def test_what_came_back_weeks_later_counts_nowhere(hook: World, clock: Clock) -> None:
    async with hook.db.write() as uow:
        await uow.run(
            Query(update(deliveries).values(finished_at=uow.now - LATEST - 1), int),
        )
    await hook.send([an_event()])
    assert await score(hook.db, hook.mlist) is None


async def test_who_was_removed_is_believed_no_more(hook: World) -> None:
    async with hook.db.write() as uow:
        await remove_source(uow, operator(hook.robot), hook.robot, "mta")
    await refuse(hook, await hook.send([an_event()]), 401, "BAD_SIGNATURE")


async def test_text_that_no_database_holds_is_made_a_line(hook: World) -> None:
    await hook.send([an_event(diagnostic="550 5.1.1 User\u0000 unknown\r\n\u202eX-Injected: 1")])
    [kept] = await hook.history()
    assert kept.diagnostic == "Webhook mta: 550 5.1.1 User unknown X-Injected: 1"
