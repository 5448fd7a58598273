"""Whom a client certificate lets in, and which certificates let nobody in (pitfall 43)."""

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pydantic import ValidationError

from identity.certificates import key_fingerprint
from identity.provider import Claimed, Evidence, NotProved, ProviderAway, Redirect, Wish
from identity.providers import x509 as provider
from identity.providers.x509 import Settings
from storage.tables.words import Strength
from tests.delivery.authentication.authority import Holder
from tests.delivery.authentication.authority import certified as certified_then
from tests.identity.providers.front import NOW, PLACE, SECRET, passed_on

MOMENT = datetime.fromtimestamp(NOW // 1_000_000, UTC)
DAY = timedelta(days=1)
CLIENT = (ExtendedKeyUsageOID.CLIENT_AUTH,)


def certified(issuer: Holder | None, name: str, **more: Any) -> Holder:
    """A certificate of the tests' authority, valid around NOW, for client authentication."""
    return certified_then(
        issuer, name, **{"begins": MOMENT - 30 * DAY, "ends": MOMENT + 30 * DAY, "uses": CLIENT, **more}
    )


ROOT = certified(None, "Root of the tests", is_authority=True)
MIDDLE = certified(ROOT, "Middle of the tests", is_authority=True)
STRANGE = certified(None, "Root of others", is_authority=True)
LOOKALIKE = certified(None, "Root of the tests", is_authority=True)
ALICE = certified(ROOT, "Alice Liddell", addresses=("alice@example.edu", "a.liddell@example.edu"))


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """The secret that the settings point to."""
    monkeypatch.setenv("X509_SECRET", SECRET)


def pem(*holders: Holder) -> bytes:
    return b"".join(each.certificate.public_bytes(Encoding.PEM) for each in holders)


def file_of(place: Path, name: str, content: bytes) -> str:
    (place / name).write_bytes(content)
    return str(place / name)


def settings(place: Path, **more: Any) -> Settings:
    words: dict[str, Any] = {
        "peers": ["127.0.0.1"],
        "secret": "env:X509_SECRET",
        "authorities": [file_of(place, "root.pem", pem(ROOT))],
    }
    return Settings.model_validate(words | more)


def shown(*holders: Holder) -> dict[str, str | bytes]:
    return {"X-Client-Certificate": quote(pem(*holders))}


async def signed_in(place: Path, holder: Holder, **more: Any) -> Evidence:
    return await provider.complete(settings(place, **more), PLACE, passed_on(shown(holder)), {})


async def refused(place: Path, holder: Holder, **more: Any) -> str:
    with pytest.raises(NotProved) as told:
        await signed_in(place, holder, **more)
    return told.value.detail


async def test_a_certificate_becomes_evidence(tmp_path: Path) -> None:
    found = await signed_in(tmp_path, ALICE)
    assert found.issuer == f"sha256:{key_fingerprint(ROOT.certificate)}"
    assert found.subject == f"key:{key_fingerprint(ALICE.certificate)}"
    assert found.addresses == (Claimed("alice@example.edu"), Claimed("a.liddell@example.edu"))
    assert found.display_name == "Alice Liddell"
    assert found.strength is Strength.SMIME


def test_every_way_in_which_web_servers_write_a_certificate_is_read() -> None:
    text = pem(ALICE).decode()
    der = base64.b64encode(ALICE.certificate.public_bytes(Encoding.DER)).decode()
    ways = [quote(text), quote(text, safe="+/= "), text.replace("\n", " "), text, f":{der}:"]
    assert {provider.read_certificate(way) for way in ways} == {ALICE.certificate}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "(null)",
        ":",
        "::",
        ":AAAA:",
        quote(pem(ALICE, ROOT)),
        quote(b"x" + pem(ALICE)),
        quote(pem(ALICE)[:200]),
        "%ff%fe",
        "-----BEGIN CERTIFICATE-----AAAA-----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----A-----END CERTIFICATE-----",
    ],
)
def test_anything_else_than_one_certificate_is_refused(text: str) -> None:
    with pytest.raises(NotProved):
        provider.read_certificate(text)


async def test_an_intermediate_authority_is_known_by_its_file(tmp_path: Path) -> None:
    below = certified(MIDDLE, "Bob", addresses=("bob@example.edu",))
    files = [file_of(tmp_path, "middle.pem", pem(MIDDLE))]
    assert (await signed_in(tmp_path, below, intermediates=files)).addresses == (Claimed("bob@example.edu"),)
    await refused(tmp_path, below)


async def test_no_certificate_is_told_to_the_person(tmp_path: Path) -> None:
    for headers in ({}, {"X-Client-Certificate": ""}):
        with pytest.raises(NotProved, match="no certificate"):
            await provider.complete(settings(tmp_path), PLACE, passed_on(headers), {})


# Pitfall 43.


async def test_an_address_in_the_subject_is_no_address(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    made = certified(ROOT, "victim@example.edu", key=key)
    assert (await signed_in(tmp_path, made)).addresses == ()
    in_name = x509.Name([x509.NameAttribute(NameOID.EMAIL_ADDRESS, "victim@example.edu")])
    assert (await signed_in(tmp_path, with_subject(in_name))).addresses == ()
    assert "address" in await refused(tmp_path, with_subject(in_name), subject="subject_dn")
    assert "address" in await refused(tmp_path, made, subject="subject_dn")


def with_subject(subject: x509.Name) -> Holder:
    key = ec.generate_private_key(ec.SECP256R1())
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(ROOT.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(MOMENT - DAY)
        .not_valid_after(MOMENT + DAY)
        .add_extension(x509.ExtendedKeyUsage(CLIENT), critical=False)
    )
    return Holder(made.sign(ROOT.key, hashes.SHA256()), key)


MAIL_ONLY = (ExtendedKeyUsageOID.EMAIL_PROTECTION,)
ANY = (ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,)
VICTIM = ("victim@example.edu",)
BAD = {
    "without extended key usage": certified(ROOT, "Eve", addresses=VICTIM, uses=None),
    "for mail only": certified(ROOT, "Eve", addresses=VICTIM, uses=MAIL_ONLY),
    "for servers only": certified(ROOT, "Eve", addresses=VICTIM, uses=(ExtendedKeyUsageOID.SERVER_AUTH,)),
    "for any use": certified(ROOT, "Eve", addresses=VICTIM, uses=ANY),
    "of another authority": certified(STRANGE, "Eve", addresses=VICTIM),
    "of an authority with the same name": certified(LOOKALIKE, "Eve", addresses=VICTIM),
    "signed by itself": certified(None, "Eve", addresses=VICTIM),
    "signed by somebody who is no authority": certified(ALICE, "Eve", addresses=VICTIM),
    "expired": certified(ROOT, "Eve", addresses=VICTIM, ends=MOMENT - DAY),
    "of the future": certified(ROOT, "Eve", addresses=VICTIM, begins=MOMENT + DAY),
    "an authority itself": certified(ROOT, "Eve", addresses=VICTIM, is_authority=True),
    "the root itself": ROOT,
    "not for signatures": certified(ROOT, "Eve", addresses=VICTIM, may_sign=False),
    "with an unknown critical extension": certified(
        ROOT,
        "Eve",
        addresses=VICTIM,
        more=((x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True),),
    ),
}


@pytest.mark.parametrize("kind", BAD)
async def test_these_certificates_let_nobody_in(kind: str, tmp_path: Path) -> None:
    assert await refused(tmp_path, BAD[kind])


async def test_an_authority_for_one_domain_names_no_address_of_another(tmp_path: Path) -> None:
    only = x509.NameConstraints([x509.RFC822Name("other.example")], None)
    limited = certified(ROOT, "Limited", is_authority=True, more=((only, True),))
    files = [file_of(tmp_path, "limited.pem", pem(limited))]
    assert await refused(tmp_path, certified(limited, "Eve", addresses=VICTIM), intermediates=files)


async def test_an_altered_certificate_is_refused(tmp_path: Path) -> None:
    der = ALICE.certificate.public_bytes(Encoding.DER).replace(b"alice@example.edu", b"bobby@example.edu")
    headers: dict[str, str | bytes] = {"X-Client-Certificate": f":{base64.b64encode(der).decode()}:"}
    with pytest.raises(NotProved):
        await provider.complete(settings(tmp_path), PLACE, passed_on(headers), {})


# Pitfall 42: the header is only a header.


async def test_a_certificate_that_a_visitor_sends_counts_for_nothing(tmp_path: Path) -> None:
    twice = (("X_Client_Certificate", quote(pem(ALICE))),)
    for inbound in (
        passed_on(shown(ALICE), secret=None),
        passed_on(shown(ALICE), secret="wrong"),
        passed_on(shown(ALICE), peer="203.0.113.9"),
        passed_on(shown(ALICE), peer="203.0.113.9", more=(("X-Forwarded-For", "127.0.0.1"),)),
        passed_on(shown(ALICE), url=f"{PLACE.own_url}/heard"),
        passed_on(shown(ALICE), more=twice),
        passed_on({}, more=twice),
        passed_on({"Client-Cert": quote(pem(ALICE)), "SSL_CLIENT_CERT": quote(pem(ALICE))}),
    ):
        with pytest.raises(NotProved):
            await provider.complete(settings(tmp_path), PLACE, inbound, {})


# Revocation.


def listed(
    issuer: Holder,
    *revoked: Holder,
    begins: datetime = MOMENT - DAY,
    ends: datetime = MOMENT + DAY,
    only_a_part: bool = False,
    name: x509.Name | None = None,
) -> bytes:
    made = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(name or issuer.certificate.subject)
        .last_update(begins)
        .next_update(ends)
    )
    for each in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(each.certificate.serial_number)
        made = made.add_revoked_certificate(entry.revocation_date(MOMENT - DAY).build())
    if only_a_part:
        made = made.add_extension(x509.DeltaCRLIndicator(1), critical=True)
    return made.sign(issuer.key, hashes.SHA256()).public_bytes(Encoding.PEM)


async def test_a_list_in_force_lets_others_in_and_the_revoked_one_not(tmp_path: Path) -> None:
    other = certified(ROOT, "Bob", addresses=("bob@example.edu",))
    lists = [file_of(tmp_path, "root.crl", listed(ROOT, other))]
    assert (await signed_in(tmp_path, ALICE, revocation_lists=lists)).addresses
    assert "revoked" in await refused(tmp_path, other, revocation_lists=lists)


async def test_a_revoked_intermediate_lets_nobody_in(tmp_path: Path) -> None:
    below = certified(MIDDLE, "Bob", addresses=("bob@example.edu",))
    between = [file_of(tmp_path, "middle.pem", pem(MIDDLE))]
    good = file_of(tmp_path, "good.crl", listed(ROOT) + listed(MIDDLE))
    assert (await signed_in(tmp_path, below, intermediates=between, revocation_lists=[good])).addresses
    bad = file_of(tmp_path, "bad.crl", listed(ROOT, MIDDLE) + listed(MIDDLE))
    assert "revoked" in await refused(tmp_path, below, intermediates=between, revocation_lists=[bad])
    half = file_of(tmp_path, "half.crl", listed(ROOT))
    assert "no revocation list" in await refused(
        tmp_path, below, intermediates=between, revocation_lists=[half]
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (listed(ROOT, ends=MOMENT - timedelta(seconds=1)), "out of date"),
        (listed(ROOT, begins=MOMENT + timedelta(hours=1)), "future"),
        (listed(ROOT, only_a_part=True), "only a part"),
        (listed(STRANGE), "no revocation list"),
        (listed(LOOKALIKE), "no revocation list"),
        (listed(STRANGE, name=ROOT.certificate.subject), "no revocation list"),
    ],
)
async def test_a_list_that_says_nothing_today_lets_nobody_in(
    content: bytes, words: str, tmp_path: Path
) -> None:
    assert words in await refused(tmp_path, ALICE, revocation_lists=[file_of(tmp_path, "root.crl", content)])


async def test_a_stale_list_still_revokes_and_a_newer_one_still_lets_in(tmp_path: Path) -> None:
    stale = listed(ROOT, BAD["expired"], ends=MOMENT - DAY / 2)
    both = file_of(tmp_path, "both.crl", stale + listed(ROOT))
    assert (await signed_in(tmp_path, ALICE, revocation_lists=[both])).addresses
    once = file_of(tmp_path, "once.crl", listed(ROOT, ALICE, ends=MOMENT - DAY / 2) + listed(ROOT))
    assert "revoked" in await refused(tmp_path, ALICE, revocation_lists=[once])


async def test_files_that_are_missing_or_broken_let_nobody_in(tmp_path: Path) -> None:
    for more in (
        {"authorities": [str(tmp_path / "none.pem")]},
        {"authorities": [file_of(tmp_path, "bad.pem", b"nothing")]},
        {"revocation_lists": [str(tmp_path / "none.crl")]},
        {"revocation_lists": [file_of(tmp_path, "bad.crl", b"-----BEGIN X509 CRL-----\nAAAA\n")]},
    ):
        with pytest.raises(ProviderAway):
            await signed_in(tmp_path, ALICE, **more)


# What names the person (decision 14).


async def test_a_renewed_certificate_is_the_same_person(tmp_path: Path) -> None:
    renewed = certified(ROOT, "Alice Liddell", addresses=("new@example.edu",), key=ALICE.key)
    assert (await signed_in(tmp_path, renewed)).subject == (await signed_in(tmp_path, ALICE)).subject
    other = certified(ROOT, "Alice Liddell", addresses=("alice@example.edu",))
    assert (await signed_in(tmp_path, other)).subject != (await signed_in(tmp_path, ALICE)).subject


async def test_a_number_or_a_name_outlives_a_new_key(tmp_path: Path) -> None:
    number = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, "A"), x509.NameAttribute(NameOID.SERIAL_NUMBER, "4711")]
    )
    one, two = with_subject(number), with_subject(number)
    for choice in ("serial_number", "subject_dn"):
        found = {(await signed_in(tmp_path, each, subject=choice)).subject for each in (one, two)}
        assert len(found) == 1
        assert "4711" in found.pop()
    assert "serial_number" in await refused(tmp_path, ALICE, subject="serial_number")


async def test_two_authorities_do_not_share_their_numbers(tmp_path: Path) -> None:
    below = certified(MIDDLE, "Alice Liddell")
    files = [file_of(tmp_path, "middle.pem", pem(MIDDLE))]
    ours = await signed_in(tmp_path, ALICE, subject="subject_dn")
    theirs = await signed_in(tmp_path, below, subject="subject_dn", intermediates=files)
    assert ours.issuer == theirs.issuer
    assert ours.subject != theirs.subject


async def test_a_sign_in_begins_at_the_callback(tmp_path: Path) -> None:
    begun = await provider.begin(settings(tmp_path), PLACE, Wish("s1"))
    assert begun == Redirect(f"{PLACE.callback_url}?state=s1")
    assert provider.state_of(settings(tmp_path), passed_on({})) == "s1"


async def test_the_check_reads_every_file(tmp_path: Path) -> None:
    lists = [file_of(tmp_path, "old.crl", listed(ROOT, begins=MOMENT - 2000 * DAY, ends=MOMENT - 1990 * DAY))]
    findings = await provider.check(settings(tmp_path, revocation_lists=lists), PLACE)
    texts = "\n".join(each.text for each in findings if not each.is_good)
    assert "out of date" in texts
    assert "not valid now" in texts


@pytest.mark.parametrize(
    "wrong",
    [
        {"authorities": []},
        {"authorities": ["relative.pem"]},
        {"secret": ""},
        {"peers": []},
        {"certificate_header": "x-postroom-secret"},
        {"certificate_header": "ssl_client_cert"},
        {"subject": "san"},
        {"subject": "mail"},
    ],
)
def test_a_file_that_would_believe_too_much_is_refused(wrong: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ValidationError):
        settings(tmp_path, **wrong)
