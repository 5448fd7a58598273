"""People, their addresses, sessions and tokens, through the API: who sees what, and what changes."""

from typing import Any

from identity.people import create_person
from storage import roles
from storage.tables.people import Person
from storage.tables.words import RoleKind, TokenScope
from tests.server.graphql_world import World, cookie

ME = "{ viewer { user { id displayName locale mainEmail createdAt emailAddresses { id email isMain status source strength verifiedAt expiresAt } } } }"


async def as_alice(world: World, query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
    """The answer to Alice's browser."""
    if "alice" not in world.sessions:
        world.sessions["alice"] = await world.signed_in()
    body = {"query": query, "variables": variables or {}}
    found: dict[str, Any] = (await world.post(body, headers=cookie(world.sessions["alice"]))).json()
    assert "INTERNAL_SERVER_ERROR" not in str(found), found
    return found


async def bob_of(world: World) -> Person:
    """Somebody else."""
    async with world.db.write() as uow:
        return await create_person(uow, "bob@example.edu", display_name="Bob", proved=True)


async def make_listmaster(world: World, address: str) -> None:
    """Give the robot a listmaster."""
    async with world.db.write() as uow:
        await roles.add(
            uow,
            robot_id=world.robot.id,
            list_id=None,
            kind=RoleKind.LISTMASTER,
            address=address,
            address_key=address,
        )


async def test_one_sees_oneself(graphql: World) -> None:
    user = (await as_alice(graphql, ME))["data"]["viewer"]["user"]
    assert (user["displayName"], user["locale"], user["mainEmail"]) == ("Alice", "en", "alice@example.edu")
    (line,) = user["emailAddresses"]
    assert (line["email"], line["isMain"], line["status"], line["source"], line["strength"]) == (
        "alice@example.edu", True, "VERIFIED", "ACCOUNT", "CHALLENGED",
    )  # fmt: skip


async def test_every_id_leads_back_to_its_thing(graphql: World) -> None:
    await graphql.api_token(TokenScope.READ)
    query = """{ viewer { session { id } user { id emailAddresses { id } sessions { edges { node { id } } }
        apiTokens { edges { node { id } } } } } }"""
    viewer = (await as_alice(graphql, query))["data"]["viewer"]
    ids = {
        "User": viewer["user"]["id"],
        "UserEmail": viewer["user"]["emailAddresses"][0]["id"],
        "Session": viewer["session"]["id"],
        "ApiToken": viewer["user"]["apiTokens"]["edges"][0]["node"]["id"],
    }
    ask = "query N($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
    found = (await as_alice(graphql, ask, {"ids": [*ids.values()]}))["data"]["nodes"]
    assert found == [{"__typename": name, "id": each} for name, each in ids.items()]
    assert (await graphql.ask(ask, {"ids": [*ids.values()]}))["data"]["nodes"] == [None] * 4
    token = await graphql.signed_in(await bob_of(graphql))
    as_bob = await graphql.ask(ask, {"ids": [*ids.values()]}, token=token)
    assert as_bob["data"]["nodes"] == [None] * 4


async def test_forged_and_malformed_ids_have_a_code_and_no_python(graphql: World) -> None:
    for text in ("", "x", "VXNlcjox", "é", "A" * 5000, "QQ=="):
        answer = await graphql.ask("query N($id: ID!) { node(id: $id) { id } }", {"id": text})
        assert answer["data"] == {"node": None}
        assert answer["errors"][0]["extensions"] == {"code": "ID_INVALID"}


async def test_at_most_a_hundred_ids_at_once(graphql: World) -> None:
    answer = await graphql.ask("query N($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ["x"] * 101})
    assert answer["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}


async def test_a_listmaster_finds_people_and_nobody_else_does(graphql: World) -> None:
    bob = await bob_of(graphql)
    find = 'query F { user(email: "alice@example.edu") { id mainEmail emailAddresses { email } sessions { totalCount } apiTokens { totalCount } } }'
    await graphql.signed_in()
    token = await graphql.signed_in(bob)
    refused = await graphql.ask(find, token=token)
    assert refused["data"] == {"user": None}
    assert refused["errors"][0]["extensions"] == {"code": "FORBIDDEN"}
    await make_listmaster(graphql, "bob@example.edu")
    found = (await graphql.ask(find, token=token))["data"]["user"]
    assert found["emailAddresses"] == [{"email": "alice@example.edu"}]
    # Their sessions and tokens stay their own.
    assert (found["sessions"]["totalCount"], found["apiTokens"]["totalCount"]) == (0, 0)
    node = await graphql.ask("query N($id: ID!) { node(id: $id) { id } }", {"id": found["id"]}, token=token)
    assert node["data"]["node"] == {"id": found["id"]}


async def test_sessions_come_in_pages_that_never_overlap(graphql: World) -> None:
    for _ in range(7):
        await graphql.signed_in()
    page = """query P($first: Int, $after: String, $last: Int, $before: String) { viewer { user {
        sessions(first: $first, after: $after, last: $last, before: $before) {
          totalCount edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } } }"""

    async def fetch(**variables: Any) -> dict[str, Any]:
        found: dict[str, Any] = (await as_alice(graphql, page, variables))["data"]["viewer"]["user"][
            "sessions"
        ]
        return found

    everything = [each["node"]["id"] for each in (await fetch(first=100))["edges"]]
    assert len(everything) == 8
    seen: list[str] = []
    after = None
    while True:
        found = await fetch(first=3, after=after)
        assert found["totalCount"] == 8
        assert found["pageInfo"]["hasPreviousPage"] is (after is not None)
        seen += [each["node"]["id"] for each in found["edges"]]
        after = found["pageInfo"]["endCursor"]
        if not found["pageInfo"]["hasNextPage"]:
            break
    assert seen == everything
    back = await fetch(last=3)
    assert [each["node"]["id"] for each in back["edges"]] == everything[-3:]
    assert back["pageInfo"]["hasPreviousPage"] is True
    before = await fetch(last=3, before=back["pageInfo"]["startCursor"])
    assert [each["node"]["id"] for each in before["edges"]] == everything[-6:-3]


async def test_a_page_asked_for_in_a_wrong_way_is_refused_with_a_code(graphql: World) -> None:
    for arguments, code in (
        ("first: 1, last: 1", "BAD_USER_INPUT"),
        ("first: -1", "BAD_USER_INPUT"),
        ("first: 101", "BAD_USER_INPUT"),
        ('first: 1, before: "x"', "BAD_USER_INPUT"),
        ('after: "Incorrect padding"', "CURSOR_INVALID"),
        ('after: ""', "CURSOR_INVALID"),
    ):
        query = f"{{ viewer {{ user {{ sessions({arguments}) {{ totalCount }} }} }} }}"
        answer = await as_alice(graphql, query)
        assert answer["errors"][0]["extensions"] == {"code": code}, arguments


async def test_a_cursor_of_one_connection_is_none_of_another(graphql: World) -> None:
    await graphql.api_token(TokenScope.READ)
    answer = await as_alice(graphql, "{ viewer { user { apiTokens { edges { cursor } } } } }")
    cursor = answer["data"]["viewer"]["user"]["apiTokens"]["edges"][0]["cursor"]
    query = "query P($after: String) { viewer { user { sessions(after: $after) { totalCount } } } }"
    refused = await as_alice(graphql, query, {"after": cursor})
    assert refused["errors"][0]["extensions"] == {"code": "CURSOR_INVALID"}


async def test_the_profile_changes_what_is_given(graphql: World) -> None:
    change = "mutation P($input: ProfileUpdateInput!) { profileUpdate(input: $input) { user { displayName locale } userErrors { code path } } }"
    for given, expected in (
        ({"displayName": "Alice L."}, ("Alice L.", "en")),
        ({"locale": "fr"}, ("Alice L.", "fr")),
        ({"displayName": None}, (None, "fr")),
    ):
        payload = (await as_alice(graphql, change, {"input": given}))["data"]["profileUpdate"]
        assert payload["userErrors"] == []
        assert (payload["user"]["displayName"], payload["user"]["locale"]) == expected
    stranger = (await graphql.ask(change, {"input": {}}))["data"]["profileUpdate"]
    assert stranger["userErrors"] == [{"code": "REAUTHENTICATION_REQUIRED", "path": None}]


async def test_a_token_is_made_shown_once_and_revoked(graphql: World) -> None:
    make = """mutation T($input: ApiTokenCreateInput!) { apiTokenCreate(input: $input) {
        apiToken { id label prefix scopes expiresAt } secret clientMutationId userErrors { code message } } }"""
    given = {"label": "script", "scopes": ["READ"], "clientMutationId": "k1"}
    first = (await as_alice(graphql, make, {"input": given}))["data"]["apiTokenCreate"]
    assert first["userErrors"] == []
    assert first["clientMutationId"] == "k1"
    assert first["secret"].startswith("pr_")
    again = (await as_alice(graphql, make, {"input": given}))["data"]["apiTokenCreate"]
    assert again["apiToken"] == first["apiToken"]
    assert again["secret"] is None
    other = (await as_alice(graphql, make, {"input": given | {"label": "other"}}))["data"]["apiTokenCreate"]
    assert [each["code"] for each in other["userErrors"]] == ["CONFLICT"]
    who = "{ viewer { authentication { methods strength } user { mainEmail } } }"
    found = (await graphql.ask(who, token=first["secret"]))["data"]["viewer"]
    assert found["authentication"]["methods"] == ["API_TOKEN"]
    revoke = "mutation R($input: ApiTokenRevokeInput!) { apiTokenRevoke(input: $input) { revokedId userErrors { code } } }"
    given = {"apiTokenId": first["apiToken"]["id"]}
    gone = (await as_alice(graphql, revoke, {"input": given}))["data"]["apiTokenRevoke"]
    assert gone == {"revokedId": first["apiToken"]["id"], "userErrors": []}
    assert (await graphql.ask(who, token=first["secret"]))["errors"][0]["extensions"][
        "code"
    ] == "UNAUTHENTICATED"


async def test_an_address_is_linked_with_the_code_from_its_mail_only(graphql: World) -> None:
    link = "mutation L($input: EmailLinkInput!) { emailLink(input: $input) { userEmail { email status strength } userErrors { code } } }"
    confirm = "mutation C($input: EmailConfirmInput!) { emailConfirm(input: $input) { userEmail { id email status } userErrors { code path } } }"
    address = "a.liddell@example.net"
    asked = (await as_alice(graphql, link, {"input": {"email": address}}))["data"]["emailLink"]
    assert asked == {
        "userEmail": {"email": address, "status": "PENDING", "strength": "ANONYMOUS"},
        "userErrors": [],
    }
    wrong = (await as_alice(graphql, confirm, {"input": {"email": address, "code": "2222-2222"}}))["data"][
        "emailConfirm"
    ]
    assert wrong == {
        "userEmail": None,
        "userErrors": [{"code": "WRONG_CREDENTIALS", "path": ["input", "code"]}],
    }
    code = (await graphql.letters())[-1].code
    right = (await as_alice(graphql, confirm, {"input": {"email": address, "code": code}}))["data"][
        "emailConfirm"
    ]
    assert right["userEmail"]["status"] == "VERIFIED"
    main = "mutation M($input: EmailSetMainInput!) { emailSetMain(input: $input) { user { mainEmail } userErrors { code } } }"
    given = {"userEmailId": right["userEmail"]["id"]}
    assert (await as_alice(graphql, main, {"input": given}))["data"]["emailSetMain"]["user"] == {
        "mainEmail": address
    }
    lines = (await as_alice(graphql, ME))["data"]["viewer"]["user"]["emailAddresses"]
    assert [(each["email"], each["isMain"]) for each in lines] == [
        (address, True),
        ("alice@example.edu", False),
    ]
    unlink = "mutation U($input: EmailUnlinkInput!) { emailUnlink(input: $input) { user { emailAddresses { email } } userErrors { code } } }"
    stays = (await as_alice(graphql, unlink, {"input": given}))["data"]["emailUnlink"]
    assert stays["userErrors"] != []


async def test_linking_answers_the_same_for_somebody_elses_address(graphql: World) -> None:
    """Pitfall 47."""
    await bob_of(graphql)
    link = "mutation L($input: EmailLinkInput!) { emailLink(input: $input) { userEmail { status source isMain } userErrors { code } } }"
    taken = await as_alice(graphql, link, {"input": {"email": "bob@example.edu"}})
    free = await as_alice(graphql, link, {"input": {"email": "nobody@example.edu"}})
    assert taken["data"] == free["data"]


async def test_signing_in_by_mail_hands_a_bearer_token_to_who_asked_for_one(graphql: World) -> None:
    start = """mutation S($input: SignInStartInput!) { signInStart(input: $input) {
        step { __typename ... on SignInCode { attemptId maskedDestination expiresAt } } userErrors { code } } }"""
    finish = """mutation F($input: SignInFinishInput!) { signInFinish(input: $input) {
        step { ... on SignInDone { token needsPasswordChange session { method strength } } } userErrors { code path message } } }"""
    given = {"provider": "ticket", "identifier": "alice@example.edu", "transport": "BEARER"}
    step = (await graphql.ask(start, {"input": given}))["data"]["signInStart"]["step"]
    assert step["maskedDestination"] == "a•••@example.edu"
    code = (await graphql.letters())[-1].code
    wrong = {"attemptId": step["attemptId"], "code": "2222-2222"}
    refused = (await graphql.ask(finish, {"input": wrong}))["data"]["signInFinish"]
    assert [each["code"] for each in refused["userErrors"]] == ["WRONG_CREDENTIALS"]
    found = await graphql.post(
        {"query": finish, "variables": {"input": {"attemptId": step["attemptId"], "code": code}}}
    )
    done = found.json()["data"]["signInFinish"]["step"]
    assert done["session"] == {"method": "TICKET", "strength": "CHALLENGED"}
    assert "set-cookie" not in found.headers
    who = await graphql.ask("{ viewer { user { mainEmail } } }", token=done["token"])
    assert who["data"]["viewer"]["user"] == {"mainEmail": "alice@example.edu"}


async def test_too_many_tries_say_when_to_come_back(graphql: World) -> None:
    start = """mutation S($input: SignInStartInput!) { signInStart(input: $input) {
        step { __typename } userErrors { code retryAfter } } }"""
    given = {"provider": "ticket", "identifier": "alice@example.edu"}
    errors: list[dict[str, Any]] = []
    for _ in range(30):
        errors = (await graphql.ask(start, {"input": given}))["data"]["signInStart"]["userErrors"]
        if errors:
            break
    assert errors[0]["code"] == "RATE_LIMITED"
    assert errors[0]["retryAfter"] is not None


async def test_aliases_are_no_way_round_the_limits_of_tries(graphql: World) -> None:
    """Pitfall 49."""
    one = 'signInStart(input: {provider: "ticket", identifier: "alice@example.edu"}) { userErrors { code } }'
    query = "mutation { " + " ".join(f"a{n}: {one}" for n in range(10)) + " }"
    refused = 0
    for _ in range(3):
        data = (await graphql.ask(query))["data"]
        refused += sum(bool(each["userErrors"]) for each in data.values())
    assert refused >= 20


async def test_the_password_changes_and_the_cookie_with_it(graphql: World) -> None:
    change = "mutation P($input: PasswordChangeInput!) { passwordChange(input: $input) { user { id } userErrors { code path } } }"
    token = await graphql.signed_in()
    wrong = {"currentPassword": "no", "newPassword": "a much better horse"}
    found = await graphql.post({"query": change, "variables": {"input": wrong}}, headers=cookie(token))
    assert found.json()["data"]["passwordChange"]["userErrors"] == [
        {"code": "WRONG_CREDENTIALS", "path": ["input", "currentPassword"]}
    ]
    right = wrong | {"currentPassword": "correct horse battery"}
    found = await graphql.post({"query": change, "variables": {"input": right}}, headers=cookie(token))
    assert found.json()["data"]["passwordChange"]["userErrors"] == []
    assert "postroom_session=" in found.headers["set-cookie"]
    graphql.client.cookies.clear()
    old = await graphql.post({"query": "{ viewer { user { id } } }"}, headers=cookie(token))
    assert old.json()["data"]["viewer"]["user"] is None


async def test_signing_out_everywhere_ends_every_session(graphql: World) -> None:
    tokens = [await graphql.signed_in() for _ in range(3)]
    out = "mutation { signOut(input: {isEverywhere: true}) { userErrors { code } query { viewer { user { id } } } } }"
    found = await graphql.post({"query": out}, headers=cookie(tokens[0]))
    assert found.json()["data"]["signOut"] == {"userErrors": [], "query": {"viewer": {"user": None}}}
    for token in tokens:
        answer = await graphql.ask("{ viewer { user { id } } }", token=token)
        assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
