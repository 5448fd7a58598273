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


ASKED = (
    "query ($id: ID!) { deliveryAudit(deliveryId: $id) { total accepted failed skipped pending addsUp isExpanding"
    " recipients(first: 5) { edges { node { email state } } } } }"
)


@pytest.mark.parametrize("role", ROLES)
async def test_who_may_ask_for_the_account_of_a_delivery(scene: Scene, role: str) -> None:
    await scene.put("talk", "zoe@example.org")
    await scene.mail("talk", "zoe@example.org")
    (delivery,) = await sent(scene)
    answer = await scene.ask(role, ASKED, id=delivery["id"])
    found = (answer.get("data") or {}).get("deliveryAudit")
    assert (found is not None) is (role in {"owner", "moderator", "listmaster"})
    if role == "owner":
        await scene.do("owner", "deliveryCancel", {"deliveryId": delivery["id"]}, "delivery { isExpanding }")
        after = (await scene.data("owner", ASKED, id=delivery["id"]))["deliveryAudit"]
        assert after == {
            **found, "pending": 0, "skipped": found["total"], "addsUp": True, "isExpanding": False,
            "recipients": {"edges": []},
        }  # fmt: skip
