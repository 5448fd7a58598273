"""DKIM signatures of every kind, good and bad, made with `cryptography` alone, and a zone that publishes the keys."""

import base64
import hashlib
import random
import re
from dataclasses import dataclass, field

import dkim
from asn1crypto.keys import PublicKeyInfo, RSAPublicKey
from asn1crypto.keys import RSAPrivateKey as RsaNumbers
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from delivery.authentication.lookup import LookupFailed, Records

NOW = 1_900_000_000


@dataclass
class Zone:
    """TXT records by name, without a socket; names in `silent` have servers that do not answer."""

    records: dict[str, Records] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    async def txt(self, name: str) -> Records:
        self.asked.append(name)
        if name in self.silent:
            raise LookupFailed
        return self.records.get(name, ())

    def publish(self, domain: str, record: bytes, selector: str = "s1") -> None:
        self.records[f"{selector}._domainkey.{domain}."] = (record,)


def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def record_of(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey, tags: str = "") -> bytes:
    """The TXT record for a key."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        kind, octets = "ed25519", key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    else:
        kind = "rsa"
        octets = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k={kind}; {tags}p={base64.b64encode(octets).decode()}".encode()


def signed(
    raw: bytes,
    key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey,
    domain: str = "example.edu",
    *,
    covered: str = "from:to:subject:message-id:date",
    algorithm: str = "",
    hashed: type[hashes.SHA256] | type[hashes.SHA1] = hashes.SHA256,
    body_length: int | None = None,
    **tags: str,
) -> bytes:
    """The message with a relaxed/relaxed signature on top; `tags` adds others or replaces those made here."""
    header, _, body = raw.partition(b"\r\n\r\n")
    canonical = _relaxed_body(body)
    if body_length is not None:
        canonical, tags["l"] = canonical[:body_length], str(body_length)
    is_ed25519 = isinstance(key, ed25519.Ed25519PrivateKey)
    digest = hashlib.new(hashed.name, canonical).digest()
    said = {
        "v": "1",
        "a": algorithm or ("ed25519-sha256" if is_ed25519 else f"rsa-{hashed.name}"),
        "c": "relaxed/relaxed",
        "d": domain,
        "s": "s1",
        "h": covered,
        "bh": base64.b64encode(digest).decode(),
    } | tags
    unsigned = "; ".join(f"{name}={value}" for name, value in said.items()) + "; b="
    data = _signed_data(header, covered, unsigned)
    if isinstance(key, ed25519.Ed25519PrivateKey):
        signature = key.sign(hashlib.sha256(data).digest())
    else:
        signature = key.sign(data, padding.PKCS1v15(), hashed())
    return f"DKIM-Signature: {unsigned}{base64.b64encode(signature).decode()}\r\n".encode() + raw


def _signed_data(header: bytes, covered: str, unsigned: str) -> bytes:
    fields = [
        (name.strip().lower(), b" ".join(value.replace(b"\r\n", b"").split()))
        for name, _, value in (
            each.partition(b":") for each in re.split(rb"\r\n(?![ \t])", header) if b":" in each
        )
    ]
    data = b""
    for name in covered.encode().split(b":"):
        for place in range(len(fields) - 1, -1, -1):
            if fields[place][0] == name:
                data += name + b":" + fields.pop(place)[1] + b"\r\n"
                break
    return data + b"dkim-signature:" + b" ".join(unsigned.encode().split())


def _relaxed_body(body: bytes) -> bytes:
    lines = [re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    text = b"\r\n".join(lines).rstrip(b"\r\n")
    return text + b"\r\n" if text else b""


def signed_with_512_bits(raw: bytes, zone: Zone, domain: str = "example.edu") -> bytes:
    """A signature by a key that `cryptography` rightly refuses to make, so by the verifier's own signer."""
    p, q = _prime(256, 1), _prime(256, 2)
    e, phi = 65537, (p - 1) * (q - 1)
    d = pow(e, -1, phi)
    numbers = RsaNumbers(
        {
            "version": "two-prime",
            "modulus": p * q,
            "public_exponent": e,
            "private_exponent": d,
            "prime1": p,
            "prime2": q,
            "exponent1": d % (p - 1),
            "exponent2": d % (q - 1),
            "coefficient": pow(q, -1, p),
        }
    )
    body = base64.encodebytes(numbers.dump())
    pem = b"-----BEGIN RSA PRIVATE KEY-----\n" + body + b"-----END RSA PRIVATE KEY-----\n"
    zone.publish(domain, b"v=DKIM1; p=" + base64.b64encode(_public_der(p * q, e)))
    made: bytes = dkim.sign(raw, b"s1", domain.encode(), pem, include_headers=[b"from", b"to", b"subject"])
    return made + raw


def _public_der(modulus: int, exponent: int) -> bytes:
    numbers = RSAPublicKey({"modulus": modulus, "public_exponent": exponent})
    made: bytes = PublicKeyInfo({"algorithm": {"algorithm": "rsa"}, "public_key": numbers}).dump()
    return made


def _prime(bits: int, seed: int) -> int:
    numbers = random.Random(seed)
    while True:
        candidate = numbers.getrandbits(bits) | (3 << (bits - 2)) | 1
        if candidate % 65537 != 1 and all(pow(base, candidate - 1, candidate) == 1 for base in (2, 3, 5, 7)):
            return candidate
