"""The source as the house rules see it: files, syntax trees, imports and functions."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]

# top to bottom; imports go down only
PACKAGES = (
    "playground",
    "server",
    "schema",
    "resolvers",
    "federation",
    "delivery",
    "lists",
    "identity",
    "storage",
    "scenarios",
    "mail",
)

AnyFunction = ast.FunctionDef | ast.AsyncFunctionDef


class Import(NamedTuple):
    """One imported module, by its full name, and where the statement stands."""

    module: str
    file: Path
    line: int

    def __str__(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line} imports {self.module}"


@cache
def files(*folders: str) -> tuple[Path, ...]:
    """Every Python file of our packages (or of some of them); migrations are records, not code."""
    found = (
        path
        for folder in folders or PACKAGES
        for path in (ROOT / folder).rglob("*.py")
        # What npm installs for the servers of the tests is not ours.
        if "node_modules" not in path.parts
    )
    return tuple(sorted(path for path in found if "versions" not in path.parts))


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imports(path: Path) -> Iterator[Import]:
    """What a file imports; `from a import b` counts as a.b when that is a module of ours, else as a."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, path, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = ROOT.joinpath(*node.module.split("."), alias.name)
                deeper = inner.is_dir() or inner.with_suffix(".py").exists()
                yield Import(f"{node.module}.{alias.name}" if deeper else node.module, path, node.lineno)


def functions(path: Path) -> Iterator[AnyFunction]:
    """Every function and method of a file, nested ones too."""
    return (node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def place(path: Path, node: ast.stmt | ast.expr | ast.ExceptHandler) -> str:
    """Where a node stands, as an editor understands it."""
    return f"{path.relative_to(ROOT)}:{node.lineno}"
