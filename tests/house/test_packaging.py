"""What is installed is what is declared, locked and ours."""

import re
import tomllib
from importlib.metadata import packages_distributions
from typing import Any

import pytest

from tests.house.source import PACKAGES, ROOT, files, imports

LOCKS = ("requirements.lock", "requirements-test.lock", "requirements-native.lock")
STARTED_BY_ITS_OWN_EXTRA = {"ldap": "python-ldap", "saml2": "pysaml2"}


def _project() -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return project


def _name(requirement: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\s\[<>=;~!]", requirement, maxsplit=1)[0]).lower()


def _declared(*extras: str) -> set[str]:
    project = _project()
    wanted = [*project["dependencies"]]
    for extra in extras or project["optional-dependencies"]:
        wanted += project["optional-dependencies"][extra]
    return {_name(requirement) for requirement in wanted}


def _locked(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)==([^ ]+)", (ROOT / lock).read_text(), re.MULTILINE))


def test_no_installed_distribution_owns_one_of_our_names() -> None:
    owners = packages_distributions()
    strangers = {
        name: set(owners.get(name, ())) - {"postroom"}
        for name in (*PACKAGES, "tests", "bench")
        if set(owners.get(name, ())) - {"postroom"}
    }
    assert not strangers


def test_every_package_of_ours_is_installed_with_the_project() -> None:
    found = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]
    assert {f"{name}*" for name in PACKAGES} == set(found["include"])


def test_everything_imported_is_declared() -> None:
    owners = packages_distributions()
    ours = {*PACKAGES, "tests", "bench"}
    undeclared = []
    for path in files():
        for found in imports(path):
            top = found.module.split(".")[0]
            makers = {_name(maker) for maker in owners.get(top, ())}
            if STARTED_BY_ITS_OWN_EXTRA.get(top):
                makers.add(STARTED_BY_ITS_OWN_EXTRA[top])
            if top not in ours and makers and not makers & _declared():
                undeclared.append(str(found))
    assert not undeclared


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address_and_a_hash_for_everything(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    entries = re.split(r"\n(?=\S)", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).strip())
    assert not [entry.partition(" ")[0] for entry in entries if "--hash=sha256:" not in entry]


def test_the_locks_hold_everything_that_is_declared() -> None:
    assert _declared("setup", "postgres") <= _locked("requirements.lock").keys()
    assert _declared("setup", "postgres", "test") <= _locked("requirements-test.lock").keys()
    assert _declared("setup", "postgres", "ldap", "saml") <= _locked("requirements-native.lock").keys()


@pytest.mark.parametrize("lock", LOCKS[1:])
def test_every_lock_agrees_with_what_runs(lock: str) -> None:
    locked = _locked(lock)
    assert {name: locked.get(name) for name in _locked("requirements.lock")} == _locked("requirements.lock")


@pytest.mark.parametrize("place", ["audit", "axe"])
def test_the_rules_of_others_are_locked_without_an_address(place: str) -> None:
    text = (ROOT / f"tests/wire/{place}/package-lock.json").read_text()
    assert "://" not in text
    assert text.count('"integrity"') == text.count('"node_modules/')
