"""Whether a certificate may sign mail, as far as the operator's trusted authorities say so (RFC 5280, RFC 8550)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
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
_FOR_MAIL = frozenset({ExtendedKeyUsageOID.EMAIL_PROTECTION, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE})


class TrustFileUnusable(Exception):
    """The file of trusted authorities cannot be read; it must hold at least one certificate in PEM."""

    code = "TRUST_FILE_UNUSABLE"


@dataclass(frozen=True, slots=True)
class TrustedAuthorities:
    """The authorities whose word on who owns an address is believed."""

    roots: tuple[x509.Certificate, ...]


def load_authorities(path: Path) -> TrustedAuthorities:
    """The certificates in a PEM file; raises TrustFileUnusable."""
    try:
        return TrustedAuthorities(tuple(x509.load_pem_x509_certificates(path.read_bytes())))
    except (OSError, ValueError) as bad:
        raise TrustFileUnusable(f"{path} cannot be read as certificates in PEM: {bad}") from bad


def is_trusted(
    certificate: x509.Certificate,
    others: Iterable[x509.Certificate],
    authorities: TrustedAuthorities,
    now: int,
) -> bool:
    """Whether a chain of `others` leads from the certificate to an authority, valid `now` (seconds), for signing mail.

    Whether anything was revoked meanwhile is not asked.
    """
    verifier = (
        PolicyBuilder()
        .store(Store([*authorities.roots]))
        .time(datetime.fromtimestamp(now, UTC))
        .max_chain_depth(_LONGEST_CHAIN)
        .extension_policies(ca_policy=_authority_policy(), ee_policy=_signer_policy())
        .build_client_verifier()
    )
    try:
        verifier.verify(certificate, [each for each in others if each != certificate])
    except (VerificationError, ValueError):
        return False
    return True


def mail_addresses(certificate: x509.Certificate) -> frozenset[str]:
    """The keys of the addresses in the subject's alternative names; the subject's own text counts for nothing."""
    try:
        named = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, ValueError):
        return frozenset()
    return frozenset(key for one in named.get_values_for_type(x509.RFC822Name) if (key := _key(one)))


def _key(written: str) -> str:
    try:
        return address_key(written)
    except BadAddress:
        return ""


def _authority_policy() -> ExtensionPolicy:
    return (
        ExtensionPolicy.permit_all()
        .require_present(x509.BasicConstraints, Criticality.AGNOSTIC, _is_authority)
        .may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, _may_certify)
        .may_be_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, _is_for_mail)
        .may_be_present(x509.NameConstraints, Criticality.AGNOSTIC, None)
    )


def _signer_policy() -> ExtensionPolicy:
    return (
        ExtensionPolicy.permit_all()
        .require_present(x509.SubjectAlternativeName, Criticality.AGNOSTIC, None)
        .may_be_present(x509.BasicConstraints, Criticality.AGNOSTIC, _is_no_authority)
        .may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, _may_sign)
        .may_be_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, _is_for_mail)
    )


def _is_authority(_policy: Policy, _certificate: x509.Certificate, found: x509.BasicConstraints) -> None:
    if not found.ca:
        raise ValueError("this certificate may not certify others")


def _is_no_authority(
    _policy: Policy, _certificate: x509.Certificate, found: x509.BasicConstraints | None
) -> None:
    if found is not None and found.ca:
        raise ValueError("an authority does not sign mail")


def _may_certify(_policy: Policy, _certificate: x509.Certificate, found: x509.KeyUsage | None) -> None:
    if found is not None and not found.key_cert_sign:
        raise ValueError("this key may not certify others")


def _may_sign(_policy: Policy, _certificate: x509.Certificate, found: x509.KeyUsage | None) -> None:
    if found is not None and not (found.digital_signature or found.content_commitment):
        raise ValueError("this key may not sign")


def _is_for_mail(
    _policy: Policy, _certificate: x509.Certificate, found: x509.ExtendedKeyUsage | None
) -> None:
    if found is not None and not _FOR_MAIL & {*found}:
        raise ValueError("this key is not for mail")
