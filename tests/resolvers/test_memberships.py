"""Memberships through the API: who sees whom, joining, leaving, options, and what owners do."""

import pytest

from storage import lists, memberships
from tests.resolvers.lists_world import ROLES, Scene
from tests.server.graphql_world import HOST

REVIEW = """query ($a: EmailAddress!, $filter: SubscriberFilter, $order: MembershipOrder) { mailingList(address: $a) {
  subscribers(first: 50, filter: $filter, orderBy: $order) { totalCount edges { node { id email displayName reception
    suspension { from until } visibility isModeratedAuthor attributes { key value } origin subscribedAt
    user { mainEmail } mailingList { name } } } } } }"""
MINE = """{ viewer { user { memberships(first: 20, orderBy: {field: LIST_NAME, direction: ASC}) { totalCount
  edges { node { id email reception isModeratedAuthor suspension { from until } mailingList { name address } } } } } } }"""
NODE = "query ($id: ID!) { node(id: $id) { id ... on Membership { email reception } } }"


async def emails(scene: Scene, role: str, **variables: object) -> list[str]:
    """The addresses that somebody sees on `talk`."""
    found = await scene.data(role, REVIEW, a=f"talk@{HOST}", **variables)
    return [edge["node"]["email"] for edge in found["mailingList"]["subscribers"]["edges"]]


async def conceal(scene: Scene, role: str, name: str) -> str:
    """Join a list hidden from the other subscribers; the membership's id."""
    wish = {"mailingListId": await scene.id_of(name), "visibility": "CONCEALED"}
    joined = await scene.do(role, "mailingListSubscribe", wish, "membership { id }")
    found: str = joined["membership"]["id"]
    return found


@pytest.mark.parametrize(
    ("role", "sees"),
    [
        ("owner", ["alice@example.edu", "bob@example.edu"]),
        ("listmaster", ["alice@example.edu", "bob@example.edu"]),
        ("subscriber", ["alice@example.edu"]),
        ("outsider", ["alice@example.edu"]),
    ],
)
async def test_concealed_people_are_for_owners(scene: Scene, role: str, sees: list[str]) -> None:
    await conceal(scene, "outsider", "talk")
    assert await emails(scene, role) == sees


async def test_those_who_may_not_review_get_null_and_a_reason(scene: Scene) -> None:
    found = await scene.ask("stranger", REVIEW, a=f"talk@{HOST}")
    assert found["data"]["mailingList"] == {"subscribers": None}
    assert found["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert found["errors"][0]["path"] == ["mailingList", "subscribers"]


async def test_other_subscribers_see_a_name_and_owners_see_everything(scene: Scene) -> None:
    await scene.put("talk", "bob@example.edu")
    mine = (await scene.data("outsider", MINE))["viewer"]["user"]["memberships"]["edges"][0]["node"]["id"]
    pause = {"from": "2030-01-01T00:00:00Z", "until": "2030-02-01T00:00:00Z"}
    answers = [{"key": "team", "value": "blue"}]
    change = {"membershipId": mine, "suspension": pause, "attributes": answers, "displayName": "Bob"}
    changed = await scene.do(
        "outsider", "membershipUpdate", change, "membership { suspension { from until } }"
    )
    assert changed["membership"]["suspension"] == pause
    held = {"membershipId": mine, "isModeratedAuthor": True}
    kept = await scene.do("owner", "membershipUpdate", held, "membership { isModeratedAuthor }")
    assert kept["membership"] == {"isModeratedAuthor": True}
    found = await scene.data("subscriber", REVIEW, a=f"talk@{HOST}")
    alice, bob = [edge["node"] for edge in found["mailingList"]["subscribers"]["edges"]]
    assert alice["reception"] == "MAIL"
    assert (bob["displayName"], bob["reception"], bob["suspension"]) == ("Bob", None, None)
    assert (bob["attributes"], bob["isModeratedAuthor"], bob["user"]) == ([], False, None)
    found = await scene.data("owner", REVIEW, a=f"talk@{HOST}")
    bob = found["mailingList"]["subscribers"]["edges"][1]["node"]
    assert (bob["reception"], bob["suspension"], bob["attributes"]) == ("MAIL", pause, answers)
    assert bob["isModeratedAuthor"] is True
    again = await scene.do("outsider", "membershipUpdate", change, "membership { isModeratedAuthor }")
    assert again["membership"] == {"isModeratedAuthor": False}
    wish = {"mailingListId": await scene.id_of("talk")}
    known = await scene.do("outsider", "mailingListSubscribe", wish, "membership { isModeratedAuthor }")
    assert known["membership"] == {"isModeratedAuthor": False}
    own = (await scene.data("outsider", MINE))["viewer"]["user"]["memberships"]["edges"][0]["node"]
    assert own["isModeratedAuthor"] is False
    found = await scene.data("listmaster", REVIEW, a=f"talk@{HOST}")
    bob = found["mailingList"]["subscribers"]["edges"][1]["node"]
    assert bob["user"] == {"mainEmail": "bob@example.edu"}


async def test_the_review_is_searched_and_ordered(scene: Scene) -> None:
    await scene.put("talk", "zoe@example.org", "bob@example.edu")
    assert await emails(scene, "owner", filter={"search": "example.org"}) == ["zoe@example.org"]
    down = {"field": "EMAIL", "direction": "DESC"}
    assert await emails(scene, "owner", order=down) == [
        "zoe@example.org", "bob@example.edu", "alice@example.edu",
    ]  # fmt: skip
    assert await emails(scene, "owner", filter={"reception": ["NOMAIL"]}) == []


async def test_a_membership_by_id_is_seen_as_on_its_page(scene: Scene) -> None:
    """Pitfall 52."""
    await scene.put("talk", "zoe@example.org")
    hidden = await conceal(scene, "outsider", "talk")
    found = await scene.data("owner", REVIEW, a=f"talk@{HOST}", filter={"search": "zoe"})
    shown = found["mailingList"]["subscribers"]["edges"][0]["node"]["id"]

    async def by_id(role: str, known: str) -> object:
        return (await scene.data(role, NODE, id=known))["node"]

    assert await by_id("owner", shown) == {"id": shown, "email": "zoe@example.org", "reception": "MAIL"}
    assert await by_id("subscriber", shown) == {"id": shown, "email": "zoe@example.org", "reception": None}
    assert await by_id("stranger", shown) is None
    assert await by_id("subscriber", hidden) is None
    assert await by_id("outsider", hidden) is not None


async def test_joining_and_leaving_by_oneself(scene: Scene) -> None:
    talk = await scene.id_of("talk")
    wish = {"mailingListId": talk, "reception": "DIGEST"}
    answer = "membership { id email reception } decision { verdict reason rule { line } scenario { name } }"
    joined = await scene.do("outsider", "mailingListSubscribe", wish, answer)
    assert joined["userErrors"] == []
    assert joined["membership"]["email"] == "bob@example.edu"
    assert joined["membership"]["reception"] == "DIGEST"
    assert joined["decision"]["verdict"] == "ALLOW"
    assert joined["decision"]["scenario"]["name"] == "open"
    assert joined["decision"]["rule"]["line"] > 0
    mine = (await scene.data("outsider", MINE))["viewer"]["user"]["memberships"]
    assert (mine["totalCount"], mine["edges"][0]["node"]["mailingList"]["name"]) == (1, "talk")
    left = await scene.do(
        "outsider",
        "mailingListUnsubscribe",
        {"membershipId": joined["membership"]["id"]},
        "removedId decision { verdict }",
    )
    assert (left["removedId"], left["decision"]) == (joined["membership"]["id"], {"verdict": "ALLOW"})
    assert (await scene.data("outsider", MINE))["viewer"]["user"]["memberships"]["totalCount"] == 0


async def test_a_wish_that_waits_for_an_owner_says_so(scene: Scene) -> None:
    await scene.make("club", subscribe="owner")
    wish = {"mailingListId": await scene.id_of("club"), "clientMutationId": "once"}
    answer = "membership { id } decision { verdict }"
    first = await scene.do("outsider", "mailingListSubscribe", wish, answer)
    assert (first["membership"], first["decision"]["verdict"]) == (None, "HOLD_FOR_OWNER")
    assert [each["code"] for each in first["userErrors"]] == ["NEEDS_MODERATION"]
    assert await scene.do("outsider", "mailingListSubscribe", wish, answer) == first


async def test_a_strangers_wish_is_answered_by_mail(scene: Scene) -> None:
    wish = {"mailingListId": await scene.id_of("talk"), "email": "zoe@example.org"}
    asked = await scene.do("stranger", "mailingListSubscribe", wish, "membership { id } decision { verdict }")
    assert asked["decision"]["verdict"] == "REQUEST_AUTHENTICATION"
    assert asked["userErrors"][0]["code"] == "CHALLENGE_REQUIRED"
    again = {**wish, "email": "alice@example.edu"}
    known = await scene.do(
        "stranger", "mailingListSubscribe", again, "membership { id } decision { verdict }"
    )
    assert known == asked


async def test_nobody_changes_or_ends_anothers_membership(scene: Scene) -> None:
    alice = (await scene.data("subscriber", MINE))["viewer"]["user"]["memberships"]["edges"][0]["node"]["id"]
    change = {"membershipId": alice, "reception": "NOMAIL"}
    for role in ("outsider", "stranger", "moderator"):
        refused = await scene.do(role, "membershipUpdate", change, "membership { id }")
        assert refused["userErrors"][0]["code"] == "NOT_FOUND"
    left = await scene.do("outsider", "mailingListUnsubscribe", {"membershipId": alice}, "removedId")
    assert left["removedId"] is None
    assert (await scene.data("subscriber", MINE))["viewer"]["user"]["memberships"]["totalCount"] == 1


async def test_a_pause_ends_with_null(scene: Scene) -> None:
    mine = (await scene.data("subscriber", MINE))["viewer"]["user"]["memberships"]["edges"][0]["node"]["id"]
    answer = "membership { reception suspension { from until } }"
    pause = {"membershipId": mine, "suspension": {"from": "2030-01-01T00:00:00Z"}}
    paused = await scene.do("subscriber", "membershipUpdate", pause, answer)
    assert paused["membership"]["suspension"] == {"from": "2030-01-01T00:00:00Z", "until": None}
    kept = await scene.do(
        "subscriber", "membershipUpdate", {"membershipId": mine, "reception": "NOMAIL"}, answer
    )
    assert kept["membership"] == {"reception": "NOMAIL", "suspension": paused["membership"]["suspension"]}
    ended = await scene.do(
        "subscriber", "membershipUpdate", {"membershipId": mine, "suspension": None}, answer
    )
    assert ended["membership"]["suspension"] is None


@pytest.mark.parametrize("role", ROLES)
async def test_owners_put_people_on_a_list_and_take_them_off(scene: Scene, role: str) -> None:
    talk = await scene.id_of("talk")
    new = {"mailingListId": talk, "emails": ["zoe@example.org", "alice@example.edu"]}
    answer = await scene.do(role, "subscribersAdd", new, "added { id email }")
    allowed = role in {"owner", "listmaster"}
    if not allowed:
        assert (answer["added"], answer["userErrors"][0]["code"]) == (None, "FORBIDDEN")
        return
    assert [each["email"] for each in answer["added"]] == ["zoe@example.org"]
    assert [each["code"] for each in answer["userErrors"]] == ["TAKEN"]
    gone = {"mailingListId": talk, "membershipIds": [answer["added"][0]["id"]]}
    taken = await scene.do(role, "subscribersRemove", gone, "removedIds")
    assert taken["removedIds"] == gone["membershipIds"]
    assert taken["userErrors"] == []


@pytest.mark.parametrize("role", ROLES)
async def test_owners_invite_and_the_answer_does_not_say_who_is_on_the_list(scene: Scene, role: str) -> None:
    talk = await scene.id_of("talk")
    asked = {"mailingListId": talk, "emails": ["zoe@example.org", "alice@example.edu"]}
    answer = await scene.do(role, "subscribersInvite", asked, "invited")
    if role not in {"owner", "listmaster"}:
        assert (answer["invited"], answer["userErrors"][0]["code"]) == (None, "FORBIDDEN")
        return
    assert answer["invited"] == ["zoe@example.org", "alice@example.edu"]
    assert answer["userErrors"] == []
    async with scene.db.read() as reader:
        found = await lists.find(reader, "talk", HOST)
        assert found is not None
        assert await memberships.find(reader, found.id, "zoe@example.org") is None
