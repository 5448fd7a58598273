"""Whether a certificate may sign mail, as far as the operator's trusted authorities say so (RFC 5280, RFC 8550)."""

from collections.abc import Iterable

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from identity.certificates import Purpose, TrustedAuthorities, Untrusted, trusted_chain

_MAIL = Purpose(frozenset({ExtendedKeyUsageOID.EMAIL_PROTECTION, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}))


def is_trusted(
    certificate: x509.Certificate,
    others: Iterable[x509.Certificate],
    authorities: TrustedAuthorities,
    now: int,
) -> bool:
    """Whether a chain of `others` leads from the certificate to an authority, valid `now` (seconds), for signing mail.

    Whether anything was revoked meanwhile is not asked.
    """
    try:
        trusted_chain(certificate, others, authorities, now, _MAIL)
    except Untrusted:
        return False
    return True
