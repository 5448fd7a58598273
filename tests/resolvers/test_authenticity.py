"""What the API shows of who wrote a message, and of what is done for an author's DMARC policy."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from delivery.authentication.policies import Policies
from delivery.evidence import Checks, gather
from delivery.reception import receive
from mail.instant import SECOND
from mail.message import parse_message
from tests.delivery.authentication.signing import NOW, Zone, record_of, signed
from tests.resolvers.lists_world import Scene
from tests.server.graphql_world import HOST

QUEUE = """query ($a: EmailAddress!) { mailingList(address: $a) { moderation(first: 20) { edges { node {
  subject authenticity { dkim spf dmarc arc smime policy } } } } } }"""
ASK = """query ($a: EmailAddress!, $what: DecisionInput) { mailingList(address: $a) {
  explainDecision(action: POST, input: $what) { verdict protection } } }"""
SETTINGS = """mailingList { settings { dmarcProtection dmarcPolicies dmarcExemptDomains } }"""
KEY = ed25519.Ed25519PrivateKey.generate()


@pytest.fixture
def zone() -> Zone:
    zone = Zone()
    zone.publish("example.edu", record_of(KEY))
    zone.records["_dmarc.example.edu."] = (b"v=DMARC1; p=reject",)
    return zone


async def mailed(scene: Scene, zone: Zone, name: str, subject: str, *, is_signed: bool) -> None:
    raw = (
        f"From: alice@example.edu\r\nTo: {name}@{HOST}\r\nSubject: {subject}\r\nMessage-ID: <{subject}@x>\r\n\r\nHi.\r\n"
    ).encode()
    if is_signed:
        raw = signed(raw, KEY)
    evidence = await gather(parse_message(raw), Checks(lambda: NOW * SECOND, zone))
    assert (await receive(scene.db, "alice@example.edu", f"{name}@{HOST}", raw, evidence)).code == 250


async def test_a_moderator_sees_how_sure_it_is_who_wrote(scene: Scene, zone: Zone) -> None:
    await scene.make("guarded", send="editorkey")
    await mailed(scene, zone, "guarded", "signed", is_signed=True)
    await mailed(scene, zone, "guarded", "bare", is_signed=False)
    zone.silent |= {"_dmarc.example.edu.", "s1._domainkey.example.edu."}
    await mailed(scene, zone, "guarded", "asked", is_signed=True)
    await scene.do(
        "subscriber",
        "messagePost",
        {"mailingListId": await scene.id_of("guarded"), "subject": "posted", "text": "Hi."},
        "outcome { __typename }",
    )
    found = await scene.data("moderator", QUEUE, a=f"guarded@{HOST}")
    shown = {
        each["node"]["subject"]: each["node"]["authenticity"]
        for each in found["mailingList"]["moderation"]["edges"]
    }
    rest = {"spf": "NONE", "arc": "NONE", "smime": "NONE"}
    assert shown == {
        "signed": {"dkim": "PASS", "dmarc": "PASS", "policy": "reject", **rest},
        "bare": {"dkim": "NONE", "dmarc": "FAIL", "policy": "reject", **rest},
        "asked": {"dkim": "UNSURE", "dmarc": "UNSURE", "policy": "unknown", **rest},
        "posted": None,
    }


async def test_who_asks_hears_that_from_will_be_rewritten_and_why(scene: Scene, zone: Zone) -> None:
    scene.db.site = replace(scene.db.site, author_policies=Policies(zone))
    await scene.make("tagged", send="public", subject_tag="tag")

    async def told(**what: str) -> str | None:
        found = await scene.data("subscriber", ASK, a=f"tagged@{HOST}", what=what)
        answer = found["mailingList"]["explainDecision"]
        assert answer["verdict"] == "ALLOW"
        protection: str | None = answer["protection"]
        return protection

    assert await told() == (
        "From will be rewritten, because example.edu publishes the DMARC policy p=reject, "
        "unless a signature of example.edu outlives what the list changes."
    )
    zone.records["_dmarc.elsewhere.example."] = (b"v=DMARC1; p=none",)
    assert await told(message="From: x@elsewhere.example\r\n\r\nHi") is None


async def test_owners_say_how_posts_are_protected(scene: Scene) -> None:
    await scene.make("shielded")
    change = {
        "mailingListId": await scene.id_of("shielded"),
        "settings": {
            "dmarcProtection": "WRAP",
            "dmarcPolicies": ["reject", "none"],
            "dmarcExemptDomains": ["Example.EDU", "bücher.example"],
        },
    }
    answer = await scene.do("owner", "mailingListUpdate", change, SETTINGS)
    assert answer["userErrors"] == []
    assert answer["mailingList"]["settings"] == {
        "dmarcProtection": "WRAP",
        "dmarcPolicies": ["none", "reject"],
        "dmarcExemptDomains": ["example.edu", "xn--bcher-kva.example"],
    }
    for bad in (
        {"dmarcPolicies": ["sometimes"]},
        {"dmarcPolicies": []},
        {"dmarcExemptDomains": ["not a domain!"]},
    ):
        answer = await scene.do("owner", "mailingListUpdate", change | {"settings": bad}, SETTINGS)
        assert [error["code"] for error in answer["userErrors"]] == ["INVALID"]
        assert answer["userErrors"][0]["path"] == ["input", "settings", *bad]
