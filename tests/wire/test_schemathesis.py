"""Hundreds of made-up operations against a real server: no answer of 500, and no error without a published code."""

import json
import random
import re
from collections.abc import Iterator
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
# A key that is none, in each of JSON's kinds.
schemathesis.graphql.scalar(
    "JSON",
    st.one_of(st.text(max_size=20).map(nodes.String), st.integers(-9, 9).map(nodes.Int), st.just(nodes.Null)),
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A server with a small world in it."""
    with graphql_server(tmp_path_factory.mktemp("schemathesis")) as running:
        yield running


def codes(answer: dict[str, Any]) -> set[str]:
    """The codes of an answer's errors."""
    return {each.get("extensions", {}).get("code", "none") for each in answer.get("errors", [])}


THINGS = """{ viewer { session { id } user { id emailAddresses { id } apiTokens { edges { node { id } } }
    memberships { edges { node { id } } } roles { edges { node { id } } } } robot { id } }
  mailingLists { edges { node { id
    owners { edges { node { id } } }
    subscribers(first: 3) { edges { node { id } } }
    moderation { edges { node { id } } }
    deliveries { edges { node { id } } } } } } }"""


# A member such as `id: "…"` or `membershipIds: ["…", "…"]`.
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')
_NAMED = re.compile(r'(\b(?:id|ids|\w+Ids?): ?)("(?:[^"\\]|\\.)*"|\[[^\]]*\])')


def ids_in(value: Any) -> Iterator[str]:
    """Every id in an answer."""
    if isinstance(value, dict):
        for name, each in value.items():
            if name == "id":
                yield each
            else:
                yield from ids_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from ids_in(each)


class RealIds:
    """Puts ids of real things where a made-up operation names one, most of the time."""

    def __init__(self, ids: list[str]) -> None:
        self.ids = ids
        self.random = random.Random(7)

    def into(self, query: str) -> str:
        """The operation with real ids."""
        return _NAMED.sub(lambda member: member[1] + _TEXT.sub(self._one, member[2]), query)

    def _one(self, text: re.Match[str]) -> str:
        return json.dumps(self.random.choice(self.ids)) if self.random.random() < 0.8 else text[0]


@pytest.mark.slow
@pytest.mark.parametrize("role", ["stranger", "subscriber", "owner", "listmaster"])
def test_no_operation_breaks_the_contract(served: Served, role: str) -> None:
    schema = schemathesis.graphql.from_url(served.url)
    operations = [found.ok() for found in schema.get_all_operations()]
    asked = 0
    with client_of(served, role) as client, client_of(served, "owner") as knowing:
        found = knowing.post(served.url, json={"query": THINGS}).json()
        assert "errors" not in found, found
        real = RealIds(sorted(set(ids_in(found["data"]))))
        assert len(real.ids) >= 8, found

        def check(case: Any) -> None:
            nonlocal asked
            query = real.into(case.body)
            answer = client.post(served.url, json={"query": query})
            asked += 1
            assert answer.status_code < 500, (query, answer.text)
            told = json.loads(answer.text)
            assert codes(told) <= PUBLISHED - {"INTERNAL_SERVER_ERROR"}, (query, told)

        for operation in operations:
            _run(operation, check, each=max(5, CASES // len(operations)))
    assert asked >= CASES / 2


def client_of(served: Served, role: str) -> httpx.Client:
    """A client that asks as somebody."""
    token = served.tokens.get(role)
    return httpx.Client(headers={"Authorization": f"Bearer {token}"} if token else {}, timeout=20)


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
