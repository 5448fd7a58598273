"""Public keys of applications: read from a JWK, a JWK set or PEM, checked to be public and strong, named by their thumbprint."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey, import_key

from identity.refusal import Invalid
from mail.instant import SECOND

AnyKey = RSAKey | ECKey | OKPKey
MOST_KEYS = 10
SHORTEST_RSA = 2048
# What a signature by a key of each kind may be (RFC 7518 section 3.1, RFC 8037, RFC 9864); the first is the usual one.
_RSA = ("RS256", "PS256", "RS384", "RS512", "PS384", "PS512")
_ED25519 = ("Ed25519", "EdDSA")
_BY_CURVE = {"P-256": ("ES256",), "P-384": ("ES384",), "P-521": ("ES512",), "Ed25519": _ED25519}
# The members that make up the public key (RFC 7518 section 6, RFC 8037 section 2).
_PUBLIC = {"RSA": ("kty", "n", "e"), "EC": ("kty", "crv", "x", "y"), "OKP": ("kty", "crv", "x")}
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"})
_PATH = ("jwks",)


class PrivateKeyShown(Invalid):
    """This holds a private key: keep that one to the application, and send the public half of a new one."""


class SharedSecret(Invalid):
    """This is a shared secret; an application signs with a private key of its own: RSA, EC or Ed25519."""


class BadKey(Invalid):
    """This is not a public key that can be used here: RSA with 2048 bits or more, EC on P-256, P-384 or P-521, Ed25519."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A public key as it will be kept; instants in microseconds, None for no limit."""

    kid: str
    algorithm: str
    jwk: str
    not_before: int | None = None
    not_after: int | None = None


def read_keys(text: str | bytes | Mapping[str, Any]) -> list[NewKey]:
    """The keys in a JWK, a JWK set (RFC 7517) or a PEM file; `nbf` and `exp` of a JWK say from when until when it holds.

    Raises PrivateKeyShown, SharedSecret, BadKey.
    """
    given = text if isinstance(text, Mapping) else _parsed(text)
    if isinstance(given, Mapping):
        listed = given.get("keys", [given])
        if not isinstance(listed, list) or not 0 < len(listed) <= MOST_KEYS:
            raise BadKey(f"Give 1 to {MOST_KEYS} keys.", path=_PATH)
        keys = [_from_jwk(each) for each in listed]
    else:
        keys = [_from_pem(given)]
    if len({key.kid for key in keys}) < len(keys):
        raise BadKey("The same key is there twice.", path=_PATH)
    return keys


def usable(jwk: str) -> AnyKey:
    """A kept key, to check signatures with."""
    found = import_key(orjson.loads(jwk))
    assert isinstance(found, RSAKey | ECKey | OKPKey)
    return found


def algorithms_for(key: AnyKey, preferred: str) -> Sequence[str]:
    """What may stand in `alg` beside this key: the algorithm it is kept for, under either of its names."""
    return _ED25519 if preferred in _ED25519 else (preferred,) if preferred in _fitting(key) else ()


def _parsed(text: str | bytes) -> Mapping[str, Any] | bytes:
    raw = text.encode() if isinstance(text, str) else text
    if not raw.lstrip().startswith(b"{"):
        return raw
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise BadKey(path=_PATH) from None
    assert isinstance(found, dict)
    return found


def _from_pem(raw: bytes) -> NewKey:
    if b"PRIVATE KEY" in raw:
        raise PrivateKeyShown(path=_PATH)
    if b"PUBLIC KEY" not in raw:
        raise BadKey(path=_PATH)
    for kind in (RSAKey, ECKey, OKPKey):
        try:
            return _kept(kind.import_key(raw), None, None, None)
        except (JoseError, ValueError, TypeError):
            continue
    raise BadKey(path=_PATH)


def _from_jwk(given: object) -> NewKey:
    if not isinstance(given, Mapping):
        raise BadKey(path=_PATH)
    kind = given.get("kty")
    if kind == "oct":
        raise SharedSecret(path=_PATH)
    if _PRIVATE & given.keys():
        raise PrivateKeyShown(path=_PATH)
    if not isinstance(kind, str) or kind not in _PUBLIC or given.get("use", "sig") != "sig":
        raise BadKey(path=_PATH)
    public = {name: given.get(name) for name in _PUBLIC[kind]}
    if not all(isinstance(value, str) for value in public.values()):
        raise BadKey(path=_PATH)
    try:
        key = import_key(public)  # type: ignore[arg-type]  # all of them are texts
    except (JoseError, ValueError, TypeError, KeyError):
        raise BadKey(path=_PATH) from None
    assert isinstance(key, RSAKey | ECKey | OKPKey)
    return _kept(key, given.get("alg"), _instant(given.get("nbf")), _instant(given.get("exp")))


def _kept(key: AnyKey, algorithm: object, not_before: int | None, not_after: int | None) -> NewKey:
    fitting = _fitting(key)
    if not fitting or key.is_private:
        raise BadKey(path=_PATH)
    if algorithm is not None and algorithm not in fitting:
        raise BadKey(f"A key like this signs with {', '.join(fitting)}.", path=_PATH)
    public = key.as_dict(private=False)
    members = {name: public[name] for name in _PUBLIC[key.key_type]}
    return NewKey(
        kid=key.thumbprint(),
        algorithm=fitting[0] if algorithm is None else str(algorithm),
        jwk=orjson.dumps(members).decode(),
        not_before=not_before,
        not_after=not_after,
    )


def _fitting(key: AnyKey) -> Sequence[str]:
    if isinstance(key, RSAKey):
        return _RSA if key.raw_value.key_size >= SHORTEST_RSA else ()
    return _BY_CURVE.get(str(key.as_dict(private=False).get("crv")), ())


def _instant(seconds: object) -> int | None:
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, int) or not 0 <= seconds < 2**40:
        raise BadKey("`nbf` and `exp` of a key are whole seconds since 1970.", path=_PATH)
    return seconds * SECOND
