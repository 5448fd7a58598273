"""Scenario files at the command line: checked, written, shown, taken away, and whole trees taken over."""

import json
from pathlib import Path
from typing import Any

import pytest

from scenarios.grammar import LONGEST_TEXT
from tests.server.command_line import STAFF, Run

OPEN = "title Everybody\ntrue() smtp,dkim,md5,smime -> do_it\n"
SHUT = "title Nobody\ntrue() smtp,dkim,md5,smime -> reject(reason='send_closed')\n"
DOMAIN = ("--robot", "lists.example.org")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree as a Sympa server has it, with a bit of everything."""
    folder = tmp_path / "etc" / "scenari"
    folder.mkdir(parents=True)
    (folder / "send.house").write_text("title House\ninclude staff\ntrue() smtp,dkim,md5,smime -> reject\n")
    (folder / "include.staff").write_text("search(staff.txt) smtp,dkim,md5,smime -> do_it\n")
    (folder / "web_archive.access.house").write_text("title.fr Archive\ntrue() md5,smime -> do_it\n")
    (folder / "subscribe.latin").write_bytes(
        "title.fr Réservé\ntrue() smtp,dkim,md5,smime -> owner\n".encode("latin-1")
    )
    (folder / "send.secret:ignore").write_text("")
    (folder / "README.md").write_text("Our rules")
    filters = tmp_path / "etc" / "search_filters"
    filters.mkdir()
    (filters / "staff.txt").write_text("*@staff.example\n")
    return folder


def fates(found: dict[str, Any]) -> dict[str, str]:
    """What became of each file."""
    return {Path(each["file"]).name: each["fate"] for each in found["files"]}


def test_a_tree_is_taken_over_unchanged_and_only_once(lists: Run, tree: Path) -> None:
    dry = lists("scenario", "import", str(tree), *DOMAIN, "--dry-run")
    assert fates(dry) == {
        "README.md": "skipped",
        "include.staff": "new",
        "send.house": "new",
        "send.secret:ignore": "skipped",
        "staff.txt": "new",
        "subscribe.latin": "new",
        "web_archive.access.house": "new",
    }
    assert dry["written"] == 0
    assert lists("scenario", "list", *DOMAIN, "--own")["scenarios"] == []
    assert lists("scenario", "import", str(tree), *DOMAIN)["written"] == 5
    shown = lists("scenario", "show", "send.house", *DOMAIN, plain=True)
    assert shown == (tree / "send.house").read_text()
    assert lists("scenario", "show", "subscribe.latin", *DOMAIN)["text"].startswith("title.fr Réservé")
    assert lists("scenario", "show", "archive_web_access.house", *DOMAIN)["origin"] == "robot"
    again = lists("scenario", "import", str(tree), *DOMAIN)
    assert (again["written"], again["same"], again["skipped"]) == (0, 5, 2)
    assert lists("list", "set", STAFF, "send=house")["settings"]["send"] == "house"


def test_what_each_text_decides_and_what_it_changes_is_told(lists: Run, tree: Path) -> None:
    (tree / "send.private").write_text(OPEN)
    found = lists("scenario", "import", str(tree.parent), *DOMAIN, "--dry-run")
    [private] = [each for each in found["files"] if each["name"] == "private"]
    assert {"role": "stranger", "target": "self", "method": "smtp", "decision": "do_it"} in private["decides"]
    assert ("stranger", "gains", "reject", "do_it") in {
        (each["role"], each["effect"], each["before"], each["after"]) for each in private["changes"]
    }
    (tree / "send.private").write_text(
        "title x\nis_subscriber([listname],[user->email]) smtp,dkim,md5,smime -> do_it\n"
    )
    found = lists("scenario", "import", str(tree), *DOMAIN, "--dry-run")
    [private] = [each for each in found["files"] if each["name"] == "private"]
    assert [each["role"] for each in private["sympa_differs"]] == ["alternate"]
    assert "wider-here" in {each["code"] for each in private["findings"]}
    words = lists("scenario", "import", str(tree), *DOMAIN, "--dry-run", "--tables", plain=True)
    assert "subscriber  do_it" in words


def test_one_malformed_file_stops_the_whole_tree(lists: Run, tree: Path) -> None:
    (tree / "send.bad").write_text("title Bad\n\nmatch([sender],/(?=x)/) smtp -> do_it\n")
    found = json.loads(lists("scenario", "import", str(tree), *DOMAIN, fails=1))
    [bad] = [each for each in found["files"] if each["fate"] == "malformed"]
    assert (Path(bad["file"]).name, bad["line"], bad["column"]) == ("send.bad", 3, 16)
    assert lists("scenario", "list", *DOMAIN, "--own")["scenarios"] == []
    assert lists("scenario", "import", str(tree), *DOMAIN, "--skip-malformed")["written"] == 5


def test_two_files_for_one_name_are_not_guessed_at(lists: Run, tree: Path) -> None:
    (tree / "archive_web_access.house").write_text("title x\ntrue() md5,smime -> reject\n")
    found = json.loads(lists("scenario", "import", str(tree), *DOMAIN, fails=1))
    assert found["malformed"] == 1
    (tree / "archive_web_access.house").write_bytes((tree / "web_archive.access.house").read_bytes())
    assert lists("scenario", "import", str(tree), *DOMAIN)["malformed"] == 0


def test_a_text_is_written_shown_and_taken_away(lists: Run, tmp_path: Path) -> None:
    file = tmp_path / "text"
    file.write_text(SHUT)
    dry = lists("scenario", "set", "send.private", str(file), "--list", STAFF, "--dry-run")
    assert {each["effect"] for each in dry["changes"]} == {"loses"}
    assert lists("scenario", "show", "send.private", "--list", STAFF)["origin"] == "shipped"
    made = lists("scenario", "set", "send.private", "-", "--list", STAFF, given=SHUT)
    assert lists("scenario", "show", "send.private", "--list", STAFF)["origin"] == "list"
    taken = json.loads(
        lists("scenario", "set", "send.private", "-", "--list", STAFF, "--if-hash", "", given=OPEN, fails=1)
    )
    assert taken["error"]["code"] == "CONFLICT"
    lists("scenario", "set", "send.private", "-", "--list", STAFF, "--if-hash", made["after"], given=OPEN)
    gone = lists("scenario", "remove", "send.private", "--list", STAFF)
    assert {each["role"] for each in gone["changes"]} >= {"stranger"}
    assert "NOT_FOUND" in lists("scenario", "remove", "send.private", "--list", STAFF, fails=1)


def test_a_malformed_text_is_not_written(lists: Run) -> None:
    said = lists("scenario", "set", "send.x", "-", "--site", given="title x\nfoo() smtp -> do_it", fails=1)
    assert "line 2, column 1" in said
    assert "OPERATION.NAME" in lists("scenario", "set", "send", "-", "--site", given=OPEN, fails=1)
    assert "--robot" in lists("scenario", "set", "send.x", "-", "--site", *DOMAIN, given=OPEN, fails=1)


def test_checking_tells_errors_warnings_and_notes(run: Run, tree: Path) -> None:
    found = run("scenario", "check", str(tree))
    assert found["checked"] == 4
    assert found["problems"] == []
    assert "dkim-forgotten" not in {each["code"] for each in found["findings"]}
    (tree / "send.strange").write_text("title x\ntrue() smtp -> do_it\n")
    assert run("scenario", "check", str(tree))["problems"] == []
    strict = json.loads(run("scenario", "check", str(tree), "--strict", fails=1))
    assert {each["code"] for each in strict["problems"]} == {"dkim-forgotten", "missing-method"}
    (tree / "send.broken").write_text("title x\ninclude nowhere\n")
    broken = json.loads(run("scenario", "check", str(tree), fails=1))
    assert [(each["code"], each["line"]) for each in broken["problems"]] == [("include", 2)]


def test_standard_input_is_checked_for_an_operation(run: Run) -> None:
    said = json.loads(
        run("scenario", "check", "-", "--operation", "send", given="true() smtp → do_it", fails=1)
    )
    assert [(each["line"], each["code"]) for each in said["problems"]] == [(1, "wrong-arrow")]
    assert "--operation" in run("scenario", "check", "-", given=OPEN, fails=1)


def test_a_text_that_is_too_long_is_refused_whole(lists: Run, tree: Path) -> None:
    (tree / "send.long").write_text(OPEN + "# é\n" * (LONGEST_TEXT // 2))
    (tree / "core").write_bytes(b"\0" * (5 * LONGEST_TEXT))
    found = json.loads(lists("scenario", "import", str(tree), *DOMAIN, fails=1))
    assert fates(found)["send.long"] == "malformed"
    assert fates(found)["core"] == "skipped"
    assert "longer than" in lists("scenario", "set", "send.x", str(tree / "send.long"), *DOMAIN, fails=1)
