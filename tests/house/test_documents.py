"""The documents keep up with the code: every setting is described, every link leads somewhere."""

import re
from pathlib import Path

import pytest

from server.settings import Settings
from server.settings_reference import settings_reference
from tests.house.source import PACKAGES, ROOT

LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)")
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))


@pytest.mark.parametrize("name", Settings.model_fields)
def test_a_setting_is_described_in_a_sentence(name: str) -> None:
    description = Settings.model_fields[name].description or ""
    assert re.fullmatch(r"[A-Z].{20,}\.", description)


def test_the_reference_of_the_settings_is_what_the_code_says() -> None:
    page = ROOT / "docs" / "reference" / "settings.md"
    assert page.read_text() == settings_reference(), f"run: python -m server.settings_reference > {page}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    broken = [
        target
        for target in LINK.findall(page.read_text(encoding="utf-8"))
        if "://" not in target
        and not target.startswith(("mailto:", "/"))
        and not (page.parent / target).exists()
    ]
    assert not broken


def test_every_document_can_be_reached_from_the_index() -> None:
    index = ROOT / "docs" / "README.md"
    linked = {(index.parent / target).resolve() for target in LINK.findall(index.read_text(encoding="utf-8"))}
    missing = [
        str(page.relative_to(ROOT))
        for page in (ROOT / "docs").rglob("*.md")
        if page != index and page not in linked and page.parent not in linked
    ]
    assert not missing


@pytest.mark.parametrize("package", PACKAGES)
def test_the_plan_of_the_house_names_every_package(package: str) -> None:
    assert f"{package}/" in (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def test_decisions_are_numbered_without_a_gap_and_titled_with_a_sentence() -> None:
    assert [page.name[:4] for page in DECISIONS] == [f"{n:04}" for n in range(1, len(DECISIONS) + 1)]
    titles = [page.read_text(encoding="utf-8").splitlines()[0] for page in DECISIONS]
    assert [title for title in titles if not re.fullmatch(r"# .+\.?", title)] == []


def test_the_readme_begins_with_what_this_is_and_the_two_commands() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").split("\n\n")
    assert lines[1].startswith("Postroom is ")
    text = "\n\n".join(lines)
    assert 0 < text.index("make demo") < text.index("make test") < 1500
