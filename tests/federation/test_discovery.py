"""What a server says of itself is read only when it is whole, its own, in date, and about its own host (listfed/1, 1)."""

import base64
from collections.abc import Callable, Mapping
from typing import Any

import orjson
import pytest
from joserfc import jws

from federation import discovery
from federation.discovery import MOST_SUBJECTS
from federation.errors import InvalidAnswer
from federation.fetching import is_public
from federation.own_keys import OwnKey
from mail.instant import DAY, SECOND
from tests.federation.other_server import OtherServer, new_pair, signing_now

NOW = 1_900_000_000 * SECOND


def claims_of(text: str) -> dict[str, Any]:
    return dict(orjson.loads(jws.extract_compact(text.encode()).payload))


def signed(claims: Mapping[str, Any], key: OwnKey, **header: str) -> bytes:
    head = {"alg": "Ed25519", "typ": "list-fed+jwt", "kid": key.kid, **header}
    return jws.serialize_compact(head, orjson.dumps(claims), key.key, algorithms=["Ed25519"]).encode()


def test_what_we_say_is_what_others_read() -> None:
    other = OtherServer()
    found = discovery.read(other.document(NOW).encode(), other.issuer, NOW)
    assert found.endpoint == "https://other.example/federation/graphql"
    assert signing_now(found, NOW) == other.thumbprints
    assert found.said.domains == ("lists.other.example",)
    assert discovery.said_by(discovery.kept(found.said)) == found.said
    assert discovery.host_of(found.issuer) == "other.example"


def test_members_that_are_not_known_are_passed_over() -> None:
    other = OtherServer()
    claims = claims_of(other.document(NOW)) | {
        "news": {"a": [1]},
        "protocol": ["2", "1"],
        "capabilities": ["which", "x"],
    }
    found = discovery.read(signed(claims, other.signing[0]), other.issuer, NOW)
    assert found.said.capabilities == ("which", "x")


def _with(**more: Any) -> Callable[[OtherServer], bytes]:
    def make(other: OtherServer) -> bytes:
        return signed(claims_of(other.document(NOW)) | more, other.signing[0])

    return make


def _headed(**header: str) -> Callable[[OtherServer], bytes]:
    def make(other: OtherServer) -> bytes:
        return signed(claims_of(other.document(NOW)), other.signing[0], **header)

    return make


def _by_a_stranger(other: OtherServer) -> bytes:
    return signed(claims_of(other.document(NOW)), new_pair())


def _by_a_stranger_in_its_name(other: OtherServer) -> bytes:
    return signed(claims_of(other.document(NOW)), new_pair(), kid=other.signing[0].kid)


def _changed(other: OtherServer) -> bytes:
    head, _, rest = other.document(NOW).partition(".")
    payload, _, signature = rest.partition(".")
    return f"{head}.{payload[:-4]}AAAA.{signature}".encode()


def _unsigned(other: OtherServer) -> bytes:
    return b"eyJhbGciOiJub25lIn0." + other.document(NOW).encode().split(b".")[1] + b"."


@pytest.mark.parametrize(
    "make",
    [
        _by_a_stranger,
        _by_a_stranger_in_its_name,
        _changed,
        _unsigned,
        _headed(typ="JWT"),
        _headed(kid="x"),
        _with(iss="https://third.example"),
        _with(graphql="https://third.example/federation/graphql"),
        _with(graphql="https://other.example.evil.example/federation/graphql"),
        _with(graphql=None),
        _with(protocol=["2"]),
        _with(protocol="1"),
        _with(jwks={"keys": []}),
        _with(jwks={"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "AA"}] * 2}),
        _with(jwks={"keys": [new_pair().jwk()] * 11}),
        _with(jwks=[]),
        _with(iat=None),
        _with(exp=True),
        _with(iat=NOW // SECOND + 3600, exp=NOW // SECOND + 7200),
        _with(iat=NOW // SECOND - 7200, exp=NOW // SECOND - 3600),
        _with(exp=(NOW + 8 * DAY) // SECOND),
        lambda _: b"",
        lambda _: b"[]",
        lambda _: b"\xff.\xff.\xff",
        lambda _: b"a" * 10_000,
    ],
)
def test_whatever_is_not_its_own_document_is_refused(make: Callable[[OtherServer], bytes]) -> None:
    other = OtherServer()
    raw = make(other)
    with pytest.raises(InvalidAnswer):
        discovery.read(raw, other.issuer, NOW)


@pytest.mark.parametrize("x", [b"\0" * 32, b"\1" + b"\0" * 31, bytes.fromhex("ec" + "ff" * 30 + "7f")])
def test_a_key_with_which_every_secret_is_the_same_is_refused(x: bytes) -> None:
    """Points of small order of X25519 (RFC 7748, 6.1): whoever shows one would be agreed with by nobody (threat T1)."""
    weak = {"kty": "OKP", "crv": "X25519", "x": base64.urlsafe_b64encode(x).rstrip(b"=").decode()}
    other = OtherServer()
    raw = _with(jwks={"keys": [other.signing[0].jwk(), weak]})(other)
    with pytest.raises(InvalidAnswer, match="malformed"):
        discovery.read(raw, other.issuer, NOW)


def test_a_private_key_shown_by_mistake_is_not_taken() -> None:
    other = OtherServer()
    shown = dict(other.signing[0].key.as_dict(private=True)) | {"kid": other.signing[0].kid}
    raw = signed(claims_of(other.document(NOW)) | {"jwks": {"keys": [shown]}}, other.signing[0])
    with pytest.raises(InvalidAnswer, match="private"):
        discovery.read(raw, other.issuer, NOW)


def test_limits_of_a_peer_are_obeyed_only_downwards() -> None:
    other = OtherServer()
    for given, taken in (
        ({"emails": 5}, 5),
        ({"emails": 10**9}, MOST_SUBJECTS),
        ({"emails": -1}, MOST_SUBJECTS),
        ([], MOST_SUBJECTS),
    ):
        raw = signed(claims_of(other.document(NOW)) | {"limits": given}, other.signing[0])
        assert discovery.read(raw, other.issuer, NOW).said.emails == taken


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700:4700::1111", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("2002:7f00:1::", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::808:808", True),
    ],
)
def test_an_address_is_public_however_it_is_written(address: str, public: bool) -> None:
    """Mapped, embedded or abbreviated (threat T10)."""
    assert is_public(address) is public
