"""Bounces as Mailgun and SendGrid tell of them, signed as each signs (row 46)."""

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from delivery.bounces.webhooks import mailgun, sendgrid, standard
from delivery.bounces.webhooks.event import BadSignature
from delivery.bounces.webhooks.sources import set_source
from identity.actor import operator
from identity.secrets_by_reference import SecretMissing
from storage import memberships
from storage.database import Database
from storage.tables.webhooks import WebhookKind
from storage.tables.words import BounceKind
from tests.conftest import Clock
from tests.delivery.bounce_world import VICTIM, score
from tests.server.webhook_world import MESSAGE_ID, REFERENCE, SECRET, World, world_of

TOKEN = "1234567890abcdef1234567890abcdef"
SIGNATURE, TIME = "X-Twilio-Email-Event-Webhook-Signature", "X-Twilio-Email-Event-Webhook-Timestamp"
# The order of the curve P-256.
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass
class Provider:
    """One of the two, over the world."""

    world: World
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def shown_key(self) -> str:
        """The public key as SendGrid's page shows it."""
        return base64.b64encode(
            self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        ).decode()

    async def mailgun(
        self, told: dict[str, Any], *, token: str = TOKEN, at: str = "", **signed: str
    ) -> httpx.Response:
        """A request as Mailgun sends it; `signed` replaces what stands in its signature."""
        at = at or self.world.at
        names = {"timestamp": at, "token": token, "signature": mailgun.signature(SECRET, at, token)}
        return await self.world.client.post(
            "/webhooks/bounces/mg", json={"signature": names | signed, "event-data": told}
        )

    async def sendgrid(self, told: Any, *, at: str = "", signature: bytes = b"") -> httpx.Response:
        """A request as SendGrid sends it."""
        at, body = at or self.world.at, orjson.dumps(told)
        signature = signature or self.signed(at, body)
        fields = {SIGNATURE: base64.b64encode(signature).decode(), TIME: at}
        return await self.world.client.post("/webhooks/bounces/sg", content=body, headers=fields)

    def signed(self, at: str, body: bytes) -> bytes:
        """What SendGrid's key signs."""
        return self.key.sign(at.encode() + body, ec.ECDSA(SHA256()))


@pytest.fixture
async def provider(
    database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Provider]:
    """Both may tell of bounces."""
    async with world_of(database, clock) as world:
        made = Provider(world)
        monkeypatch.setenv("TEST_BOUNCE_SECRET", SECRET)
        monkeypatch.setenv("TEST_BOUNCE_KEY", made.shown_key)
        async with database.write() as uow:
            boss = operator(world.robot)
            await set_source(uow, boss, world.robot, "mg", WebhookKind.MAILGUN, REFERENCE)
            await set_source(uow, boss, world.robot, "sg", WebhookKind.SENDGRID, "env:TEST_BOUNCE_KEY")
        yield made


def of_mailgun(**more: Any) -> dict[str, Any]:
    return {
        "id": "G9Bn5sl1TC6nu79C8C0bwg",
        "event": "failed",
        "severity": "permanent",
        "reason": "bounce",
        "recipient": VICTIM,
        "envelope": {"sender": "bounces@mg.example", "targets": VICTIM},
        "message": {"headers": {"message-id": MESSAGE_ID.strip("<>")}},
        "delivery-status": {"code": 550, "message": "5.1.1 The account does not exist", "description": ""},
    } | more


def of_sendgrid(**more: Any) -> dict[str, Any]:
    return {
        "sg_event_id": "c2c",
        "event": "bounce",
        "type": "bounce",
        "email": VICTIM,
        "smtp-id": MESSAGE_ID,
        "status": "5.1.1",
        "reason": "550 5.1.1 No such user",
        "timestamp": 1_900_000_000,
    } | more


async def test_mailguns_failure_counts_once_for_whom_we_sent_to(provider: Provider) -> None:
    assert (await provider.mailgun(of_mailgun())).json() == {"events": 1}
    assert (await provider.mailgun(of_mailgun(), token=TOKEN[::-1])).json() == {"events": 1}
    [kept] = await provider.world.history()
    assert (kept.kind, kept.enhanced_status) == (BounceKind.HARD, "5.1.1")
    assert kept.diagnostic == "Webhook mg: 5.1.1 The account does not exist"


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"severity": "temporary", "reason": "generic"}, None),
        ({"event": "delivered"}, None),
        ({"event": "opened"}, None),
        (
            {"severity": "temporary", "reason": "old", "delivery-status": {"code": 498, "message": "No MX"}},
            "soft",
        ),
        ({"delivery-status": {"code": "607", "message": "marked your messages as spam"}}, "policy"),
        ({"delivery-status": None}, "unknown"),
    ],
)
async def test_what_mailgun_tells_is_of_its_kind(
    provider: Provider, more: dict[str, Any], kind: str | None
) -> None:
    assert (await provider.mailgun(of_mailgun(**more))).status_code == 200
    assert [each.kind.value for each in await provider.world.history()] == ([kind] if kind else [])


async def test_who_complains_to_either_leaves(provider: Provider) -> None:
    world = provider.world
    await provider.mailgun(of_mailgun(event="complained"))
    await provider.sendgrid([of_sendgrid(event="spamreport", email="m2@example.edu")])
    async with world.db.read() as reader:
        assert [each.address async for each in memberships.whole_list(reader, world.mlist.id)] == [
            "m0@example.edu"
        ]


async def test_attack_mailguns_request_counts_once_and_only_as_signed(provider: Provider) -> None:
    attacks = [
        await provider.mailgun(of_mailgun(), signature=""),
        await provider.mailgun(of_mailgun(), signature="0" * 64),
        await provider.mailgun(of_mailgun(), token="short"),
        # The last digit of the time has gone over to the token.
        await provider.mailgun(
            of_mailgun(),
            timestamp=provider.world.at[:-1],
            token=provider.world.at[-1] + TOKEN,
            signature=mailgun.signature(SECRET, provider.world.at, TOKEN),
        ),
        await provider.world.client.post("/webhooks/bounces/mg", content=b"no json"),
        await provider.world.client.post("/webhooks/bounces/mg", content=b"[]"),
        await provider.world.client.post("/webhooks/bounces/nobody", content=b"[]"),
    ]
    assert {(each.status_code, each.json()["error"]["code"]) for each in attacks} == {(401, "BAD_SIGNATURE")}
    late = await provider.mailgun(of_mailgun(), at=str(int(provider.world.at) - 301))
    assert late.json()["error"]["code"] == "LATE"
    empty = await provider.mailgun({})
    assert (empty.status_code, empty.json()["error"]["code"]) == (400, "INVALID")
    assert await score(provider.world.db, provider.world.mlist) is None
    # The signature is good for any body: so its token is good once.
    await provider.mailgun(of_mailgun(recipient="m2@example.edu"))
    again = await provider.mailgun(of_mailgun(id="other"))
    assert (again.status_code, again.json()["error"]["code"]) == (409, "REPEATED")
    assert await score(provider.world.db, provider.world.mlist) is None


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({}, "hard"),
        ({"type": "blocked"}, "soft"),
        ({"event": "dropped", "status": "", "reason": "Bounced Address", "type": None}, "unknown"),
        ({"status": None, "type": "blocked", "reason": "unable to get mx info"}, "unknown"),
        ({"event": "deferred", "response": "400 later"}, None),
        ({"event": "click"}, None),
    ],
)
async def test_what_sendgrid_tells_is_of_its_kind(
    provider: Provider, more: dict[str, Any], kind: str | None
) -> None:
    told = [of_sendgrid(**more), of_sendgrid(**more)]
    assert (await provider.sendgrid(told)).json() == {"events": 2}
    assert [each.kind.value for each in await provider.world.history()] == ([kind] if kind else [])


async def test_attack_sendgrids_request_counts_once_and_only_as_signed(provider: Provider) -> None:
    told, at = [of_sendgrid()], provider.world.at
    body = orjson.dumps(told)
    stranger = ec.generate_private_key(ec.SECP256R1()).sign(at.encode() + body, ec.ECDSA(SHA256()))
    attacks = [
        await provider.sendgrid(told, signature=b"x"),
        await provider.sendgrid(told, signature=stranger),
        await provider.sendgrid(told, signature=provider.signed(at, b"[]")),
        await provider.sendgrid(told, signature=provider.signed("1899999999", body)),
        await provider.sendgrid(told, at=at[:-1], signature=provider.signed(at, body)),
        await provider.world.client.post("/webhooks/bounces/sg", content=body),
    ]
    assert {(each.status_code, each.json()["error"]["code"]) for each in attacks} == {(401, "BAD_SIGNATURE")}
    late = await provider.sendgrid(told, at=str(int(at) - 301))
    assert late.json()["error"]["code"] == "LATE"
    wrong = await provider.sendgrid([{"event": "bounce"}])
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, "INVALID")
    assert await score(provider.world.db, provider.world.mlist) is None


async def test_attack_another_signature_of_the_same_request_is_the_same_request(provider: Provider) -> None:
    told, at = [of_sendgrid()], provider.world.at
    signature = provider.signed(at, orjson.dumps(told))
    r, s = decode_dss_signature(signature)
    assert (await provider.sendgrid(told, signature=signature)).status_code == 200
    again = await provider.sendgrid(told, signature=encode_dss_signature(r, ORDER - s))
    assert (again.status_code, again.json()["error"]["code"]) == (409, "REPEATED")


def test_a_key_is_taken_as_sendgrid_shows_it_and_in_pem_and_no_other_key_is() -> None:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    shown = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    for text in (base64.b64encode(shown).decode(), _pem(key)):
        assert sendgrid.public_key(text) == key
    others = [
        _pem(rsa.generate_private_key(65537, 2048).public_key()),
        _pem(ec.generate_private_key(ec.SECP384R1()).public_key()),
        "no key",
        "AAAA",
    ]
    for other in others:
        with pytest.raises(SecretMissing):
            sendgrid.public_key(other)


def _pem(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def test_a_signature_that_sendgrid_published_is_good() -> None:
    key = (
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEDr2LjtURuePQzplybdC+u4CwrqDqBaWjcMMsTbhdbcwHBcepxo7yAQGhHPTnlvFYPAZFceEu/1F"
        "wCM/QmGUhA=="
    )
    signature = (
        "MEUCIQCtIHJeH93Y+qpYeWrySphQgpNGNr/U+UyUlBkU6n7RAwIgJTz2C+8a8xonZGi6BpSzoQsbVRamr2nlxFDWYNH2j/0="
    )
    body = b'{"category":"example_payload","event":"test_event","message_id":"message_id"}'
    fields = {SIGNATURE.lower(): signature, TIME.lower(): "1588788367"}
    assert sendgrid.proved(key, fields, body).at == 1588788367
    with pytest.raises(BadSignature):
        sendgrid.proved(key, fields, body + b"\n")


def test_signatures_are_those_that_standard_webhooks_publish() -> None:
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    published = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert standard.signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body) == published
    for weak in ("whsec_????", "whsec_AAAA", "short"):
        with pytest.raises(SecretMissing):
            standard.key_of(weak)
