"""Our own key pairs, read where the settings point to."""

import base64
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding

from identity.provider import ProviderAway
from identity.saml.settings import Settings
from identity.secrets_by_reference import SecretMissing, secret_of


@dataclass(frozen=True, slots=True)
class KeyPair:
    """`key` is the private key in PEM, `certificate` what we publish."""

    key: str
    certificate: x509.Certificate

    @property
    def published(self) -> str:
        """The certificate as metadata holds it: DER in base64."""
        return base64.b64encode(self.certificate.public_bytes(Encoding.DER)).decode("ascii")


def private_key(pem: str) -> PrivateKeyTypes:
    """A private key of our own; its mathematics are not checked anew at each sign-in. Raises ValueError, TypeError."""
    return serialization.load_pem_private_key(pem.encode("ascii"), None, unsafe_skip_rsa_key_validation=True)


def key_pairs(settings: Settings) -> tuple[KeyPair, ...]:
    """The pair that signs, and where there is one the other that can still be written to; raises ProviderAway."""
    first = _pair(settings.key, settings.certificate)
    if settings.second_key is None or settings.second_certificate is None:
        return (first,)
    return (first, _pair(settings.second_key, settings.second_certificate))


def _pair(key: str, certificate: str) -> KeyPair:
    try:
        private, public = secret_of(key), secret_of(certificate)
        made = private_key(private)
        shown = x509.load_pem_x509_certificate(public.encode("ascii"))
    except SecretMissing as missing:
        raise ProviderAway(str(missing)) from missing
    except (ValueError, TypeError) as problem:
        raise ProviderAway(f"{key} or {certificate} is not PEM, or has a passphrase") from problem
    if not isinstance(made, rsa.RSAPrivateKey) or made.key_size < 2048:
        raise ProviderAway(f"{key} is no RSA key of 2048 bits or more")
    if made.public_key() != shown.public_key():
        raise ProviderAway(f"{key} and {certificate} do not belong together")
    return KeyPair(private, shown)
