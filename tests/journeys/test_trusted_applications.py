"""A course portal speaks for its people: a domain trusts it, scenarios read what it says, and both are written down."""

from typing import Any

import pytest
from sqlalchemy import select

from identity import applications
from schema.enums.scenarios import ScenarioAction
from storage.query import Query
from storage.tables.decisions import decisions
from storage.tables.words import TokenScope
from tests.identity.application_client import Client
from tests.journeys.application_world import (
    ALICE,
    EVERYTHING,
    ME,
    SHOWN,
    acting,
    portal,
    refusals,
    rule,
    things,
    trail,
)
from tests.journeys.hostile_world import Hostile
from tests.server.pages_world import BASE


async def test_a_listmaster_trusts_an_application_and_it_speaks_for_somebody(hostile: Hostile) -> None:
    lena = await hostile.session(hostile.lena)
    own = (await portal(hostile, "Other")).key
    jwk = own.as_dict(private=False)
    robot_id = (await hostile.ask("{ robot { id } }", lena))["data"]["robot"]["id"]
    wanted = {
        "robotId": robot_id,
        "name": "Courses",
        "jwks": {"keys": [jwk]},
        "allowedScopes": ["READ", "POST"],
        "allowedAssertions": ["DEPT"],
        "allowedOperations": ["visibility", "send"],
        "fixedAssertions": [{"name": "SITE", "value": "a=b, c"}],
        "domains": ["Example.EDU"],
        "permittedNetworks": ["192.0.2.0/24"],
        "requiresUserGrant": False,
    }
    answer = await hostile.do("applicationRegister", lena, wanted, SHOWN)
    assert answer["userErrors"] == []
    made = answer["application"]
    assert (made["name"], made["domains"], made["allowedOperations"]) == (
        "Courses",
        ["example.edu"],
        ["visibility", "send"],
    )
    assert made["fixedAssertions"] == [{"name": "SITE", "values": ["a=b, c"]}]
    [key] = made["keys"]
    assert (key["kid"], key["jwk"]) == (
        own.thumbprint(),
        jwk | {"kid": own.thumbprint(), "alg": "Ed25519", "use": "sig"},
    )
    async with hostile.world.db.read() as reader:
        stored = await applications.find(reader, hostile.world.robot.id, made["clientId"])
    app = Client(hostile.world.db, stored, BASE, own)
    token = await acting(hostile, app, scope="READ", DEPT="math, or so", ROLE="dean")
    viewer = (await hostile.ask(ME, token))["data"]["viewer"]
    assert viewer["actingApplication"] == {"name": "Courses", "clientId": made["clientId"]}
    assert viewer["authentication"] == {
        "strength": "FEDERATED",
        "methods": ["TRUSTED_APPLICATION"],
        "assertions": [
            {"name": "DEPT", "values": ["math, or so"], "issuedBy": "Courses"},
            {"name": "SITE", "values": ["a=b, c"], "issuedBy": "Courses"},
        ],
    }
    assert viewer["session"] == {"isCurrent": True}
    assert viewer["user"]["mainEmail"] == ALICE
    # What it may not say was dropped, and that is written down.
    event, actor, via, detail = (await trail(hostile))[-1]
    assert (event, actor, via) == ("application_acted", ALICE, "application Courses")
    assert (detail["asserted"], detail["dropped"]) == (["DEPT"], ["ROLE"])
    listed = await hostile.ask(
        "{ robot { permissions { canManageApplications } trustedApplications(first: 5) { totalCount edges { node"
        " { name lastUsedAt robot { domain } } } } } }",
        lena,
    )
    robot = listed["data"]["robot"]
    assert robot["permissions"]["canManageApplications"]
    assert robot["trustedApplications"]["totalCount"] == 2
    assert [each["node"]["name"] for each in robot["trustedApplications"]["edges"]] == ["Courses", "Other"]


async def test_row_45_a_rule_opens_for_what_the_asserting_application_says_and_for_nobody_else(
    hostile: Hostile,
) -> None:
    await rule(hostile, "send")
    courses = await portal(hostile)
    library = await portal(hostile, "Library", assertable=["YEAR"])
    list_id = await hostile.id_of(hostile.talk, await hostile.session(hostile.world.alice))
    post = {"mailingListId": list_id, "subject": "Hello", "text": "All of you."}
    for app, said, codes in (
        (courses, {"DEPT": "math"}, []),
        (courses, {"DEPT": "law"}, ["FORBIDDEN"]),
        (courses, {"DEPT": "math,law"}, ["FORBIDDEN"]),
        (courses, {"YEAR": "x,DEPT=math"}, ["FORBIDDEN"]),
        (courses, {}, ["FORBIDDEN"]),
        (library, {"DEPT": "math"}, ["FORBIDDEN"]),
    ):
        token = await acting(hostile, app, **said)
        assert await refusals(hostile, "messagePost", token, post) == codes, said
    # The person without the application says nothing of a department; nor does anything outlive the request.
    for own in (
        await hostile.session(hostile.world.alice),
        await hostile.api_token(hostile.world.alice, TokenScope.POST),
    ):
        assert await refusals(hostile, "messagePost", own, post) == ["FORBIDDEN"]


async def test_an_old_text_reads_the_same_in_its_environment_with_the_applications_name(
    hostile: Hostile,
) -> None:
    await rule(
        hostile,
        "send",
        "!equal([remote_application_name],'Courses') md5 -> reject\n"
        "equal([env->DEPT],'math') md5 -> do_it\ntrue() md5 -> reject",
    )
    list_id = await hostile.id_of(hostile.talk, await hostile.session(hostile.world.alice))
    post = {"mailingListId": list_id, "subject": "Hello", "text": "All of you."}
    for name, codes in (("Courses", []), ("Library", ["FORBIDDEN"])):
        app = await portal(hostile, name, assertable=["DEPT", "REMOTE_ADDR"])
        token = await acting(hostile, app, DEPT="math", REMOTE_ADDR="10.0.0.1")
        assert await refusals(hostile, "messagePost", token, post) == codes
    # What the server itself knows of a request, nobody asserts.
    liar = await portal(hostile, "Liar", assertable=["REMOTE_ADDR"])
    token = await acting(hostile, liar, REMOTE_ADDR="10.0.0.1")
    await rule(hostile, "send", "equal([env->REMOTE_ADDR],'10.0.0.1') md5 -> do_it\ntrue() md5 -> reject")
    assert await refusals(hostile, "messagePost", token, post) == ["FORBIDDEN"]


async def test_row_44_fixed_variables_win(hostile: Hostile) -> None:
    await rule(hostile, "send")
    list_id = await hostile.id_of(hostile.talk, await hostile.session(hostile.world.alice))
    post = {"mailingListId": list_id, "subject": "Hello", "text": "All of you."}
    law = await portal(hostile, "Law school", fixed={"DEPT": "law"})
    assert await refusals(hostile, "messagePost", await acting(hostile, law, DEPT="math"), post) == [
        "FORBIDDEN"
    ]
    math = await portal(hostile, "Mathematics", assertable=[], fixed={"DEPT": "math"})
    assert await refusals(hostile, "messagePost", await acting(hostile, math, DEPT="law"), post) == []


OF_LISTS = {each.value for each in ScenarioAction} - {
    "create_list", "move_user", "topics_visibility", "automatic_list_creation", "family_signoff", "global_remind",
    "spam_status",
}  # fmt: skip
VERDICT = """query ($a: EmailAddress!, $action: ScenarioAction!) { mailingList(address: $a) {
  viewerPermissions { verdict(action: $action) } } }"""
ROBOT_VERDICT = "query ($action: ScenarioAction!) { robot { permissions { verdict(action: $action) } } }"


async def verdict(hostile: Hostile, token: str, action: ScenarioAction) -> str | None:
    """What the rules say to the asker, also where the list is not even seen."""
    if action.value in OF_LISTS:
        data = (await hostile.ask(VERDICT, token, a=hostile.talk.address, action=action.name))["data"]
        return None if data["mailingList"] is None else data["mailingList"]["viewerPermissions"]["verdict"]
    data = (await hostile.ask(ROBOT_VERDICT, token, action=action.name))["data"]
    found: str = data["robot"]["permissions"]["verdict"]
    return found


@pytest.mark.parametrize("action", [*ScenarioAction])
async def test_every_operation_is_decided_by_its_scenario_with_what_the_application_says(
    hostile: Hostile, action: ScenarioAction
) -> None:
    await rule(hostile, action.value)
    no = None if action.value == "visibility" else "REJECT"
    trusted = await portal(hostile)
    assert await verdict(hostile, await acting(hostile, trusted, DEPT="math"), action) == "ALLOW"
    assert await verdict(hostile, await acting(hostile, trusted, DEPT="law"), action) == no
    rest = [each for each in EVERYTHING if each != action.value]
    narrow = await portal(hostile, "Narrow", operations=rest)
    assert await verdict(hostile, await acting(hostile, narrow, DEPT="math"), action) == no
    bare = await portal(hostile, "Bare", operations=[])
    token = await acting(hostile, bare, DEPT="math")
    assert await verdict(hostile, token, action) in (None, "REJECT")


def acts(at: dict[str, Any]) -> dict[str, tuple[str, dict[str, Any]]]:
    """For each operation that changes something: the mutation that asks its scenario."""
    talk = {"mailingListId": at["talk"]}
    new = {"emails": ["new@example.edu"]}
    return {
        "send": ("messagePost", {**talk, "subject": "x", "text": "y"}),
        "subscribe": ("mailingListSubscribe", {"mailingListId": at["hers"]}),
        "unsubscribe": ("mailingListUnsubscribe", {"membershipId": at[ALICE]}),
        "add": ("subscribersAdd", {**talk, **new}),
        "del": ("subscribersRemove", {**talk, "membershipIds": [at["mallory@example.net"]]}),
        "invite": ("subscribersInvite", {**talk, **new}),
        "remind": ("mailingListRemind", talk),
        "global_remind": ("robotRemind", {"robotId": at["robot"]}),
        "create_list": ("mailingListCreate", {"robotId": at["robot"], "name": "new", "subject": "New"}),
        "move_user": ("addressMove", {"currentEmail": ALICE, "email": "alice.b@example.edu"}),
    }


ACTS = [
    "send",
    "subscribe",
    "unsubscribe",
    "add",
    "del",
    "invite",
    "remind",
    "global_remind",
    "create_list",
    "move_user",
]


@pytest.mark.parametrize("operation", ACTS)
async def test_acts_go_by_the_same_scenario_and_tell_who_acted_through_what(
    hostile: Hostile, operation: str
) -> None:
    at = await things(hostile)
    assert set(acts(at)) == set(ACTS)
    name, input = acts(at)[operation]
    await rule(hostile, operation)
    trusted = await portal(hostile)
    rest = [each for each in EVERYTHING if each != operation]
    narrow = await portal(hostile, "Narrow", operations=rest)
    before = len(await trail(hostile))
    for app, dept in ((trusted, "law"), (narrow, "math")):
        codes = await refusals(hostile, name, await acting(hostile, app, DEPT=dept), input)
        assert codes == ["FORBIDDEN"], (app.application.name, codes)
    written = (await trail(hostile))[before:]
    assert {event for event, *_ in written} - {"rejected"} == {"application_acted"}
    assert {(actor, via) for _, actor, via, _ in written} == {
        (ALICE, "application Courses"),
        (ALICE, "application Narrow"),
    }
    token = await acting(hostile, trusted, DEPT="math")
    before = len(await trail(hostile))
    codes = await refusals(hostile, name, token, input)
    # The new address of a move is asked itself.
    assert codes == (["CHALLENGE_REQUIRED"] if operation == "move_user" else [])
    done = {(actor, via) for _, actor, via, _ in (await trail(hostile))[before:]}
    assert done <= {(ALICE, "application Courses")}
    assert done or operation in {"move_user", "invite"}
    query = Query(
        select(decisions.c.operation, decisions.c.sender, decisions.c.via).where(
            decisions.c.operation == operation, decisions.c.action == "do_it", decisions.c.via != "mail"
        ),
        lambda *row: row,
    )
    async with hostile.world.db.read() as reader:
        kept = set(await reader.all(query))
    assert kept == {(operation, ALICE, "application Courses")}


@pytest.mark.parametrize(
    ("operation", "field"),
    [
        ("review", "subscribers(first: 5) { edges { node { email } } }"),
        ("archive_web_access", "archive { messages(first: 5) { edges { node { id } } } }"),
    ],
)
async def test_reading_goes_by_the_same_scenario(hostile: Hostile, operation: str, field: str) -> None:
    await things(hostile)
    await rule(hostile, operation)
    trusted = await portal(hostile)
    narrow = await portal(hostile, "Narrow", operations=[each for each in EVERYTHING if each != operation])
    query = f"query ($a: EmailAddress!) {{ mailingList(address: $a) {{ {field} }} }}"
    name = field.partition(" ")[0].partition("(")[0]
    for app, dept, is_open in ((trusted, "math", True), (trusted, "law", False), (narrow, "math", False)):
        answer = await hostile.ask(query, await acting(hostile, app, DEPT=dept), a=hostile.talk.address)
        assert (answer["data"]["mailingList"][name] is not None) is is_open, (dept, answer)


EXPLAIN = """query ($a: EmailAddress!, $i: DecisionInput) { mailingList(address: $a) {
  explainDecision(action: POST, input: $i) { verdict } } }"""


async def test_an_owner_asks_what_would_be_answered_through_an_application(hostile: Hostile) -> None:
    await rule(hostile, "send")
    await portal(hostile, fixed={"YEAR": "1"})
    await portal(hostile, "Narrow", operations=["visibility"])
    await portal(hostile, "Elsewhere", domains=["elsewhere.example"])
    carol = await hostile.session(hostile.world.carol)
    math = [{"name": "DEPT", "value": "math"}]
    for name, said, told in (
        ("Courses", math, "ALLOW"),
        ("Courses", [], "REJECT"),
        ("Narrow", math, "REJECT"),
        ("Elsewhere", math, None),
        ("Nothing", math, None),
        (None, math, None),
    ):
        input = {"email": ALICE, "application": name, "assertions": said}
        answer = await hostile.ask(EXPLAIN, carol, a=hostile.talk.address, i=input)
        found = answer["data"]["mailingList"]["explainDecision"]
        assert (found and found["verdict"]) == told, (name, answer)
    alice = await hostile.session(hostile.world.alice)
    answer = await hostile.ask(EXPLAIN, alice, a=hostile.talk.address, i={"application": "Courses"})
    assert answer["data"]["mailingList"]["explainDecision"] is None


async def test_a_decision_shows_the_application(hostile: Hostile) -> None:
    await rule(hostile, "send")
    app = await portal(hostile)
    token = await acting(hostile, app, DEPT="law")
    list_id = await hostile.id_of(hostile.talk, token)
    post = {"mailingListId": list_id, "subject": "x", "text": "y"}
    assert await refusals(hostile, "messagePost", token, post) == ["FORBIDDEN"]
    carol = await hostile.session(hostile.world.carol)
    found = await hostile.ask(
        """query ($a: EmailAddress!) { mailingList(address: $a) { decisions(first: 1, filter: { action: [POST] }) {
          edges { node { sender via application method } } } } }""",
        carol,
        a=hostile.talk.address,
    )
    [edge] = found["data"]["mailingList"]["decisions"]["edges"]
    assert edge["node"] == {
        "sender": ALICE,
        "via": "application Courses",
        "application": "Courses",
        "method": "MD5",
    }
