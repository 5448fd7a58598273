"""Our providers behind a web server stand every attack of the kit (pitfalls 42, 43)."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from identity.attacks import web_server
from identity.attacks.conformance import ProviderConformance
from identity.attacks.forgeries import FOREIGN_ADDRESS, Attempt, CannotForge, Forgery
from identity.provider import Inbound
from identity.providers import shibboleth, x509
from tests.delivery.authentication.authority import Holder, certified
from tests.identity.attacks.test_sample_provider import failures
from tests.identity.providers.front import SECRET

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """The secret that the settings point to."""
    monkeypatch.setenv("FRONT_SECRET", SECRET)


class TestShibboleth(ProviderConformance):
    """Header mode, forged by somebody who knows even the secret."""

    provider = shibboleth
    passes_through_browser = False

    def settings(self) -> shibboleth.Settings:
        words = {
            "peers": ["127.0.0.1"],
            "secret": "env:FRONT_SECRET",
            "issuers": ["https://idp.example.edu/saml"],
        }
        return shibboleth.Settings.model_validate(words)

    def forge(self, forgery: Forgery, attempt: Attempt) -> Any:
        return web_server.shibboleth(self.settings(), forgery, attempt)


def holder(issuer: Holder | None, name: str, **more: Any) -> Holder:
    uses = (ExtendedKeyUsageOID.CLIENT_AUTH,)
    return certified(issuer, name, **{"begins": NOW - DAY, "ends": NOW + DAY, "uses": uses, **more})


ROOT = holder(None, "Root", is_authority=True)
STRANGE = holder(None, "Root", is_authority=True)


class TestCertificates(ProviderConformance):
    """Client certificates, forged with the help of the authority itself."""

    provider = x509
    passes_through_browser = False

    @pytest.fixture(autouse=True)
    def authority(self, tmp_path: Path) -> None:
        """The file with the authority."""
        self.file = tmp_path / "root.pem"
        self.file.write_bytes(ROOT.certificate.public_bytes(Encoding.PEM))

    def settings(self) -> x509.Settings:
        words = {"peers": ["127.0.0.1"], "secret": "env:FRONT_SECRET", "authorities": [str(self.file)]}
        return x509.Settings.model_validate(words)

    def forge(self, forgery: Forgery, attempt: Attempt) -> Any:
        victim = (attempt.address,)
        match forgery:
            case Forgery.GENUINE:
                return self.shown(attempt, holder(ROOT, "A", addresses=victim))
            case Forgery.SPOOFED_HEADER:
                genuine = self.shown(attempt, holder(ROOT, "A", addresses=victim))
                return web_server.spoofed(self.settings(), attempt, genuine, ["x-client-certificate"])
            case Forgery.FOREIGN_DOMAIN:
                return self.shown(attempt, holder(ROOT, "A", addresses=(FOREIGN_ADDRESS,)))
            case Forgery.UNVERIFIED_MAIL:
                # An address in the subject is nobody's word.
                return self.shown(attempt, holder(ROOT, attempt.address))
            case Forgery.EXPIRED:
                return self.shown(attempt, holder(ROOT, "A", addresses=victim, ends=NOW - DAY / 2))
            case Forgery.FUTURE:
                return self.shown(attempt, holder(ROOT, "A", addresses=victim, begins=NOW + DAY / 2))
            case Forgery.KEY_IN_DOCUMENT:
                return {
                    "look-alike": self.shown(attempt, holder(STRANGE, "A", addresses=victim)),
                    "self-signed": self.shown(attempt, holder(None, "A", addresses=victim)),
                }
            case Forgery.WRONG_AUDIENCE:
                return {
                    "for nothing": self.shown(attempt, holder(ROOT, "A", addresses=victim, uses=None)),
                    "for servers": self.shown(
                        attempt, holder(ROOT, "A", addresses=victim, uses=(ExtendedKeyUsageOID.SERVER_AUTH,))
                    ),
                }
        try:
            return web_server.certificates(self.settings(), forgery, attempt)
        except CannotForge:
            return super().forge(forgery, attempt)

    def shown(self, attempt: Attempt, one: Holder) -> Inbound:
        text = quote(one.certificate.public_bytes(Encoding.PEM))
        return web_server.believed(self.settings(), attempt, {"x-client-certificate": text})


def everything(*_anything: object) -> bool:
    return True


@pytest.mark.parametrize("hole", ["hmac.compare_digest", "identity.front_server._is_listed"])
def test_a_hole_in_what_is_believed_is_found(
    hole: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(hole, everything)
    certificates = TestCertificates()
    certificates.file = tmp_path / "root.pem"
    certificates.file.write_bytes(ROOT.certificate.public_bytes(Encoding.PEM))
    for tried in (TestShibboleth(), certificates):
        assert [*failures(tried)] == ["test_a_spoofed_header_is_refused"]
