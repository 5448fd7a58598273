"""A peer's public keys as far as they are believed: when each was first seen, and from when on it may be used (listfed/1, 3)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from federation.errors import InvalidAnswer
from federation.own_keys import AGREEMENT, ANNOUNCED_FOR, KEPT_FOR, SIGNING
from mail.instant import SECOND
from storage.tables.federation import Peer

_MOST_KEYS = 10
_LONGEST = 2**40


@dataclass(frozen=True, slots=True)
class PeerKey:
    """A public key of a peer; instants in microseconds. `usable_from` is ours: nothing signed with it counts before."""

    kid: str
    curve: str
    x: str
    not_before: int
    not_after: int | None
    usable_from: int
    seen_at: int

    def is_good(self, now: int) -> bool:
        """Whether it may be used at an instant, by the peer's own word and by ours."""
        begun = max(self.not_before, self.usable_from) <= now
        return begun and (self.not_after is None or now < self.not_after)

    def key(self) -> OKPKey:
        """It, ready for use."""
        return OKPKey.import_key({"kty": "OKP", "crv": self.curve, "x": self.x})


def read_jwks(given: object, now: int) -> list[PeerKey]:
    """The keys in a document's `jwks`, none of them believed longer than until now; raises InvalidAnswer.

    A key goes by its thumbprint (RFC 7638) whatever it calls itself, and what is neither Ed25519 nor X25519 is left out.
    """
    listed = given.get("keys") if isinstance(given, Mapping) else None
    if not isinstance(listed, list) or not 0 < len(listed) <= _MOST_KEYS:
        raise InvalidAnswer("its document names no keys, or too many")
    return [_read(each, now) for each in listed if isinstance(each, Mapping) and _is_ours(each)]


def _is_ours(given: Mapping[str, Any]) -> bool:
    return given.get("kty") == "OKP" and given.get("crv") in (SIGNING, AGREEMENT)


def _read(given: Mapping[str, Any], now: int) -> PeerKey:
    curve, x = str(given["crv"]), given.get("x")
    if "d" in given or not isinstance(x, str):
        raise InvalidAnswer("a key in its document is malformed, or private")
    try:
        key = OKPKey.import_key({"kty": "OKP", "crv": curve, "x": x})
        kid = key.thumbprint()
        if isinstance(key.public_key, X25519PublicKey):
            # With a point of small order there is no secret: that is found out here, not when names are made.
            X25519PrivateKey.generate().exchange(key.public_key)
    except (JoseError, ValueError, TypeError, KeyError) as bad:
        raise InvalidAnswer("a key in its document is malformed") from bad
    begins, ends = _instant(given.get("nbf", 0)), given.get("exp")
    return PeerKey(kid, curve, x, begins, None if ends is None else _instant(ends), now, now)


def _instant(seconds: object) -> int:
    if isinstance(seconds, bool) or not isinstance(seconds, int) or not 0 <= seconds < _LONGEST:
        raise InvalidAnswer("the term of a key in its document is no number of seconds")
    return seconds * SECOND


def kept(keys: Iterable[PeerKey]) -> str:
    """Keys as they are kept."""
    return orjson.dumps([asdict(each) for each in keys]).decode()


def keys_of(peer: Peer) -> list[PeerKey]:
    """The keys of a peer that are believed, or wait for that."""
    return [PeerKey(**each) for each in orjson.loads(peer.keys)]


def usable(peer: Peer, kid: str, curve: str, now: int) -> PeerKey | None:
    """The key of this thumbprint, if it may be used now."""
    return next(
        (each for each in keys_of(peer) if each.kid == kid and each.curve == curve and each.is_good(now)),
        None,
    )


def current(peer: Peer, curve: str, now: int) -> PeerKey | None:
    """The newest key of a curve that may be used now."""
    good = [each for each in keys_of(peer) if each.curve == curve and each.is_good(now)]
    return max(good, key=lambda each: (each.not_before, each.kid), default=None)


def believed(known: Sequence[PeerKey], announced: Sequence[PeerKey], now: int) -> list[PeerKey]:
    """What is believed after a document that a known key signed.

    A key that is new waits seven days from now, so that whoever stole the old one gains nothing before somebody could
    notice; one that is not announced any more stays for seven days.
    """
    before = {each.kid: each for each in known}
    result = [_renewed(each, before.get(each.kid), now) for each in announced]
    there = {each.kid for each in result}
    return result + [each for each in known if each.kid not in there and now < each.seen_at + KEPT_FOR]


def _renewed(each: PeerKey, known: PeerKey | None, now: int) -> PeerKey:
    usable_from = now + ANNOUNCED_FOR if known is None else known.usable_from
    return PeerKey(each.kid, each.curve, each.x, each.not_before, each.not_after, usable_from, now)
