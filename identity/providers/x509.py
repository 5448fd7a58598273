"""Sign-in with a client certificate: the web server does the TLS and passes the certificate on, and it is verified here."""

import asyncio
import base64
import binascii
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from urllib.parse import unquote_to_bytes, urlencode

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pydantic import Field, model_validator

from identity.certificates import (
    Purpose,
    TrustedAuthorities,
    TrustFileUnusable,
    Untrusted,
    key_fingerprint,
    load_authorities,
    named_addresses,
    trusted_chain,
)
from identity.front_server import FrontServer, HeaderName, secret_findings, told
from identity.provider import (
    Claimed,
    Evidence,
    Finding,
    Inbound,
    NotProved,
    Place,
    ProviderAway,
    Redirect,
    Wish,
)
from identity.revocation import (
    RevocationListUnusable,
    Revoked,
    check_revocation,
    load_revocation_lists,
    problem_of,
)
from storage.tables.words import AddressSource, SignInMethod, Strength

METHOD = SignInMethod.CERTIFICATE
SOURCE = AddressSource.X509_SAN
_CLIENT = Purpose(frozenset({ExtendedKeyUsageOID.CLIENT_AUTH}), must_say=True)
_SECOND = 1_000_000
_PEM = re.compile(rb"\s*-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*")


class Settings(FrontServer):
    """What a robot's file says about the web server, the authorities, and what names a person for good."""

    certificate_header: HeaderName = Field(
        default="x-client-certificate",
        description="The header with the visitor's certificate: PEM, URL-encoded or in one line, or as RFC 9440 writes it.",
    )
    authorities: tuple[Path, ...] = Field(
        min_length=1, description="Files in PEM with the authorities whose certificates are believed."
    )
    intermediates: tuple[Path, ...] = Field(
        default=(), description="Files in PEM with the authorities between those and people's certificates."
    )
    revocation_lists: tuple[Path, ...] = Field(
        default=(),
        description="Files with revocation lists, in PEM or DER. With any, each authority in a chain needs one in force.",
    )
    subject: Literal["key", "serial_number", "subject_dn"] = Field(
        default="key",
        description="What names the person: `key` (the certificate's public key), `serial_number` (that of the person, in the "
        "subject) or `subject_dn` (the whole subject), which outlive a new key where the authority never gives them twice.",
    )

    @model_validator(mode="after")
    def _keeps_names_apart(self) -> "Settings":
        if self.certificate_header == self.secret_header:
            raise ValueError("one header cannot say two of these things")
        if not all(path.is_absolute() for path in _files(self)):
            raise ValueError("name files by their whole path, from / on")
        return self


async def begin(_settings: Settings, place: Place, wish: Wish) -> Redirect:
    """Send the browser to the callback, where the web server asks it for a certificate."""
    return Redirect(f"{place.callback_url}?{urlencode({'state': wish.state})}")


def state_of(_settings: Settings, inbound: Inbound) -> str:
    """The state, which stands in the callback's query."""
    return inbound.query.get("state", "")


async def complete(settings: Settings, place: Place, inbound: Inbound, _kept: Mapping[str, str]) -> Evidence:
    """Verify the certificate that was passed on; raises NotProved or ProviderAway.

    When the person last proved themselves is not known: a browser uses its key without asking, and TLS resumes.
    """
    said = told(settings, place.callback_url, inbound, {settings.certificate_header})
    if settings.certificate_header not in said:
        raise NotProved(
            "the web server passed no certificate on",
            "Your browser showed no certificate. Choose one when it asks, or sign in another way.",
        )
    certificate = read_certificate(said[settings.certificate_header])
    return await asyncio.to_thread(_verified, settings, certificate, place.now // _SECOND)


async def check(settings: Settings, _place: Place) -> list[Finding]:
    """Whether the secret is there, and every file can be used today."""
    return [*secret_findings(settings), *await asyncio.to_thread(_file_findings, settings)]


def read_certificate(text: str) -> x509.Certificate:
    """The one certificate in a header as web servers write it; raises NotProved.

    nginx (`$ssl_client_escaped_cert`) and Apache (`escape`) URL-encode the PEM, Apache's `%{SSL_CLIENT_CERT}s` puts spaces
    for its line ends, and RFC 9440 puts its DER in base64 between colons.
    """
    written = text.encode()
    if len(written) > 1 and written.startswith(b":") and written.endswith(b":"):
        inner = written[1:-1]
    else:
        found = _PEM.fullmatch(unquote_to_bytes(written) if b"%" in written else written)
        if found is None:
            raise NotProved("the header holds no certificate in PEM, or more than one")
        inner = b"".join(found[1].split())
    try:
        return x509.load_der_x509_certificate(base64.b64decode(inner, validate=True))
    except (binascii.Error, ValueError) as broken:
        raise NotProved("the certificate cannot be read") from broken


def _verified(settings: Settings, certificate: x509.Certificate, now: int) -> Evidence:
    try:
        roots = TrustedAuthorities(_certificates(settings.authorities))
        between = _certificates(settings.intermediates)
        lists = [each for path in settings.revocation_lists for each in load_revocation_lists(path)]
    except (TrustFileUnusable, RevocationListUnusable) as unusable:
        raise ProviderAway(str(unusable)) from unusable
    try:
        chain = trusted_chain(certificate, between, roots, now, _CLIENT)
        if settings.revocation_lists:
            check_revocation(chain, lists, now)
    except (Untrusted, Revoked) as problem:
        raise NotProved(str(problem)) from problem
    return Evidence(
        issuer=f"sha256:{key_fingerprint(chain[-1])}",
        subject=_subject(settings, certificate),
        addresses=tuple(map(Claimed, named_addresses(certificate))),
        display_name=_one_of(certificate.subject, NameOID.COMMON_NAME),
        strength=Strength.SMIME,
    )


def _subject(settings: Settings, certificate: x509.Certificate) -> str:
    """What names the person for good, never an address; raises NotProved where the certificate has no such thing."""
    if settings.subject == "key":
        return f"key:{key_fingerprint(certificate)}"
    name = certificate.subject
    is_number = settings.subject == "serial_number"
    found = _one_of(name, NameOID.SERIAL_NUMBER) if is_number else name.rfc4514_string()
    if not found:
        raise NotProved(f"the certificate has no {settings.subject}")
    if "@" in found or name.get_attributes_for_oid(NameOID.EMAIL_ADDRESS):
        raise NotProved("the certificate's subject holds an address, which cannot name a person for good")
    # Two authorities below one pinned root may give out the same number or name.
    return f"{settings.subject}:{found}:{certificate.issuer.rfc4514_string()}"


def _one_of(name: x509.Name, attribute: x509.ObjectIdentifier) -> str:
    """The value of an attribute that stands exactly once, else ""."""
    values = [str(each.value) for each in name.get_attributes_for_oid(attribute)]
    return values[0] if len(values) == 1 else ""


def _files(settings: Settings) -> tuple[Path, ...]:
    return (*settings.authorities, *settings.intermediates, *settings.revocation_lists)


def _certificates(paths: tuple[Path, ...]) -> tuple[x509.Certificate, ...]:
    return tuple(each for path in paths for each in load_authorities(path).roots)


def _file_findings(settings: Settings) -> list[Finding]:
    findings = []
    moment = datetime.now(UTC)
    for path in (*settings.authorities, *settings.intermediates):
        try:
            findings += [_authority_finding(path, each, moment) for each in load_authorities(path).roots]
        except TrustFileUnusable as unusable:
            findings.append(Finding(False, f"{unusable}."))
    for path in settings.revocation_lists:
        try:
            problems = [problem_of(each, moment) for each in load_revocation_lists(path)]
        except RevocationListUnusable as unusable:
            problems = [str(unusable)]
        findings += [Finding(not each, f"{path}: {each or 'in force'}.") for each in problems]
    if not settings.revocation_lists:
        findings.append(Finding(True, "No revocation list is set: certificates count until they expire."))
    return findings


def _authority_finding(path: Path, certificate: x509.Certificate, moment: datetime) -> Finding:
    name, ends = certificate.subject.rfc4514_string(), certificate.not_valid_after_utc
    is_valid = certificate.not_valid_before_utc <= moment < ends
    return Finding(
        is_valid, f"{path}: {name}, {'valid until' if is_valid else 'not valid now, ended'} {ends:%Y-%m-%d}."
    )
