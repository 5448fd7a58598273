"""Hundreds of made-up operations against a real server: no answer of 500, and no error without a published code."""

import json
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.graphql import nodes

from server.graphql.errors import PUBLISHED
from tests.wire.graphql_server import Served, graphql_server

CASES = 300
EXAMPLES = {
    "EmailAddress": ["alice@example.edu", "bob@example.net", "nobody@example.org"],
    "DateTime": ["2026-01-31T12:00:00Z", "1970-01-01T00:00:00.000001Z", "2031-01-01T00:00:00Z"],
    "Duration": ["PT3S", "P1D"],
    "URL": ["https://lists.example.test/x", "http://127.0.0.1/"],
    "Locale": ["en", "pt-BR"],
    "ByteSize": ["0", "9007199254740993"],
}
for name, texts in EXAMPLES.items():
    schemathesis.graphql.scalar(name, st.sampled_from(texts).map(nodes.String))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A server with a small world in it."""
    with graphql_server(tmp_path_factory.mktemp("schemathesis")) as running:
        yield running


def codes(answer: dict[str, Any]) -> set[str]:
    """The codes of an answer's errors."""
    return {each.get("extensions", {}).get("code", "none") for each in answer.get("errors", [])}


@pytest.mark.parametrize("as_whom", ["a stranger", "alice"])
def test_no_operation_breaks_the_contract(served: Served, as_whom: str) -> None:
    schema = schemathesis.graphql.from_url(served.url)
    headers = {"Authorization": f"Bearer {served.token}"} if as_whom == "alice" else {}
    operations = [found.ok() for found in schema.get_all_operations()]
    asked = 0
    with httpx.Client(headers=headers, timeout=20) as client:

        def check(case: Any) -> None:
            nonlocal asked
            found = client.post(served.url, json={"query": case.body})
            asked += 1
            assert found.status_code < 500, found.text
            answer = json.loads(found.text)
            assert codes(answer) <= PUBLISHED - {"INTERNAL_SERVER_ERROR"}, (case.body, answer)
            assert "Traceback" not in found.text

        for operation in operations:
            _run(operation, check, each=max(5, CASES // len(operations)))
    assert asked >= CASES * 0.5


def _run(operation: Any, check: Any, *, each: int) -> None:
    @given(case=operation.as_strategy())
    @settings(
        max_examples=each,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def run(case: Any) -> None:
        check(case)

    run()


def test_real_ids_lead_behind_node_without_breaking_it(served: Served) -> None:
    headers = {"Authorization": f"Bearer {served.token}"}
    ask = "{ viewer { user { id emailAddresses { id } apiTokens { edges { node { id } } } } } }"
    with httpx.Client(headers=headers) as client:
        viewer = client.post(served.url, json={"query": ask}).json()["data"]["viewer"]
        user = viewer["user"]
        ids = [user["id"], user["emailAddresses"][0]["id"], user["apiTokens"]["edges"][0]["node"]["id"]]
        query = "query N($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
        found = client.post(served.url, json={"query": query, "variables": {"ids": ids}}).json()
    assert [each["id"] for each in found["data"]["nodes"]] == ids
