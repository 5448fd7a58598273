"""Whether the key that a domain publishes may prove a signature (RFC 6376, section 3.6.1; RFC 8301; RFC 8463)."""

import base64
import binascii

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from dkim.util import InvalidTagValueList, parse_tag_value

from delivery.authentication.signature_tags import SignatureTags, Unacceptable

_LEAST_BITS = 1024
_MOST_BITS = 8192
_ED25519_OCTETS = 32


def check_key(record: bytes, signature: SignatureTags) -> None:
    """Raises Unacceptable unless the key record may prove this signature."""
    try:
        tags: dict[bytes, bytes] = parse_tag_value(record)
    except InvalidTagValueList as bad:
        raise Unacceptable("permerror", "the key record cannot be read") from bad
    if tags.get(b"v", b"DKIM1") != b"DKIM1" or tags.get(b"k", b"rsa") != signature.key_type:
        raise Unacceptable("permerror", "the key is of another kind")
    if not tags.get(b"p"):
        raise Unacceptable("permerror", "the key was revoked")
    _check_use(tags, signature)
    _check_size(tags[b"p"], signature)


def _check_use(tags: dict[bytes, bytes], signature: SignatureTags) -> None:
    if not {b"*", b"email"} & _words(tags.get(b"s", b"*")):
        raise Unacceptable("permerror", "the key is not for mail")
    if b"sha256" not in _words(tags.get(b"h", b"sha256")):
        raise Unacceptable("permerror", "the key is not for SHA-256")
    flags = _words(tags.get(b"t", b""))
    if b"y" in flags:
        raise Unacceptable("policy", "the domain is only testing")
    if b"s" in flags and signature.identity_domain != signature.domain:
        raise Unacceptable("policy", "the key does not serve subdomains")


def _check_size(written: bytes, signature: SignatureTags) -> None:
    try:
        octets = base64.b64decode(written)
        if signature.key_type == b"ed25519":
            if len(octets) != _ED25519_OCTETS:
                raise Unacceptable("permerror", "the key cannot be read")
            return
        key = load_der_public_key(octets)
    except (binascii.Error, ValueError, UnsupportedAlgorithm) as bad:
        raise Unacceptable("permerror", "the key cannot be read, or is far too short") from bad
    if not isinstance(key, RSAPublicKey) or not _LEAST_BITS <= key.key_size <= _MOST_BITS:
        raise Unacceptable("policy", "the key is too short")


def _words(value: bytes) -> set[bytes]:
    return {word.strip() for word in value.split(b":")}
