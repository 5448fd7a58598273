"""Lists through the API: found, shown in the directory, made, changed, shut; hidden is as absent."""

import pytest
from sqlalchemy import delete

from storage.query import Query, param
from storage.tables.lists import lists
from tests.resolvers.lists_world import ROLES, Scene
from tests.server.graphql_world import HOST

_DELETE_LIST = Query(delete(lists).where(lists.c.id == param("list_id")), int)
FIND = "query ($a: EmailAddress!) { mailingList(address: $a) { id } }"
NODE = "query ($id: ID!) { node(id: $id) { __typename id } }"
DIRECTORY = """query ($filter: MailingListFilter, $order: MailingListOrder, $first: Int, $after: String) {
  mailingLists(filter: $filter, orderBy: $order, first: $first, after: $after) {
    totalCount edges { cursor node { name } } pageInfo { hasNextPage endCursor } } }"""
WHOLE = """query ($a: EmailAddress!) { mailingList(address: $a) {
  id name address subject description status language createdAt latestMessageAt robot { domain title }
  settings { visibility receptionModes messageSizeLimit deliveryPriority personalization strictMainAddress
    scenarios { action scenario { name title origin rules { line condition verdict strengths } } } }
  viewerMemberships { email reception }
  viewerPermissions { canSubscribe canUnsubscribe canPost canReview canReadArchive canModerate canEditSettings }
  owners { edges { node { email kind reception isShown } } } moderators { edges { node { email kind } } } } }"""


async def test_a_list_shows_itself_and_what_the_asker_may_do(scene: Scene) -> None:
    found = (await scene.data("subscriber", WHOLE, a=f"talk@{HOST}"))["mailingList"]
    assert (found["name"], found["subject"], found["status"]) == ("talk", "Talk", "OPEN")
    assert found["robot"]["domain"] == HOST
    assert found["settings"]["visibility"] == "LISTED"
    assert found["settings"]["deliveryPriority"] == "NORMAL"
    assert found["viewerMemberships"] == [{"email": "alice@example.edu", "reception": "MAIL"}]
    may = found["viewerPermissions"]
    assert (may["canPost"], may["canReview"], may["canReadArchive"]) == ("ALLOW", "ALLOW", "ALLOW")
    assert (may["canModerate"], may["canEditSettings"]) == (False, False)
    assert [edge["node"]["email"] for edge in found["owners"]["edges"]] == ["carol@example.edu"]
    assert [edge["node"]["kind"] for edge in found["moderators"]["edges"]] == ["MODERATOR"]
    send = next(each for each in found["settings"]["scenarios"] if each["action"] == "POST")["scenario"]
    assert (send["name"], send["origin"]) == ("private", "SERVER")
    assert send["rules"]
    assert {rule["verdict"] for rule in send["rules"]} <= {"ALLOW", "REJECT", "REQUEST_AUTHENTICATION"}


@pytest.mark.parametrize(
    ("role", "sees"),
    [("owner", True), ("subscriber", True), ("outsider", False), ("stranger", False)],
)
async def test_a_hidden_list_is_as_absent(scene: Scene, role: str, sees: bool) -> None:
    await scene.make("staff", visibility="conceal")
    await scene.put("staff", "alice@example.edu")
    hidden = await scene.ask(role, FIND, a=f"staff@{HOST}")
    absent = await scene.ask(role, FIND, a=f"nothing@{HOST}")
    assert (hidden["data"]["mailingList"] is not None) is sees
    if not sees:
        assert hidden["data"] == absent["data"]
        assert hidden.get("errors") == absent.get("errors")
    known = await scene.id_of("staff")
    assert ((await scene.data(role, NODE, id=known))["node"] is not None) is sees


async def test_a_hidden_list_is_refused_in_the_words_for_an_absent_one(scene: Scene) -> None:
    await scene.make("staff", visibility="secret")
    await scene.make("gone", visibility="noconceal")
    secret, gone = await scene.id_of("staff"), await scene.id_of("gone")
    async with scene.db.write() as uow:
        from_nowhere = gone
        assert await uow.run(_DELETE_LIST, list_id=scene.lists["gone"].id) == 1
    answers = [
        await scene.do("outsider", "mailingListSubscribe", {"mailingListId": each}, "membership { id }")
        for each in (secret, from_nowhere)
    ]
    assert answers[0] == answers[1]
    assert answers[0]["userErrors"][0]["code"] == "NOT_FOUND"


async def test_the_directory_pages_without_overlap_and_counts_what_is_seen(scene: Scene) -> None:
    for name in ("alpha", "beta", "gamma"):
        await scene.make(name)
    await scene.make("secret", visibility="secret")
    order = {"field": "NAME", "direction": "ASC"}
    names: list[str] = []
    after = None
    for _ in range(5):
        found = (await scene.data("stranger", DIRECTORY, order=order, first=2, after=after))["mailingLists"]
        assert found["totalCount"] == 4
        names += [edge["node"]["name"] for edge in found["edges"]]
        after = found["pageInfo"]["endCursor"]
        if not found["pageInfo"]["hasNextPage"]:
            break
    assert names == ["alpha", "beta", "gamma", "talk"]


async def test_a_cursor_of_another_order_is_refused(scene: Scene) -> None:
    await scene.make("alpha")
    order = {"field": "NAME", "direction": "ASC"}
    page = (await scene.data("stranger", DIRECTORY, order=order, first=1))["mailingLists"]
    other = {"field": "NAME", "direction": "DESC"}
    found = await scene.ask("stranger", DIRECTORY, order=other, first=1, after=page["edges"][0]["cursor"])
    assert found["errors"][0]["extensions"]["code"] == "CURSOR_INVALID"


async def test_the_directory_is_narrowed_to_what_is_the_askers(scene: Scene) -> None:
    await scene.make("alpha")

    async def names(role: str, **filter: object) -> list[str]:
        found = await scene.data(role, DIRECTORY, filter=filter)
        return [edge["node"]["name"] for edge in found["mailingLists"]["edges"]]

    assert await names("subscriber", viewerIsSubscriber=True) == ["talk"]
    assert await names("subscriber", viewerIsSubscriber=False) == ["alpha"]
    assert await names("moderator", viewerHasRole="MODERATOR") == ["alpha", "talk"]
    assert await names("outsider", viewerHasRole="MODERATOR") == []
    assert await names("stranger", search="ALPH") == ["alpha"]


async def test_a_listmaster_makes_a_list_and_an_outsider_does_not(scene: Scene) -> None:
    robot = await scene.data("listmaster", "{ robot { id } viewer { permissions { canCreateMailingList } } }")
    assert robot["viewer"]["permissions"]["canCreateMailingList"] is True
    new = {
        "robotId": robot["robot"]["id"],
        "name": "News",
        "subject": "Of the week",
        "template": "newsletter",
        "settings": {"deliveryPriority": "LOW", "messageSizeLimit": "2048"},
    }
    made = await scene.do(
        "listmaster",
        "mailingListCreate",
        new,
        "mailingList { address status settings { deliveryPriority messageSizeLimit } owners { edges { node { email } } } }",
    )
    assert made["userErrors"] == []
    assert made["mailingList"]["address"] == f"news@{HOST}"
    assert made["mailingList"]["settings"] == {"deliveryPriority": "LOW", "messageSizeLimit": "2048"}
    assert made["mailingList"]["owners"]["edges"][0]["node"]["email"] == "lena@example.edu"
    refused = await scene.do("outsider", "mailingListCreate", {**new, "name": "mine"}, "mailingList { id }")
    assert refused["mailingList"] is None
    assert refused["userErrors"][0]["code"] == "FORBIDDEN"
    again = await scene.do("listmaster", "mailingListCreate", new, "mailingList { id }")
    assert again["userErrors"][0] | {"message": ""} == {
        "code": "TAKEN",
        "message": "",
        "path": ["input", "name"],
    }


@pytest.mark.parametrize("role", ROLES)
async def test_only_owners_change_settings(scene: Scene, role: str) -> None:
    change = {
        "mailingListId": await scene.id_of("talk"),
        "settings": {"subject": "Another", "scenarios": [{"action": "POST", "scenario": "closed"}]},
    }
    answer = await scene.do(role, "mailingListUpdate", change, "mailingList { subject }")
    allowed = role in {"owner", "listmaster"}
    assert (answer["mailingList"] is not None) is allowed
    assert [each["code"] for each in answer["userErrors"]] == ([] if allowed else ["FORBIDDEN"])
    mlist = await scene.now("talk")
    assert (mlist.subject, mlist.send) == (("Another", "closed") if allowed else ("Talk", "private"))


async def test_a_change_on_top_of_another_is_a_conflict(scene: Scene) -> None:
    change = {
        "mailingListId": await scene.id_of("talk"),
        "settings": {"subject": "Another"},
        "ifUnmodifiedSince": "2001-01-01T00:00:00Z",
    }
    answer = await scene.do("owner", "mailingListUpdate", change, "mailingList { id }")
    assert answer["userErrors"][0]["code"] == "CONFLICT"
    assert (await scene.now("talk")).subject == "Talk"


async def test_a_bad_setting_names_the_member_of_the_input(scene: Scene) -> None:
    talk = await scene.id_of("talk")
    size = {"mailingListId": talk, "settings": {"messageSizeLimit": "1"}}
    answer = await scene.do("owner", "mailingListUpdate", size, "mailingList { id }")
    assert answer["userErrors"][0]["path"] == ["input", "settings", "messageSizeLimit"]
    rule = {"mailingListId": talk, "settings": {"scenarios": [{"action": "ADD", "scenario": "nonsense"}]}}
    answer = await scene.do("owner", "mailingListUpdate", rule, "mailingList { id }")
    assert answer["userErrors"][0]["path"] == ["input", "settings", "scenarios"]


async def test_an_owner_shuts_a_list_and_finds_it_again_where_others_do_not(scene: Scene) -> None:
    talk = await scene.id_of("talk")
    for role in ("outsider", "moderator"):
        refused = await scene.do(role, "mailingListClose", {"mailingListId": talk}, "mailingList { id }")
        assert refused["userErrors"][0]["code"] == "FORBIDDEN"
    shut = await scene.do("owner", "mailingListClose", {"mailingListId": talk}, "mailingList { status }")
    assert shut["mailingList"] == {"status": "CLOSED"}
    assert (await scene.data("owner", NODE, id=talk))["node"] is not None
    assert (await scene.data("subscriber", NODE, id=talk))["node"] is None
    closed = await scene.data("owner", DIRECTORY, filter={"status": ["CLOSED"]})
    assert [edge["node"]["name"] for edge in closed["mailingLists"]["edges"]] == ["talk"]
    others = await scene.data("subscriber", DIRECTORY, filter={"status": ["CLOSED"]})
    assert others["mailingLists"]["edges"] == []


async def test_a_listmaster_opens_a_list_that_its_owner_shut(scene: Scene) -> None:
    talk = await scene.id_of("talk")
    await scene.do("owner", "mailingListClose", {"mailingListId": talk}, "mailingList { status }")
    refused = await scene.do("owner", "mailingListOpen", {"mailingListId": talk}, "mailingList { id }")
    assert refused["userErrors"][0]["code"] == "FORBIDDEN"
    hidden = await scene.do("subscriber", "mailingListOpen", {"mailingListId": talk}, "mailingList { id }")
    assert hidden["userErrors"][0]["code"] == "NOT_FOUND"
    opened = await scene.do(
        "listmaster", "mailingListOpen", {"mailingListId": talk}, "mailingList { status }"
    )
    assert opened["mailingList"] == {"status": "OPEN"}
    assert (await scene.data("subscriber", NODE, id=talk))["node"] is not None


async def test_offices_are_given_and_ended(scene: Scene) -> None:
    talk = await scene.id_of("talk")
    grant = {"mailingListId": talk, "email": "bob@example.edu", "kind": "OWNER"}
    refused = await scene.do("moderator", "roleGrant", grant, "role { id }")
    assert refused["userErrors"][0]["code"] == "FORBIDDEN"
    given = await scene.do("owner", "roleGrant", grant, "role { id kind email mailingList { name } }")
    assert (given["role"]["kind"], given["role"]["mailingList"]["name"]) == ("OWNER", "talk")
    mine = "{ viewer { user { roles { totalCount edges { node { kind mailingList { address } } } } } } }"
    held = (await scene.data("outsider", mine))["viewer"]["user"]["roles"]
    assert held["totalCount"] == 1
    assert held["edges"][0]["node"] == {"kind": "OWNER", "mailingList": {"address": f"talk@{HOST}"}}
    ended = await scene.do("owner", "roleRevoke", {"roleId": given["role"]["id"]}, "revokedId")
    assert ended["revokedId"] == given["role"]["id"]
    assert (await scene.data("outsider", mine))["viewer"]["user"]["roles"]["edges"] == []


async def test_a_robot_shows_its_ways_to_sign_in(scene: Scene) -> None:
    query = """{ robots { totalCount edges { node { domain } } } viewer { robot { domain } }
      robot { id title description languages passwordPolicy { minimumLength isBreachChecked }
      permissions { canUpdate } identityProviders { __typename key label method isDefault
        ... on TicketIdentityProvider { codeLength lifetime } ... on FormIdentityProvider { identifierLabel } } } }"""
    found = await scene.data("stranger", query)
    kinds = [each["__typename"] for each in found["robot"]["identityProviders"]]
    assert kinds == ["FormIdentityProvider", "TicketIdentityProvider"]
    assert found["robot"]["identityProviders"][1]["lifetime"] == "PT1H"
    assert found["robot"]["passwordPolicy"]["minimumLength"] == 8
    assert found["robot"]["permissions"] == {"canUpdate": False}
    assert found["robots"]["edges"] == [{"node": {"domain": HOST}}]
    assert (await scene.data("listmaster", "{ robot { permissions { canUpdate } } }"))["robot"][
        "permissions"
    ]["canUpdate"]
