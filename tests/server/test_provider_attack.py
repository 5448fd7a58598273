"""`postroom provider attack`: what it tries against a provider as it is configured, and that a hole makes it fail."""

from collections import Counter
from pathlib import Path

import pytest

from identity.attacks.live import attack
from identity.attacks.trials import Outcome
from identity.auth_config import Entry
from identity.providers import shibboleth
from tests.identity.papers import paper_installed
from tests.identity.providers.front import PLACE, SECRET
from tests.server.command_line import Run

ROBOT = "lists.example.org"
FILE = """
[[provider]]
key = "campus"
kind = "shibboleth"
vouches_for = ["example.edu"]
[provider.settings]
peers = ["127.0.0.1"]
secret = "env:FRONT_SECRET"

[[provider]]
key = "password"
kind = "password"
"""


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """The secret that the file points to."""
    monkeypatch.setenv("FRONT_SECRET", SECRET)


@pytest.fixture
def campus(lists: Run, tmp_path: Path) -> Run:
    """The command line of a domain with two ways to sign in."""
    (tmp_path / "auth.toml").write_text(FILE)
    lists("provider", "set", ROBOT, str(tmp_path / "auth.toml"))
    return lists


def test_a_report_says_what_was_tried_what_came_of_it_and_what_was_not(campus: Run) -> None:
    report = campus("provider", "attack", ROBOT, "campus")
    spoofed = {each["detail"]: each for each in report if each["attack"] == "header spoofing"}
    assert spoofed["without the secret"]["outcome"] == "refused"
    assert spoofed["without the secret"]["pitfall"] == "42"
    assert "secret" in spoofed["without the secret"]["explanation"]
    assert "not a web server" in spoofed["from another peer, with X-Forwarded-For"]["explanation"]
    assert all(each["is_good"] for each in report)
    left = {each["attack"]: each["explanation"] for each in report if each["outcome"] == "not run"}
    assert "never pass through the browser" in left["replay"]
    assert "header spoofing" not in left
    shown = campus("provider", "attack", ROBOT, "campus", plain=True)
    assert "none got through" in shown
    assert SECRET not in shown


def test_there_has_to_be_something_to_attack(campus: Run) -> None:
    assert "NOT_FOUND" in campus("provider", "attack", ROBOT, "nowhere", fails=1)
    assert "own tests" in campus("provider", "attack", ROBOT, "password", fails=1)


def test_a_hole_makes_it_fail(campus: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if a mistake of ours let everything through that looks like headers."""
    monkeypatch.setattr("identity.front_server._is_listed", lambda _settings, _peer: True)
    shown = campus("provider", "attack", ROBOT, "campus", fails=1)
    assert '"outcome": "believed"' in shown
    assert '"detail": "from another peer"' in shown


def test_a_provider_of_others_is_attacked_with_what_fits_any(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with paper_installed(tmp_path / "site", monkeypatch):
        run("robot", "create", ROBOT)
        (tmp_path / "auth.toml").write_text(
            '[[provider]]\nkey = "mill"\nkind = "paper"\nsettings = { by_form = true }\n'
        )
        run("provider", "set", ROBOT, str(tmp_path / "auth.toml"))
        # Paper believes what it is told, and falls over a name that it cannot read.
        shown = run("provider", "attack", ROBOT, "mill", fails=1)
        assert '"outcome": "crashed"' in shown


async def test_a_secret_that_is_missing_is_said_and_no_attack_is_called_refused_for_it() -> None:
    settings = {"peers": ["127.0.0.1"], "secret": "env:NOT_SET"}
    entry = Entry("x", "campus", "shibboleth", "Campus", raw_settings=settings)
    found = [each async for each in attack(entry, lambda: PLACE)]
    outcomes = Counter(each.outcome for each in found if each.trial.forgery.value == "header spoofing")
    assert outcomes == {Outcome.NOT_RUN: 1}
    assert shibboleth.Settings.model_validate(settings).secret == "env:NOT_SET"
