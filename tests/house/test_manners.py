"""No swallowed error, no promise for later, no pretended peer, no name that says nothing."""

import ast
import re

from tests.house.source import PACKAGES, ROOT, files, imports, place, tree

EVERYTHING = (*PACKAGES, "tests", "bench", "scripts")
# written apart, so that this file keeps its own rule
PROMISE = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]) + r")\b")
SAYS_NOTHING = re.compile(r"(Manager|Service|Helpers?|Utils?|Utilities)$")


def test_no_error_is_swallowed() -> None:
    swallowed = [
        place(path, handler)
        for path in files(*EVERYTHING)
        for handler in ast.walk(tree(path))
        if isinstance(handler, ast.ExceptHandler)
        and all(
            isinstance(statement, ast.Pass)
            or (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
            for statement in handler.body
        )
    ]
    assert not swallowed


def test_nothing_is_promised_for_later() -> None:
    promised = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in files(*EVERYTHING)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if PROMISE.search(line)
    ]
    assert not promised


def test_nothing_is_mocked() -> None:
    mocked = [
        str(found)
        for path in files("tests")
        for found in imports(path)
        if found.module.startswith(("unittest.mock", "mock", "pytest_mock"))
    ]
    assert not mocked


def test_no_class_and_no_file_has_a_name_that_says_nothing() -> None:
    vague = [
        f"{place(path, node)} {node.name}"
        for path in files()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ClassDef) and SAYS_NOTHING.search(node.name)
    ]
    vague += [
        str(path.relative_to(ROOT))
        for path in files()
        if SAYS_NOTHING.search(path.stem.title().replace("_", ""))
    ]
    assert not vague


def test_every_test_can_fail() -> None:
    harmless = [
        f"{place(path, node)} {node.name}"
        for path in files("tests")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not any(_can_fail(inner) for inner in ast.walk(node))
    ]
    assert not harmless


def _can_fail(node: ast.AST) -> bool:
    """An assertion, `pytest.raises`, or a call of a named check (`assert_…`, `check_…`, `expect_…`)."""
    if isinstance(node, ast.Assert):
        return True
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name in {"raises", "warns", "fail"} or name.lstrip("_").startswith(
        ("assert", "check", "expect", "refuse", "call_and_validate", "validate")
    )
