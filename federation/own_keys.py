"""Our own keys: which one signs now, which is announced, which was used before and is still published (listfed/1, 3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from joserfc.jwk import OKPKey

from identity.sealed import opened, sealed
from mail.instant import DAY, SECOND
from storage import federation_keys
from storage.database import Reader, UnitOfWork
from storage.site import Site
from storage.tables.federation import FederationKey

SIGNING = "Ed25519"
AGREEMENT = "X25519"
ANNOUNCED_FOR = 7 * DAY
KEPT_FOR = 7 * DAY
# Published of each curve.
MOST_AT_ONCE = 2
_SEAL = "federation key"


@dataclass(frozen=True, slots=True)
class OwnKey:
    """A key pair of ours, good from `not_before` until `not_after` (microseconds; None for no end yet)."""

    kid: str
    key: OKPKey
    not_before: int
    not_after: int | None

    def jwk(self) -> dict[str, Any]:
        """Its public half as it is published (RFC 7517, RFC 8037)."""
        public: dict[str, Any] = dict(self.key.as_dict(private=False))
        use = "sig" if public["crv"] == SIGNING else "enc"
        made = {name: public[name] for name in ("kty", "crv", "x")} | {"kid": self.kid, "use": use}
        made["nbf"] = self.not_before // SECOND
        return made if self.not_after is None else made | {"exp": self.not_after // SECOND}


@dataclass(frozen=True, slots=True)
class OwnKeys:
    """All that are published, in the order of their terms; `issuer` is the origin under which this server is known."""

    issuer: str
    signing: Sequence[OwnKey]
    agreement: Sequence[OwnKey]

    def signer(self, now: int) -> OwnKey:
        """The one to sign with: the newest whose term has begun."""
        return _current(self.signing, now)

    def agreed(self, now: int) -> OwnKey:
        """The one to agree on a pair's secret with."""
        return _current(self.agreement, now)


def _current(keys: Sequence[OwnKey], now: int) -> OwnKey:
    begun = [each for each in keys if each.not_before <= now]
    return begun[-1]


def issuer_of(site: Site) -> str:
    """The origin under which this server is known to others."""
    return site.public_url


async def own_keys(reader: Reader) -> OwnKeys | None:
    """Our keys; None where none was ever made."""
    rows = await federation_keys.published(reader)
    signing = [_opened(reader.site, row) for row in rows if row.curve == SIGNING]
    agreement = [_opened(reader.site, row) for row in rows if row.curve == AGREEMENT]
    if not signing or not agreement:
        return None
    return OwnKeys(issuer_of(reader.site), signing, agreement)


async def ensured(uow: UnitOfWork) -> OwnKeys:
    """Our keys, made at the first call; they are used at once, since nobody knows others."""
    known = await own_keys(uow)
    if known is not None:
        return known
    await _make(uow, uow.now)
    made = await own_keys(uow)
    assert made is not None
    return made


async def rotate(uow: UnitOfWork) -> OwnKeys:
    """Announce new keys, used in seven days; those before are published for seven days more (listfed/1, 3).

    While the keys of a change are published beside those before, two of each curve, another one changes nothing.
    """
    known = await ensured(uow)
    if len(known.signing) >= MOST_AT_ONCE:
        return known
    begins = uow.now + ANNOUNCED_FOR
    await _make(uow, begins)
    await federation_keys.end_before(uow, before=begins, not_after=begins + KEPT_FOR)
    made = await own_keys(uow)
    assert made is not None
    return made


async def _make(uow: UnitOfWork, not_before: int) -> None:
    pairs = ((SIGNING, OKPKey.generate_key("Ed25519")), (AGREEMENT, OKPKey.generate_key("X25519")))
    for curve, key in pairs:
        secret = sealed(uow.site, _SEAL, key.as_dict(private=True))
        await federation_keys.add(
            uow, kid=key.thumbprint(), curve=curve, secret=secret, not_before=not_before
        )


def _opened(site: Site, row: FederationKey) -> OwnKey:
    key = OKPKey.import_key(opened(site, _SEAL, row.secret))
    return OwnKey(row.kid, key, row.not_before, row.not_after)
