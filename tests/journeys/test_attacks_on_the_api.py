"""Somebody hostile at the API: narrow tokens, other people's lists and robots, forged pages, ids that were passed on."""

import json
from typing import Any

import pytest

from identity import merging
from identity.actor import operator
from identity.people import create_person, find_by_address
from lists import rosters
from lists.bounces.scores import Failure, failed
from schema.schema import schema
from server.asking import COOKIE
from storage import alerts, identities, memberships, second_factors
from storage.tables.account_life import AlertKind
from storage.tables.second_factors import FactorKind
from storage.tables.words import BounceKind, TokenScope
from tests.federation.other_server import OtherServer, known
from tests.journeys.families_world import defined, families_of, instance
from tests.journeys.hostile_world import ELSEWHERE, Hostile, cookie
from tests.server.pages_world import BASE, HOST
from tests.server.sockets import Closed, connected

SIGN_IN = {"signInStart", "signInFinish", "applicationActAs"}
KEY = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
UPLOAD = {"filename": "x", "contentType": "text/plain", "size": "1", "purpose": "SHARED_DOCUMENT"}
SEEN = """query ($a: EmailAddress!) { mailingList(address: $a) { id
  subscribers(first: 50) { edges { node { id email } } } bounces(first: 5) { edges { node { id } } } owners(first: 5) { edges { node { id } } }
  moderation(first: 5) { edges { node { id } } } deliveries(first: 5) { edges { node { id } } }
  archive { messages(first: 5) { edges { node { id } } } } documents { id } } }"""
ME = """{ viewer { robot { id } user { id emailAddresses { id isMain evidence { id } } secondFactors { id } identities { id } alerts { id } accountMerges { id } apiTokens(first: 5) { edges { node { id } } }
  sessions(first: 5) { edges { node { id } } } } } }"""


def first(page: dict[str, Any]) -> str:
    """The id of the first thing in a page."""
    found: str = page["edges"][0]["node"]["id"]
    return found


async def things(hostile: Hostile) -> dict[str, str]:
    """The ids of one thing of each kind at `talk`, as Carol, who runs it, sees them."""
    world = hostile.world
    async with world.db.write() as uow:
        await rosters.add(uow, operator(world.robot), hostile.talk, ["carol@example.edu"], quiet=True)
        member = await memberships.find(uow, hostile.talk.id, "carol@example.edu")
        assert member is not None
        await failed(uow, hostile.talk, member, Failure(BounceKind.SOFT))
        carol = await find_by_address(uow, "carol@example.edu")
        assert carol is not None
        await identities.add(
            uow, person_id=carol.id, robot_id=None, provider="*:oidc", issuer="op", subject="c"
        )
        await second_factors.add(
            uow, person_id=carol.id, kind=FactorKind.PASSKEY, label="Key", secret="", host="x"
        )
        await alerts.add(uow, carol.id, AlertKind.SECOND_ACCOUNT)
        other = await create_person(uow, "caroline@example.edu", proved=True)
        await merging.merge(uow, world.robot, carol, other, actor="carol@example.edu", via="web")
    assert await world.mail_in("talk@lists.example.test", "alice@example.edu", "sent") == 250
    assert await world.mail_in("announce@lists.example.test", "alice@example.edu", "held") == 250
    token = await hostile.session(world.carol)
    await hostile.api_token(world.carol, TokenScope.READ)
    talk = (await hostile.ask(SEEN, token, a="talk@lists.example.test"))["data"]["mailingList"]
    announce = (await hostile.ask(SEEN, token, a="announce@lists.example.test"))["data"]["mailingList"]
    portal = (await hostile.application("portal")).client_id
    leave = {"clientId": portal, "scopes": ["READ"]}
    grant = (
        await hostile.do("applicationGrantCreate", token, leave, "applicationGrant { id application { id } }")
    )["applicationGrant"]
    me = (await hostile.ask(ME, token))["data"]["viewer"]
    await defined(hostile)
    lena = await hostile.session(hostile.lena)
    [family] = await families_of(hostile, lena)
    new_key = {"robotId": me["robot"]["id"], "algorithm": "ED25519"}
    signs = (await hostile.do("dkimKeyCreate", lena, new_key, "dkimKey { id }"))["dkimKey"]
    await known(world.db, OtherServer())
    peer = first((await hostile.ask("{ peers(first: 9) { edges { node { id } } } }", token))["data"]["peers"])
    members = {each["node"]["email"]: each["node"]["id"] for each in talk["subscribers"]["edges"]}
    return {
        "robot": me["robot"]["id"],
        "family": family["id"],
        "dkim": signs["id"],
        "talk": talk["id"],
        "own": members["carol@example.edu"],
        "alices": members["alice@example.edu"],
        "role": first(talk["owners"]),
        "item": first(announce["moderation"]),
        "delivery": first(talk["deliveries"]),
        "bounce": first(talk["bounces"]),
        "message": first(talk["archive"]["messages"]),
        "email": me["user"]["emailAddresses"][0]["id"],
        "evidence": me["user"]["emailAddresses"][0]["evidence"][0]["id"],
        "identity": me["user"]["identities"][0]["id"],
        "factor": me["user"]["secondFactors"][0]["id"],
        "alert": me["user"]["alerts"][0]["id"],
        "merge": me["user"]["accountMerges"][0]["id"],
        "token": first(me["user"]["apiTokens"]),
        "session": first(me["user"]["sessions"]),
        "user": me["user"]["id"],
        "folder": talk["documents"]["id"],
        **await documents_in(hostile, token, talk["documents"]["id"]),
        "portal": portal,
        "application": grant["application"]["id"],
        "grant": grant["id"],
        "hers": await hostile.id_of(hostile.hers, token),
        "peer": peer,
    }


async def documents_in(hostile: Hostile, token: str, top: str) -> dict[str, str]:
    """The ids of a folder, of another one in the trash, and of an upload."""
    made = []
    for name in ("notes", "old"):
        input = {"parentId": top, "name": name}
        made.append((await hostile.do("sharedFolderCreate", token, input, "folder { id }"))["folder"]["id"])
    await hostile.do("sharedItemRemove", token, {"item": {"id": made[1]}})
    room = await hostile.do("uploadCreate", token, {**UPLOAD, "parentId": top}, "upload { id }")
    return {"document": made[0], "trash": made[1], "upload": room["upload"]["id"]}


def inputs(at: dict[str, str], membership: str) -> dict[str, dict[str, Any]]:
    """Something that each mutation could do."""
    delivery = {"deliveryId": at["delivery"]}
    policy = {"mailingListId": at["talk"], "operation": "send", "name": "private"}
    remote = {"peerId": at["peer"], "listAddress": "x@lists.other.example", "email": "carol@example.edu"}
    return {
        "passwordChange": {"newPassword": "another good one"},
        "signOut": {"sessionId": at["session"]},
        "sessionDebug": {"minutes": 10},
        "listElevate": {"mailingListId": at["talk"], "reason": "Somebody asked me to look."},
        "apiTokenCreate": {"label": "more", "scopes": ["ADMINISTRATE"]},
        "apiTokenRevoke": {"apiTokenId": at["token"]},
        "identityLink": {"provider": "password"},
        "identityUnlink": {"identityId": at["identity"]},
        "alertDismiss": {"alertId": at["alert"]},
        "accountMerge": {"sessionToken": "x"},
        "accountUnmerge": {"accountMergeId": at["merge"]},
        "accountRemove": {},
        "secondFactorBegin": {"kind": "TOTP"},
        "secondFactorConfirm": {"attemptId": "x", "code": "123456"},
        "secondFactorRemove": {"secondFactorId": at["factor"]},
        "recoveryCodesRenew": {},
        "emailLink": {"email": "more@example.edu"},
        "emailConfirm": {"email": "more@example.edu", "code": "AAAAAAAA"},
        "emailEvidenceRevoke": {"evidenceId": at["evidence"]},
        "emailUnlink": {"userEmailId": at["email"]},
        "emailSetMain": {"userEmailId": at["email"]},
        "profileUpdate": {"displayName": "Changed"},
        "mailingListCreate": {"robotId": at["robot"], "name": "new", "subject": "New"},
        "mailingListUpdate": {"mailingListId": at["talk"], "settings": {"subject": "Changed"}},
        "mailingListClose": {"mailingListId": at["talk"]},
        "mailingListOpen": {"mailingListId": at["talk"]},
        "bouncesReset": {"bounceIds": [at["bounce"]]},
        "mailingListSubscribe": {"mailingListId": at["hers"]},
        "membershipUpdate": {"membershipId": membership, "displayName": "Changed"},
        "membershipsUnify": {"target": "carol@example.edu", "membershipIds": [membership]},
        "membershipsSetOptions": {"membershipIds": [membership], "reception": "DIGEST"},
        "mailingListUnsubscribe": {"membershipId": membership},
        "subscribersAdd": {"mailingListId": at["talk"], "emails": ["more@example.edu"]},
        "subscribersInvite": {"mailingListId": at["talk"], "emails": ["more@example.edu"]},
        "subscribersRemove": {"mailingListId": at["talk"], "membershipIds": [membership]},
        "roleGrant": {"mailingListId": at["talk"], "email": "more@example.edu", "kind": "MODERATOR"},
        "roleRevoke": {"roleId": at["role"]},
        "messagePost": {"mailingListId": at["talk"], "subject": "x", "text": "y"},
        "moderationDecide": {"itemIds": [at["item"]], "verdict": "APPROVE"},
        "deliveryPause": delivery,
        "deliveryResume": delivery,
        "deliveryCancel": delivery,
        "deliverySetPriority": {**delivery, "priority": "BULK"},
        "queueStop": {"robotId": at["robot"]},
        "queueStart": {"robotId": at["robot"]},
        "domainPaceReset": {"robotId": at["robot"]},
        "mailingListRemind": {"mailingListId": at["talk"]},
        "robotRemind": {"robotId": at["robot"]},
        "dkimKeyCreate": {"robotId": at["robot"]},
        "dkimKeyActivate": {"dkimKeyId": at["dkim"], "isForced": True},
        "dkimKeyRetire": {"dkimKeyId": at["dkim"]},
        "robotUpdate": {"robotId": at["robot"], "settings": {"dkimMethod": "AS_SMTP"}},
        "addressMove": {"currentEmail": "carol@example.edu", "email": "more@example.edu"},
        "applicationRegister": {
            "robotId": at["robot"],
            "name": "Evil",
            "jwks": KEY,
            "allowedScopes": ["READ"],
            "allowedAssertions": [],
            "requiresUserGrant": False,
        },
        "applicationRotate": {"applicationId": at["application"], "jwks": KEY},
        "applicationRevoke": {"applicationId": at["application"]},
        "applicationGrantCreate": {"clientId": at["portal"], "scopes": ["READ"]},
        "applicationGrantRevoke": {"grantId": at["grant"]},
        "familyInstantiate": {"familyId": at["family"], "instances": [instance("law")]},
        "familyListCreate": {"familyId": at["family"], **instance("law")},
        "familySignOff": {"familyId": at["family"]},
        "uploadCreate": {**UPLOAD, "parentId": at["folder"]},
        "sharedFolderCreate": {"parentId": at["folder"], "name": "new"},
        "sharedFolderDescribe": {"folderId": at["document"], "header": "Changed"},
        "sharedFileCreate": {"parentId": at["folder"], "name": "new", "uploadId": at["upload"]},
        "sharedItemMove": {"item": {"id": at["document"]}, "name": "changed"},
        "sharedItemRemove": {"item": {"id": at["document"]}},
        "sharedItemRestore": {"itemId": at["trash"]},
        "sharedAccessSet": {"itemId": at["document"], "isInherited": False, "read": "public"},
        "federationConsentUpdate": {"outgoing": "ALL_TRUSTED", "incoming": "NOBODY"},
        "federationStop": {"peerId": at["peer"]},
        "federationTokenIssue": {"peerId": at["peer"], "email": "carol@example.edu"},
        "remoteMembershipLeave": remote,
        "remoteMembershipPause": {**remote, "until": "2030-01-01T00:00:00Z"},
        "peerRegister": {"domain": "lists.example.org"},
        "peerSetTrust": {"peerId": at["peer"], "trust": "BLOCKED"},
        "peerRemove": {"peerId": at["peer"]},
        "scenarioWrite": {**policy, "source": "true() smtp,dkim,md5,smime -> do_it"},
        "scenarioRemove": {**policy, "expectedHash": "0" * 64},
    }


def all_mutations() -> set[str]:
    """Their names."""
    root = schema._schema.mutation_type
    assert root is not None
    return set(root.fields)


async def state(hostile: Hostile) -> tuple[Any, ...]:
    """What nobody below may change."""
    token = await hostile.session(hostile.world.carol)
    talk = await hostile.ask(
        """{ mailingList(address: "talk@lists.example.test") { subject status updatedAt
          subscribers(first: 50) { edges { node { email displayName } } }
          owners(first: 9) { totalCount } moderators(first: 9) { totalCount }
          deliveries(first: 9) { totalCount edges { node { status priority } } }
          documents { tree { path updatedAt access { ownRead } } } }
          mailingLists(first: 50) { edges { node { name } } }
          viewer { user { displayName emailAddresses { email } apiTokens(first: 9) { totalCount } } } }""",
        token,
    )
    announce = await hostile.ask(
        '{ mailingList(address: "announce@lists.example.test") { moderation(first: 9) { totalCount } } }',
        token,
    )
    return talk["data"], announce["data"], len(await hostile.letters())


async def test_a_token_that_may_read_changes_nothing_at_all(hostile: Hostile) -> None:
    at = await things(hostile)
    wanted = inputs(at, at["own"])
    assert set(wanted) == all_mutations() - SIGN_IN
    token = await hostile.api_token(hostile.world.carol, TokenScope.READ)
    before = await state(hostile)
    for name, input in wanted.items():
        payload = await hostile.ask(
            f"mutation ($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) {{ userErrors {{ code }} }} }}",
            token,
            input=input,
        )
        codes = [each["code"] for each in payload["data"][name]["userErrors"]]
        assert codes == ["FORBIDDEN"], (name, codes)
    assert await state(hostile) == before


@pytest.mark.parametrize(
    ("scope", "may"),
    [
        (TokenScope.POST, {"messagePost"}),
        (
            TokenScope.SUBSCRIBE,
            {
                "mailingListSubscribe",
                "membershipUpdate",
                "bouncesReset",
                "membershipsUnify",
                "membershipsSetOptions",
                "mailingListUnsubscribe",
            },
        ),
    ],
)
async def test_a_token_does_what_its_scope_names_and_reads_nothing(
    hostile: Hostile, scope: TokenScope, may: set[str]
) -> None:
    at = await things(hostile)
    token = await hostile.api_token(hostile.world.carol, scope)
    for name, input in inputs(at, at["own"]).items():
        codes = await hostile.codes(name, token, input)
        assert (codes == []) is (name in may), (name, codes)
    asked = await hostile.ask("{ viewer { user { id } } }", token)
    assert asked["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    # Nor by way of what a mutation answers.
    document = """mutation ($input: MessagePostInput!) { messagePost(input: $input) {
      query { viewer { user { emailAddresses { email } } } } } }"""
    answer = await hostile.ask(
        document, token, input={"mailingListId": at["talk"], "subject": "x", "text": "y"}
    )
    assert "carol@example.edu" not in json.dumps(answer)
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"


@pytest.mark.parametrize("who", ["member", "stranger", "owner of another list"])
async def test_who_runs_nothing_here_changes_nothing_here(hostile: Hostile, who: str) -> None:
    at = await things(hostile)
    token = {
        "member": await hostile.session(hostile.world.alice),
        "stranger": None,
        "owner of another list": await hostile.session(hostile.mallory),
    }[who]
    before = await state(hostile)
    mine = {"passwordChange", "signOut", "apiTokenCreate", "emailLink", "emailConfirm", "profileUpdate"}
    mine |= {"applicationGrantCreate", "identityLink", "accountRemove"}
    mine |= {
        "secondFactorBegin",
        "secondFactorConfirm",
        "recoveryCodesRenew",
        "federationConsentUpdate",
        "federationStop",
    }
    allowed = {"messagePost", "mailingListSubscribe", "mailingListUnsubscribe"}
    for name, input in inputs(at, at["own"]).items():
        if name not in mine | allowed:
            codes = set(await hostile.codes(name, token, input))
            assert codes, name
            assert codes <= {"FORBIDDEN", "NOT_FOUND", "REAUTHENTICATION_REQUIRED"}, (name, codes)
    assert await state(hostile) == before


async def test_ids_of_one_robot_are_nothing_in_another(hostile: Hostile) -> None:
    """Pitfall 52."""
    at = await things(hostile)
    there = await hostile.session(hostile.mallory, hostile.other_robot)
    # Mallory is listmaster there, and not even a member here.
    assert await hostile.id_of(hostile.elsewhere, there, host=ELSEWHERE) != at["talk"]
    for key, id in at.items():
        found = await hostile.ask("query ($id: ID!) { node(id: $id) { id } }", there, host=ELSEWHERE, id=id)
        assert found["data"] == {"node": None}, key
    before = await state(hostile)
    mine = {
        "passwordChange", "apiTokenCreate", "emailLink", "emailConfirm", "profileUpdate", "sessionDebug", "addressMove",
        "applicationGrantCreate", "identityLink", "accountRemove", "accountMerge",
        "secondFactorBegin", "secondFactorConfirm", "recoveryCodesRenew", "federationConsentUpdate", "peerRegister",
    }  # fmt: skip
    for name, input in inputs(at, at["own"]).items():
        if name not in mine:
            codes = await hostile.codes(name, there, input, host=ELSEWHERE)
            assert set(codes) == {"NOT_FOUND"}, (name, codes)
    assert await state(hostile) == before
    # The session of one robot is none in the other.
    answer = await hostile.browser.post(
        "/graphql",
        json={"query": "{ __typename }"},
        headers={"Authorization": f"Bearer {there}", "Host": HOST},
    )
    assert answer.status_code == 401
    found = await hostile.ask(
        "query ($a: EmailAddress!) { mailingList(address: $a) { subscribers(first: 5) { totalCount } } }",
        there,
        host=ELSEWHERE,
        a="talk@lists.example.test",
    )
    assert not (found["data"]["mailingList"] or {}).get("subscribers")


async def test_every_id_that_was_passed_on_shows_what_its_page_shows(hostile: Hostile) -> None:
    """Pitfall 52."""
    at = await things(hostile)
    seen: dict[str, set[str]] = {}
    for who, token in (
        ("stranger", None),
        ("mallory", await hostile.session(hostile.mallory)),
        ("alice", await hostile.session(hostile.world.alice)),
    ):
        seen[who] = set()
        for key, id in at.items():
            found = await hostile.ask("query ($id: ID!) { node(id: $id) { id } }", token, id=id)
            if found["data"]["node"]:
                seen[who].add(key)
    public = {"robot", "talk", "hers", "role", "message"}
    assert seen["stranger"] == public
    # Both are on the list, whose members see one another and its documents; Alice wrote what was sent.
    assert seen["mallory"] == {*public, "own", "alices", "folder", "document", "peer"}
    assert seen["alice"] == {*public, "own", "alices", "folder", "document", "peer", "delivery"}


async def test_a_key_or_cursor_of_somebody_else_gives_nothing(hostile: Hostile) -> None:
    at = await things(hostile)
    alice, mallory = await hostile.session(hostile.world.alice), await hostile.session(hostile.mallory)
    post = {"mailingListId": at["talk"], "subject": "x", "text": "y", "clientMutationId": "k"}
    outcome = "outcome { ... on PostAccepted { messageId delivery { id } } }"
    hers = await hostile.do("messagePost", alice, post, outcome)
    theirs = await hostile.do("messagePost", mallory, post, outcome)
    assert hers["outcome"]["messageId"] != theirs["outcome"]["messageId"]
    pages = """query ($a: EmailAddress!, $c: String) { mailingList(address: $a) {
      subscribers(first: 1, after: $c) { pageInfo { endCursor } edges { node { email } } } } }"""
    talk = (await hostile.ask(pages, alice, a="talk@lists.example.test"))["data"]["mailingList"]
    cursor = talk["subscribers"]["pageInfo"]["endCursor"]
    carol = await hostile.session(hostile.world.carol)
    for address in ("welcome@lists.example.test", "announce@lists.example.test"):
        answer = await hostile.ask(pages, carol, a=address, c=cursor)
        assert answer["errors"][0]["extensions"]["code"] == "CURSOR_INVALID"


MUTATION = {"query": 'mutation { profileUpdate(input: { displayName: "Forged" }) { user { displayName } } }'}


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/x-www-form-urlencoded", 415),
        ("text/plain", 415),
        ("text/plain;charset=UTF-8", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/json; charset=latin1", 415),
        ("", 415),
    ],
)
async def test_no_form_of_another_site_is_a_request(hostile: Hostile, kind: str, status: int) -> None:
    """Pitfall 50."""
    token = await hostile.session(hostile.world.alice)
    answer = await hostile.browser.post(
        "/graphql", content=json.dumps(MUTATION), headers={**cookie(token), "Content-Type": kind}
    )
    assert answer.status_code == status
    assert "access-control-allow-origin" not in answer.headers
    found = await hostile.ask("{ viewer { user { displayName } } }", token)
    assert found["data"]["viewer"]["user"]["displayName"] == "Alice"


async def test_no_page_of_another_site_rides_on_a_session(hostile: Hostile) -> None:
    """Pitfalls 49 and 50: nor do several requests come as one."""
    token = await hostile.session(hostile.world.alice)
    for wrong in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": f"http://{HOST}"},
        {"Origin": f"{BASE}:444"},
        {"Origin": f"{BASE}.evil.example"},
        {"Origin": f"https://{ELSEWHERE}"},
    ):
        answer = await hostile.browser.post("/graphql", json=MUTATION, headers=cookie(token, **wrong))
        assert answer.status_code == 403, wrong
    bare = {name: value for name, value in cookie(token).items() if name != "X-CSRF-Token"}
    assert (await hostile.browser.post("/graphql", json=MUTATION, headers=bare)).status_code == 403
    got = await hostile.browser.get("/graphql", params=MUTATION, headers=cookie(token))
    assert got.status_code in {403, 405}
    preflight = await hostile.browser.options(
        "/graphql", headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    )
    assert "access-control-allow-origin" not in preflight.headers
    assert (await hostile.browser.post("/graphql", json=[MUTATION], headers=cookie(token))).status_code == 400
    assert (await hostile.browser.post("/graphql", json=MUTATION, headers=cookie(token))).status_code == 200


async def test_no_page_of_another_site_opens_a_socket(hostile: Hostile) -> None:
    """Pitfall 51."""
    token = await hostile.session(hostile.world.alice)
    app = hostile.browser._transport.app  # type: ignore[attr-defined]
    for origin in ("https://evil.example", "null", f"{BASE}.evil.example"):
        fields = {"Cookie": f"{COOKIE}={token}", "Origin": origin}
        with pytest.raises(Closed):
            async with connected(app, headers=fields):
                pass
    async with connected(app, headers={"Cookie": f"{COOKIE}={token}", "Origin": BASE}) as socket:
        await socket.begin()
        await socket.subscribe("1", "{ viewer { user { displayName } } }")
        assert "Alice" in str(await socket.receive())
    with pytest.raises(Closed):
        async with connected(app, headers={"Cookie": f"{COOKIE}={token}"}, scheme="ws"):
            pass


async def test_what_is_hidden_is_answered_like_what_is_not_there(hostile: Hostile) -> None:
    """Pitfalls 47 and 52."""
    query = "query ($a: EmailAddress!) { mailingList(address: $a) { id } mailingLists(first: 50) { totalCount edges { node { name } } } }"
    for token in (None, await hostile.session(hostile.mallory)):
        hidden = await hostile.ask(query, token, a="secret@lists.example.test")
        absent = await hostile.ask(query, token, a="nothing@lists.example.test")
        assert hidden["data"] == absent["data"]
        assert "secret" not in json.dumps(hidden)
    carol = await hostile.session(hostile.world.carol)
    at = await hostile.id_of(hostile.secret, carol)
    token = await hostile.session(hostile.mallory)
    forged = at[:-2] + ("AA" if at[-2:] != "AA" else "BB")
    for name, input in (
        ("mailingListSubscribe", {"mailingListId": at}),
        ("messagePost", {"mailingListId": at, "subject": "x", "text": "y"}),
        ("mailingListUpdate", {"mailingListId": at, "settings": {"subject": "x"}}),
        ("mailingListClose", {"mailingListId": at}),
        ("mailingListOpen", {"mailingListId": at}),
        ("subscribersAdd", {"mailingListId": at, "emails": ["x@example.edu"]}),
        ("subscribersInvite", {"mailingListId": at, "emails": ["x@example.edu"]}),
        ("roleGrant", {"mailingListId": at, "email": "x@example.edu", "kind": "OWNER"}),
    ):
        assert await hostile.codes(name, token, input) == ["NOT_FOUND"], name
    found = await hostile.ask("query ($id: ID!) { node(id: $id) { id } }", carol, id=forged)
    assert found["errors"][0]["extensions"]["code"] == "ID_INVALID"


@pytest.mark.parametrize("item", ["{ path: null }", '{ path: "a", id: "b" }', "{ }"])
async def test_of_two_ways_to_name_a_thing_exactly_one_is_taken(hostile: Hostile, item: str) -> None:
    token = await hostile.session(hostile.world.carol)
    told = await hostile.ask(
        f"mutation {{ sharedItemRemove(input: {{ item: {item} }}) {{ userErrors {{ code }} }} }}", token
    )
    assert [each["extensions"]["code"] for each in told["errors"]] == ["BAD_USER_INPUT"]
