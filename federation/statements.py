"""What the asker says of an address: that it is proved there, that its person agreed, and when (listfed/1, 5).

Said by the asker's word alone, so it opens nothing by itself: the asked server's own consent does.
"""

import base64
import secrets
from dataclasses import dataclass
from typing import Any

import orjson
from joserfc import jws
from joserfc.errors import JoseError

from federation import peer_keys
from federation.holders import PROVED_WITHIN
from federation.own_keys import SIGNING, OwnKeys
from mail.instant import HOUR, SECOND
from storage.tables.federation import Peer

WHICH = "which"
LEAVE = "leave"
PAUSE = "pause"
_TYPE = "list-fed-address+jwt"
_ALGORITHM = "Ed25519"
_LASTS = 60 * SECOND
_SESSION_AT_MOST = 12 * HOUR


@dataclass(frozen=True, slots=True)
class Statement:
    """One address, unnamed, as the asker vouches for it; instants in microseconds.

    `pair` names the two keys under which the handle was made: the asker's and the asked server's. `act` is what an act
    is about: the list's address; "" for a question.
    """

    handle: str
    purpose: str
    pair: tuple[str, str]
    verified_at: int
    verification: str
    consented_at: int
    session_at: int
    jti: str
    act: str = ""


def new_jti() -> str:
    """A name for a statement, used once."""
    return secrets.token_urlsafe(16)


def make(keys: OwnKeys, audience: str, said: Statement, now: int) -> str:
    """The statement for one peer, signed; good for a minute."""
    claims = {
        "iss": keys.issuer,
        "aud": audience,
        "sub": said.handle,
        "purpose": said.purpose,
        "pair": list(said.pair),
        "email_verified_at": said.verified_at // SECOND,
        "verification": said.verification,
        "consented_at": said.consented_at // SECOND,
        "session_auth_time": said.session_at // SECOND,
        "act": said.act,
        "iat": now // SECOND,
        "exp": (now + _LASTS) // SECOND,
        "jti": said.jti,
    }
    signer = keys.signer(now)
    header = {"alg": _ALGORITHM, "typ": _TYPE, "kid": signer.kid}
    return jws.serialize_compact(header, orjson.dumps(claims), signer.key, algorithms=[_ALGORITHM])


def padding(length: int) -> str:
    """What stands where a statement would, as long as one, for nobody's handle."""
    octets = secrets.token_bytes(length)
    return base64.urlsafe_b64encode(octets).decode("ascii")[:length]


def read(peer: Peer, text: str, *, audience: str, handle: str, now: int) -> Statement | None:
    """What a peer states of a handle; None for whatever is not its own fresh statement, for this server, about it."""
    try:
        taken = jws.extract_compact(text.encode())
        header, claims = taken.headers(), orjson.loads(taken.payload)
        key = peer_keys.usable(peer, str(header.get("kid")), SIGNING, now)
        if key is None or header.get("typ") != _TYPE or header.get("alg") != _ALGORITHM:
            return None
        jws.deserialize_compact(text, key.key(), algorithms=[_ALGORITHM])
        return _checked(peer, claims, audience, handle, now)
    except (JoseError, ValueError, TypeError, KeyError):
        return None


def _checked(peer: Peer, claims: dict[str, Any], audience: str, handle: str, now: int) -> Statement | None:
    issued, ends = int(claims["iat"]) * SECOND, int(claims["exp"]) * SECOND
    ours_one, theirs = claims["pair"]
    said = Statement(
        handle=str(claims["sub"]),
        purpose=str(claims["purpose"]),
        pair=(str(ours_one), str(theirs)),
        verified_at=int(claims["email_verified_at"]) * SECOND,
        verification=str(claims["verification"]),
        consented_at=int(claims["consented_at"]) * SECOND,
        session_at=int(claims["session_auth_time"]) * SECOND,
        jti=str(claims["jti"]),
        act=str(claims.get("act", "")),
    )
    is_for_us = claims["iss"] == peer.issuer and claims["aud"] == audience and said.handle == handle
    is_fresh = abs(now - issued) <= _LASTS and now <= ends and 0 < ends - issued <= _LASTS
    is_proved = now - PROVED_WITHIN - _LASTS <= said.verified_at <= now + _LASTS
    is_agreed = is_proved and 0 < said.consented_at <= now + _LASTS
    is_there = now - said.session_at <= _SESSION_AT_MOST + _LASTS
    return said if is_for_us and is_fresh and is_agreed and is_there else None
