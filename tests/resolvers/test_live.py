"""Live updates over WebSocket and server-sent events: what comes, how often, to whom, and until when."""

import asyncio
import json
import time
from typing import Any

import pytest

from delivery import control
from identity.actor import operator
from lists import roles
from storage import deliveries, packets
from storage import roles as stored_roles
from tests.resolvers.lists_world import ADDRESS, Scene
from tests.resolvers.test_mail import post, sent
from tests.server.sockets import Socket, connected
from tests.storage.queued import lease

PROGRESS = """subscription ($id: ID!) { deliveryProgress(id: $id) {
  isFinal delivery { id status } progress { total pending handedOver skipped } } }"""
WATCH = """subscription ($id: ID!) { moderationQueue(mailingListId: $id) {
  kind remaining item { subject author mailingList { name } } } }"""


async def open_for(scene: Scene, role: str, socket: Socket, query: str, **variables: Any) -> None:
    """Ask for events as somebody."""
    token = scene.tokens.get(role)
    await socket.begin({"Authorization": f"Bearer {token}"} if token else None)
    await socket.subscribe("1", query, variables=variables)


async def settle_one(scene: Scene) -> None:
    """Have one packet handed over, as a worker would."""
    async with scene.db.write() as uow:
        (packet,) = await lease(uow, "test", limit=1, leased_until=2**62)
        await packets.count_accepted(uow, packet.delivery_id, packet.recipient_count)
        await packets.finish(uow, packet, packet.position)
        await packets.complete(uow, packet.delivery_id)


async def test_a_delivery_is_followed_to_its_end_over_a_socket(scene: Scene) -> None:
    await post(scene, "subscriber")
    (delivery,) = await sent(scene)
    async with connected(scene.world.app) as socket:
        await open_for(scene, "owner", socket, PROGRESS, id=delivery["id"])
        first = (await socket.receive())["payload"]["data"]["deliveryProgress"]
        assert first == {
            "isFinal": False,
            "delivery": {"id": delivery["id"], "status": "QUEUED"},
            "progress": {"total": 1, "pending": 1, "handedOver": 0, "skipped": 0},
        }
        began = time.monotonic()
        await settle_one(scene)
        last = (await socket.receive())["payload"]["data"]["deliveryProgress"]
        assert (last["isFinal"], last["delivery"]["status"]) == (True, "COMPLETED")
        assert last["progress"]["handedOver"] == 1
        # At most two events a second.
        assert time.monotonic() - began > 0.3
        assert (await socket.receive())["type"] == "complete"


async def test_the_end_of_a_delivery_comes_over_server_sent_events(scene: Scene) -> None:
    await post(scene, "subscriber")
    (delivery,) = await sent(scene)
    await scene.do("owner", "deliveryCancel", {"deliveryId": delivery["id"]}, "delivery { id }")
    found = await scene.world.post(
        {"query": PROGRESS, "variables": {"id": delivery["id"]}},
        headers={"Accept": "text/event-stream", "Authorization": f"Bearer {scene.tokens['owner']}"},
    )
    answers = [json.loads(line[6:]) for line in found.text.splitlines() if line.startswith("data: {")]
    assert [each["data"]["deliveryProgress"]["isFinal"] for each in answers] == [True]
    assert answers[0]["data"]["deliveryProgress"]["delivery"]["status"] == "CANCELLED"


@pytest.mark.parametrize("role", ["outsider", "stranger"])
async def test_nobody_else_follows_a_delivery(scene: Scene, role: str) -> None:
    """Pitfalls 51 and 52."""
    await post(scene, "subscriber")
    (delivery,) = await sent(scene)
    async with connected(scene.world.app) as socket:
        await open_for(scene, role, socket, PROGRESS, id=delivery["id"])
        said = await socket.receive()
        assert "NOT_FOUND" in json.dumps(said)
        assert "QUEUED" not in json.dumps(said)


async def test_who_loses_an_office_loses_the_events(scene: Scene) -> None:
    """Pitfalls 14 and 51."""
    await post(scene, "subscriber")
    (delivery,) = await sent(scene)
    async with connected(scene.world.app) as socket:
        await open_for(scene, "moderator", socket, PROGRESS, id=delivery["id"])
        assert (await socket.receive())["payload"]["data"]["deliveryProgress"]["isFinal"] is False
        async with scene.db.write() as uow:
            held = await stored_roles.of_list(uow, scene.lists["talk"].id)
            (office,) = [each for each in held if each.address == ADDRESS["moderator"]]
            await roles.revoke(uow, operator(scene.world.robot), office.id)
        await settle_one(scene)
        said = json.dumps(await socket.receive())
        assert "NOT_FOUND" in said
        assert "COMPLETED" not in said


async def test_a_queue_tells_what_comes_and_what_is_decided(scene: Scene) -> None:
    await scene.make("announce", send="editorkey")
    await scene.mail("announce", "zoe@example.org", "First")
    announce = await scene.id_of("announce")
    async with connected(scene.world.app) as socket:
        await open_for(scene, "moderator", socket, WATCH, id=announce)
        await asyncio.sleep(0.5)
        await scene.mail("announce", "zoe@example.org", "Second")
        came = (await socket.receive())["payload"]["data"]["moderationQueue"]
        assert (came["kind"], came["remaining"]) == ("ADDED", 2)
        assert came["item"]["subject"] == "Second"
        query = '{ mailingList(address: "announce@lists.example.test") { moderation(first: 1) { edges { node { id } } } } }'
        first = (await scene.data("moderator", query))["mailingList"]["moderation"]["edges"][0]["node"]["id"]
        verdict = {"itemIds": [first], "verdict": "DISCARD"}
        await scene.do("moderator", "moderationDecide", verdict, "remaining")
        gone = (await socket.receive())["payload"]["data"]["moderationQueue"]
        assert (gone["kind"], gone["remaining"], gone["item"]["subject"]) == ("DECIDED", 1, "First")


@pytest.mark.parametrize("role", ["subscriber", "outsider", "stranger"])
async def test_a_queue_is_watched_by_those_who_decide_only(scene: Scene, role: str) -> None:
    async with connected(scene.world.app) as socket:
        await open_for(scene, role, socket, WATCH, id=await scene.id_of("talk"))
        assert "FORBIDDEN" in json.dumps(await socket.receive())


async def test_a_paused_delivery_is_no_end(scene: Scene) -> None:
    await post(scene, "subscriber")
    (delivery,) = await sent(scene)
    async with connected(scene.world.app) as socket:
        await open_for(scene, "subscriber", socket, PROGRESS, id=delivery["id"])
        await socket.receive()
        async with scene.db.write() as uow:
            (found,) = await deliveries.of_list(uow, scene.lists["talk"].id, before=2**62, limit=9)
            await control.pause(uow, operator(scene.world.robot), found)
        event = (await socket.receive())["payload"]["data"]["deliveryProgress"]
        assert (event["isFinal"], event["delivery"]["status"]) == (False, "PAUSED")
