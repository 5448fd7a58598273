"""The browser libraries we hand out are byte for byte those that were reviewed, and reach nowhere."""

import hashlib
import re

import pytest

from playground.app import STATIC

VENDOR = STATIC / "vendor"
LISTED = [
    line.split()
    for line in (VENDOR / "VERSIONS").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


@pytest.mark.parametrize(("digest", "name", "package"), LISTED, ids=lambda value: value[:20])
def test_a_library_is_the_one_in_the_list(digest: str, name: str, package: str) -> None:
    assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest
    assert re.fullmatch(r"[a-z-]+@\d+\.\d+\.\d+", package)


def test_no_library_is_there_unlisted() -> None:
    assert {path.name for path in VENDOR.iterdir()} == {name for _, name, _ in LISTED} | {"VERSIONS"}


def test_each_package_comes_with_its_licence() -> None:
    for package in {package for _, _, package in LISTED}:
        assert (VENDOR / f"LICENSE.{package.split('@')[0]}").is_file()


def test_the_style_sheet_carries_its_fonts_and_pictures_with_it() -> None:
    text = (VENDOR / "graphiql.min.css").read_text(encoding="utf-8")
    assert "@import" not in text
    addresses = re.findall(r"url\(\s*[\"']?([^)\"']{0,12})", text)
    assert addresses
    assert [address for address in addresses if not re.match(r"data:|#", address)] == []


@pytest.mark.parametrize("name", [name for _, name, _ in LISTED if name.endswith(".js")])
def test_a_script_starts_no_worker_and_loads_no_further_script(name: str) -> None:
    text = (VENDOR / name).read_text(encoding="utf-8")
    assert not re.search(r"new Worker|importScripts|new Function\(|[^.\w]eval\(", text)
    assert not re.search(r"\.src\s*=\s*[\"'`]https?:|fetch\([\"'`]https?:", text)
    assert not re.search(r"[^.\w]import\(", text)
