"""Listmasters stop and start their domain's queue; nobody else sees or moves it, and a delivery's account adds up."""

import pytest

from tests.resolvers.lists_world import ROLES, Scene
from tests.resolvers.test_mail import sent

QUEUE = "{ robot { id queue { isStopped domains { domain } } } }"
AUDIT = (
    "query ($id: ID!) { node(id: $id) { ... on Delivery {"
    " audit { total accepted failed skipped pending addsUp } } } }"
)


@pytest.mark.parametrize("role", ROLES)
async def test_who_stops_the_queue_of_a_domain(scene: Scene, role: str) -> None:
    robot = (await scene.data(role, QUEUE))["robot"]
    may = role == "listmaster"
    assert (robot["queue"] is not None) is may
    answer = await scene.do(role, "queueStop", {"robotId": robot["id"]}, "robot { id }")
    assert (answer["userErrors"] == []) is may
    if may:
        assert (await scene.data(role, QUEUE))["robot"]["queue"]["isStopped"]
        await scene.do(role, "queueStart", {"robotId": robot["id"]}, "robot { id }")
        assert not (await scene.data(role, QUEUE))["robot"]["queue"]["isStopped"]


async def test_the_account_of_a_delivery_adds_up(scene: Scene) -> None:
    await scene.put("talk", "zoe@example.org")
    await scene.mail("talk", "zoe@example.org")
    (delivery,) = await sent(scene)
    found = (await scene.data("owner", AUDIT, id=delivery["id"]))["node"]["audit"]
    assert found["addsUp"]
    assert found["total"] == found["pending"] > 0
