"""Posting, moderation, archive and deliveries through the API, and who may see and do what."""

from typing import Any

import pytest

from storage.tables.words import TokenScope
from tests.resolvers.lists_world import ROLES, Scene
from tests.server.graphql_world import HOST

QUEUE = """query ($a: EmailAddress!, $filter: ModerationFilter) { mailingList(address: $a) {
  moderation(first: 20, filter: $filter) { totalCount edges { node { id kind author subject receivedAt
    mailingList { name } message { subject text author { email } } } } } } }"""
SENT = """query ($a: EmailAddress!) { mailingList(address: $a) { deliveries(first: 20) { edges { node {
  id subject messageId status priority createdAt startedAt finishedAt estimatedFinishAt mailingList { name }
  progress { total pending handedOver deferred failed skipped bounced ratePerMinute }
  packets { index status recipientCount worker } } } } } }"""
ARCHIVE = """query ($a: EmailAddress!, $filter: ArchiveFilter) { mailingList(address: $a) { archive {
  mailingList { name } messages(first: 20, filter: $filter) { totalCount edges { node { id permalink archivedAt
    inReplyTo { id } message { internetMessageId subject date text author { name email }
      headers { name value } } } } } } } }"""
NODE = "query ($id: ID!) { node(id: $id) { __typename id } }"
OUTCOME = """outcome { __typename ... on PostAccepted { messageId delivery { id status progress { total pending } } }
  ... on PostHeld { verdict item { id } } ... on PostRejected { reason } }"""


async def post(scene: Scene, role: str, name: str = "talk", **more: Any) -> dict[str, Any]:
    """Post through the API."""
    letter = {
        "mailingListId": await scene.id_of(name),
        "subject": "Grüße",
        "text": "Words for all.\n",
        **more,
    }
    return await scene.do(role, "messagePost", letter, OUTCOME)


async def waiting(scene: Scene, role: str = "moderator", name: str = "announce") -> list[dict[str, Any]]:
    """What somebody sees in a queue."""
    found = await scene.data(role, QUEUE, a=f"{name}@{HOST}")
    return [edge["node"] for edge in found["mailingList"]["moderation"]["edges"]]


async def sent(scene: Scene, role: str = "owner", name: str = "talk") -> list[dict[str, Any]]:
    """What somebody sees of a list's deliveries."""
    found = await scene.data(role, SENT, a=f"{name}@{HOST}")
    return [edge["node"] for edge in found["mailingList"]["deliveries"]["edges"]]


async def test_a_subscribers_post_is_on_its_way_and_in_the_archive(scene: Scene) -> None:
    answer = await post(scene, "subscriber")
    assert answer["userErrors"] == []
    outcome = answer["outcome"]
    assert outcome["__typename"] == "PostAccepted"
    assert outcome["delivery"]["progress"] == {"total": 1, "pending": 1}
    page = (await scene.data("subscriber", ARCHIVE, a=f"talk@{HOST}"))["mailingList"]["archive"]["messages"]
    assert page["totalCount"] == 1
    node = page["edges"][0]["node"]
    message = node["message"]
    assert (message["subject"], message["text"]) == ("Grüße", "Words for all.\n")
    assert message["author"] == {"name": "Alice", "email": "alice@example.edu"}
    assert message["internetMessageId"] == outcome["messageId"]
    assert node["permalink"].startswith("https://lists.example.test/lists/talk/archive/")
    assert {"name": "Subject", "value": "Grüße"} in message["headers"]


async def test_the_same_key_posts_once(scene: Scene) -> None:
    first = await post(scene, "subscriber", clientMutationId="k1")
    assert first["clientMutationId"] == "k1"
    assert await post(scene, "subscriber", clientMutationId="k1") == first
    assert len(await sent(scene)) == 1
    other = await post(scene, "subscriber", clientMutationId="k1", text="Other words.")
    assert (other["outcome"], other["userErrors"][0]["code"]) == (None, "CONFLICT")
    assert len(await sent(scene)) == 1
    await post(scene, "subscriber", clientMutationId="k2")
    assert len(await sent(scene)) == 2


async def test_an_outsiders_post_is_refused_with_the_reason(scene: Scene) -> None:
    refused = (await post(scene, "outsider"))["outcome"]
    assert refused["__typename"] == "PostRejected"
    assert "subscribers may write" in refused["reason"]
    assert await sent(scene) == []
    nobody = await post(scene, "stranger")
    assert nobody["userErrors"][0]["code"] == "REAUTHENTICATION_REQUIRED"
    foreign = await post(scene, "subscriber", **{"from": "bob@example.edu"})
    assert foreign["userErrors"][0] | {"message": ""} == {
        "code": "FORBIDDEN", "message": "", "path": ["input", "from"],
    }  # fmt: skip


async def test_only_owners_say_how_urgent_a_post_is(scene: Scene) -> None:
    refused = await post(scene, "subscriber", priority="URGENT")
    assert refused["userErrors"][0]["code"] == "FORBIDDEN"
    await scene.put("talk", "carol@example.edu")
    assert (await post(scene, "owner", priority="URGENT"))["userErrors"] == []
    assert [each["priority"] for each in await sent(scene)] == ["URGENT"]


async def test_an_answer_names_what_it_answers(scene: Scene) -> None:
    await post(scene, "subscriber")
    page = (await scene.data("subscriber", ARCHIVE, a=f"talk@{HOST}"))["mailingList"]["archive"]["messages"]
    first = page["edges"][0]["node"]["id"]
    await post(scene, "subscriber", inReplyToId=first, subject="Re: Grüße")
    page = (await scene.data("subscriber", ARCHIVE, a=f"talk@{HOST}"))["mailingList"]["archive"]["messages"]
    assert {edge["node"]["message"]["subject"]: edge["node"]["inReplyTo"] for edge in page["edges"]} == {
        "Re: Grüße": {"id": first},
        "Grüße": None,
    }


async def test_a_held_message_is_decided_once_and_then_goes_out(scene: Scene) -> None:
    await scene.make("announce", send="editorkey")
    await scene.put("announce", "alice@example.edu", "bob@example.edu")
    held = (await post(scene, "subscriber", "announce"))["outcome"]
    assert held == {"__typename": "PostHeld", "verdict": "HOLD_FOR_MODERATOR", "item": None}
    (item,) = await waiting(scene)
    assert (item["kind"], item["author"], item["subject"]) == ("MESSAGE", "alice@example.edu", "Grüße")
    assert item["message"]["text"] == "Words for all.\n"
    verdict = {"itemIds": [item["id"]], "verdict": "APPROVE"}
    decided = await scene.do("moderator", "moderationDecide", verdict, "decided { id } remaining")
    assert (decided["decided"], decided["remaining"]) == ([{"id": item["id"]}], 0)
    late = await scene.do("moderator", "moderationDecide", verdict, "decided { id } remaining")
    assert late["decided"] == []
    assert late["userErrors"][0]["code"] == "CONFLICT"
    assert late["userErrors"][0]["path"] == ["input", "itemIds", "0"]
    (delivery,) = await sent(scene, "moderator", "announce")
    assert delivery["progress"]["total"] == 2


async def test_many_items_are_decided_at_once_requests_among_them(scene: Scene) -> None:
    await scene.make("announce", send="editorkey", subscribe="owner")
    await scene.put("announce", "alice@example.edu")
    await post(scene, "subscriber", "announce")
    await post(scene, "subscriber", "announce", subject="Spam")
    wish = {"mailingListId": await scene.id_of("announce")}
    await scene.do("outsider", "mailingListSubscribe", wish, "membership { id }")
    assert [each["kind"] for each in await waiting(scene, "moderator")] == ["MESSAGE", "MESSAGE"]
    assert [each["kind"] for each in await waiting(scene, "owner")] == ["SUBSCRIBE"]
    everything = await waiting(scene, "listmaster")
    assert len(everything) == 3
    verdict = {"itemIds": [each["id"] for each in everything], "verdict": "DISCARD"}
    decided = await scene.do("listmaster", "moderationDecide", verdict, "decided { id } remaining")
    assert (len(decided["decided"]), decided["remaining"]) == (3, 0)
    assert await sent(scene, "owner", "announce") == []


@pytest.mark.parametrize(
    ("role", "sees"),
    [(role, role in {"owner", "moderator", "listmaster"}) for role in ROLES],
)
async def test_who_sees_a_queue_and_deliveries(scene: Scene, role: str, sees: bool) -> None:
    await scene.make("announce", send="editorkey")
    await scene.put("announce", "bob@example.edu")
    await scene.mail("announce", "zoe@example.org")
    (item,) = await waiting(scene)
    for query, field in ((QUEUE, "moderation"), (SENT, "deliveries")):
        found = await scene.ask(role, query, a=f"announce@{HOST}")
        assert (found["data"]["mailingList"][field] is not None) is sees
        if not sees:
            assert found["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    node = (await scene.data(role, NODE, id=item["id"]))["node"]
    # Where there are moderators, messages are theirs and not the owners'.
    assert (node is not None) is (role in {"moderator", "listmaster"})
    verdict = {"itemIds": [item["id"]], "verdict": "DISCARD"}
    answer = await scene.do(role, "moderationDecide", verdict, "decided { id }")
    assert (answer["decided"] != []) is (role in {"moderator", "listmaster"})


@pytest.mark.parametrize("role", ROLES)
async def test_who_sees_and_moves_a_delivery(scene: Scene, role: str) -> None:
    await scene.put("talk", "zoe@example.org")
    await scene.mail("talk", "zoe@example.org")
    (delivery,) = await sent(scene)
    seen = (await scene.data(role, NODE, id=delivery["id"]))["node"]
    assert (seen is not None) is (role in {"owner", "moderator", "listmaster"})
    may = role in {"owner", "listmaster"}
    code = [] if may else ["FORBIDDEN" if role == "moderator" else "NOT_FOUND"]
    recipients = (
        "query ($id: ID!) { node(id: $id) { ... on Delivery { recipients { edges { node { email } } } } } }"
    )
    if seen is not None:
        found = await scene.ask(role, recipients, id=delivery["id"])
        assert (found["data"]["node"]["recipients"] is not None) is may
    one = {"deliveryId": delivery["id"]}
    steps = [
        ("deliveryPause", one, {"status": "PAUSED", "priority": "NORMAL"}),
        ("deliveryResume", one, {"status": "QUEUED", "priority": "NORMAL"}),
        ("deliverySetPriority", {**one, "priority": "BULK"}, {"status": "QUEUED", "priority": "BULK"}),
        ("deliveryCancel", one, {"status": "CANCELLED", "priority": "BULK"}),
    ]
    for mutation, input, after in steps:
        answer = await scene.do(role, mutation, input, "delivery { status priority }")
        assert [each["code"] for each in answer["userErrors"]] == code
        assert answer["delivery"] == (after if may else None)
    again = await scene.do("owner", "deliveryResume", one, "delivery { status }")
    assert [each["code"] for each in again["userErrors"]] == (["CONFLICT"])


async def test_an_author_follows_their_own_post_and_nobody_elses(scene: Scene) -> None:
    own = (await post(scene, "subscriber"))["outcome"]["delivery"]["id"]
    assert (await scene.data("subscriber", NODE, id=own))["node"] is not None
    assert (await scene.data("outsider", NODE, id=own))["node"] is None


@pytest.mark.parametrize(
    ("role", "reads"),
    [("owner", True), ("subscriber", True), ("outsider", False), ("stranger", False)],
)
async def test_who_reads_an_archive(scene: Scene, role: str, reads: bool) -> None:
    await post(scene, "subscriber")
    page = (await scene.data("subscriber", ARCHIVE, a=f"talk@{HOST}"))["mailingList"]["archive"]["messages"]
    message = page["edges"][0]["node"]["id"]
    found = await scene.ask(role, ARCHIVE, a=f"talk@{HOST}")
    assert (found["data"]["mailingList"]["archive"] is not None) is reads
    assert ((await scene.data(role, NODE, id=message))["node"] is not None) is reads


async def test_strangers_read_a_public_archive_without_addresses(scene: Scene) -> None:
    await scene.make("public", send="public", archive_web_access="public")
    await scene.mail("public", "zoe@example.org")
    found = await scene.data("stranger", ARCHIVE, a=f"public@{HOST}")
    message = found["mailingList"]["archive"]["messages"]["edges"][0]["node"]["message"]
    assert (message["subject"], message["author"]["email"]) == ("Hello", None)
    assert "zoe@example.org" not in str(message)
    known = await scene.data("outsider", ARCHIVE, a=f"public@{HOST}")
    message = known["mailingList"]["archive"]["messages"]["edges"][0]["node"]["message"]
    assert message["author"]["email"] == "zoe@example.org"


async def test_the_archive_is_narrowed_by_span_and_author(scene: Scene) -> None:
    await post(scene, "subscriber")

    async def count(**filter: object) -> int:
        found = await scene.data("subscriber", ARCHIVE, a=f"talk@{HOST}", filter=filter)
        total: int = found["mailingList"]["archive"]["messages"]["totalCount"]
        return total

    assert await count(author="ALICE") == 1
    assert await count(author="zoe") == 0
    assert await count(date={"from": "2001-01-01T00:00:00Z"}) == 1
    assert await count(date={"until": "2001-01-01T00:00:00Z"}) == 0


@pytest.mark.parametrize(
    ("scope", "mutation", "input"),
    [
        (TokenScope.SUBSCRIBE, "messagePost", {"subject": "s", "text": "t"}),
        (TokenScope.POST, "mailingListSubscribe", {}),
        (TokenScope.POST, "mailingListUpdate", {"settings": {"subject": "s"}}),
        (TokenScope.SUBSCRIBE, "subscribersAdd", {"emails": ["zoe@example.org"]}),
    ],
)
async def test_a_token_does_what_it_was_made_for(
    scene: Scene, scope: TokenScope, mutation: str, input: dict[str, Any]
) -> None:
    scene.tokens["narrow"] = await scene.world.api_token(scope)
    wanted = {"mailingListId": await scene.id_of("talk"), **input}
    answer = await scene.do("narrow", mutation, wanted, "")
    assert [each["code"] for each in answer["userErrors"]] == ["FORBIDDEN"]
    assert await sent(scene) == []
