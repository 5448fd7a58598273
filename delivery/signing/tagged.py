"""A field of tags gets its last one, the signature, which covers the field itself too (RFC 6376, section 3.7)."""

import base64
import hashlib
from dataclasses import dataclass

from delivery.signing.canonical import relaxed_field
from delivery.signing.folding import folded_octets
from delivery.signing.keys import SigningKey


@dataclass(frozen=True, slots=True)
class SignatureForm:
    """A signature field in which only the body's hash differs from copy to copy; `relaxed` is what is signed of it."""

    head: bytes
    relaxed: bytes

    @classmethod
    def of(cls, head: str) -> "SignatureForm":
        """From everything before the tag `bh=`, the end of the last line included."""
        octets = f"{head} bh=".encode()
        return cls(octets, relaxed_field(octets)[:-2])

    def signed(self, digest: bytes, key: SigningKey, state: "hashlib._Hash", own: bytes) -> bytes:
        """The whole field for a copy whose body has this digest: signed is what `state` has seen, `own` and the field."""
        hashed, body = state.copy(), base64.b64encode(digest)
        hashed.update(b"%b%b%b; b=" % (own, self.relaxed, body))
        signature = base64.b64encode(key.sign(hashed.digest())).decode()
        return b"%b%b;\r\n%b\r\n" % (self.head, body, folded_octets(signature).encode())


def signed_field(unsigned: bytes, key: SigningKey, state: "hashlib._Hash", *more: bytes) -> bytes:
    """A whole field, from one with every tag but `b=`, that ends in CRLF.

    Signed is what `state` has seen, then `more` and the field, in relaxed form; the state stays as it is.
    """
    hashed = state.copy()
    for octets in more:
        hashed.update(octets)
    hashed.update(relaxed_field(unsigned + b" b=\r\n")[:-2])
    signature = base64.b64encode(key.sign(hashed.digest())).decode()
    return unsigned + folded_octets(signature).encode() + b"\r\n"
