"""Requests and answers between servers, signed and checked: RFC 9421 over exactly these components, RFC 9530 for the body.

A check says which step failed and stops there; nothing of a body is read before all of them have passed (listfed/1, 4).
"""

import base64
import datetime as dt
import hashlib
import hmac
import secrets
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

import http_sf
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    InvalidSignature,
)
from http_message_signatures.algorithms import ED25519
from http_message_signatures.exceptions import HTTPMessageSignaturesException

from federation import peer_keys
from federation.errors import (
    BadDigest,
    BadSignature,
    ClockApart,
    Hopped,
    InvalidAnswer,
    NotTrusted,
    OtherVersion,
    Replayed,
    UnknownKey,
    UnknownPeer,
    WrongDestination,
)
from federation.own_keys import SIGNING, OwnKey, OwnKeys
from federation.trust import may_answer
from mail.instant import MINUTE, SECOND
from storage import peers, seen
from storage.database import Reader, UnitOfWork
from storage.tables.federation import Peer

LABEL = "fed"
TAG = "list-fed-1"
_TAGS = "list-fed-"
DESTINATION = "list-fed-destination"
HOP = "list-fed-hop"
MEDIA_TYPE = "application/json"
_LASTS = 60 * SECOND
_NONCE_KEPT = 5 * MINUTE
_SHORTEST_NONCE, _LONGEST_NONCE = 16, 200
_REQUEST = ("@method", "@authority", "@target-uri", "content-digest", "content-type", DESTINATION)
_ANSWER = ("@status", "content-digest", '"signature";req;key="fed"')


class Fields(MutableMapping[str, str]):
    """Header fields by name, however it is written."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._kept = {name.lower(): value for name, value in given.items()}

    def __getitem__(self, name: str) -> str:
        return self._kept[name.lower()]

    def __setitem__(self, name: str, value: str) -> None:
        self._kept[name.lower()] = value

    def __delitem__(self, name: str) -> None:
        del self._kept[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)


@dataclass(slots=True)
class Received:
    """A request as it was sent, or came."""

    method: str
    url: str
    headers: Fields
    body: bytes


@dataclass(slots=True)
class _Answer:
    status_code: int
    headers: Fields
    request: Received


@dataclass(frozen=True, slots=True)
class Asked:
    """A request whose every check has passed: who asks, and the request itself, to which the answer will be bound."""

    peer: Peer
    request: Received
    nonce: str = field(default="", compare=False)


class _OneKey(HTTPSignatureKeyResolver):
    def __init__(self, key: Any) -> None:
        self._key = key

    def resolve_private_key(self, key_id: str) -> Any:
        return self._key

    def resolve_public_key(self, key_id: str) -> Any:
        return self._key


class _Verifier(HTTPMessageVerifier):
    def validate_created_and_expires(self, *_: object, **__: object) -> None:
        """Times are looked at by our own clock, in a step of their own."""


def digest_of(body: bytes) -> str:
    """The Content-Digest field of a body."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def sign_request(keys: OwnKeys, *, url: str, body: bytes, destination: str, now: int) -> Received:
    """The question, ready to be sent: `destination` is the issuer that is asked, `now` in microseconds."""
    headers = Fields(
        {
            "content-type": MEDIA_TYPE,
            "content-digest": digest_of(body),
            DESTINATION: destination,
            HOP: "0",
        }
    )
    request = Received("POST", url, headers, body)
    _sign(request, keys.signer(now), keys.issuer, _REQUEST, now, nonce=secrets.token_urlsafe(_SHORTEST_NONCE))
    return request


def sign_answer(keys: OwnKeys, asked: Received, *, status: int, body: bytes, now: int) -> dict[str, str]:
    """The fields of an answer, bound to the question's signature, so that nobody can give it for another one.

    Raises BadSignature where the question has none to be bound to.
    """
    headers = Fields({"content-type": MEDIA_TYPE, "content-digest": digest_of(body)})
    try:
        _sign(_Answer(status, headers, asked), keys.signer(now), keys.issuer, _ANSWER, now)
    except (HTTPMessageSignaturesException, ValueError, TypeError) as bad:
        raise BadSignature from bad
    return dict(headers)


def _sign(
    message: Received | _Answer,
    key: OwnKey,
    issuer: str,
    components: tuple[str, ...],
    now: int,
    nonce: str | None = None,
) -> None:
    created = dt.datetime.fromtimestamp(now // SECOND, dt.UTC)
    signer = HTTPMessageSigner(signature_algorithm=ED25519, key_resolver=_OneKey(key.key.private_key))
    signer.sign(
        message,
        key_id=f"{issuer}#{key.kid}",
        created=created,
        expires=created + dt.timedelta(microseconds=_LASTS),
        nonce=nonce,
        label=LABEL,
        tag=TAG,
        include_alg=False,
        use_existing_digest=True,
        covered_component_ids=components,
    )


async def checked_request(reader: Reader, received: Received, own_issuer: str) -> Asked:
    """Whose question this is, after every check that only reads, in this order; `use_up` is the last one.

    Raises a PeerRefused of `federation.errors` that says which one failed.
    """
    named = _named(received.headers)
    issuer, _, kid = named["keyid"].partition("#")
    peer = await peers.by_issuer(reader, issuer)
    if peer is None:
        raise UnknownPeer
    if not may_answer(peer.trust):
        raise NotTrusted
    key = peer_keys.usable(peer, kid, SIGNING, reader.now)
    if key is None:
        raise UnknownKey
    _check(received, key.key().public_key, _REQUEST, BadSignature)
    if not _is_digest_of(received.headers, received.body):
        raise BadDigest
    if received.headers.get(DESTINATION) != own_issuer:
        raise WrongDestination
    if received.headers.get(HOP) != "0":
        raise Hopped
    _check_times(named, reader.now, ClockApart)
    nonce = named.get("nonce", "")
    if not isinstance(nonce, str) or not _SHORTEST_NONCE <= len(nonce) <= _LONGEST_NONCE:
        raise BadSignature("A nonce of 128 bits is missing.")
    return Asked(peer, received, nonce)


async def use_up(uow: UnitOfWork, asked: Asked) -> None:
    """Use up the nonce of a question that was checked; raises Replayed."""
    if not await seen.first_time(uow, f"peer {asked.peer.id}", asked.nonce, uow.now + _NONCE_KEPT):
        raise Replayed


def _is_digest_of(headers: Fields, body: bytes) -> bool:
    return hmac.compare_digest(headers.get("content-digest", "").encode(), digest_of(body).encode())


def verify_answer(
    peer: Peer, sent: Received, *, status: int, headers: Mapping[str, str], body: bytes, now: int
) -> None:
    """Check that a peer gave this answer to this very question; raises InvalidAnswer."""
    fields = Fields(headers)
    try:
        named = _named(fields)
    except OtherVersion as other:
        raise InvalidAnswer("it answers in another version of the protocol") from other
    except BadSignature as bad:
        raise InvalidAnswer("it is not signed") from bad
    issuer, _, kid = named["keyid"].partition("#")
    key = peer_keys.usable(peer, kid, SIGNING, now)
    if issuer != peer.issuer or key is None:
        raise InvalidAnswer("it is signed by a key that is not believed")
    _check(_Answer(status, fields, sent), key.key().public_key, _ANSWER, InvalidAnswer)
    if not _is_digest_of(fields, body):
        raise InvalidAnswer("its body is not the one that was signed")
    _check_times(named, now, InvalidAnswer)


def _named(headers: Fields) -> dict[str, Any]:
    """The parameters of the one signature; raises OtherVersion, and BadSignature where there is none, or another one too."""
    try:
        found: Any = http_sf.parse(headers["signature-input"].encode(), tltype="dictionary")
    except (KeyError, ValueError, TypeError) as bad:
        raise BadSignature from bad
    if list(found) != [LABEL] or "signature" not in headers:
        raise BadSignature
    named = dict(found[LABEL][1])
    tag = named.get("tag")
    if isinstance(tag, str) and tag != TAG and tag.removeprefix(_TAGS).isdecimal():
        raise OtherVersion
    if tag != TAG or not isinstance(named.get("keyid"), str) or "alg" in named:
        raise BadSignature
    return named


def _check(
    message: Received | _Answer,
    key: object,
    components: tuple[str, ...],
    refusal: type[BadSignature] | type[InvalidAnswer],
) -> None:
    """Check the signature with this key over exactly these components, whatever it says of itself."""
    verifier = _Verifier(signature_algorithm=ED25519, key_resolver=_OneKey(key))
    try:
        (result,) = verifier.verify(
            message, max_age=None, expect_tag=TAG, expect_label=LABEL, require_components=components
        )
    except (HTTPMessageSignaturesException, InvalidSignature, ValueError, TypeError) as bad:
        raise refusal from bad
    if len(result.covered_components) != len(components) + 1:
        raise refusal


def _check_times(named: Mapping[str, Any], now: int, refusal: type[ClockApart] | type[InvalidAnswer]) -> None:
    created, expires = named.get("created"), named.get("expires")
    if type(created) is not int or type(expires) is not int:
        raise refusal
    lasts = (expires - created) * SECOND
    apart = abs(now - created * SECOND)
    if apart > _LASTS or not 0 < lasts <= _LASTS or now > expires * SECOND:
        raise refusal
