"""What a list server says of itself to others, signed by its own key: where to ask it, and which keys it has (listfed/1, 1).

The document is a JWS (RFC 7515) of type list-fed+jwt at /.well-known/list-federation.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import orjson
from joserfc import jws
from joserfc.errors import JoseError

from federation import peer_keys
from federation.errors import InvalidAnswer
from federation.own_keys import SIGNING, OwnKeys
from federation.peer_keys import PeerKey
from mail.domain import normal_domain
from mail.errors import BadAddress
from mail.instant import DAY, MINUTE, SECOND

PATH = "/.well-known/list-federation"
QUESTIONS = "/federation/graphql"
PROTOCOL = "1"
WHICH = "which"
ACTS = "acts"
MOST_SUBJECTS = 20
PER_MINUTE = 60
_TYPE = "list-fed+jwt"
_ALGORITHM = "Ed25519"
_LASTS = DAY
_LONGEST = 7 * DAY
_SKEW = MINUTE
_LONGEST_WORD = 200
_LONGEST_VERSION = 10
_MOST_DOMAINS = 1000


@dataclass(frozen=True, slots=True)
class Said:
    """What a peer says of itself beside its keys; kept as JSON."""

    protocols: tuple[str, ...]
    capabilities: tuple[str, ...]
    domains: tuple[str, ...]
    emails: int
    per_minute: int
    contact: str
    # Who signed the document, by thumbprint, and when it was made.
    signer: str = ""
    issued_at: int = 0


@dataclass(frozen=True, slots=True)
class Document:
    """A document that was read: who says it, by which key of its own, and what."""

    issuer: str
    endpoint: str
    kid: str
    keys: Sequence[PeerKey]
    said: Said


def kept(said: Said) -> str:
    """What a peer says, as it is kept."""
    return orjson.dumps(asdict(said)).decode()


def said_by(text: str) -> Said:
    """What was kept."""
    known: dict[str, Any] = orjson.loads(text)
    for name in ("protocols", "capabilities", "domains"):
        known[name] = tuple(known[name])
    return Said(**known)


def document(keys: OwnKeys, *, domains: Sequence[str], contact: str, now: int) -> str:
    """Our own, signed; good for a day. `domains` are those of our lists, `contact` a mail address."""
    signer = keys.signer(now)
    issued = now // SECOND
    said = {
        "iss": keys.issuer,
        "graphql": f"{keys.issuer}{QUESTIONS}",
        "jwks": {"keys": [each.jwk() for each in (*keys.signing, *keys.agreement)]},
        "protocol": [PROTOCOL],
        "capabilities": [WHICH, ACTS],
        "limits": {"emails": MOST_SUBJECTS, "perMinute": PER_MINUTE},
        "domains": list(domains),
        "contact": contact,
        "iat": issued,
        "exp": issued + _LASTS // SECOND,
    }
    header = {"alg": _ALGORITHM, "typ": _TYPE, "kid": signer.kid}
    return jws.serialize_compact(header, orjson.dumps(said), signer.key, algorithms=[_ALGORITHM])


def read(raw: bytes, issuer: str, now: int) -> Document:
    """The document that a server gave at its own address; raises InvalidAnswer for whatever is not one.

    It has to be signed by a key that it names itself, which proves only that it is whole: whether that key is believed
    is another question. Members that are not known are passed over.
    """
    try:
        taken = jws.extract_compact(raw.strip())
        header, claims = taken.headers(), orjson.loads(taken.payload)
    except (JoseError, ValueError, TypeError) as bad:
        raise InvalidAnswer("its document is no JWS") from bad
    if not isinstance(claims, dict) or header.get("typ") != _TYPE or header.get("alg") != _ALGORITHM:
        raise InvalidAnswer("its document is of another kind")
    keys = peer_keys.read_jwks(claims.get("jwks"), now)
    signer = next((each for each in keys if each.kid == header.get("kid") and each.curve == SIGNING), None)
    if signer is None:
        raise InvalidAnswer("its document is signed by none of its keys")
    try:
        jws.deserialize_compact(raw.strip(), signer.key(), algorithms=[_ALGORITHM])
    except (JoseError, ValueError, TypeError) as bad:
        raise InvalidAnswer("the signature of its document does not fit") from bad
    if claims.get("iss") != issuer:
        raise InvalidAnswer(f"its document is of {str(claims.get('iss'))[:_LONGEST_WORD]!r}")
    said = replace(_said(claims), signer=signer.kid, issued_at=_issued_at(claims, now))
    return Document(issuer, _endpoint(claims, issuer), signer.kid, keys, said)


def _issued_at(claims: dict[str, Any], now: int) -> int:
    issued, ends = claims.get("iat"), claims.get("exp")
    if type(issued) is not int or type(ends) is not int:
        raise InvalidAnswer("its document does not say from when to when it holds")
    if not 0 < (ends - issued) * SECOND <= _LONGEST:
        raise InvalidAnswer("its document holds for longer than seven days, or for no time")
    if issued * SECOND > now + _SKEW or now > ends * SECOND + _SKEW:
        raise InvalidAnswer("its document is out of date, or the clocks of the two servers are apart")
    return issued * SECOND


def _endpoint(claims: dict[str, Any], issuer: str) -> str:
    found = claims.get("graphql")
    if not isinstance(found, str) or len(found) > _LONGEST_WORD or not found.startswith(f"{issuer}/"):
        raise InvalidAnswer("it is to be asked at another host than its own")
    return found


def _said(claims: dict[str, Any]) -> Said:
    limits = claims.get("limits")
    limits = limits if isinstance(limits, dict) else {}
    found = Said(
        protocols=_words(claims.get("protocol")),
        capabilities=_words(claims.get("capabilities")),
        domains=tuple(filter(None, map(_domain, _words(claims.get("domains"), most=_MOST_DOMAINS)))),
        emails=_number(limits.get("emails"), MOST_SUBJECTS),
        per_minute=_number(limits.get("perMinute"), PER_MINUTE),
        contact=str(claims.get("contact", ""))[:_LONGEST_WORD],
    )
    if PROTOCOL not in found.protocols:
        raise InvalidAnswer(_no_version(found.protocols))
    return found


def _no_version(protocols: Sequence[str]) -> str:
    if not protocols:
        return "it does not say which version of the protocol it speaks"
    theirs = " and ".join(f"listfed/{each[:_LONGEST_VERSION]}" for each in protocols[:3])
    return f"it speaks {theirs}, and this server listfed/{PROTOCOL}"


def _words(given: object, most: int = 20) -> tuple[str, ...]:
    if not isinstance(given, list):
        return ()
    return tuple(each for each in given[:most] if isinstance(each, str) and 0 < len(each) <= _LONGEST_WORD)


def _domain(text: str) -> str | None:
    try:
        return normal_domain(text)
    except BadAddress:
        return None


def _number(given: object, usual: int) -> int:
    return min(given, usual) if type(given) is int and given > 0 else usual


def host_of(issuer: str) -> str:
    """The host, and port where it is not the usual one, by which people name a server."""
    return urlsplit(issuer).netloc
