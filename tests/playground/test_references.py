"""References in variables are looked up through what the caller hands in."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.playground.references import ReferenceNotFound, follow, pick, resolve


async def _ask(query: str) -> Any:
    return {"{ mailingList { id } }": {"mailingList": {"id": "L1"}}}[query]


async def _newest_mail(address: str) -> str:
    return {"bob@example.edu": "Hello,\nyour code is 482915.\n"}[address]


async def test_a_query_gives_what_lies_at_its_path() -> None:
    variables = {"input": {"ids": [{"$query": "{ mailingList { id } }", "$path": "mailingList.id"}], "n": 3}}
    assert await resolve(variables, _ask, _newest_mail) == {"input": {"ids": ["L1"], "n": 3}}


async def test_a_code_comes_out_of_the_newest_mail() -> None:
    reference = {"$mailbox": "bob@example.edu", "$match": r"\b([0-9]{6,})\b"}
    assert await resolve({"code": reference}, _ask, _newest_mail) == {"code": "482915"}


async def test_a_moment_is_counted_in_days_from_now() -> None:
    found = await resolve({"$daysFromNow": 2}, _ask, _newest_mail)
    distance = datetime.fromisoformat(found) - datetime.now(UTC)
    assert abs(distance - timedelta(days=2)) < timedelta(minutes=1)
    assert found.endswith("Z")


async def test_plain_values_stay_as_they_are() -> None:
    plain = {"a": None, "b": [1, "x", {"c": True}]}
    assert await resolve(plain, _ask, _newest_mail) == plain


def test_a_number_in_a_path_picks_from_a_list() -> None:
    assert follow({"edges": [{"node": 1}, {"node": 2}]}, "edges.1.node") == 2


@pytest.mark.parametrize("path", ["edges.5.node", "nothing", "edges.x", "empty.id"])
def test_a_path_that_leads_nowhere_is_told(path: str) -> None:
    with pytest.raises(ReferenceNotFound, match=path):
        follow({"edges": [], "empty": None}, path)


def test_a_pattern_that_matches_nothing_is_told() -> None:
    with pytest.raises(ReferenceNotFound):
        pick("no number here", r"([0-9]+)")
