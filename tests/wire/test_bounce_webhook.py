"""The real program behind a relay that tells of bounces by HTTP: what the handbook shows, done with openssl."""

import asyncio
import base64
import json
import smtplib
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.databases import free_port
from tests.wire.postroom import Running, served
from tests.wire.sink import Sink

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
            await asyncio.to_thread(check_what_follows, server)


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


def check_what_follows(server: Running) -> None:
    told = {"id": "1", "type": "bounce", "recipient": GONE, "message_id": MESSAGE_ID, "status": "5.1.1"}
    body = json.dumps({"events": [told | {"diagnostic": "550 5.1.1 User unknown"}]}).encode()
    at = str(int(time.time()))
    fields = {"webhook-id": "msg_1", "webhook-timestamp": at}
    good = fields | {"webhook-signature": by_openssl(f"msg_1.{at}.".encode() + body)}
    with server.client() as client:
        unsigned = client.post("/webhooks/bounces/mta", content=body, headers=fields)
        assert (unsigned.status_code, unsigned.json()["error"]["code"]) == (401, "BAD_SIGNATURE")
        assert shown(server)["state"] == "fine"
        taken = client.post("/webhooks/bounces/mta", content=body, headers=good)
        assert (taken.status_code, taken.json()) == (200, {"events": 1})
        again = client.post("/webhooks/bounces/mta", content=body, headers=good)
        assert (again.status_code, again.json()["error"]["code"]) == (409, "REPEATED")
    found = shown(server)
    assert (found["kind"], found["score"]) == ("hard", 20)
    assert [each["diagnostic"] for each in found["latest"]] == ["Webhook mta: 550 5.1.1 User unknown"]
    assert SECRET not in server.log.read_text()


def by_openssl(signed: bytes) -> str:
    """The signature as the handbook has a shell make it."""
    made = subprocess.run(
        ["openssl", "dgst", "-sha256", "-hmac", SECRET, "-binary"],
        input=signed,
        capture_output=True,
        check=True,
    )
    return f"v1,{base64.b64encode(made.stdout).decode()}"


def shown(server: Running) -> Any:
    return json.loads(server.command("bounce", "show", STAFF, GONE, "--json"))
