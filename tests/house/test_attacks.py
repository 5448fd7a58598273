"""Each known way to get in as somebody else has a test that attacks it, and results are read as they are."""

from pathlib import Path

import pytest

from scripts.attack_rows import PARTS, ROWS
from scripts.attacks import NAMED, Verdict, attacks, bare, numbers, verdicts
from tests.house.source import ROOT

# What this version does not speak or do; anything else is attacked.
NOT_YET = {13, 43}
FOUND = attacks()
RUN = """<testsuites><testsuite>
  <testcase classname="tests.identity.test_linked" name="test_the_last_way_in_stays[sqlite]"/>
  <testcase classname="tests.identity.test_linked" name="test_the_last_way_in_stays[postgresql]">{}</testcase>
  <testcase classname="tests.identity.attacks.test_saml.TestSaml" name="test_alg_none_is_refused"><skipped/></testcase>
  <testcase classname="tests.identity.attacks.test_forms.TestForms" name="test_alg_none_is_refused"/>
</testsuite></testsuites>"""


def test_the_rows_are_the_known_ones_in_their_parts() -> None:
    assert [*ROWS] == [*range(1, 62)]
    assert PARTS.keys() <= ROWS.keys()
    assert {number for number, row in ROWS.items() if row.not_yet} == NOT_YET
    assert all(row.not_yet.endswith(".") for row in ROWS.values() if row.not_yet)


@pytest.mark.parametrize("number", ROWS)
def test_every_row_has_a_test_that_attacks_it(number: int) -> None:
    assert FOUND[number]


def test_what_is_named_is_there() -> None:
    tests = [each for found in FOUND.values() for each in found]
    assert len(tests) > 200
    assert all((ROOT / each.file).is_file() for each in tests)


def test_a_pitfall_that_nobody_knows_is_a_slip_of_the_pen() -> None:
    named = {number for path in (ROOT / "tests").rglob("test_*.py") for number in _named(path)}
    assert named <= ROWS.keys()


def _named(path: Path) -> set[int]:
    text = path.read_text(encoding="utf-8")
    return numbers(text) if NAMED.search(text) else set()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Pitfall 3.", {3}),
        ("Row 41, pitfalls 2, 3 and 17: 5 times", {2, 3, 17}),
        ("(pitfalls 25 to 28, 34 and 35)", {25, 26, 27, 28, 34, 35}),
        ("test_pitfall_56_nobody_is_believed", {56}),
        ("Pitfall 3, turned round; pitfall 9", {3, 9}),
        ("row 7", set()),
    ],
)
def test_the_words_that_name_a_row_are_read(text: str, found: set[int]) -> None:
    assert numbers(text) == found


@pytest.mark.parametrize(
    ("inner", "result"), [("", "passed"), ("<failure/>", "failed"), ("<skipped/>", "passed")]
)
def test_a_run_is_told_row_by_row(tmp_path: Path, inner: str, result: str) -> None:
    (tmp_path / "run.xml").write_text(RUN.format(inner))
    told = verdicts(tmp_path / "run.xml")
    assert Verdict(12, "tests/identity/test_linked.py::test_the_last_way_in_stays", result) in told
    kit = "identity/attacks/conformance.py::ProviderConformance::test_alg_none_is_refused"
    assert Verdict(19, kit, "passed") in told
    assert {each.result for each in told} == {result, "passed", "not run"}
    assert (12 in bare(told)) is (result == "failed")
    assert 19 not in bare(told)
    assert 1 in bare(told)
