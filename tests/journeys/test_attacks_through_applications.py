"""What an application must not get: a listmaster's rights, the account, offices, people who never agreed, another domain."""

import json

from identity.people import find_by_address
from storage.tables.words import TokenScope
from tests.journeys.application_world import (
    ACTING,
    ALICE,
    EVERYTHING,
    LENA,
    ME,
    acting,
    portal,
    refusals,
    rule,
    things,
    trail,
)
from tests.journeys.hostile_world import ELSEWHERE, Hostile, cookie
from tests.server.pages_world import HOST


async def test_attack_a_listmaster_through_an_application_is_none(hostile: Hostile) -> None:
    """Pitfall 53."""
    app = await portal(hostile, operations=[*EVERYTHING, "own", "moderate"])
    token = await acting(hostile, app, LENA)
    own = await hostile.session(hostile.lena)
    assert (await hostile.ask(ME, own))["data"]["viewer"]["permissions"]["canAdministrateRobot"]
    assert not (await hostile.ask(ME, token))["data"]["viewer"]["permissions"]["canAdministrateRobot"]
    at = await things(hostile)
    await rule(
        hostile,
        "send",
        "is_listmaster([sender]) md5 -> do_it\nis_owner([listname],[sender]) md5 -> do_it\ntrue() md5 -> reject",
    )
    post = {"mailingListId": at["talk"], "subject": "x", "text": "y"}
    assert await refusals(hostile, "messagePost", own, post) == []
    assert await refusals(hostile, "messagePost", token, post) == ["FORBIDDEN"]
    jwk = app.key.as_dict(private=False)
    evil = {
        "robotId": at["robot"], "name": "Evil", "jwks": jwk, "allowedScopes": ["ADMINISTRATE"],
        "allowedAssertions": [], "requiresUserGrant": False, "domains": ["example.edu"],
    }  # fmt: skip
    application = await hostile.ask("{ viewer { actingApplication { id } } }", token)
    application_id = application["data"]["viewer"]["actingApplication"]["id"]
    for name, input in {
        "applicationRegister": evil,
        "applicationRotate": {"applicationId": application_id, "jwks": jwk},
        "applicationRevoke": {"applicationId": application_id},
        "listElevate": {"mailingListId": at["talk"], "reason": "Somebody asked me to look."},
        "robotUpdate": {"robotId": at["robot"], "settings": {"dkimMethod": "AS_SMTP"}},
        "sessionDebug": {"minutes": 5},
        "mailingListUpdate": {"mailingListId": at["talk"], "settings": {"subject": "Evil"}},
        "roleGrant": {"mailingListId": at["talk"], "email": ALICE, "kind": "OWNER"},
        "mailingListClose": {"mailingListId": at["talk"]},
        "mailingListOpen": {"mailingListId": at["talk"]},
    }.items():
        assert await hostile.codes(name, token, input) == ["FORBIDDEN"], name
    seen = await hostile.ask(
        '{ robot { trustedApplications(first: 1) { totalCount } settings { dkimMethod } } user(email: "alice@example.edu") { id } }',
        token,
    )
    assert seen["data"] == {"robot": {"trustedApplications": None, "settings": None}, "user": None}


async def test_offices_are_exercised_only_by_an_application_that_was_trusted_with_them(
    hostile: Hostile,
) -> None:
    """Pitfall 53: the audit names both."""
    at = await things(hostile)
    change = {"mailingListId": at["talk"], "settings": {"subject": "Through the portal"}}
    plain, owning = await portal(hostile), await portal(hostile, "Office", operations=["visibility", "own"])
    assert await hostile.codes(
        "mailingListUpdate", await acting(hostile, plain, "carol@example.edu"), change
    ) == ["FORBIDDEN"]
    token = await acting(hostile, owning, "carol@example.edu")
    before = len(await trail(hostile))
    assert await hostile.codes("mailingListUpdate", token, change) == []
    assert {(actor, via) for _, actor, via, _ in (await trail(hostile))[before:]} == {
        ("carol@example.edu", "application Office")
    }
    # Nor is anybody an owner by it who is none.
    assert await hostile.codes("mailingListUpdate", await acting(hostile, owning), change) == ["FORBIDDEN"]


async def test_attack_an_application_does_no_act_of_the_account(hostile: Hostile) -> None:
    """Pitfalls 53 and 54."""
    app = await portal(hostile)
    alice = await hostile.session(hostile.world.alice)
    await hostile.api_token(hostile.world.alice, TokenScope.READ)
    me = "{ viewer { user { emailAddresses { id } apiTokens(first: 5) { edges { node { id } } } sessions(first: 5) { totalCount edges { node { id } } } } } }"
    own = (await hostile.ask(me, alice))["data"]["viewer"]["user"]
    token = await acting(hostile, app)
    seen = (await hostile.ask(me, token))["data"]["viewer"]["user"]
    assert (seen["apiTokens"]["edges"], seen["sessions"]["totalCount"]) == ([], 1)
    for name, input in {
        "passwordChange": {"currentPassword": "correct horse battery", "newPassword": "another good one"},
        "signOut": {"sessionId": own["sessions"]["edges"][0]["node"]["id"]},
        "apiTokenCreate": {"label": "more", "scopes": ["READ"]},
        "apiTokenRevoke": {"apiTokenId": own["apiTokens"]["edges"][0]["node"]["id"]},
        "emailLink": {"email": "evil@example.edu"},
        "emailConfirm": {"email": "evil@example.edu", "code": "AAAAAAAA"},
        "emailUnlink": {"userEmailId": own["emailAddresses"][0]["id"]},
        "emailSetMain": {"userEmailId": own["emailAddresses"][0]["id"]},
        "profileUpdate": {"displayName": "Evil"},
        "applicationGrantCreate": {"clientId": app.application.client_id, "scopes": ["ADMINISTRATE"]},
    }.items():
        assert await hostile.codes(name, token, input) == ["FORBIDDEN"], name
    found = await hostile.browser.post(
        "/graphql", json={"query": "{ viewer { user { id } } }"}, headers={"Host": HOST, **cookie(token)}
    )
    assert found.json()["data"] == {"viewer": {"user": None}}
    answer = await hostile.ask("{ viewer { user { id } } }", host=ELSEWHERE)
    assert answer["data"] == {"viewer": {"user": None}}
    elsewhere = await hostile.browser.post(
        "/graphql",
        json={"query": "{ viewer { user { id } } }"},
        headers={"Host": ELSEWHERE, "Authorization": f"Bearer {token}"},
    )
    assert elsewhere.status_code == 401


async def test_a_person_allows_an_application_and_takes_it_back(hostile: Hostile) -> None:
    app = await portal(hostile, requires_grant=True, scopes=[TokenScope.READ, TokenScope.POST])
    wanted = {"assertion": app.assertion(ALICE), "scopes": ["READ"]}
    assert await hostile.codes("applicationActAs", None, wanted) == ["FORBIDDEN"]
    alice = await hostile.session(hostile.world.alice)
    leave = {"clientId": app.application.client_id, "scopes": ["READ", "OWN"]}
    given = await hostile.do(
        "applicationGrantCreate",
        alice,
        leave,
        "applicationGrant { id scopes application { id name permittedNetworks fixedAssertions { name } } }",
    )
    grant = given["applicationGrant"]
    assert grant["scopes"] == ["READ"]
    assert grant["application"] | {"id": ""} == {
        "id": "",
        "name": "Courses",
        "permittedNetworks": None,
        "fixedAssertions": None,
    }
    for id in (grant["id"], grant["application"]["id"]):
        for asker, is_seen in ((alice, True), (await hostile.session(hostile.mallory), False), (None, False)):
            node = await hostile.ask("query ($id: ID!) { node(id: $id) { id } }", asker, id=id)
            assert (node["data"]["node"] is not None) is is_seen
    token = await acting(hostile, app, scope="READ")
    mine = "{ viewer { user { applicationGrants(first: 5) { totalCount edges { node { grantedAt application { name } } } } } } }"
    assert (await hostile.ask(mine, alice))["data"]["viewer"]["user"]["applicationGrants"]["totalCount"] == 1
    assert (await hostile.ask(mine, token))["data"]["viewer"]["user"]["applicationGrants"]["totalCount"] == 0
    for other in (await hostile.session(hostile.mallory), token):
        assert await hostile.codes("applicationGrantRevoke", other, {"grantId": grant["id"]}) != []
    answer = await hostile.do("applicationGrantRevoke", alice, {"grantId": grant["id"]}, "revokedId")
    assert (answer["revokedId"], answer["userErrors"]) == (grant["id"], [])
    ended = await hostile.browser.post(
        "/graphql",
        json={"query": "{ viewer { user { id } } }"},
        headers={"Host": HOST, "Authorization": f"Bearer {token}"},
    )
    assert ended.status_code == 401
    events = [
        (event, actor) for event, actor, *_ in await trail(hostile) if event.startswith("application_gr")
    ]
    assert events == [("application_granted", ALICE), ("application_grant_revoked", ALICE)]


async def test_attack_what_is_refused_is_told_in_one_way(hostile: Hostile) -> None:
    """Pitfalls 22 and 47."""
    app = await portal(hostile, domains=[])
    other = await portal(hostile, "Other")
    good = other.assertion(ALICE)
    answers = set()
    for text in (
        app.assertion(ALICE), other.assertion(ALICE, aud="https://elsewhere.example"), other.assertion(ALICE, exp=1, iat=0),
        other.assertion(ALICE, iss="app_unknown"), "nonsense", other.assertion("x@elsewhere.example"),
        other.signed(other.claims(ALICE), key=app.key),
    ):  # fmt: skip
        payload = await hostile.do("applicationActAs", None, {"assertion": text, "scopes": ["READ"]}, ACTING)
        assert (payload["session"], payload["accessToken"]) == (None, None)
        answers.add(json.dumps(payload["userErrors"]))
    assert len(answers) == 1
    assert await hostile.codes("applicationActAs", None, {"assertion": good, "scopes": ["READ"]}) == []
    assert await hostile.codes("applicationActAs", None, {"assertion": good, "scopes": ["READ"]}) == [
        "WRONG_CREDENTIALS"
    ]


async def test_who_is_new_is_somebody_in_this_domain_only(hostile: Hostile) -> None:
    app = await portal(hostile)
    token = await acting(hostile, app, "freshman@example.edu")
    assert (await hostile.ask(ME, token))["data"]["viewer"]["user"]["mainEmail"] == "freshman@example.edu"
    joined = await hostile.do(
        "mailingListSubscribe",
        token,
        {"mailingListId": await hostile.id_of(hostile.talk, token)},
        "membership { email }",
    )
    assert joined["membership"] == {"email": "freshman@example.edu"}
    async with hostile.world.db.read() as reader:
        assert await find_by_address(reader, "freshman@example.edu", robot_id=hostile.world.robot.id)
        assert await find_by_address(reader, "freshman@example.edu", robot_id=hostile.other_robot.id) is None
        assert await find_by_address(reader, "freshman@example.edu") is None
