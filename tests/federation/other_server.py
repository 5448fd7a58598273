"""Another list server as far as this one can see it: an origin and keys."""

from dataclasses import dataclass, field

from joserfc.jwk import OKPKey

from federation import discovery, peer_keys
from federation.discovery import Document
from federation.own_keys import SIGNING, OwnKey, OwnKeys
from storage import peers
from storage.database import Database
from storage.tables.federation import Peer
from storage.tables.words import PeerTrust


def new_pair(curve: str = "Ed25519", not_before: int = 0) -> OwnKey:
    """A fresh key pair."""
    key = OKPKey.generate_key("X25519" if curve == "X25519" else "Ed25519")
    return OwnKey(key.thumbprint(), key, not_before, None)


@dataclass
class OtherServer:
    """Who asks, or is asked."""

    issuer: str = "https://other.example"
    signing: list[OwnKey] = field(default_factory=lambda: [new_pair()])
    agreement: list[OwnKey] = field(default_factory=lambda: [new_pair("X25519")])

    @property
    def keys(self) -> OwnKeys:
        """Its keys, as it would use them itself."""
        return OwnKeys(self.issuer, self.signing, self.agreement)

    @property
    def thumbprints(self) -> list[str]:
        """Of the keys that it signs with."""
        return [each.kid for each in self.signing]

    def document(self, now: int) -> str:
        """What it says of itself."""
        return discovery.document(self.keys, domains=["lists.other.example"], contact="x@y.example", now=now)


async def known(db: Database, other: OtherServer, trust: PeerTrust = PeerTrust.MUTUAL) -> Peer:
    """Let a database know another server and trust it so far."""
    async with db.write() as uow:
        found = discovery.read(other.document(uow.now).encode(), other.issuer, uow.now)
        said, keys = discovery.kept(found.said), peer_keys.kept(found.keys)
        made = await peers.add(uow, discovery.host_of(other.issuer), other.issuer, found.endpoint, said, keys)
        return await peers.set_trust(uow, made.id, trust, " ".join(other.thumbprints), keys)


def signing_now(document: Document, now: int) -> list[str]:
    """The thumbprints of the keys that a server may sign with at an instant, by its own word."""
    return [
        each.kid
        for each in document.keys
        if each.curve == SIGNING
        and each.not_before <= now
        and (each.not_after is None or now < each.not_after)
    ]
