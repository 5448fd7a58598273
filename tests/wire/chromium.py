"""Debian's Chromium, without a window and without a word to anybody else."""

import os
import shutil

import pytest

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def program() -> str:
    """Where it is; skips the test where it is not installed, unless every test is asked for."""
    found = shutil.which("chromium")
    if found is not None:
        return found
    if os.environ.get("REQUIRE_EVERY_TEST"):
        pytest.fail("Chromium is not installed: `make test` installs it")
    pytest.skip("Chromium is not installed: `make test` installs it")
