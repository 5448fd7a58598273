"""A question between servers is believed only when every part of it is as its signature says (listfed/1, 4; threat T4)."""

from collections.abc import Callable

import pytest

from federation import errors
from federation.errors import InvalidAnswer, PeerRefused
from federation.signatures import (
    _REQUEST,
    DESTINATION,
    HOP,
    Fields,
    Received,
    _sign,
    checked_request,
    digest_of,
    sign_answer,
    sign_request,
    use_up,
    verify_answer,
)
from mail.instant import SECOND
from storage import peers
from storage.database import Database
from storage.tables.words import PeerTrust
from tests.federation.other_server import OtherServer, known, new_pair

HERE = "https://lists.example.test"
URL = f"{HERE}/federation/graphql"
BODY = b'{"documentId":"sha256:x"}'


@pytest.fixture
def other() -> OtherServer:
    return OtherServer()


def question(other: OtherServer, now: int, destination: str = HERE, body: bytes = BODY) -> Received:
    return sign_request(other.keys, url=URL, body=body, destination=destination, now=now)


async def told(database: Database, received: Received) -> str:
    """The word of the protocol for what becomes of a question."""
    try:
        async with database.write() as uow:
            await use_up(uow, await checked_request(uow, received, HERE))
    except PeerRefused as refused:
        return refused.reason
    return "OK"


async def test_a_signed_question_is_its_peers_and_comes_once(database: Database, other: OtherServer) -> None:
    peer = await known(database, other)
    asked = question(other, database.site.clock())
    async with database.write() as uow:
        checked = await checked_request(uow, asked, HERE)
        await use_up(uow, checked)
        assert checked.peer.id == peer.id
    assert await told(database, asked) == "REPLAYED"


@pytest.mark.parametrize(
    ("trust", "reason"),
    [
        (PeerTrust.PENDING, "NOT_TRUSTED"),
        (PeerTrust.BLOCKED, "NOT_TRUSTED"),
        (PeerTrust.ASK_ONLY, "NOT_TRUSTED"),
        (PeerTrust.ANSWER_ONLY, "OK"),
        (PeerTrust.MUTUAL, "OK"),
    ],
)
async def test_only_those_are_answered_who_are_trusted_so_far(
    database: Database, other: OtherServer, trust: PeerTrust, reason: str
) -> None:
    await known(database, other, trust)
    assert await told(database, question(other, database.site.clock())) == reason


def _set(name: str, value: str) -> Callable[[Received], None]:
    def change(asked: Received) -> None:
        asked.headers[name] = value

    return change


def _replaced(name: str, old: str, new: str) -> Callable[[Received], None]:
    def change(asked: Received) -> None:
        assert old in asked.headers[name]
        asked.headers[name] = asked.headers[name].replace(old, new, 1)

    return change


def _without(name: str) -> Callable[[Received], None]:
    def change(asked: Received) -> None:
        del asked.headers[name]

    return change


def _other_body(asked: Received) -> None:
    asked.body += b" "


def _other_body_with_its_digest(asked: Received) -> None:
    asked.body += b" "
    asked.headers["content-digest"] = digest_of(asked.body)


def _other_method(asked: Received) -> None:
    asked.method = "PUT"


def _other_path(asked: Received) -> None:
    asked.url = f"{HERE}/graphql"


def _other_host(asked: Received) -> None:
    asked.url = asked.url.replace("lists.example.test", "other.example.test")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_other_body, "BAD_DIGEST"),
        (_other_body_with_its_digest, "BAD_SIGNATURE"),
        (_other_method, "BAD_SIGNATURE"),
        (_other_path, "BAD_SIGNATURE"),
        (_other_host, "BAD_SIGNATURE"),
        (_set("content-type", "text/plain"), "BAD_SIGNATURE"),
        (_set(DESTINATION, "https://third.example"), "BAD_SIGNATURE"),
        (_set(HOP, "1"), "HOP"),
        (_without(HOP), "HOP"),
        (_without("signature"), "BAD_SIGNATURE"),
        (_without("signature-input"), "BAD_SIGNATURE"),
        (_without("content-digest"), "BAD_SIGNATURE"),
        (_set("signature", "fed=:AAAA:"), "BAD_SIGNATURE"),
        (_set("signature-input", "fed=(("), "BAD_SIGNATURE"),
        (_set("signature-input", "fed=1"), "BAD_SIGNATURE"),
        (_replaced("signature-input", '"@method" ', ""), "BAD_SIGNATURE"),
        (_replaced("signature-input", ' "list-fed-destination"', ""), "BAD_SIGNATURE"),
        (
            _replaced("signature-input", '"list-fed-destination"', '"list-fed-destination" "date"'),
            "BAD_SIGNATURE",
        ),
        (_replaced("signature-input", "list-fed-1", "list-fed-2"), "VERSION"),
        (_replaced("signature-input", "list-fed-1", "list-fed-x"), "BAD_SIGNATURE"),
        (_replaced("signature-input", ";tag=", ';alg="hmac-sha256";tag='), "BAD_SIGNATURE"),
        (_replaced("signature-input", ";tag=", ';alg="ed25519";tag='), "BAD_SIGNATURE"),
        (_replaced("signature-input", "other.example#", "third.example#"), "UNKNOWN_PEER"),
        (_replaced("signature-input", "other.example#", "other.example#x"), "UNKNOWN_KEY"),
        (_replaced("signature-input", "other.example#", "other.example"), "UNKNOWN_PEER"),
        (_replaced("signature-input", ';nonce="', ';nonce="x'), "BAD_SIGNATURE"),
    ],
)
async def test_what_was_changed_on_the_way_is_refused(
    database: Database, other: OtherServer, change: Callable[[Received], None], reason: str
) -> None:
    await known(database, other)
    asked = question(other, database.site.clock())
    change(asked)
    assert await told(database, asked) == reason


async def test_a_component_left_unsigned_by_the_asker_itself_is_refused(
    database: Database, other: OtherServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It signs well, and less than has to be signed."""
    await known(database, other)
    fewer = ("@method", "@authority", "@target-uri", "content-digest", "content-type")
    monkeypatch.setattr("federation.signatures._REQUEST", fewer)
    asked = question(other, database.site.clock())
    monkeypatch.undo()
    assert await told(database, asked) == "BAD_SIGNATURE"


async def test_a_question_for_another_server_cannot_be_handed_on(
    database: Database, other: OtherServer
) -> None:
    await known(database, other)
    asked = question(other, database.site.clock(), destination="https://third.example")
    assert await told(database, asked) == "WRONG_DESTINATION"


@pytest.mark.parametrize(("late", "reason"), [(-61, "CLOCK"), (-59, "OK"), (59, "OK"), (61, "CLOCK")])
async def test_clocks_may_be_a_minute_apart(
    database: Database, other: OtherServer, late: int, reason: str
) -> None:
    await known(database, other)
    asked = question(other, database.site.clock() - late * SECOND)
    assert await told(database, asked) == reason


async def test_a_question_that_lasts_longer_than_a_minute_is_refused(
    database: Database, other: OtherServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await known(database, other)
    monkeypatch.setattr("federation.signatures._LASTS", 3600 * SECOND)
    asked = question(other, database.site.clock())
    monkeypatch.undo()
    assert await told(database, asked) == "CLOCK"


async def test_a_key_of_another_peer_signs_for_that_peer_alone(
    database: Database, other: OtherServer
) -> None:
    third = OtherServer("https://third.example")
    await known(database, other)
    await known(database, third)
    forger = OtherServer(other.issuer, third.signing, third.agreement)
    assert await told(database, question(forger, database.site.clock())) == "UNKNOWN_KEY"


async def test_a_refused_question_uses_no_nonce_up(database: Database, other: OtherServer) -> None:
    peer = await known(database, other, PeerTrust.PENDING)
    asked = question(other, database.site.clock())
    assert await told(database, asked) == "NOT_TRUSTED"
    async with database.write() as uow:
        await peers.set_trust(uow, peer.id, PeerTrust.MUTUAL, peer.pinned, peer.keys)
    assert await told(database, asked) == "OK"


async def test_an_answer_is_bound_to_its_question(database: Database, other: OtherServer) -> None:
    """Neither a cache nor a proxy between the two can give one answer for another."""
    peer, now = await known(database, other), database.site.clock()
    own = OtherServer(HERE)
    sent = sign_request(own.keys, url=peer.endpoint, body=BODY, destination=peer.issuer, now=now)
    again = sign_request(own.keys, url=peer.endpoint, body=BODY, destination=peer.issuer, now=now)
    body = b'{"data":{}}'
    headers = sign_answer(other.keys, sent, status=200, body=body, now=now)
    verify_answer(peer, sent, status=200, headers=headers, body=body, now=now)
    stranger = OtherServer(other.issuer, [new_pair()])
    forged = sign_answer(stranger.keys, sent, status=200, body=body, now=now)
    for question_, status, fields, octets, instant in [
        (again, 200, headers, body, now),
        (sent, 403, headers, body, now),
        (sent, 200, headers, body + b" ", now),
        (sent, 200, headers, body, now + 61 * SECOND),
        (sent, 200, forged, body, now),
        (sent, 200, {}, body, now),
        (sent, 200, {**headers, "content-digest": digest_of(b"")}, b"", now),
    ]:
        with pytest.raises(InvalidAnswer):
            verify_answer(peer, question_, status=status, headers=fields, body=octets, now=instant)


def test_every_refusal_has_a_word_and_a_sentence_of_its_own() -> None:
    kinds = [
        each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, PeerRefused)
    ]
    assert len({each.reason for each in kinds}) == len(kinds) > 10
    assert all(400 <= each.status < 500 for each in kinds)


def test_header_fields_are_found_however_they_are_written() -> None:
    fields = Fields({"Content-Type": "x"})
    assert fields["content-TYPE"] == "x"
    fields["CONTENT-type"] = "y"
    assert dict(fields) == {"content-type": "y"}


@pytest.mark.parametrize(("length", "reason"), [(15, "BAD_SIGNATURE"), (201, "BAD_SIGNATURE"), (22, "OK")])
async def test_a_nonce_of_another_size_is_refused_under_a_good_signature(
    database: Database, other: OtherServer, length: int, reason: str
) -> None:
    """A peer cannot do with a nonce that another one guesses (threat T4)."""
    await known(database, other)
    now = database.site.clock()
    asked = question(other, now)
    for name in ("signature", "signature-input"):
        del asked.headers[name]
    _sign(asked, other.signing[0], other.issuer, _REQUEST, now, nonce="n" * length)
    assert await told(database, asked) == reason
