"""ARC chains of every length, made by dkimpy, as forwarders make them."""

import dkim
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

COVERED = [b"from", b"to", b"subject", b"message-id", b"date"]


def pem_of(key: rsa.RSAPrivateKey) -> bytes:
    """The key as dkimpy wants it."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


def sealed(
    raw: bytes,
    key: rsa.RSAPrivateKey,
    domain: str,
    results: str = "dkim=pass header.d=example.edu",
    cv: str = "",
) -> bytes:
    """The message with one more set on top; `cv` is what the sealer says of the chain so far."""
    stated = f"Authentication-Results: {domain};\r\n {results}; arc={cv or 'none'}\r\n".encode()
    made = dkim.arc_sign(
        stated + raw, b"s1", domain.encode(), pem_of(key), domain.encode(), include_headers=COVERED
    )
    assert made, "dkimpy made no set"
    return b"".join(made) + raw


def chain_of(
    raw: bytes, key: rsa.RSAPrivateKey, *domains: str, results: str = "dkim=pass header.d=example.edu"
) -> bytes:
    """The message as it was sealed by each of these in turn; only the first says `results`."""
    for place, domain in enumerate(domains):
        raw = sealed(
            raw,
            key,
            domain,
            results if place == 0 else "dkim=fail header.d=example.edu",
            "pass" if place else "",
        )
    return raw
