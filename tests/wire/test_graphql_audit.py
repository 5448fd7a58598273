"""The GraphQL-over-HTTP audits that others wrote, run against a real server."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.wire.graphql_server import graphql_server

HERE = Path(__file__).parent / "audit"


@pytest.mark.system
def test_every_audit_passes(tmp_path: Path) -> None:
    if shutil.which("node") is None or not (HERE / "node_modules" / "graphql-http").is_dir():
        if os.environ.get("REQUIRE_EVERY_TEST"):
            pytest.fail("node and the audit's packages are missing: make setup")
        pytest.skip("needs node and the audit's packages: make setup")
    with graphql_server(tmp_path) as served:
        ran = subprocess.run(
            ["node", "audit.mjs", served.url],
            cwd=HERE,
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
    results = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [each for each in results if each["status"] != "ok"] == []
    assert len(results) == 61
