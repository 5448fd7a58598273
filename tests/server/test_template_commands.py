"""Templates at the command line: read before a list uses them."""

from pathlib import Path

from lists.template_words import WORDS
from tests.server.command_line import Run


def test_a_good_template_is_told_with_what_it_mentions(run: Run, tmp_path: Path) -> None:
    (tmp_path / "footer.txt").write_text("-- \n{{ list.name }}", encoding="utf-8")
    found = run("template", "check", "footer.txt")
    assert found == {"variables": ["list.name"], "personal": False}
    assert run("template", "check", "-", given="{{ person.name }}")["personal"] is True


def test_a_bad_template_is_refused_with_its_line(run: Run) -> None:
    assert "in line 2, " in run("template", "check", "-", given="one\n{{ 7*7 }}", fails=1)
    assert "between quotes" in run(
        "template", "check", "--html", "-", given="<a b={{ person.name }}>", fails=1
    )


def test_all_variables_are_named(run: Run) -> None:
    assert set(run("template", "variables")) == {word.name for word in WORDS}
