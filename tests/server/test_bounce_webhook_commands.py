"""Who may tell of bounces, at the command line: set, listed, tried, removed, and never with the secret in it."""

from pathlib import Path

import pytest

from tests.server.command_line import Run

SECRET = "a secret of sixteen octets or more"
SET = ("bounce", "webhook", "set", "mta", "--kind", "standard", "--secret")


def test_a_webhook_is_set_listed_tried_and_removed(
    lists: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = tmp_path / "secret"
    held.write_text(f"{SECRET}\n")
    made = lists(*SET, f"file:{held}")
    assert made["url"] == "http://127.0.0.1:8025/webhooks/bounces/mta"
    [row] = lists("bounce", "webhook", "list")["webhooks"]
    assert (row["name"], row["kind"], row["robot"], row["heard_at"]) == (
        "mta",
        "standard",
        "lists.example.org",
        None,
    )
    assert "never" in lists("bounce", "webhook", "list", plain=True)
    assert lists("bounce", "webhook", "test", "mta") == {"name": "mta", "is_good": True, "problem": None}
    lists(*SET, "env:NOT_SET_ANYWHERE", "--dry-run")
    assert lists("bounce", "webhook", "list")["webhooks"] == [row]
    lists(*SET, "env:NOT_SET_ANYWHERE")
    assert "NOT_SET_ANYWHERE" in lists("bounce", "webhook", "test", "mta", fails=1)
    monkeypatch.setenv("NOT_SET_ANYWHERE", "short")
    said = lists("bounce", "webhook", "test", "mta", fails=1)
    assert "16 octets" in said
    assert "short" not in said
    assert lists("bounce", "webhook", "remove", "mta", "--dry-run")["dry_run"] is True
    assert lists("bounce", "webhook", "remove", "mta")["removed"] == "mta"
    assert lists("bounce", "webhook", "list") == {"webhooks": []}


def test_a_server_that_does_not_answer_is_a_problem(lists: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTROOM_PUBLIC_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("HELD", SECRET)
    lists(*SET, "env:HELD")
    assert "does not answer" in lists("bounce", "webhook", "test", "mta", "--send", fails=1)
    lists("bounce", "webhook", "set", "mg", "--kind", "mailgun", "--secret", "env:HELD")
    assert "does not answer" in lists("bounce", "webhook", "test", "mg", "--send", fails=1)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((*SET, SECRET), "INVALID"),
        ((*SET[:3], "Mta/..", *SET[4:], "env:X"), "INVALID"),
        ((*SET, "env:X", "--robot", "lists.nowhere.example"), "NOT_FOUND"),
        ((*SET, "env:X", "--as", "carol@example.edu"), "FORBIDDEN"),
        (("bounce", "webhook", "list", "--as", "carol@example.edu"), "FORBIDDEN"),
        (("bounce", "webhook", "remove", "nobody"), "NOT_FOUND"),
        (("bounce", "webhook", "test", "nobody"), "NOT_FOUND"),
    ],
)
def test_what_cannot_be_set_is_refused(lists: Run, words: tuple[str, ...], code: str) -> None:
    said = lists(*words, fails=1)
    assert f'"{code}"' in said
    assert SECRET not in said


def test_a_name_belongs_to_one_domain(lists: Run) -> None:
    lists("robot", "create", "lists.other.example")
    lists(*SET, "env:X", "--robot", "lists.example.org")
    assert "TAKEN" in lists(*SET, "env:Y", "--robot", "lists.other.example", fails=1)
    for words in (("remove", "mta"), ("test", "mta")):
        assert "NOT_FOUND" in lists("bounce", "webhook", *words, "--robot", "lists.other.example", fails=1)
    assert lists("bounce", "webhook", "list", "--robot", "lists.other.example") == {"webhooks": []}
