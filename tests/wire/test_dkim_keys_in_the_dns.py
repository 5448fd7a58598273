"""A key goes to work: made, published in a real DNS, found there, activated; what then leaves is good for others."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from delivery.authentication.lookup import Dns, Server
from delivery.signing import keeping
from delivery.signing.canonical import body_digest
from delivery.signing.choosing import signer_for
from delivery.signing.examining import troubles
from delivery.signing.published import Publication, check, record_of
from storage.database import Database
from tests.delivery.signing.keeping_world import a_domain
from tests.journeys.hostile_world import Hostile, hostile_world
from tests.journeys.test_signing_keys import KEY, robot_id
from tests.server.pages_world import world_of
from tests.wire.nsd import name_server, need_program, run_beside_dns

ROBOT = "lists.example.test"
CHECK = "check { publication isPublished sentence }"


@pytest.fixture
async def hostile(database: Database, tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Hostile]:
    """The whole web application, and its people."""
    async with world_of(database, f"sqlite+aiosqlite:///{sqlite_template}", tmp_path) as world:
        yield await hostile_world(world)


async def test_a_key_is_activated_through_the_api_once_the_dns_shows_it(
    hostile: Hostile, tmp_path: Path
) -> None:
    state = hostile.world.state

    def ask_at(port: int) -> None:
        servers = {"dns_servers": [f"127.0.0.1:{port}"], "authentication_timeout": timedelta(seconds=2)}
        state.settings = state.settings.model_copy(update=servers)

    lena = await hostile.session(hostile.lena)
    place = {"robotId": await robot_id(hostile, lena), "selector": "s1"}
    made = (await hostile.do("dkimKeyCreate", lena, place, KEY))["dkimKey"]
    mine = {"dkimKeyId": made["id"]}
    with name_server(tmp_path / "empty", {ROBOT: {"other": b"x"}}) as port:
        ask_at(port)
        early = await hostile.do("dkimKeyActivate", lena, mine)
        assert [each["code"] for each in early["userErrors"]] == ["CONFLICT"]
        assert f"no TXT record at s1._domainkey.{ROBOT}" in early["userErrors"][0]["message"]
    text = made["dnsRecord"]["text"].encode()
    with name_server(tmp_path / "full", {ROBOT: {"s1._domainkey": text}}) as port:
        ask_at(port)
        done = await hostile.do("dkimKeyActivate", lena, mine, f"{KEY} {CHECK}")
    assert done["userErrors"] == []
    assert (done["dkimKey"]["state"], done["check"]["publication"]) == ("ACTIVE", "PUBLISHED")


@pytest.mark.parametrize(
    ("text", "publication"),
    [
        (b"v=DKIM1; k=rsa; p=", Publication.REVOKED),
        (b"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", Publication.OTHER_KEY),
        (b"t=y", Publication.TESTING),
        (b"", Publication.PUBLISHED),
    ],
)
async def test_what_a_real_dns_says_is_told_and_the_doctor_says_it_too(
    database: Database, tmp_path: Path, text: bytes, publication: Publication
) -> None:
    here = await a_domain(database)
    key = await here.key(selector="s1")
    own = record_of(key, here.robot.domain).text.encode()
    shown = own + b"; t=y" if text == b"t=y" else text or own
    with name_server(tmp_path, {here.robot.domain: {"s1._domainkey": shown}}) as port:
        lookup = Dns([Server("127.0.0.1", port)])
        found = await check(lookup, key, here.robot.domain)
        async with database.read() as reader:
            told = await troubles(reader, lookup)
    assert found.publication is publication
    assert [each.sentence for each in told] == ([] if found.is_published else [found.sentence])


async def test_a_post_that_left_before_a_rotation_is_still_good_for_opendkim_after_it(
    database: Database, tmp_path: Path
) -> None:
    """The former key's record stays, and both verify."""
    need_program("opendkim-testmsg", "opendkim-tools")
    here = await a_domain(database)
    head = b"From: talk@lists.example.org\r\nSubject: x\r\nDate: Mon, 1 Jan 2024 10:00:00 +0000\r\n"
    body = b"hi\r\n"
    sent = []
    for selector in ("s1", "s2"):
        await here.key(selector=selector)
        delivery = await here.delivery()
        async with database.read() as reader:
            signer = await signer_for(reader, delivery, head)
        assert signer is not None
        now = replace(signer, clock=lambda: 1_700_000_000_000_000)
        sent.append(now.prepare(head, ()).fields(b"", body_digest(body)) + head + b"\r\n" + body)
    async with database.read() as reader:
        kept = await keeping.keys_of(reader, here.actor, here.robot)
    zone = {f"{key.selector}._domainkey": record_of(key, here.robot.domain).text.encode() for key in kept}
    assert [key.state.value for key in kept] == ["retired", "active"]
    for place, raw in enumerate(sent):
        answer = run_beside_dns(tmp_path, {here.robot.domain: zone}, ["opendkim-testmsg"], raw)
        assert (answer.returncode, answer.stderr) == (0, b""), place
