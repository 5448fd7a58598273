"""The kit's attacks on providers that ask for a name and a password: a careful directory stands them, careless ones do not."""

import fnmatch
from collections.abc import Mapping
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from identity.attacks.common import common, filled
from identity.attacks.conformance import ProviderConformance
from identity.attacks.forgeries import Attempt, Forgery
from identity.provider import Ask, Evidence, Inbound, NotProved, Place, Wish
from identity.steps import FormField
from tests.identity.attacks.test_sample_provider import failures

PEOPLE = {"alice": "a password", "bob": "another"}


def directory(*, takes_empty: bool = False, takes_patterns: bool = False) -> Any:
    """A provider on paper, as careful as it is told to be."""

    async def begin(_settings: Any, _place: Place, _wish: Wish) -> Ask:
        return Ask((FormField("identifier", "Name"), FormField("password", "Password", is_secret=True)))

    async def complete(_settings: Any, _place: Place, inbound: Inbound, _kept: Mapping[str, str]) -> Evidence:
        name, password = inbound.form.get("identifier", ""), inbound.form.get("password", "")
        found = fnmatch.filter(PEOPLE, name) if takes_patterns else [each for each in PEOPLE if each == name]
        if not found:
            raise NotProved("nobody")
        # As a directory's unauthenticated bind; with patterns, the first of several that were found is bound as.
        if not (takes_empty and not password.strip("\0 ")) and PEOPLE[found[0]] != password:
            raise NotProved("wrong password")
        return Evidence("paper", found[0])

    return SimpleNamespace(begin=begin, complete=complete, Settings=SimpleNamespace)


class OfADirectory(ProviderConformance):
    """Whatever a stranger can type."""

    provider: Any = directory()

    def forge(self, forgery: Forgery, attempt: Attempt) -> Any:
        if forgery is Forgery.GENUINE:
            return filled(attempt, "alice", PEOPLE["alice"])
        return common(forgery, attempt)


def tried(provider: Any) -> ProviderConformance:
    return type("Tried", (OfADirectory,), {"provider": provider})()


def test_a_careful_directory_stands_them() -> None:
    assert failures(tried(directory())) == {}


@pytest.mark.parametrize(
    ("careless", "test"),
    [
        (directory(takes_empty=True), "test_an_empty_password_is_refused"),
        (directory(takes_patterns=True), "test_a_name_is_no_filter"),
    ],
)
def test_a_careless_one_fails_the_right_test(careless: ModuleType, test: str) -> None:
    assert [*failures(tried(careless))] == [test]
