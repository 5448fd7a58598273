"""A field of tags gets its last one, the signature, which covers the field itself too (RFC 6376, section 3.7)."""

import base64
import hashlib

from delivery.signing.canonical import relaxed_field
from delivery.signing.folding import folded_octets
from delivery.signing.keys import SigningKey


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
