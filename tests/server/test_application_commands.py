"""The command line about trusted applications: what is registered is shown, rotated and ended, and wrong keys are not taken."""

import json
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey, OKPKey

from tests.server.command_line import STAFF, Run

ROBOT = "lists.example.org"
NAME = "Course portal"


def written(name: str, key: OKPKey | ECKey, *, private: bool = False, pem: bool = False) -> str:
    """A key file in the directory of the test."""
    raw = key.as_pem(private=private) if pem else json.dumps(key.as_dict(private=private)).encode()
    Path(name).write_bytes(raw)
    return name


def registered(lists: Run, key: OKPKey) -> dict[str, Any]:
    found: dict[str, Any] = lists(
        "application", "register", ROBOT, NAME, "--key", written("a.jwk", key), "--operation", "visibility",
        "--operation", "send", "--scope", "read", "--scope", "post", "--assert", "DEPT", "--fixed", "SITE=a=b,c",
        "--domain", "Example.edu", "--network", "192.0.2.0/24", "--requires-grant",
    )  # fmt: skip
    return found


def test_an_application_is_registered_and_shown(lists: Run) -> None:
    key = OKPKey.generate_key("Ed25519")
    made = registered(lists, key)
    assert made["operations"] == ["visibility", "send"]
    assert made["scopes"] == ["post", "read"]
    assert (made["assertions"], made["fixed"]) == (["DEPT"], {"SITE": "a=b,c"})
    assert (made["domains"], made["networks"]) == (["example.edu"], ["192.0.2.0/24"])
    assert made["requires_grant"] is True
    assert [(each["kid"], each["jwk"]) for each in made["keys"]] == [
        (key.thumbprint(), key.as_dict(private=False))
    ]
    assert lists("application", "show", ROBOT, NAME) == made
    assert lists("application", "show", ROBOT, made["client_id"]) == made
    assert lists("application", "list", ROBOT) == {"applications": [made]}
    assert NAME in lists("application", "list", ROBOT, plain=True)
    assert key.thumbprint() in lists("application", "show", ROBOT, NAME, plain=True)


def test_keys_are_rotated_and_the_trust_ends(lists: Run) -> None:
    registered(lists, OKPKey.generate_key("Ed25519"))
    new = ECKey.generate_key("P-256")
    file = written("new.pem", new, pem=True)
    rotated = lists(
        "application",
        "rotate",
        ROBOT,
        NAME,
        "--key",
        file,
        "--overlap",
        "0",
        "--not-after",
        "2090-01-31T00:00:00Z",
    )
    old, current = rotated["keys"]
    assert old["not_after"] is not None
    assert (current["kid"], current["algorithm"], current["not_after"]) == (
        new.thumbprint(),
        "ES256",
        "2090-01-31T00:00:00Z",
    )
    assert "TAKEN" in lists("application", "rotate", ROBOT, NAME, "--key", file, fails=1)
    assert lists("application", "revoke", ROBOT, NAME)["revoked_at"] is not None
    assert "NOT_FOUND" in lists("application", "revoke", ROBOT, NAME, fails=1)
    assert "NOT_FOUND" in lists("application", "rotate", ROBOT, NAME, "--key", file, fails=1)
    assert "TAKEN" in lists("application", "register", ROBOT, NAME, "--key", file, fails=1)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--operation", "everything"], "everything"),
        (["--scope", "all"], "all"),
        (["--assert", "a b"], "a b"),
        (["--assert", "DEPT]"], "DEPT]"),
        (["--fixed", "DEPT"], "DEPT"),
        (["--fixed", "=x"], "cannot stand here"),
        (["--domain", "not a domain"], "not a domain"),
        (["--network", "192.0.2.1/24"], "192.0.2.1/24"),
        (["--not-after", "tomorrow"], "INVALID"),
    ],
)
def test_what_cannot_be_trusted_is_said(lists: Run, options: list[str], told: str) -> None:
    file = written("a.jwk", OKPKey.generate_key("Ed25519"))
    assert told in lists("application", "register", ROBOT, NAME, "--key", file, *options, fails=1)
    assert lists("application", "list", ROBOT) == {"applications": []}


def test_a_private_key_is_refused_whatever_its_form(lists: Run) -> None:
    key = OKPKey.generate_key("Ed25519")
    for pem in (True, False):
        file = written("a", key, private=True, pem=pem)
        assert "private key" in lists("application", "register", ROBOT, NAME, "--key", file, fails=1)
    assert "cannot be read" in lists("application", "register", ROBOT, NAME, "--key", "missing", fails=1)
    assert "application" in lists("application", "show", ROBOT, NAME, fails=1)


def test_what_the_rules_would_answer_through_an_application_is_told(lists: Run) -> None:
    registered(lists, OKPKey.generate_key("Ed25519"))
    asked = (
        "scenario",
        "explain",
        STAFF,
        "--sender",
        "ann@example.edu",
        "--method",
        "md5",
        "--application",
        NAME,
    )
    lists("list", "set", STAFF, "send=public")
    assert lists(*asked, "--operation", "send", "--assert", "DEPT=math")["action"] == "do_it"
    refused = lists(*asked, "--operation", "review")
    assert (refused["action"], refused["reason"]) == ("reject", "application-operation")
    assert "may not be used for that" in refused["sentence"]
    assert "NOT_FOUND" in lists(*asked[:-1], "Another", fails=1)
    assert "application" in lists(*asked[:-2], "--assert", "DEPT=math", fails=1)
