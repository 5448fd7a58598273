"""Signing keys at the command line: made, shown, checked against a real DNS, rotated, and never their private half."""

from pathlib import Path

import pytest

from server.commands import dkim
from tests.server.command_line import STAFF, Run

ROBOT = "lists.example.org"
FORCE = ("--force", "--robot", ROBOT)


@pytest.fixture(autouse=True)
def _nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The DNS that is asked is a closed port of this host."""
    monkeypatch.setenv("POSTROOM_DNS_SERVERS", "127.0.0.1:9")
    monkeypatch.setenv("POSTROOM_AUTHENTICATION_TIMEOUT", "PT1S")


def test_a_key_is_made_and_its_record_shown(lists: Run, tmp_path: Path) -> None:
    tried = lists("dkim", "create", ROBOT, "--selector", "s1", "--dry-run")
    assert tried == {"selector": "s1", "name": f"s1._domainkey.{ROBOT}", "dry_run": True}
    assert lists("dkim", "list")["keys"] == []
    made = lists("dkim", "create", ROBOT, "--selector", "s1")
    assert made["state"] == "new"
    assert made["record"]["text"].startswith("v=DKIM1; k=rsa; p=MII")
    assert "".join(made["record"]["strings"]) == made["record"]["text"]
    own = lists("dkim", "create", STAFF, "--algorithm", "ed25519")
    assert (own["is_of_a_list"], own["algorithm"]) == (True, "ed25519")
    shown = lists("dkim", "show", "s1", "--robot", ROBOT, plain=True)
    assert f's1._domainkey.{ROBOT}. IN TXT ( "v=DKIM1; k=rsa; p=' in shown
    assert STAFF in lists("dkim", "list", plain=True)
    everything = "".join(str(lists("dkim", word, "s1")) for word in ("show",)) + shown
    assert "private" not in everything.lower()
    kept = (
        (tmp_path / "var" / "postroom.db").read_bytes()
        if (tmp_path / "var" / "postroom.db").exists()
        else b""
    )
    assert b"BEGIN" not in kept


def test_a_key_is_activated_when_the_dns_shows_it_or_by_force(lists: Run) -> None:
    lists("dkim", "create", ROBOT, "--selector", "s1")
    assert "DNS" in lists("dkim", "check", "s1", fails=1)
    assert "CONFLICT" in lists("dkim", "activate", "s1", fails=1)
    tried = lists("dkim", "activate", "s1", "--dry-run", *FORCE)
    assert (tried["state"], tried["dry_run"]) == ("active", True)
    assert lists("dkim", "show", "s1")["state"] == "new"
    assert lists("dkim", "activate", "s1", *FORCE)["state"] == "active"
    lists("dkim", "create", ROBOT, "--selector", "s2")
    lists("dkim", "activate", "s2", "--grace-days", "3", *FORCE)
    first = lists("dkim", "show", "s1")
    assert first["state"] == "retired"
    assert first["published_until"] - first["retired_at"] == 3 * 86_400_000_000
    assert "CONFLICT" in lists("dkim", "remove", "s1", fails=1)
    assert "CONFLICT" in lists("dkim", "remove", "s2", *FORCE, fails=1)
    lists("dkim", "remove", "s1", "--dry-run", *FORCE)
    assert lists("dkim", "remove", "s1", *FORCE)["removed"] == "s1"
    assert "needed until" in lists("dkim", "retire", "s2", plain=True)
    assert [key["selector"] for key in lists("dkim", "list")["keys"]] == ["s2"]


def test_owners_of_lists_have_no_business_with_keys(lists: Run) -> None:
    lists("dkim", "create", ROBOT, "--selector", "s1")
    for words in (
        ("create", STAFF),
        ("list",),
        ("show", "s1"),
        ("retire", "s1"),
        ("remove", "s1", "--force"),
    ):
        assert "FORBIDDEN" in lists("dkim", *words, "--as", "carol@example.edu", fails=1)


def test_the_doctor_says_which_domain_does_not_sign(lists: Run) -> None:
    lists("robot", "create", "other.example.org")

    def said() -> str:
        found = lists("doctor", fails=1)
        return str(next(line for line in found.splitlines() if "other.example.org has no key" in line))

    assert "postroom dkim create other.example.org" in said()
    lists("dkim", "create", ROBOT, "--selector", "s1")
    lists("dkim", "activate", "s1", *FORCE)
    assert f"no answer for s1._domainkey.{ROBOT}" in said()


def test_every_command_says_what_it_does() -> None:
    assert all(each.__doc__ for each in (dkim.create, dkim.every, dkim.show, dkim.check_key, dkim.activate))
