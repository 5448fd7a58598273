"""Which tests attack which danger, read from the tests themselves: `python -m scripts.attacks [--results JUNIT.xml]`."""

import argparse
import ast
import io
import json
import re
import sys
import tokenize
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from scripts.attack_rows import PARTS, ROWS

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "reference" / "attacks.md"
# Its tests run once for each provider, in classes of the tests that extend it.
KIT = ROOT / "identity" / "attacks" / "conformance.py"
NAMED = re.compile(r"pitfalls?[ _](\d+(?:(?:, and | and | to |, )\d+)*)", re.IGNORECASE)
HEAD = """\
# Attacks

What is known to go wrong where people sign in, what stands against it here, and which tests attack it. A test says
itself which danger it is about, by "pitfall" and its number, and this page is made of that. A file without a test's name
stands for all tests of it. `python -m scripts.attacks --results JUNIT.xml` tells what became of each in a run with
`pytest --junit-xml=JUNIT.xml`, as text and as JSON, and fails where nothing passed.

An operator can try many of these against a provider as it is configured: `postroom provider attack DOMAIN PROVIDER`.
"""


class Attack(NamedTuple):
    """A test: its file, and its name there, "" for all of them."""

    file: str
    name: str

    def __str__(self) -> str:
        return f"{self.file}::{self.name}" if self.name else self.file


def numbers(text: str) -> set[int]:
    """The rows that a text names: `pitfall 3`, `Pitfalls 2, 3 and 5`, `pitfalls 25 to 32`, `pitfall_55`."""
    found: set[int] = set()
    for match in NAMED.finditer(text):
        last = 0
        for between, number in re.findall(r"(\D*)(\d+)", match[1]):
            found |= {*range(last, int(number) + 1)} if between.strip() == "to" else {int(number)}
            last = int(number)
    return found


def attacks() -> dict[int, list[Attack]]:
    """Each row with its tests, in the order of files."""
    rows: dict[int, list[Attack]] = {number: [] for number in ROWS}
    for path in [KIT, *sorted((ROOT / "tests").rglob("test_*.py"))]:
        for attack, named in of_file(path, numbers):
            for number in named:
                rows[number].append(attack)
    return rows


def of_file(path: Path, numbers: Callable[[str], set[int]]) -> Iterator[tuple[Attack, set[int]]]:
    """The tests of a file, each with the rows that its name, docstring and comments name; "" for all of the file."""
    text, file = path.read_text(encoding="utf-8"), str(path.relative_to(ROOT))
    module = ast.parse(text)
    comments, single = _comments(text), set[int]()
    for name, node in _tests(module.body):
        first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
        while first - 1 in comments and _stands_alone(text, first - 1):
            first -= 1
        said = [line for at, line in comments.items() if first <= at <= (node.end_lineno or first)]
        named = numbers(" ".join([node.name, ast.get_docstring(node) or "", *said]))
        single |= named
        yield Attack(file, name), named
    yield Attack(file, ""), numbers(ast.get_docstring(module) or "") - single


def _tests(
    body: list[ast.stmt], prefix: str = ""
) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for node in body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if name.startswith("test_"):
                yield prefix + name, node
            case ast.ClassDef(name=name, body=inner):
                yield from _tests(inner, f"{prefix}{name}::")


def _comments(text: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return {each.start[0]: each.string for each in tokens if each.type == tokenize.COMMENT}


def _stands_alone(text: str, line: int) -> bool:
    return text.splitlines()[line - 1].startswith("#")


def page() -> str:
    """The page for readers."""
    found, lines = attacks(), [HEAD]
    for number, row in ROWS.items():
        if number in PARTS:
            lines.append(f"## {PARTS[number]}\n")
        lines.append(f"### {number}. {row.danger}\n")
        lines.append(f"Against it: {row.answer}.{' ' + row.not_yet if row.not_yet else ''}\n")
        lines.append("".join(f"- `{each}`\n" for each in found[number]))
    return "\n".join(lines)


class Verdict(NamedTuple):
    """One row and one of its tests in a run."""

    row: int
    test: str
    result: str


def verdicts(junit: Path) -> list[Verdict]:
    """What became of each row's tests in a run; `not run` for those that were no part of it."""
    came = _outcomes(junit)
    return [
        Verdict(number, str(attack), _together(came.get(attack, [])))
        for number, found in attacks().items()
        for attack in found
    ]


def _outcomes(junit: Path) -> dict[Attack, list[str]]:
    """By test, by file, and by test of the kit; each may have run several times."""
    kit = str(KIT.relative_to(ROOT))
    found: dict[Attack, list[str]] = defaultdict(list)
    for case in ET.parse(junit).iter("testcase"):
        file, classes = _place(case.get("classname", ""))
        name = case.get("name", "").partition("[")[0]
        kinds = {each.tag for each in case}
        outcome = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
        found[Attack(file, "::".join([*classes, name]))].append(outcome)
        found[Attack(file, "")].append(outcome)
        if classes:
            found[Attack(kit, f"ProviderConformance::{name}")].append(outcome)
    return found


def _place(dotted: str) -> tuple[str, list[str]]:
    """The file and the classes within it that `tests.identity.test_x.TestY` means."""
    parts = dotted.split(".")
    count = next((n for n, each in enumerate(parts, 1) if each.startswith("test_")), len(parts))
    return "/".join(parts[:count]) + ".py", parts[count:]


def _together(outcomes: list[str]) -> str:
    return next((each for each in ("failed", "passed", "skipped") if each in outcomes), "not run")


def bare(found: list[Verdict]) -> list[int]:
    """The rows for which nothing passed, or something failed."""
    passed = {each.row for each in found if each.result == "passed"}
    failed = {each.row for each in found if each.result == "failed"}
    return [number for number in ROWS if number not in passed or number in failed]


def main() -> int:
    """Write the page, or tell what became of the tests in a run; 1 when a row was not defended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, help="what `pytest --junit-xml=FILE` wrote")
    parser.add_argument(
        "--json", type=Path, help="where to write the results for programs; else they follow the text"
    )
    given = parser.parse_args()
    if given.results is None:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    found = verdicts(given.results)
    for each in found:
        print(f"{each.row:>3}  {each.result:<8} {each.test}")
    open_rows = bare(found)
    print(
        f"{len(ROWS) - len(open_rows)} of {len(ROWS)} rows defended"
        + (f"; not: {open_rows}" if open_rows else "")
    )
    data = json.dumps({"verdicts": [each._asdict() for each in found], "not_defended": open_rows}, indent=1)
    if given.json is None:
        print(data)
    else:
        given.json.write_text(data, encoding="utf-8")
    return 1 if open_rows else 0


if __name__ == "__main__":
    sys.exit(main())
