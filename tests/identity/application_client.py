"""The other side: an application with its keys, that signs assertions as it should, or as an attacker would."""

import base64
import hashlib
import hmac
import itertools
import json
from dataclasses import dataclass, field
from typing import Any

from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from identity.actor import operator
from identity.application_keys import read_keys
from identity.applications import Trust
from lists import trusted_applications
from mail.instant import SECOND
from storage.database import Database
from storage.tables.applications import Application
from storage.tables.lists import Robot

_NUMBERS = itertools.count(1)
AnyKey = OKPKey | ECKey | RSAKey


def encoded(raw: bytes) -> str:
    """base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def compact(header: object, claims: object, signature: bytes = b"") -> str:
    """A JWT put together by hand."""
    return ".".join(
        [encoded(json.dumps(header).encode()), encoded(json.dumps(claims).encode()), encoded(signature)]
    )


def with_hmac(header: dict[str, Any], claims: object, secret: bytes) -> str:
    """A JWT whose signature is an HMAC."""
    bare = compact(header, claims).rpartition(".")[0]
    return f"{bare}.{encoded(hmac.digest(secret, bare.encode(), hashlib.sha256))}"


@dataclass
class Client:
    """A registered application and its private key."""

    db: Database
    application: Application
    audience: str
    key: AnyKey
    algorithm: str = "Ed25519"
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def kid(self) -> str:
        """The name of its key."""
        return self.key.thumbprint()

    @property
    def now(self) -> float:
        """Seconds since the epoch."""
        return self.db.site.clock() // SECOND

    def claims(self, subject: str, **changes: Any) -> dict[str, Any]:
        """What an assertion says; `changes` of None are left out."""
        usual = {
            "iss": self.application.client_id,
            "sub": subject,
            "aud": self.audience,
            "iat": self.now,
            "exp": self.now + 120,
            "jti": f"id {next(_NUMBERS)}",
            **changes,
        }
        return {name: value for name, value in usual.items() if value is not None}

    def assertion(self, subject: str, *, header: dict[str, Any] | None = None, **changes: Any) -> str:
        """A signed assertion."""
        return self.signed(self.claims(subject, **changes), header=header)

    def signed(
        self, claims: object, *, header: dict[str, Any] | None = None, key: AnyKey | None = None
    ) -> str:
        """Anything, signed by the application's key or another."""
        head = {"alg": self.algorithm, "kid": self.kid, "typ": "JWT"} | (header or {})
        raw = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
        bare = f"{encoded(json.dumps(head).encode())}.{encoded(raw)}"
        algorithm = JWSRegistry.algorithms["Ed25519" if head["alg"] == "EdDSA" else head["alg"]]
        return f"{bare}.{encoded(algorithm.sign(bare.encode(), key or self.key))}"


async def client(
    db: Database,
    robot: Robot,
    audience: str,
    name: str = "Courses",
    key: AnyKey | None = None,
    **trust: Any,
) -> Client:
    """An application that the operator trusts."""
    own = key or OKPKey.generate_key("Ed25519")
    public = own.as_dict(private=False)
    algorithm = {"OKP": "Ed25519", "EC": "ES256", "RSA": "RS256"}[str(public["kty"])]
    async with db.write() as uow:
        made = await trusted_applications.register(
            uow, operator(robot), name, read_keys(public), Trust(**trust)
        )
    return Client(db, made, audience, own, algorithm)
