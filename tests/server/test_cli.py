"""The command line: what it does, what it answers for programs, and how it refuses."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server.command_line import STAFF, Run


def test_a_robot_is_made_once(run: Run) -> None:
    assert run("robot", "create", "Lists.Example.ORG", "--title", "Lists")["domain"] == "lists.example.org"
    assert [robot["title"] for robot in run("robot", "list")["robots"]] == ["Lists"]
    error = json.loads(run("robot", "create", "lists.example.org", fails=1))["error"]
    assert error == {"code": "TAKEN", "message": "This domain has its robot already."}


def test_a_refusal_is_one_sentence_and_its_code(run: Run) -> None:
    said = run("list", "show", STAFF, fails=1, plain=True)
    assert said == "postroom: There is no such list; `postroom list list` names them all. [NOT_FOUND]\n"


def test_a_command_that_is_written_wrongly_leaves_with_two(run: Run) -> None:
    assert "No such command" in run("robot", "creat", fails=2, plain=True)


def test_settings_are_set_by_name_and_a_wrong_value_changes_nothing(lists: Run) -> None:
    lists("list", "set", STAFF, "visibility=secret", "priority=z")
    assert "priority" in lists("list", "set", STAFF, "visibility=conceal", "priority=11", fails=1)
    found = lists("list", "show", STAFF)
    assert (found["settings"]["visibility"], found["settings"]["priority"]) == ("secret", "z")
    assert found["roles"] == [{"kind": "privileged_owner", "address": "carol@example.edu"}]


def test_a_change_is_answered_with_what_was_changed_and_nothing_else(lists: Run) -> None:
    said = lists("list", "set", STAFF, "send=public", "strict_main_address=true", plain=True)
    assert said.split() == ["send", "public", "alt_email_policy", "MAIN_ONLY"]
    assert lists("robot", "set", "lists.example.org", "arc_seal=off", plain=True) == "arc_seal  false\n"
    assert "create_list" in lists("robot", "show", "lists.example.org", plain=True)
    assert "privileged_owner" in lists("list", "show", STAFF, plain=True)


def test_an_unknown_setting_is_answered_with_what_it_may_have_been_meant_to_be(lists: Run) -> None:
    assert "did you mean personalization?" in lists("list", "set", STAFF, "verp=always", fails=1)
    assert "did you mean subscribe" in lists("list", "set", STAFF, "subscribers=open", fails=1)
    assert "; there are subject, " in lists("list", "set", STAFF, "qqq=1", fails=1)
    assert "did you mean arc_seal?" in lists("robot", "set", "lists.example.org", "arc_seals=off", fails=1)


def test_a_word_without_an_equals_sign_is_no_setting(lists: Run) -> None:
    assert "name=value" in lists("list", "set", STAFF, "secret", fails=1)


def test_members_come_from_a_file_and_go_into_one(lists: Run, tmp_path: Path) -> None:
    file = tmp_path / "members.csv"
    file.write_text("email,display_name\nb@example.com,B\na@example.com,=cmd\nnonsense\n")
    dry = json.loads(lists("membership", "import", STAFF, str(file), "--dry-run", fails=1))
    assert (dry["added"], dry["failed"]) == (2, 1)
    assert dry["problems"][0]["line"] == 4
    assert lists("list", "show", STAFF)["members"] == 0
    lists("membership", "import", STAFF, str(file), "--quiet", fails=1)
    assert lists("list", "show", STAFF)["members"] == 2
    assert "'=cmd" in lists("membership", "export", STAFF, plain=True)


def test_a_file_that_is_not_there_is_said(lists: Run) -> None:
    assert "NOT_FOUND" in lists("membership", "import", STAFF, "nowhere.csv", fails=1)


def test_a_person_is_made_with_a_password_that_nobody_sees(run: Run) -> None:
    made = run("person", "create", "alice@example.edu", "--password-stdin", given="correct horse battery\n")
    assert made == {"email": "alice@example.edu", "has_password": True}
    weak = run("person", "create", "bob@example.edu", "--password-stdin", given="demo\n", fails=1)
    assert "at least" in weak
    assert "password into" in run("person", "create", "bob@example.edu", "--password-stdin", fails=1)


def test_a_token_is_for_somebody_who_is_known(lists: Run) -> None:
    lists("person", "create", "carol@example.edu")
    made = lists("token", "create", "carol@example.edu", "--scope", "own", "--scope", "READ", "--days", "7")
    assert made["token"].startswith("pr_")
    assert made["scopes"] == ["own", "read"]
    assert "NOT_FOUND" in lists("token", "create", "nobody@example.edu", "--scope", "own", fails=1)
    assert "administrate" in lists("token", "create", "carol@example.edu", "--scope", "all", fails=1)


def test_a_plan_is_shown_made_and_then_nothing_is_left_to_do(lists: Run, tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text(
        "robots: {lists.example.org: {lists: {staff: {send: closed}, news: {subject: News, owners: [c@example.edu]}}}}"
    )
    shown = lists("plan", str(file))["changes"]
    assert any("news@lists.example.org" in line for line in shown)
    assert len(lists("list", "list")["lists"]) == 1
    assert lists("apply", str(file))["changes"] == shown
    assert lists("plan", str(file))["changes"] == []
    exported = lists("export", plain=True)
    assert lists("plan", "-", given=exported)["changes"] == []


def test_scenarios_are_checked_with_line_and_column(run: Run, tmp_path: Path) -> None:
    good = tmp_path / "send.good"
    good.write_text("title Good\ntrue() smtp,dkim,md5,smime -> do_it\n")
    (tmp_path / "send.bad").write_text("title Bad\n\ntrue( smtp -> do_it\n")
    assert run("scenario", "check", str(good)) == {"checked": 1, "problems": [], "findings": []}
    said = run("scenario", "check", str(tmp_path), fails=1, plain=True)
    assert f"{tmp_path}/send.bad:3:" in said
    assert "NOT_FOUND" in run("scenario", "check", str(tmp_path / "var"), fails=1)


def test_deliveries_are_listed_stopped_resumed_and_accounted_for(lists: Run) -> None:
    lists("membership", "import", STAFF, "-", given="email\na@example.com\n")
    [delivery] = lists("delivery", "list")["deliveries"]
    number = str(delivery["id"])
    assert lists("delivery", "pause", number)["status"] == "paused"
    assert lists("delivery", "pause", number, fails=1)
    assert lists("delivery", "resume", number)["status"] == "queued"
    assert lists("delivery", "audit", number)["pending"] == 1
    assert lists("delivery", "show", number)["total"] == 1
    assert "NOT_FOUND" in lists("delivery", "show", "99", fails=1)


def test_settings_show_what_holds_and_what_is_misspelt(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTROOM_HTTP_PORT", "8123")
    monkeypatch.setenv("POSTROOM_HTTP_PROT", "1")
    found = run("settings")
    assert {"http_port": "8123"}.items() <= {row["name"]: row["value"] for row in found["settings"]}.items()
    assert found["unknown"] == ["POSTROOM_HTTP_PROT"]


def test_a_wrong_setting_is_named_in_the_refusal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTROOM_HTTP_PORT", "many")
    assert "POSTROOM_HTTP_PORT" in run("robot", "list", fails=1, plain=True)


@pytest.mark.parametrize(
    ("variable", "value", "code"),
    [
        (
            "POSTROOM_DATABASE_URL",
            "postgresql+asyncpg://postroom:secret@127.0.0.1:1/postroom",
            "DATABASE_AWAY",
        ),
        ("POSTROOM_DATABASE_URL", "sqlite+aiosqlite:////proc/nowhere/x.db", "DATABASE_AWAY"),
        ("POSTROOM_DATA_DIR", "/proc/nowhere", "DATA_DIR_UNUSABLE"),
    ],
)
def test_what_cannot_be_opened_is_one_sentence_with_its_setting(
    run: Run, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, code: str
) -> None:
    monkeypatch.setenv(variable, value)
    for command in (("robot", "list"), ("migrate",)):
        said = run(*command, fails=1, plain=True)
        assert variable in said
        assert said.endswith(f" [{code}]\n")
        assert said.count("\n") == 1
        assert "secret" not in said


def test_a_worker_and_a_door_load_no_graphql() -> None:
    said = "import server.commands.roles, sys; print('schema' in sys.modules, 'strawberry' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert found.stdout == "False False\n"


def test_migrate_says_what_it_did(run: Run) -> None:
    first = run("migrate")
    assert first["before"] is None
    assert run("migrate") == {"before": first["now"], "now": first["now"]}


def test_the_doctor_names_what_does_not_work(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("POSTROOM_SMTP_PORT", "9")
    monkeypatch.setenv("POSTROOM_MILTER_PORT", "9")
    monkeypatch.setenv("POSTROOM_MAIL_HOSTNAME", "vm")
    run("robot", "create", "lists.example.org")
    (tmp_path / "var" / "secret.key").chmod(0o644)
    found = json.loads(run("doctor", fails=1))
    verdicts = {finding["about"]: finding["verdict"] for finding in found["findings"]}
    assert found["ok"] is False
    assert verdicts["mail server"] == "broken"
    assert verdicts["secret key"] == "broken"
    assert verdicts["database"] == "fine"
    assert verdicts["milter door"] == "mind"
    assert verdicts["public address"] == "mind"
    assert verdicts["mail hostname"] == "mind"
    monkeypatch.setenv("POSTROOM_MAIL_HOSTNAME", "lists.example.org")
    named = {
        finding["about"]: finding["verdict"] for finding in json.loads(run("doctor", fails=1))["findings"]
    }
    assert named["mail hostname"] == "fine"


def test_the_doctor_changes_nothing(run: Run, tmp_path: Path) -> None:
    run("doctor", fails=1)
    assert not (tmp_path / "var").exists()
