"""Each threat between list servers has a test that tries it."""

import pytest

from scripts.peer_threats import THREATS, by_threat

FOUND = by_threat()


@pytest.mark.parametrize("number", THREATS)
def test_every_threat_has_a_test_that_tries_it(number: int) -> None:
    assert FOUND[number]
