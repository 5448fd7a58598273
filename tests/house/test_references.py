"""The reference pages say what the program declares, and the handbook stays within what the server shows."""

import re
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic.fields import FieldInfo

from identity.registry import provider_of
from lists.settings import SETTINGS
from scenarios.library import shipped_names
from scenarios.operations import OPERATIONS
from scripts.provider_reference import kinds
from scripts.references import FOLDER, REFERENCES
from server.cli import program
from tests.house.source import ROOT
from tests.house.test_documents import LINK

DOCS = ROOT / "docs"
IMAGES = sorted((DOCS / "images").iterdir())
LARGEST_IMAGE = 200_000


# What the providers declare is read from themselves, and two of them need native packages.
PAGES = [
    pytest.param(name, marks=[pytest.mark.system] if name == "providers.md" else []) for name in REFERENCES
]


@pytest.mark.parametrize("name", PAGES)
def test_a_reference_is_what_the_code_says(name: str) -> None:
    found = (FOLDER / name).read_text(encoding="utf-8")
    assert found == REFERENCES[name](), "run: python -m scripts.references"


def _described(command: Any) -> list[tuple[str, str | None]]:
    inner = getattr(command, "commands", {}).values()
    own = [(each.name, each.help) for each in command.params if each.name != "help"]
    return [(command.name, command.help), *own, *(pair for each in inner for pair in _described(each))]


def test_every_command_argument_and_option_is_described() -> None:
    assert [name for name, text in _described(typer.main.get_command(program())) if not text] == []


@pytest.mark.system
def test_every_setting_of_every_provider_is_described_in_a_sentence() -> None:
    settings = {f"{kind} {name}": each for kind in kinds() for name, each in _settings_of(kind).items()}
    assert len(settings) > 80
    assert [
        name for name, each in settings.items() if not re.fullmatch(r".{10,}", each.description or "")
    ] == []


def _settings_of(kind: str) -> dict[str, FieldInfo]:
    return provider_of(kind).Settings.model_fields


def test_every_setting_of_a_list_and_every_scenario_has_its_place() -> None:
    settings = (FOLDER / "list-settings.md").read_text(encoding="utf-8")
    assert [name for name in SETTINGS if f"| `{name}` |" not in settings] == []
    scenarios = (FOLDER / "scenarios.md").read_text(encoding="utf-8")
    wanted = [f"## {each}.{name}\n" for each in OPERATIONS for name in shipped_names(each)]
    assert len(wanted) > 50
    assert [heading for heading in wanted if heading not in scenarios] == []


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda page: str(page.relative_to(DOCS)))
def test_a_page_of_the_handbook_links_only_to_what_the_server_shows(page: Path) -> None:
    shown = {each.resolve() for each in [*DOCS.rglob("*.md"), *IMAGES]}
    outside = [
        target
        for target in LINK.findall(page.read_text(encoding="utf-8"))
        if "://" not in target and (page.parent / target).resolve() not in shown
    ]
    assert outside == []


@pytest.mark.parametrize("image", IMAGES, ids=lambda image: image.name)
def test_an_image_is_a_small_png_that_a_page_shows(image: Path) -> None:
    assert image.read_bytes().startswith(b"\x89PNG")
    assert image.stat().st_size < LARGEST_IMAGE
    pages = [ROOT / "README.md", *DOCS.rglob("*.md")]
    assert any(f"images/{image.name})" in page.read_text(encoding="utf-8") for page in pages)
