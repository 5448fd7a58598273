"""Signing in with a client certificate: Apache does the TLS as the handbook says, Postroom verifies (pitfalls 42, 43)."""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import CertificateRevocationListBuilder, RevokedCertificateBuilder
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.databases import free_port
from tests.delivery.authentication.authority import Holder
from tests.delivery.authentication.authority import certified as certified_then
from tests.wire.apache_shib import CERTIFICATE, SECRET, Front, browser, choose, follow, front, handbook
from tests.wire.postroom import Running, ask, served

pytestmark = pytest.mark.system
DOMAIN = "lists.example.org"
CALLBACK = f"/auth/{DOMAIN}/certificate/callback"
NOW = datetime.now(UTC)
DAY = timedelta(days=1)
ADDRESSES = "{ viewer { user { emailAddresses { email source status } } session { method } } }"


def certified(issuer: Holder | None, name: str, **more: Any) -> Holder:
    """A certificate for client authentication, valid today."""
    uses = (ExtendedKeyUsageOID.CLIENT_AUTH,)
    return certified_then(issuer, name, **{"begins": NOW - DAY, "ends": NOW + DAY, "uses": uses, **more})


ROOT = certified(None, "People of the campus", is_authority=True)
STRANGE = certified(None, "People of the campus", is_authority=True)
ALICE = certified(ROOT, "Alice Liddell", addresses=("alice@example.edu", "alice@elsewhere.example"))
VICTIM = ("victim@example.edu",)
BAD = {
    "signed by a look-alike": certified(STRANGE, "Eve", addresses=VICTIM),
    "signed by itself": certified(None, "Eve", addresses=VICTIM),
    "expired": certified(ROOT, "Eve", addresses=VICTIM, ends=NOW - DAY / 2),
    "of the future": certified(ROOT, "Eve", addresses=VICTIM, begins=NOW + DAY / 2),
    "without extended key usage": certified(ROOT, "Eve", addresses=VICTIM, uses=None),
    "for servers": certified(ROOT, "Eve", addresses=VICTIM, uses=(ExtendedKeyUsageOID.SERVER_AUTH,)),
    "revoked": certified(ROOT, "Eve", addresses=VICTIM),
}


def revocation_list() -> bytes:
    made = CertificateRevocationListBuilder().issuer_name(ROOT.certificate.subject)
    made = made.last_update(NOW - DAY).next_update(NOW + DAY)
    entry = RevokedCertificateBuilder().serial_number(BAD["revoked"].certificate.serial_number)
    made = made.add_revoked_certificate(entry.revocation_date(NOW - DAY).build())
    return made.sign(ROOT.key, hashes.SHA256()).public_bytes(Encoding.PEM)


@dataclass(frozen=True, slots=True)
class Service:
    """Postroom behind Apache."""

    front: Front
    postroom: Running


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    place = tmp_path_factory.mktemp("certificates")
    port = free_port()
    files = {
        "people-ca.pem": ROOT.certificate.public_bytes(Encoding.PEM),
        "people-ca.crl": revocation_list(),
    }
    more = [handbook(CERTIFICATE, "apache")[0]]
    settings = {"public_url": f"https://localhost:{port}", "trusted_proxies": "127.0.0.1"}
    with (
        served(place, smtp_port=free_port(), **settings) as postroom,
        front(port=port, app_port=httpx.URL(postroom.url).port or 0, more=more, files=files) as web,
    ):
        postroom.command("robot", "create", DOMAIN)
        file = place / "providers.toml"
        file.write_text(handbook(CERTIFICATE, "toml")[0].replace("/etc/postroom/", f"{web.place}/"))
        postroom.command("provider", "set", DOMAIN, str(file))
        yield Service(web, postroom)


def key_file(place: Path, holder: Holder) -> Path:
    file = place / "own.pem"
    key = holder.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(holder.certificate.public_bytes(Encoding.PEM) + key)
    return file


def test_a_certificate_signs_in_and_brings_its_addresses(service: Service, tmp_path: Path) -> None:
    with browser(service.front, key_file(tmp_path, ALICE)) as client:
        end = follow(client, choose(client, DOMAIN, "certificate"))
        assert end.url.path == "/", end.text
        viewer = ask(client, ADDRESSES)["viewer"]
    found = {each["email"]: each for each in viewer["user"]["emailAddresses"]}
    assert found["alice@example.edu"]["status"] == "VERIFIED"
    assert found["alice@example.edu"]["source"] == "CERTIFICATE"
    # Nobody here vouches for that domain (decision 12).
    assert found["alice@elsewhere.example"]["status"] == "PENDING"
    assert viewer["session"]["method"] == "CERTIFICATE"


def test_the_check_finds_everything_in_order(service: Service) -> None:
    said = service.postroom.command("provider", "check", DOMAIN, "certificate")
    assert "People of the campus" in said
    assert "in force" in said


def test_no_certificate_says_so(service: Service) -> None:
    with browser(service.front) as client:
        end = follow(client, choose(client, DOMAIN, "certificate"))
        assert end.status_code == 403
        assert "no certificate" in end.text


@pytest.mark.parametrize("kind", BAD)
def test_the_web_server_or_postroom_stops_a_bad_certificate(
    kind: str, service: Service, tmp_path: Path
) -> None:
    with browser(service.front, key_file(tmp_path, BAD[kind])) as client:
        try:
            end = follow(client, choose(client, DOMAIN, "certificate"))
        except (httpx.TransportError, ssl.SSLError):
            return
        assert end.status_code == 403
        assert "postroom_session" not in client.cookies


@pytest.mark.parametrize("kind", BAD)
def test_postroom_stops_it_by_itself_when_the_web_server_lets_it_through(kind: str, service: Service) -> None:
    """As behind a web server that asks for certificates and verifies none (`optional_no_ca`)."""
    certificate = BAD[kind].certificate.public_bytes(Encoding.PEM)
    headers = passed_on(certificate)
    end = past_the_web_server(service, headers)
    assert end.status_code == 403
    assert "You are not signed in" in end.text


def passed_on(certificate: bytes) -> dict[str, str]:
    """What the web server adds to a request."""
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7"}
    return forwarded | {"X-Client-Certificate": quote(certificate), "X-Postroom-Secret": SECRET}


def past_the_web_server(service: Service, headers: dict[str, str]) -> httpx.Response:
    """A visitor who gets the state from the page and then speaks to Postroom's own port."""
    with (
        browser(service.front) as client,
        httpx.Client(base_url=service.postroom.url, trust_env=False) as direct,
    ):
        callback = choose(client, DOMAIN, "certificate").headers["refresh"].partition("url=")[2]
        cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        url = httpx.URL(callback)
        return direct.get(f"{url.path}?{url.query.decode()}", headers={**headers, "Cookie": cookies})


def test_with_the_secret_a_good_one_gets_in_the_same_way(service: Service) -> None:
    """So that the test before shows what it says."""
    certificate = ALICE.certificate.public_bytes(Encoding.PEM)
    headers = passed_on(certificate)
    assert past_the_web_server(service, headers).status_code == 303
    assert past_the_web_server(service, headers | {"X-Postroom-Secret": "guessed"}).status_code == 403
    del headers["X-Postroom-Secret"]
    assert past_the_web_server(service, headers).status_code == 403


@pytest.mark.parametrize(
    "name", ["X-Client-Certificate", "X_Client_Certificate", "Client-Cert", "SSL_CLIENT_CERT"]
)
def test_a_certificate_in_a_header_of_the_visitors_own_is_nothing(name: str, service: Service) -> None:
    certificate = quote(ALICE.certificate.public_bytes(Encoding.PEM))
    forged = {name: certificate, "X-Postroom-Secret": SECRET, "X-Forwarded-For": "127.0.0.1"}
    with browser(service.front) as client:
        callback = choose(client, DOMAIN, "certificate").headers["refresh"].partition("url=")[2]
        assert client.get(callback, headers=forged).status_code == 403


def test_an_out_of_date_revocation_list_lets_nobody_in(service: Service, tmp_path: Path) -> None:
    file = service.front.place / "people-ca.crl"
    before = file.read_bytes()
    made = CertificateRevocationListBuilder().issuer_name(ROOT.certificate.subject)
    made = made.last_update(NOW - DAY).next_update(NOW - timedelta(seconds=1))
    file.write_bytes(made.sign(ROOT.key, hashes.SHA256()).public_bytes(Encoding.PEM))
    try:
        with browser(service.front, key_file(tmp_path, ALICE)) as client:
            assert follow(client, choose(client, DOMAIN, "certificate")).status_code == 403
    finally:
        file.write_bytes(before)


def test_unreadable_files_are_told_as_our_own_trouble(service: Service, tmp_path: Path) -> None:
    file = service.front.place / "people-ca.crl"
    before = file.read_bytes()
    file.write_bytes(b"nothing")
    try:
        with browser(service.front, key_file(tmp_path, ALICE)) as client:
            end = follow(client, choose(client, DOMAIN, "certificate"))
        assert end.status_code == 503
        assert "does not answer at the moment" in end.text
    finally:
        file.write_bytes(before)
