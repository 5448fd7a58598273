"""Every room has a caption: one sentence at the head of the file."""

import ast
import re

import pytest

from tests.house.source import PACKAGES, ROOT, files, tree

# the end of one sentence and the beginning of another; abbreviations such as "e.g." have no capital behind
BETWEEN_SENTENCES = re.compile(r"(?<!e\.g)(?<!i\.e)[.!?]\s+[A-Z]")


def _caption(docstring: str | None) -> str:
    return (docstring or "").partition("\n\n")[0].strip()


def test_every_module_opens_with_one_sentence() -> None:
    without = []
    for path in files():
        caption = _caption(ast.get_docstring(tree(path)))
        if not caption.endswith((".", "!", "?")) or BETWEEN_SENTENCES.search(caption):
            without.append(f"{path.relative_to(ROOT)}: {caption!r}")
    assert not without


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_holds_its_caption_and_nothing_else(package: str) -> None:
    more = [
        str(path.relative_to(ROOT))
        for path in files(package)
        if path.name == "__init__.py" and not (len(tree(path).body) == 1 and ast.get_docstring(tree(path)))
    ]
    assert not more


def test_every_folder_with_code_is_a_package() -> None:
    missing = {
        str(path.parent.relative_to(ROOT))
        for path in files()
        if not (path.parent / "__init__.py").exists() and "migrations" not in path.parts
    }
    assert not missing
