"""The command line about families: defined from a file, shown, and made into lists from data."""

from pathlib import Path

from tests.server.command_line import Run

DEFINITION = """
name: teams
parameters: {team: {pattern: "[a-z]+"}}
address: team+{team}
template: {subject: "Team {team}", send: private, owners: ["{team}@example.edu"]}
constraints: {send: private}
"""


def test_a_family_is_defined_and_its_lists_follow_its_data(lists: Run, tmp_path: Path) -> None:
    file, data = tmp_path / "teams.yaml", tmp_path / "data.yaml"
    file.write_text(DEFINITION)
    defined = lists("family", "define", str(file))
    assert defined["parameters"][0]["name"] == "team"
    assert lists("family", "show", "teams") == defined
    assert lists("family", "list")["families"][0]["address"] == "team+{team}"
    data.write_text("- team: law\n- team: arts\n")
    planned = lists("family", "instantiate", "teams", str(data), "--dry-run")
    assert (planned["created"], planned["dry_run"]) == (2, True)
    assert lists("family", "instantiate", "teams", str(data))["created"] == 2
    assert lists("family", "instantiate", "teams", str(data))["changes"] == []
    gone = lists("family", "instantiate", "teams", "-", given="team\nlaw\n")
    assert gone["changes"] == [{"name": "team+arts", "what": "closed", "details": []}]
    assert lists("list", "show", "team+arts@lists.example.org")["status"] == "family_closed"
    words = lists("family", "instantiate", "teams", "-", given="team\nlaw\n", plain=True)
    assert words.startswith("0 changes:")


def test_bad_entries_are_told_by_line_and_make_the_command_fail(lists: Run, tmp_path: Path) -> None:
    file = tmp_path / "teams.yaml"
    file.write_text(DEFINITION)
    lists("family", "define", str(file))
    said = lists("family", "instantiate", "teams", "-", given="team\nlaw\nL4W\n", fails=1, plain=True)
    assert "line 3: The parameter team does not take 'L4W'." in said
    assert lists("list", "show", "team+law@lists.example.org")["status"] == "open"
    held = lists("list", "set", "team+law@lists.example.org", "send=public", fails=1)
    assert "The family teams holds the setting send" in held
    assert "NOT_FOUND" in lists("family", "show", "nothing", fails=1)
    assert "FORBIDDEN" in lists("family", "define", str(file), "--as", "eve@example.com", fails=1)
