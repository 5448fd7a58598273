"""What the GraphQL endpoint accepts, refuses and answers over HTTP."""

import asyncio
import json
import time
from dataclasses import replace
from typing import Any

import pytest
import strawberry
from graphql import build_client_schema, get_introspection_query
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resolvers.limits import LIMITS
from schema.binding import resolved
from server.graphql.errors import PUBLISHED
from server.graphql.face import core_schema
from server.graphql.persisted import PersistedDocuments
from storage.tables.words import TokenScope
from tests.server.graphql_world import CSRF, World, cookie


async def _slow() -> str:
    await asyncio.sleep(5)
    return "at last"


async def _broken() -> str:
    raise RuntimeError("the password is tiger")


@strawberry.type
class Slow:
    slow: str | None = resolved(_slow, "s")
    broken: str | None = resolved(_broken, "b")


SLOW = core_schema(strawberry.Schema(query=Slow))
GRAPHQL = "application/graphql-response+json"
WHO = "{ viewer { user { mainEmail } authentication { strength } } }"


def codes(answer: dict[str, Any]) -> list[str]:
    """The codes of an answer's errors, each of which must have one."""
    found = [each["extensions"]["code"] for each in answer.get("errors", [])]
    assert set(found) <= PUBLISHED
    return found


async def test_a_stranger_gets_an_answer(graphql: World) -> None:
    found = await graphql.post({"query": WHO})
    assert found.status_code == 200
    assert found.json()["data"] == {"viewer": {"user": None, "authentication": {"strength": "ANONYMOUS"}}}
    assert found.headers["cache-control"] == "no-store"
    assert "Accept" in found.headers["vary"]
    assert found.headers["content-type"] == "application/json; charset=utf-8"


async def test_the_answer_has_the_type_that_was_asked_for(graphql: World) -> None:
    for accept, expected in {
        GRAPHQL: GRAPHQL,
        f"{GRAPHQL}, application/json": GRAPHQL,
        "application/json": "application/json",
        "*/*": "application/json",
        "application/*;q=0.5": "application/json",
        f"application/json;q=0.4, {GRAPHQL};q=0.9": GRAPHQL,
        "text/event-stream, application/json": "application/json",
    }.items():
        found = await graphql.post({"query": "{ __typename }"}, headers={"Accept": accept})
        assert (accept, found.headers["content-type"]) == (accept, f"{expected}; charset=utf-8")


async def test_what_cannot_be_written_is_not_acceptable(graphql: World) -> None:
    found = await graphql.post({"query": "{ __typename }"}, headers={"Accept": "text/html"})
    assert found.status_code == 406
    assert codes(found.json()) == ["BAD_USER_INPUT"]


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "",
    ],
)
async def test_only_json_is_taken(graphql: World, content_type: str) -> None:
    found = await graphql.client.post(
        "/graphql", content=b'{"query":"{__typename}"}', headers={"Content-Type": content_type}
    )
    assert found.status_code == 415
    assert codes(found.json()) == ["BAD_USER_INPUT"]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_other_methods_name_the_right_ones(graphql: World, method: str) -> None:
    found = await graphql.client.request(method, "/graphql")
    assert (found.status_code, found.headers["allow"]) == (405, "GET, POST")


async def test_a_bad_document_is_400_in_its_own_type_and_200_in_json(graphql: World) -> None:
    for query, code in (("{", "GRAPHQL_PARSE_FAILED"), ("{ nothing }", "GRAPHQL_VALIDATION_FAILED")):
        new = await graphql.post({"query": query}, headers={"Accept": GRAPHQL})
        old = await graphql.post({"query": query}, headers={"Accept": "application/json"})
        assert (new.status_code, old.status_code) == (400, 200)
        assert codes(new.json()) == codes(old.json()) == [code]
        assert "data" not in new.json()


async def test_bad_variables_are_the_clients_own(graphql: World) -> None:
    query = "query Q($id: ID!) { node(id: $id) { id } }"
    for variables in ({}, {"id": {"a": 1}}, {"id": None}):
        found = await graphql.post({"query": query, "variables": variables}, headers={"Accept": GRAPHQL})
        assert (found.status_code, codes(found.json())) == (400, ["BAD_USER_INPUT"])


async def test_a_scalar_that_cannot_be_is_bad_input(graphql: World) -> None:
    query = "query Q($email: EmailAddress!) { user(email: $email) { id } }"
    for email in ("nobody", "a@b\r\nBcc: c@d", 7):
        found = await graphql.post(
            {"query": query, "variables": {"email": email}}, headers={"Accept": GRAPHQL}
        )
        assert (found.status_code, codes(found.json())) == (400, ["BAD_USER_INPUT"])


MALFORMED: list[bytes] = [
    b"",
    b"null",
    b"[]",
    b'[{"query":"{__typename}"}]',
    b'"text"',
    b"7",
    b"{",
    b"{}",
    b'{"query": null}',
    b'{"query": 7}',
    b'{"query": []}',
    b'{"query": ""}',
    b'{"query": "{__typename}", "variables": []}',
    b'{"query": "{__typename}", "variables": "x"}',
    b'{"query": "{__typename}", "operationName": {}}',
    b'{"query": "{__typename}", "operationName": "\\ud800"}',
    b'{"query": "{__typename}", "extensions": 0}',
    b'{"query": "\xff\xfe"}',
    b'{"query": "{__typename}", "variables": {"a": ' + b"1" * 100_000 + b"}}",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b'{"query": "{__typename}", "documentId": 9}',
    b'{"documentId": "sha256:zz"}',
    b'{"documentId": "sha256:' + b"0" * 64 + b'"}',
]


@pytest.mark.parametrize("body", MALFORMED, ids=range(len(MALFORMED)))
async def test_a_malformed_body_is_refused_with_a_code(graphql: World, body: bytes) -> None:
    found = await graphql.client.post("/graphql", content=body, headers={"Content-Type": "application/json"})
    answer = found.json()
    if found.status_code == 200:
        assert answer.get("data") == {"__typename": "Query"} or codes(answer)
    else:
        assert 400 <= found.status_code < 500
        assert codes(answer)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
PIECES = [
    "{",
    "}",
    "viewer",
    "node(id:",
    '"x"',
    ")",
    "...",
    "on",
    "User",
    "@skip(if:",
    "$a",
    "query",
    "(",
    ":",
    "é",
    "\\u0000",
    '"""',
    "[",
    "#",
    "fragment F on Query",
    "...F",
    "__schema",
    "__typename",
    "1e999",
    "-0",
]
documents = st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join) | st.text(max_size=60)
requests = st.one_of(
    st.binary(max_size=200),
    json_values.map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass")),
    st.fixed_dictionaries(
        {"query": documents | json_values},
        optional={
            "variables": json_values,
            "operationName": json_values,
            "extensions": json_values,
            "documentId": json_values,
        },
    ).map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass")),
)


@given(body=requests)
@settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
async def test_no_body_makes_the_server_fail(graphql: World, body: bytes) -> None:
    found = await graphql.client.post("/graphql", content=body, headers={"Content-Type": "application/json"})
    assert found.status_code < 500
    answer = found.json()
    assert codes(answer) or answer.get("data") is not None
    assert "INTERNAL_SERVER_ERROR" not in codes(answer)


async def test_a_long_body_is_refused_while_it_is_read(graphql: World) -> None:
    body = b'{"query": "' + b" " * LIMITS.max_body_size + b'"}'
    found = await graphql.client.post("/graphql", content=body, headers={"Content-Type": "application/json"})
    assert (found.status_code, codes(found.json())) == (413, ["BAD_USER_INPUT"])


async def test_run_time_registration_of_documents_is_declined_with_status_200(graphql: World) -> None:
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}
    found = await graphql.post({"extensions": extensions})
    assert found.status_code == 200
    assert found.json()["errors"][0]["message"] == "PersistedQueryNotSupported"
    assert codes(found.json()) == ["PERSISTED_QUERY_NOT_SUPPORTED"]
    both = await graphql.post({"query": "{ __typename }", "extensions": extensions})
    assert both.json()["data"] == {"__typename": "Query"}


async def test_persisted_documents_are_run_by_their_id_also_by_get(graphql: World) -> None:
    text, change = "query Hi { __typename }", "mutation Out { signOut(input: {}) { clientMutationId } }"
    graphql.face.persisted = PersistedDocuments.of(text, change)
    ids = [*graphql.face.persisted._documents]
    posted = await graphql.post({"documentId": ids[0]})
    got = await graphql.client.get("/graphql", params={"documentId": ids[0]})
    assert posted.json()["data"] == got.json()["data"] == {"__typename": "Query"}
    refused = await graphql.client.get("/graphql", params={"documentId": ids[1]})
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, POST")
    unknown = await graphql.client.get("/graphql", params={"documentId": "sha256:" + "0" * 64})
    assert (unknown.status_code, codes(unknown.json())) == (404, ["PERSISTED_DOCUMENT_NOT_FOUND"])


async def test_a_document_itself_may_come_by_get_but_not_with_a_cookie(graphql: World) -> None:
    """Pitfall 50."""
    params = {"query": "query T($n: String!) { __type(name: $n) { name } }", "variables": '{"n": "User"}'}
    got = await graphql.client.get("/graphql", params=params)
    assert got.json()["data"] == {"__type": {"name": "User"}}
    change = {"query": "mutation { signOut(input: {}) { clientMutationId } }"}
    assert (await graphql.client.get("/graphql", params=change)).status_code == 405
    headers = cookie(await graphql.signed_in())
    assert (await graphql.client.get("/graphql", params=params, headers=headers)).status_code == 403
    for wrong in ({}, params | {"variables": "{"}, params | {"variables": "[]"}):
        refused = await graphql.client.get("/graphql", params=wrong)
        assert (refused.status_code, codes(refused.json())) == (400, ["BAD_USER_INPUT"])


async def test_a_cookie_needs_the_preflight_header_and_our_origin(graphql: World) -> None:
    """Pitfall 50."""
    headers = cookie(await graphql.signed_in())
    good = await graphql.post({"query": WHO}, headers=headers)
    assert good.json()["data"]["viewer"]["user"] == {"mainEmail": "alice@example.edu"}
    ours = await graphql.post({"query": WHO}, headers=headers | {"Origin": "https://lists.example.test"})
    assert ours.status_code == 200
    bare = await graphql.post({"query": WHO}, headers={"Cookie": headers["Cookie"]})
    foreign = await graphql.post({"query": WHO}, headers=headers | {"Origin": "https://evil.example"})
    sandboxed = await graphql.post({"query": WHO}, headers=headers | {"Origin": "null"})
    for refused in (bare, foreign, sandboxed):
        assert (refused.status_code, codes(refused.json())) == (403, ["FORBIDDEN"])


async def test_a_bearer_token_needs_neither_but_must_be_good(graphql: World) -> None:
    token = await graphql.api_token(TokenScope.READ)
    headers = {"Authorization": f"Bearer {token}", "Origin": "https://app.example.org"}
    good = await graphql.post({"query": WHO}, headers=headers)
    assert good.json()["data"]["viewer"]["user"] == {"mainEmail": "alice@example.edu"}
    bad = await graphql.post({"query": WHO}, headers={"Authorization": "Bearer pr_wrong"})
    assert (bad.status_code, codes(bad.json())) == (401, ["UNAUTHENTICATED"])
    assert bad.headers["www-authenticate"] == "Bearer"


async def test_a_stale_cookie_is_only_a_strangers(graphql: World) -> None:
    found = await graphql.post({"query": WHO}, headers=cookie("gone"))
    assert found.json()["data"]["viewer"]["user"] is None


async def test_signing_in_with_a_password_sets_a_guarded_cookie(graphql: World) -> None:
    start = 'mutation { signInStart(input: {provider: "password"}) { step { ... on SignInForm { attemptId fields { name } } } } }'
    attempt = (await graphql.ask(start))["data"]["signInStart"]["step"]["attemptId"]
    finish = """mutation F($input: SignInFinishInput!) { signInFinish(input: $input) {
        step { __typename ... on SignInDone { token session { isCurrent strength } } }
        userErrors { code } query { viewer { user { mainEmail } } } } }"""
    fields = [
        {"name": "identifier", "value": "alice@example.edu"},
        {"name": "password", "value": "correct horse battery"},
    ]
    found = await graphql.post(
        {"query": finish, "variables": {"input": {"attemptId": attempt, "fields": fields}}}
    )
    payload = found.json()["data"]["signInFinish"]
    assert payload["step"] == {
        "__typename": "SignInDone",
        "token": None,
        "session": {"isCurrent": True, "strength": "PASSWORD"},
    }
    assert payload["query"] == {"viewer": {"user": {"mainEmail": "alice@example.edu"}}}
    set_cookie = found.headers["set-cookie"].lower()
    assert all(
        word in set_cookie for word in ("postroom_session=", "httponly", "samesite=lax", "secure", "path=/")
    )
    again = await graphql.post({"query": WHO}, headers=CSRF)
    assert again.json()["data"]["viewer"]["user"] == {"mainEmail": "alice@example.edu"}
    out = await graphql.post(
        {"query": "mutation { signOut(input: {}) { userErrors { code } query { viewer { user { id } } } } }"},
        headers=CSRF,
    )
    assert out.json()["data"]["signOut"]["query"]["viewer"]["user"] is None
    assert (await graphql.post({"query": WHO}, headers=CSRF)).json()["data"]["viewer"]["user"] is None


async def test_fragments_that_double_each_other_cost_no_time(graphql: World) -> None:
    for depth in (5, 10, 17):
        spreads = " ".join(f"fragment F{n} on User {{ ...F{n + 1} ...F{n + 1} }}" for n in range(depth))
        query = f"{{ viewer {{ user {{ ...F0 }} }} }} {spreads} fragment F{depth} on User {{ id createdAt }}"
        began = time.process_time()
        answer = await graphql.ask(query)
        took = time.process_time() - began
        assert took < 0.5
        if depth > 11:
            assert codes(answer) == ["QUERY_TOO_COSTLY"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{" + " ".join(f"a{n}: __typename" for n in range(16)) + "}", "QUERY_TOO_COSTLY"),
        ("{ " + "viewer { user { sessions { edges { node { id } } } } } " * 11 + "}", "QUERY_TOO_COSTLY"),
        ("{ __typename " + "@skip(if: false) " * 5 + "}", "QUERY_TOO_COSTLY"),
        ("{ " + "a { " * 13 + "b" + " }" * 14, "QUERY_TOO_DEEP"),
        (
            "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
            "QUERY_TOO_DEEP",
        ),
        ("{ " + "__typename " * 1001 + "}", "QUERY_TOO_COSTLY"),
        ("{" * 900 + "}" * 90, "GRAPHQL_PARSE_FAILED"),
        ("query($a: [Int!] = " + "[" * 400 + "]" * 400 + ") { __typename }", "QUERY_TOO_DEEP"),
    ],
    ids=["aliases", "roots", "directives", "depth", "introspection", "tokens", "unclosed", "lists"],
)
async def test_a_document_over_a_limit_is_refused(graphql: World, query: str, code: str) -> None:
    assert codes(await graphql.ask(query)) == [code]


async def test_the_standard_introspection_query_is_answered(graphql: World) -> None:
    answer = await graphql.ask(get_introspection_query(descriptions=True, specified_by_url=True))
    assert "errors" not in answer
    assert build_client_schema(answer["data"]).query_type is not None


async def test_the_price_is_told_three_ways(graphql: World) -> None:
    found = await graphql.post({"query": "{ viewer { rateLimit { limit cost remaining resetAt } } }"})
    told = found.json()
    assert (
        told["extensions"]["cost"]["requestedQueryCost"] == told["data"]["viewer"]["rateLimit"]["cost"] == 2
    )
    assert f"q={LIMITS.budget}" in found.headers["ratelimit-policy"]
    assert f"r={LIMITS.budget - 2};" in found.headers["ratelimit"]


async def test_pages_multiply_the_price_also_by_variables(graphql: World) -> None:
    query = "query Q($n: Int) { viewer { user { sessions(first: $n) { edges { node { id } } } } } }"
    for size, cost in ((None, 3 + 2 * 20), (1, 5), (100, 203), (7, 17)):
        answer = await graphql.ask(query, {"n": size})
        assert answer["extensions"]["cost"]["requestedQueryCost"] == cost


async def test_a_spent_budget_answers_429_with_the_time_to_wait(graphql: World) -> None:
    graphql.face.budgets._buckets.clear()
    query = {"query": "{ viewer { locale } }"}
    await graphql.post(query)
    bucket = next(iter(graphql.face.budgets._buckets.values()))
    bucket.points = 0.0
    found = await graphql.post(query)
    assert (found.status_code, codes(found.json())) == (429, ["RATE_LIMITED"])
    assert int(found.headers["retry-after"]) >= 1


async def test_a_token_without_read_may_not_read(graphql: World) -> None:
    token = await graphql.api_token(TokenScope.POST)
    assert codes(await graphql.ask(WHO, token=token)) == ["FORBIDDEN"]


async def test_several_operations_need_a_name(graphql: World) -> None:
    query = "query A { __typename } query B { viewer { locale } }"
    assert codes((await graphql.post({"query": query})).json()) == ["BAD_USER_INPUT"]
    assert codes((await graphql.post({"query": query, "operationName": "C"})).json()) == ["BAD_USER_INPUT"]
    named = await graphql.post({"query": query, "operationName": "B"})
    assert named.json()["data"] == {"viewer": {"locale": "en"}}


async def test_an_answer_that_takes_too_long_is_given_up(graphql: World) -> None:
    graphql.face.limits = replace(LIMITS, timeout=0.05)
    graphql.face.schema = graphql.face.documents.schema = SLOW
    found = await graphql.post({"query": "{ slow }"})
    assert (found.status_code, codes(found.json())) == (503, ["QUERY_TOO_COSTLY"])


async def test_an_answer_that_grows_too_large_is_refused(graphql: World) -> None:
    graphql.face.limits = replace(LIMITS, max_response_size=1000)
    found = await graphql.post({"query": "{ __schema { types { name description } } }"})
    assert codes(found.json()) == ["QUERY_TOO_COSTLY"]


async def test_what_breaks_inside_is_masked_and_found_again_by_its_number(
    graphql: World, caplog: pytest.LogCaptureFixture
) -> None:
    graphql.face.schema = graphql.face.documents.schema = SLOW
    answer = (await graphql.post({"query": "{ broken }"})).json()
    assert codes(answer) == ["INTERNAL_SERVER_ERROR"]
    assert "tiger" not in json.dumps(answer)
    assert answer["errors"][0]["extensions"]["requestId"] in caplog.text
