"""A passkey in software, as small as one can be: one P-256 key, whose answers are those of a browser."""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import encode_cbor

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def text_of(octets: bytes) -> str:
    """Base64url as browsers write it."""
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


@dataclass
class SoftPasskey:
    """One passkey at one origin; what it says of itself can be turned into a lie."""

    origin: str
    host: str
    count: int = 0
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def register(self, options: str) -> str:
        """The answer to the question to make a passkey."""
        client = self._client("webauthn.create", options)
        data = self._data(PRESENT | VERIFIED | ATTESTED) + self._credential()
        attestation = encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer({"clientDataJSON": text_of(client), "attestationObject": text_of(attestation)})

    def sign(self, options: str) -> str:
        """The answer to the question to sign."""
        self.count += 1 if self.count else 0
        client = self._client("webauthn.get", options)
        data = self._data(PRESENT | VERIFIED)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {
                "clientDataJSON": text_of(client),
                "authenticatorData": text_of(data),
                "signature": text_of(signature),
            }
        )

    def _client(self, kind: str, options: str) -> bytes:
        said = {"type": kind, "challenge": json.loads(options)["challenge"], "origin": self.origin}
        return json.dumps(said).encode()

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.host.encode()).digest() + bytes([flags]) + self.count.to_bytes(4)

    def _credential(self) -> bytes:
        numbers = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}
        return bytes(16) + len(self.id).to_bytes(2) + self.id + encode_cbor(cose)

    def _answer(self, response: dict[str, str]) -> str:
        named = text_of(self.id)
        return json.dumps({"id": named, "rawId": named, "type": "public-key", "response": response})
