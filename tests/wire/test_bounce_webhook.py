"""The real program behind a relay that tells of bounces by HTTP: what the handbook shows is done with a shell."""

import asyncio
import json
import re
import smtplib
import subprocess
from pathlib import Path
from typing import Any

from tests.databases import free_port
from tests.house.source import ROOT
from tests.wire.postroom import Running, served
from tests.wire.sink import Sink

HANDBOOK = ROOT / "docs" / "handbook" / "operator.md"
FENCE = re.compile(r"```sh\n(.*?)```", re.DOTALL)
SECRET = "0123456789abcdef0123456789abcdef"
STAFF, GONE = "staff@lists.example.org", "gone@example.net"
MESSAGE_ID = "<news@example.edu>"


async def test_a_signed_bounce_stands_in_the_members_history(tmp_path: Path) -> None:
    lmtp_port = free_port()
    async with Sink() as sink:
        with served(tmp_path, smtp_port=sink.port, lmtp_port=lmtp_port) as server:
            await asyncio.to_thread(prepare, server, tmp_path)
            await asyncio.to_thread(post, lmtp_port)
            async with asyncio.timeout(30):
                while not any(GONE in each.recipients for each in sink.taken):
                    await asyncio.sleep(0.05)
            found = await asyncio.to_thread(told_of, server, tmp_path)
    assert (found["kind"], found["score"]) == ("hard", 20)
    assert [each["diagnostic"] for each in found["latest"]] == ["Webhook mta: 550 5.1.1 User unknown"]
    assert SECRET not in server.log.read_text()


def prepare(server: Running, place: Path) -> None:
    secret = place / "webhook.secret"
    secret.write_text(f"{SECRET}\n")
    server.command("robot", "create", "lists.example.org")
    server.command(
        "list", "create", STAFF, "--subject", "S", "--owner", "carol@example.edu", "--set", "send=public"
    )
    members = place / "members.csv"
    members.write_text(f"email\ncarol@example.edu\n{GONE}\n")
    server.command("membership", "import", STAFF, str(members), "--quiet")
    server.command(
        "bounce", "webhook", "set", "mta", "--kind", "standard", "--secret", f"file:{secret}", "--json"
    )
    assert "took a request" in server.command("bounce", "webhook", "test", "mta", "--send")


def post(lmtp_port: int) -> None:
    message = f"From: carol@example.edu\r\nTo: {STAFF}\r\nSubject: News\r\nMessage-ID: {MESSAGE_ID}\r\n\r\nNews.\r\n"
    with smtplib.LMTP("127.0.0.1", lmtp_port) as door:
        door.sendmail("carol@example.edu", [STAFF], message.encode())


def told_of(server: Running, place: Path) -> Any:
    """What the member's history says once the relay has told, twice, of their bounce."""
    with server.client() as client:
        unsigned = client.post("/webhooks/bounces/mta", json={"events": []})
    assert (unsigned.status_code, unsigned.json()["error"]["code"]) == (401, "BAD_SIGNATURE")
    assert shown(server)["state"] == "fine"
    script = example().replace("/etc/postroom", str(place)).replace("https://lists.example.org", server.url)
    for _ in range(2):
        # A sender that got no answer signs and tells the same again.
        said = subprocess.run(
            ["/bin/sh", "-c", script], check=True, capture_output=True, text=True, timeout=60
        )
        assert json.loads(said.stdout) == {"events": 1}, said.stderr
    return shown(server)


def example() -> str:
    """What the handbook has an operator type to tell of a bounce."""
    [found] = [each for each in FENCE.findall(HANDBOOK.read_text(encoding="utf-8")) if "SIGNATURE=" in each]
    return str(found)


def shown(server: Running) -> Any:
    return json.loads(server.command("bounce", "show", STAFF, GONE, "--json"))
