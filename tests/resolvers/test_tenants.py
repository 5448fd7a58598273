"""Two robots on one server: ids, names and sessions of one say nothing in the other."""

import pytest

from identity.actor import founder, operator
from lists import mailing_lists, rosters
from lists.robots import create_robot
from tests.resolvers.lists_world import Scene
from tests.resolvers.test_mail import post
from tests.server.graphql_world import HOST

OTHER = "lists.elsewhere.test"
IDS = """query ($a: EmailAddress!) { robot { id } mailingList(address: $a) { id
  viewerMemberships { id } owners { edges { node { id } } }
  deliveries(first: 1) { edges { node { id } } } archive { messages(first: 1) { edges { node { id } } } }
  moderation(first: 1) { edges { node { id } } } } }"""
NODE = "query ($id: ID!) { node(id: $id) { __typename } }"


async def elsewhere(
    scene: Scene, query: str, role: str = "listmaster", **variables: object
) -> dict[str, object]:
    """The answer of the other robot, to somebody who is signed in here."""
    token = scene.tokens[role]
    found = await scene.world.client.post(
        f"https://{OTHER}/graphql",
        json={"query": query, "variables": variables},
        headers={"Authorization": f"Bearer {token}"},
    )
    answer: dict[str, object] = found.json()
    return answer


async def stranger_elsewhere(scene: Scene, query: str, **variables: object) -> dict[str, object]:
    """The answer of the other robot to a stranger."""
    found = await scene.world.client.post(
        f"https://{OTHER}/graphql", json={"query": query, "variables": variables}
    )
    answer: dict[str, object] = found.json()
    return answer


@pytest.fixture
async def ids(scene: Scene) -> list[str]:
    """One id of every type, given out by the first robot; the second has a list of the same name."""
    async with scene.db.write() as uow:
        other = await create_robot(uow, founder(), OTHER)
        shown = {"visibility": "noconceal", "send": "public", "archive_web_access": "public"}
        twin = await mailing_lists.create_list(
            uow, operator(other), other, "talk", "A twin", shown, ["carol@example.edu"]
        )
        await rosters.add(uow, operator(other), twin, ["alice@example.edu"], quiet=True)
    await scene.make("announce", send="editorkey")
    await scene.mail("announce", "alice@example.edu", "Held")
    await post(scene, "subscriber")
    await scene.put("talk", "lena@example.edu")
    found = await scene.data("listmaster", IDS, a=f"talk@{HOST}")
    mlist = found["mailingList"]
    held = (await scene.data("listmaster", IDS, a=f"announce@{HOST}"))["mailingList"]
    return [
        found["robot"]["id"],
        mlist["id"],
        mlist["viewerMemberships"][0]["id"],
        mlist["owners"]["edges"][0]["node"]["id"],
        mlist["deliveries"]["edges"][0]["node"]["id"],
        mlist["archive"]["messages"]["edges"][0]["node"]["id"],
        held["moderation"]["edges"][0]["node"]["id"],
    ]


async def test_an_id_of_one_robot_is_nothing_in_another(scene: Scene, ids: list[str]) -> None:
    """Pitfall 52."""
    kinds = []
    for each in ids:
        here = await scene.data("listmaster", NODE, id=each)
        kinds.append(here["node"]["__typename"])
        assert (await stranger_elsewhere(scene, NODE, id=each))["data"] == {"node": None}
    assert kinds == [
        "Robot", "MailingList", "Membership", "Role", "Delivery", "ArchivedMessage", "ModerationItem",
    ]  # fmt: skip


async def test_an_id_of_one_robot_changes_nothing_in_another(scene: Scene, ids: list[str]) -> None:
    """Pitfall 52."""
    _, mlist, membership, role, delivery, _, item = ids
    attempts = [
        ("mailingListClose", "MailingListCloseInput", {"mailingListId": mlist}),
        ("mailingListOpen", "MailingListOpenInput", {"mailingListId": mlist}),
        (
            "mailingListSubscribe",
            "MailingListSubscribeInput",
            {"mailingListId": mlist, "email": "z@example.org"},
        ),
        ("mailingListUnsubscribe", "MailingListUnsubscribeInput", {"membershipId": membership}),
        ("roleRevoke", "RoleRevokeInput", {"roleId": role}),
        ("deliveryCancel", "DeliveryCancelInput", {"deliveryId": delivery}),
        ("moderationDecide", "ModerationDecideInput", {"itemIds": [item], "verdict": "APPROVE"}),
    ]
    for mutation, kind, given in attempts:
        query = f"mutation ($i: {kind}!) {{ {mutation}(input: $i) {{ userErrors {{ code }} }} }}"
        answer = await stranger_elsewhere(scene, query, i=given)
        assert answer["data"] == {mutation: {"userErrors": [{"code": "NOT_FOUND"}]}}


async def test_a_session_of_one_robot_opens_nothing_in_another(scene: Scene, ids: list[str]) -> None:
    answer = await elsewhere(scene, "{ viewer { user { id } } }")
    assert "UNAUTHENTICATED" in str(answer)
    assert ids


async def test_lists_of_the_same_name_are_two(scene: Scene, ids: list[str]) -> None:
    query = "query ($a: EmailAddress!) { mailingList(address: $a) { subject } mailingLists { edges { node { subject } } } }"
    there = await stranger_elsewhere(scene, query, a=f"talk@{OTHER}")
    assert there["data"] == {
        "mailingList": {"subject": "A twin"},
        "mailingLists": {"edges": [{"node": {"subject": "A twin"}}]},
    }
    here = await scene.data("stranger", query, a=f"talk@{HOST}")
    assert here["mailingList"] == {"subject": "Talk"}
    assert {"node": {"subject": "A twin"}} not in here["mailingLists"]["edges"]
    assert ids


async def test_a_list_of_another_robot_is_seen_with_a_strangers_eyes(scene: Scene, ids: list[str]) -> None:
    query = """query ($a: EmailAddress!) { mailingList(address: $a) { id viewerMemberships { id }
      viewerPermissions { canModerate canEditSettings } } }"""
    twin = (await scene.data("owner", query, a=f"talk@{OTHER}"))["mailingList"]
    assert twin["viewerMemberships"] == []
    assert twin["viewerPermissions"] == {"canModerate": False, "canEditSettings": False}
    for mutation, input in (
        ("mailingListClose", {"mailingListId": twin["id"]}),
        ("mailingListOpen", {"mailingListId": twin["id"]}),
        ("mailingListSubscribe", {"mailingListId": twin["id"]}),
        ("messagePost", {"mailingListId": twin["id"], "subject": "s", "text": "t"}),
    ):
        answer = await scene.do("owner", mutation, input, "")
        assert [each["code"] for each in answer["userErrors"]] == ["NOT_FOUND"]
    assert ids
