"""The secret that two servers share without having said it: X25519 of both, through HKDF (listfed/1, 6)."""

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from federation.own_keys import OwnKey
from federation.peer_keys import PeerKey


def pair_key(own: OwnKey, own_issuer: str, theirs: PeerKey, their_issuer: str) -> bytes:
    """32 octets that only the two know; the same whoever of them computes it."""
    private, public = own.key.private_key, theirs.key().public_key
    assert isinstance(private, X25519PrivateKey)
    assert isinstance(public, X25519PublicKey)
    names = "\0".join(sorted((own_issuer, their_issuer)))
    derived = HKDF(SHA256(), 32, salt=None, info=f"listfed/1 handles\0{names}".encode())
    return derived.derive(private.exchange(public))
