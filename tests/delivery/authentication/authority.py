"""A certificate authority of the tests' own, certificates of every kind by it, and messages signed with them."""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from identity.certificates import TrustedAuthorities
from tests.delivery.authentication.signing import NOW

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
MOMENT = datetime.fromtimestamp(NOW, UTC)


@dataclass(frozen=True)
class Holder:
    """Somebody with a certificate and its key."""

    certificate: x509.Certificate
    key: Key


def named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def certified(
    issuer: Holder | None,
    name: str,
    *,
    addresses: tuple[str, ...] = (),
    is_authority: bool = False,
    uses: tuple[ObjectIdentifier, ...] | None = (ExtendedKeyUsageOID.EMAIL_PROTECTION,),
    may_sign: bool = True,
    begins: datetime = MOMENT - timedelta(days=30),
    ends: datetime = MOMENT + timedelta(days=30),
    key: Key | None = None,
    longest: int | None = None,
    more: tuple[tuple[x509.ExtensionType, bool], ...] = (),
) -> Holder:
    """A certificate by `issuer`, by itself without one."""
    own = key or ec.generate_private_key(ec.SECP256R1())
    by = issuer.certificate.subject if issuer else named(name)
    made = (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(by)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(is_authority, longest), critical=True)
        .add_extension(
            x509.KeyUsage(
                may_sign, False, not may_sign, False, False, is_authority, is_authority, False, False
            ),
            critical=True,
        )
    )
    if addresses:
        names = x509.SubjectAlternativeName([x509.RFC822Name(each) for each in addresses])
        made = made.add_extension(names, critical=False)
    if uses is not None and not is_authority:
        made = made.add_extension(x509.ExtendedKeyUsage([*uses]), critical=False)
    for extension, is_critical in more:
        made = made.add_extension(extension, is_critical)
    return Holder(made.sign(issuer.key if issuer else own, hashes.SHA256()), own)


ROOT = certified(None, "Root of the tests", is_authority=True)
MIDDLE = certified(ROOT, "Middle of the tests", is_authority=True)
STRANGE_ROOT = certified(None, "Root of others", is_authority=True)
AUTHORITIES = TrustedAuthorities((ROOT.certificate,))
CONTENT = b"Content-Type: text/plain\r\n\r\nA line.\r\nThe end.\r\n"
FIELDS = b"From: Ann <ann@example.edu>\r\nTo: staff@lists.example.org\r\nMessage-ID: <1@example.edu>\r\n"


def signed_by(
    holder: Holder,
    content: bytes = CONTENT,
    *,
    chain: tuple[Holder, ...] = (MIDDLE,),
    is_opaque: bool = False,
    fields: bytes = FIELDS,
    hashed: hashes.SHA256 | hashes.SHA384 | hashes.SHA512 | None = None,
) -> bytes:
    """A whole message, signed detached or opaque."""
    builder = (
        pkcs7.PKCS7SignatureBuilder()
        .set_data(content)
        .add_signer(holder.certificate, holder.key, hashed or hashes.SHA256())
    )
    for each in chain:
        builder = builder.add_certificate(each.certificate)
    options = [pkcs7.PKCS7Options.Binary]
    if is_opaque:
        der = builder.sign(Encoding.DER, options)
        return fields + opaque_fields() + in_base64(der)
    der = builder.sign(Encoding.DER, [*options, pkcs7.PKCS7Options.DetachedSignature])
    return fields + detached(content, der)


def opaque_fields() -> bytes:
    return (
        b"Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n"
    )


def detached(content: bytes, signature: bytes) -> bytes:
    """A multipart/signed from its Content-Type on."""
    return (
        b'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary="b"\r\n\r\n'
        b"This is signed.\r\n--b\r\n" + content + b"\r\n--b\r\n"
        b"Content-Type: application/pkcs7-signature; name=smime.p7s\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + in_base64(signature) + b"\r\n--b--\r\n"
    )


def in_base64(octets: bytes) -> bytes:
    return base64.encodebytes(octets).replace(b"\n", b"\r\n")
