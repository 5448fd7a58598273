"""Somebody hostile at the API: narrow tokens, other people's lists and robots, ids that were passed on."""

import json
from typing import Any

import pytest

from schema.schema import schema
from storage.tables.words import TokenScope
from tests.journeys.hostile_inputs import inputs, things
from tests.journeys.hostile_world import ELSEWHERE, Hostile
from tests.server.pages_world import HOST

SIGN_IN = {"signInStart", "signInFinish", "applicationActAs"}


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
