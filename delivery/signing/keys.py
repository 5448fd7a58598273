"""The keys that sign: made, read, written, and what the DNS has to say about them (RFC 6376, 3.6.1; RFC 8301; RFC 8463)."""

import base64
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from storage.tables.signing import Algorithm

PrivateKey = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

_BITS = 2048
_EXPONENT = 65537
_PADDING = padding.PKCS1v15()
_PREHASHED = Prehashed(hashes.SHA256())


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that signs for a domain under a selector. Its text shows no secret."""

    domain: str
    selector: str
    private: PrivateKey = field(repr=False)

    @property
    def algorithm(self) -> str:
        """Its name in the tag `a=`."""
        return "rsa-sha256" if self.is_rsa else "ed25519-sha256"

    @property
    def is_rsa(self) -> bool:
        """Whether every verifier knows its kind, and ARC may use it (RFC 8617, section 4.1)."""
        return isinstance(self.private, rsa.RSAPrivateKey)

    def sign(self, digest: bytes) -> bytes:
        """The signature over a SHA-256 digest; ed25519 signs the digest itself (RFC 8463, section 3)."""
        if isinstance(self.private, rsa.RSAPrivateKey):
            return self.private.sign(digest, _PADDING, _PREHASHED)
        return self.private.sign(digest)


def generate(algorithm: Algorithm) -> PrivateKey:
    """A new key. RSA takes a while: not on the loop."""
    if algorithm is Algorithm.ED25519:
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(_EXPONENT, _BITS)


def algorithm_of(private: PrivateKey) -> Algorithm:
    """What kind of key this is."""
    return Algorithm.RSA2048 if isinstance(private, rsa.RSAPrivateKey) else Algorithm.ED25519


def written(private: PrivateKey) -> str:
    """A private key as text, to be sealed at once."""
    octets = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return base64.b64encode(octets).decode()


def read(text: str) -> PrivateKey:
    """A private key from its text; raises ValueError."""
    key = load_der_private_key(base64.b64decode(text), None)
    if not isinstance(key, rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey):
        raise ValueError("neither RSA nor ed25519")  # noqa: TRY004 - the text is at fault
    return key


def public_part(private: PrivateKey) -> str:
    """The public half as it stands after `p=` in the DNS."""
    if isinstance(private, ed25519.Ed25519PrivateKey):
        octets = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    else:
        octets = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(octets).decode()
