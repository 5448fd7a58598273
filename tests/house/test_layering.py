"""Imports go down only, and each floor keeps to its own words."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.source import PACKAGES, ROOT, files, functions, imports, place, tree

WORDS_OF_THE_API = ("schema.scalars", "schema.enums", "schema.inputs")
# reading a scalar, measuring a query and tying the lazy references are work, and done nowhere else in schema/
WORKSHOPS = ("scalars", "limits", "refs", "binding")
STANDARD = sys.stdlib_module_names


def _is_in(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def test_the_contracts_of_import_linter_hold(tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run(
        [program, "--cache-dir", tmp_path], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_resolvers_know_of_the_schema_only_its_words() -> None:
    strange = [
        str(found)
        for path in files("resolvers")
        for found in imports(path)
        if _is_in(found.module, "schema") and not any(_is_in(found.module, word) for word in WORDS_OF_THE_API)
    ]
    assert not strange


def test_mail_needs_nothing_but_the_standard_library_and_idna() -> None:
    allowed = {*STANDARD, "idna", "mail"}
    strange = [
        str(found)
        for path in files("mail")
        for found in imports(path)
        if found.module.split(".")[0] not in allowed
    ]
    assert not strange


def test_identity_does_not_know_its_own_providers() -> None:
    strange = [
        str(found)
        for path in files("identity")
        if "providers" not in path.parts
        for found in imports(path)
        if _is_in(found.module, "identity.providers")
    ]
    assert not strange


def test_nothing_but_the_playground_and_the_tests_imports_the_server() -> None:
    below = [name for name in PACKAGES if name not in {"playground", "server"}]
    strange = [
        str(found) for path in files(*below) for found in imports(path) if _is_in(found.module, "server")
    ]
    assert not strange


def test_no_function_imports_anything() -> None:
    hidden = [
        place(path, node)
        for path in files()
        for function in functions(path)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert not hidden


def test_only_the_lazy_references_of_the_schema_import_for_types_alone() -> None:
    strange = [
        str(path.relative_to(ROOT))
        for path in files()
        if path != ROOT / "schema" / "refs.py"
        for found in ast.walk(tree(path))
        if isinstance(found, ast.Name) and found.id == "TYPE_CHECKING"
    ]
    assert not strange


@pytest.mark.parametrize("kind", [ast.If, ast.For, ast.While, ast.AsyncFor, ast.Await, ast.Try])
def test_the_schema_declares_and_does_nothing(kind: type[ast.stmt | ast.expr]) -> None:
    doing = [
        place(path, node)
        for path in files("schema")
        if not {path.stem, path.parent.name} & set(WORKSHOPS)
        for node in ast.walk(tree(path))
        if isinstance(node, kind)
    ]
    assert not doing
