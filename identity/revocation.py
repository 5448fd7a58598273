"""Whether a certificate was taken back, by the revocation lists that the operator keeps up to date (RFC 5280, section 5)."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

_BEGIN = b"-----BEGIN X509 CRL-----"
_LARGEST = 64 * 1024 * 1024


class RevocationListUnusable(Exception):
    """The file is no revocation list; it must hold them in PEM, or one in DER."""

    code = "REVOCATION_LIST_UNUSABLE"


class Revoked(Exception):
    """The certificate was taken back, or nobody can say that it was not."""

    code = "REVOKED"


def load_revocation_lists(path: Path) -> tuple[x509.CertificateRevocationList, ...]:
    """Every list in a file; raises RevocationListUnusable."""
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise RevocationListUnusable(f"{path} is larger than {_LARGEST} bytes")
        if _BEGIN not in content:
            return (x509.load_der_x509_crl(content),)
        return tuple(x509.load_pem_x509_crl(_BEGIN + each) for each in content.split(_BEGIN)[1:])
    except (OSError, ValueError) as bad:
        raise RevocationListUnusable(f"{path} cannot be read as a revocation list: {bad}") from bad


def check_revocation(
    chain: Sequence[x509.Certificate], lists: Iterable[x509.CertificateRevocationList], now: int
) -> None:
    """Raises Revoked for a certificate of the chain that a list names, or that no list in force `now` (seconds) speaks for.

    The last one of the chain is trusted as it is.
    """
    known = tuple(lists)
    moment = datetime.fromtimestamp(now, UTC)
    for certificate, issuer in pairwise(chain):
        own = [each for each in known if _is_by(each, issuer)]
        if any(each.get_revoked_certificate_by_serial_number(certificate.serial_number) for each in own):
            raise Revoked(f"the certificate {certificate.serial_number:x} was revoked")
        reasons = [problem_of(each, moment) for each in own]
        if all(reasons):
            raise Revoked(next(iter(reasons), f"there is no revocation list of {_name(issuer.subject)}"))


def problem_of(listed: x509.CertificateRevocationList, moment: datetime) -> str:
    """What keeps a list from speaking for its issuer at a moment, "" where nothing does."""
    name = _name(listed.issuer)
    if listed.last_update_utc > moment:
        return f"the revocation list of {name} is of the future"
    if listed.next_update_utc is None or listed.next_update_utc <= moment:
        return f"the revocation list of {name} is out of date"
    # A critical extension limits what the list covers (only some reasons, only changes): it does not speak for everything.
    if any(each.critical for each in listed.extensions):
        return f"the revocation list of {name} covers only a part"
    return ""


def _is_by(listed: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    key = issuer.public_key()
    if listed.issuer != issuer.subject or not isinstance(key, RSAPublicKey | EllipticCurvePublicKey):
        return False
    try:
        return listed.is_signature_valid(key)
    except (TypeError, ValueError, UnsupportedAlgorithm):
        return False


def _name(name: x509.Name) -> str:
    return name.rfc4514_string()[:200]
