"""Whom a certificate names, and whether it leads to authorities that the operator trusts (RFC 5280, RFC 8550)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    Policy,
    PolicyBuilder,
    Store,
    VerificationError,
)

from mail.address import address_key
from mail.errors import BadAddress

_LONGEST_CHAIN = 6


class TrustFileUnusable(Exception):
    """The file of trusted authorities cannot be read; it must hold at least one certificate in PEM."""

    code = "TRUST_FILE_UNUSABLE"


class Untrusted(Exception):
    """The certificate does not lead to a trusted authority, or is not for this."""

    code = "UNTRUSTED"


@dataclass(frozen=True, slots=True)
class TrustedAuthorities:
    """The authorities whose word on who owns an address is believed."""

    roots: tuple[x509.Certificate, ...]


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a certificate is to be used for: one of `uses` in its extended key usage, which `must_say` so or may be silent."""

    uses: frozenset[ObjectIdentifier]
    must_say: bool = False


def load_authorities(path: Path) -> TrustedAuthorities:
    """The certificates in a PEM file; raises TrustFileUnusable."""
    try:
        return TrustedAuthorities(tuple(x509.load_pem_x509_certificates(path.read_bytes())))
    except (OSError, ValueError) as bad:
        raise TrustFileUnusable(f"{path} cannot be read as certificates in PEM: {bad}") from bad


def trusted_chain(
    certificate: x509.Certificate,
    others: Iterable[x509.Certificate],
    authorities: TrustedAuthorities,
    now: int,
    purpose: Purpose,
) -> tuple[x509.Certificate, ...]:
    """The way from the certificate over `others` to an authority, itself first, all valid `now` (seconds).

    Whether anything was revoked meanwhile is not asked. Raises Untrusted, with the reason.
    """
    verifier = (
        PolicyBuilder()
        .store(Store([*authorities.roots]))
        .time(datetime.fromtimestamp(now, UTC))
        .max_chain_depth(_LONGEST_CHAIN)
        .extension_policies(ca_policy=_authority_policy(purpose), ee_policy=_holder_policy(purpose))
        .build_client_verifier()
    )
    try:
        return tuple(verifier.verify(certificate, [each for each in others if each != certificate]).chain)
    except (VerificationError, ValueError) as problem:
        raise Untrusted(str(problem).partition("\n")[0][:300]) from problem


def named_addresses(certificate: x509.Certificate) -> tuple[str, ...]:
    """The addresses in the subject's alternative names, as written; the subject's own text counts for nothing."""
    try:
        named = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, ValueError):
        return ()
    return tuple(one for one in named.get_values_for_type(x509.RFC822Name) if _key(one))


def mail_addresses(certificate: x509.Certificate) -> frozenset[str]:
    """The keys of the same addresses."""
    return frozenset(map(_key, named_addresses(certificate)))


def key_fingerprint(certificate: x509.Certificate) -> str:
    """The SHA-256 of its public key (SubjectPublicKeyInfo) in hexadecimal: the same in a certificate renewed for one key."""
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return sha256(key).hexdigest()


def _key(written: str) -> str:
    try:
        return address_key(written)
    except BadAddress:
        return ""


def _authority_policy(purpose: Purpose) -> ExtensionPolicy:
    # An authority may be silent about what its certificates are for (RFC 5280, section 4.2.1.12).
    check = _uses(frozenset({*purpose.uses, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}))
    return (
        ExtensionPolicy.permit_all()
        .require_present(x509.BasicConstraints, Criticality.AGNOSTIC, _is_authority)
        .may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, _may_certify)
        .may_be_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, check)
        .may_be_present(x509.NameConstraints, Criticality.AGNOSTIC, None)
    )


def _holder_policy(purpose: Purpose) -> ExtensionPolicy:
    policy = (
        ExtensionPolicy.permit_all()
        .may_be_present(x509.BasicConstraints, Criticality.AGNOSTIC, _is_no_authority)
        .may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, _may_sign)
    )
    check = _uses(purpose.uses)
    if purpose.must_say:
        return policy.require_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, check)
    return policy.may_be_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, check)


def _is_authority(_policy: Policy, _certificate: x509.Certificate, found: x509.BasicConstraints) -> None:
    if not found.ca:
        raise ValueError("this certificate may not certify others")


def _is_no_authority(
    _policy: Policy, _certificate: x509.Certificate, found: x509.BasicConstraints | None
) -> None:
    if found is not None and found.ca:
        raise ValueError("an authority is nobody's own certificate")


def _may_certify(_policy: Policy, _certificate: x509.Certificate, found: x509.KeyUsage | None) -> None:
    if found is not None and not found.key_cert_sign:
        raise ValueError("this key may not certify others")


def _may_sign(_policy: Policy, _certificate: x509.Certificate, found: x509.KeyUsage | None) -> None:
    if found is not None and not (found.digital_signature or found.content_commitment):
        raise ValueError("this key may not sign")


def _uses(
    accepted: frozenset[ObjectIdentifier],
) -> Callable[[Policy, x509.Certificate, x509.ExtendedKeyUsage | None], None]:
    def check(_policy: Policy, _certificate: x509.Certificate, found: x509.ExtendedKeyUsage | None) -> None:
        if found is not None and not accepted & {*found}:
            raise ValueError("this key is for something else")

    return check
