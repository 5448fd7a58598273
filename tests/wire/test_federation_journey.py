"""One person, two real servers: consent on both sides, both subscriptions in one view, and a list left from afar."""

import asyncio
import html
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from mail.message import parse_message
from mail.mime import text_part
from server.asking import COOKIE
from tests.wire.postroom import Running, served
from tests.wire.sink import Sink
from tests.wire.test_journey import ALICE, Inbox, asked, signed_in

CONSENT = """mutation ($input: FederationConsentUpdateInput!) {
  federationConsentUpdate(input: $input) { userErrors { message } } }"""
VIEW = """{ federatedMemberships(timeout: "PT10S") { isComplete local(first: 9) { edges { node { mailingList { address } } } }
  peers { status message peer { id } memberships { listAddress email reception manageUrl } } } }"""
ACT = """mutation ($input: %s!) { %s(input: $input) {
  outcome { isDone status message } userErrors { message } } }"""
_PROOF = re.compile(r'name="proof" value="([0-9a-f]+)"')


@dataclass
class Both:
    """The server where Alice has an account, and the one where her address is on a list."""

    here: Running
    there: Running
    inbox: Inbox
    token: str = ""

    async def view(self) -> Any:
        """Everything in one view: the answer, and the one peer in it."""
        found = (await asked(self.here, self.token, VIEW))["federatedMemberships"]
        return found, found["peers"][0]

    async def act(self, name: str, **input: Any) -> Any:
        """Have the other server do something."""
        document = ACT % (f"{name[0].upper()}{name[1:]}Input", name)
        return (await asked(self.here, self.token, document, input=input))[name]


async def command(server: Running, *words: str) -> str:
    return await asyncio.to_thread(server.command, *words)


async def with_list(server: Running, place: Path, list_address: str) -> None:
    await command(server, "robot", "create", server.host)
    settings = [f"--set={each}" for each in ("visibility=noconceal", "unsubscribe=open", "send=public")]
    await command(server, "list", "create", list_address, "--owner", "carol@example.edu", *settings)
    members = place / "members.csv"
    members.write_text(f"email\n{ALICE}\n")
    await command(server, "membership", "import", list_address, str(members), "--quiet")


async def befriended(one: Running, other: Running) -> None:
    """Its administrator compares the thumbprints by telephone."""
    keys = json.loads(await command(other, "peer", "keys", "--json"))["keys"]
    name = other.url.removeprefix("http://")
    await command(one, "peer", "add", name)
    await command(one, "peer", "trust", name, "mutual", "--thumbprint", keys[0]["thumbprint"])


@asynccontextmanager
async def both_servers(tmp_path: Path) -> AsyncIterator[Both]:
    places = [tmp_path / "here", tmp_path / "there"]
    for each in places:
        each.mkdir()
    async with Sink() as sink:
        options = {"smtp_port": sink.port, "federation_private": "true"}
        with (
            served(places[0], host="lists.here.example", **options) as here,  # type: ignore[arg-type]
            served(places[1], host="lists.there.example", **options) as there,  # type: ignore[arg-type]
        ):
            await with_list(here, places[0], "garden@lists.here.example")
            await with_list(there, places[1], "weavers@lists.there.example")
            await befriended(here, there)
            await befriended(there, here)
            yield Both(here, there, Inbox(sink))


@pytest.mark.timeout(300)
async def test_one_person_sees_both_servers_and_leaves_a_list_from_afar(tmp_path: Path) -> None:
    async with both_servers(tmp_path) as both:
        await asked(both.here, None, "{ __typename }")
        await command(both.here, "person", "create", ALICE)
        both.token = await signed_in(both.here, both.inbox)
        await nothing_is_asked_before_she_agrees(both)
        await nothing_is_told_before_she_agrees_there(both)
        await both_are_in_one_view(both)
        await leaving_from_afar_waits_for_everybody(both)
        assert (await both.view())[1]["memberships"] == []


async def nothing_is_asked_before_she_agrees(both: Both) -> None:
    found, peer = await both.view()
    assert peer["status"] == "NO_CONSENT"
    local = [each["node"]["mailingList"]["address"] for each in found["local"]["edges"]]
    assert local == ["garden@lists.here.example"]
    done = await asked(
        both.here, both.token, CONSENT, input={"outgoing": "ALL_TRUSTED", "incoming": "NOBODY"}
    )
    assert done["federationConsentUpdate"]["userErrors"] == []


async def nothing_is_told_before_she_agrees_there(both: Both) -> None:
    _, peer = await both.view()
    assert (peer["status"], peer["memberships"]) == ("OK", [])
    mail = await both.inbox.newest(ALICE, lambda taken: b"asks which lists" in taken.data)
    link = re.search(r"^(http://\S+/t/\S+)\r?$", text_part(parse_message(mail.data)), re.MULTILINE)
    assert link is not None
    async with httpx.AsyncClient(headers={"Host": both.there.host}, timeout=20) as browser:
        shown = await browser.get(link[1])
        assert "weavers@lists.there.example" in shown.text
        said = await browser.post(link[1], data={"proof": proof_in(shown.text), "act": "yes"})
    handover = re.search(r'href="([^"]*/federation/consent#[^"]*)"', said.text)
    assert handover is not None
    await taken_over(both, html.unescape(handover[1]))


async def taken_over(both: Both, link: str) -> None:
    assert link.startswith(f"{both.here.url}/federation/consent#")
    headers = {"Host": both.here.host, "Cookie": f"{COOKIE}={both.token}"}
    async with httpx.AsyncClient(base_url=both.here.url, headers=headers, timeout=20) as browser:
        shown = await browser.get("/federation/consent")
        kept = await browser.post("/federation/consent", data={"proof": proof_in(shown.text), "link": link})
    assert kept.status_code == 303, kept.text


def proof_in(text: str) -> str:
    found = _PROOF.search(text)
    assert found is not None, text
    return found[1]


async def both_are_in_one_view(both: Both) -> None:
    found, peer = await both.view()
    assert found["isComplete"] is True
    assert [each["listAddress"] for each in peer["memberships"]] == ["weavers@lists.there.example"]
    (one,) = peer["memberships"]
    assert (one["email"], one["reception"]) == (ALICE, "MAIL")
    assert one["manageUrl"].startswith(f"{both.there.url}/")
    assert (await both.view())[1]["status"] == "CACHED"


async def leaving_from_afar_waits_for_everybody(both: Both) -> None:
    _, peer = await both.view()
    about = {"peerId": peer["peer"]["id"], "listAddress": "weavers@lists.there.example", "email": ALICE}
    refused = await both.act("remoteMembershipLeave", **about)
    assert refused["outcome"]["isDone"] is False
    assert refused["outcome"]["status"] == "REFUSED"
    await command(both.there, "peer", "terms", both.here.url.removeprefix("http://"), "--acts")
    await command(both.there, "robot", "set", both.there.host, "federation_acts=yes")
    await asyncio.sleep(1.1)  # the other process remembers a robot for a second
    paused = await both.act("remoteMembershipPause", **about, until="2026-12-01T00:00:00Z")
    assert paused["outcome"] == {"isDone": True, "status": "OK", "message": None}, paused
    left = await both.act("remoteMembershipLeave", **about)
    assert left["outcome"]["isDone"] is True, left
