"""Servers of different versions understand each other inside a major version, and say so in a word beyond it (listfed/1, 11)."""

from collections.abc import Mapping, MutableMapping
from typing import Any

import orjson
import pytest
from joserfc import jws

from federation import discovery, peer_keys, question
from federation.errors import InvalidAnswer
from federation.signatures import Received, sign_answer, sign_request, verify_answer
from storage import federation_consents as rows
from storage import peers
from storage.database import Database
from storage.tables.lists import MailingList
from storage.tables.words import AddressVerdict
from tests.federation.asking_world import HERE, URL, Asker, asker
from tests.federation.other_server import OtherServer, new_pair
from tests.lists.world import World, world_in

ADA = "ada@x.example"


@pytest.fixture
async def world(database: Database) -> World:
    return await world_in(database)


@pytest.fixture
async def other(database: Database) -> Asker:
    return await asker(database)


@pytest.fixture
async def news(world: World, other: Asker) -> MailingList:
    """A list with Ada on it, who allowed it."""
    mlist = await world.make("news", visibility="noconceal")
    await world.put(mlist, ADA)
    async with world.database.write() as uow:
        await rows.decide(uow, other.peer.id, ADA, AddressVerdict.ALLOWED)
    return mlist


def signed(other: OtherServer, text: str, claims: Mapping[str, Any], **header: Any) -> str:
    """What it said, and more, signed anew."""
    taken = jws.extract_compact(text.encode())
    said = orjson.loads(taken.payload) | claims
    head = taken.headers() | header
    return jws.serialize_compact(head, orjson.dumps(said), other.signing[0].key, algorithms=["Ed25519"])


def newer_document(other: OtherServer, now: int, **claims: Any) -> bytes:
    """The document of a server that knows more than this one."""
    plain = other.document(now)
    keys = orjson.loads(jws.extract_compact(plain.encode()).payload)["jwks"]["keys"]
    keys = [each | {"key_ops": ["verify"], "of": "1.1"} for each in keys]
    keys += [
        {"kty": "OKP", "crv": "X-later", "x": "AAAA", "use": "enc"},
        {"kty": "AKP", "alg": "ML-DSA-65", "pub": "AAAA"},
    ]
    more = {
        "protocol": ["1", "2"],
        "capabilities": ["which", "acts", "which-oprf", {"name": "later"}],
        "limits": {"emails": 50, "perMinute": 600, "perHour": 6000},
        "jwks": {"keys": keys},
        "policy": {"a": [1]},
    }
    return signed(other, plain, more | claims).encode()


async def test_an_asker_that_says_more_is_understood(world: World, other: Asker, news: MailingList) -> None:
    """In the body, beside a subject, and within a statement."""
    plain = other.subject(ADA)
    claims = {"amr": ["hwk"], "consent_id": "7", "assurance": {"level": 2}}
    statement = signed(other.other, plain.statement, claims, cty="later")
    given = question.which_variables([question.Subject(plain.handle, statement)])
    given["subjects"][0]["hint"] = {"of": "version 1.1"}
    body = {"documentId": question.identifier(question.WHICH), "variables": given | {"page": 1}, "trace": "x"}
    answer = await other.post(orjson.dumps(body))
    (told,) = answer.json()["data"]["peerWhich"]["answers"]
    assert [each["listAddress"] for each in told["subscriptions"]] == [news.address]


async def test_a_server_whose_document_says_more_is_known_and_answered(
    world: World, other: Asker, news: MailingList
) -> None:
    found = discovery.read(newer_document(other.other, other.now), other.other.issuer, other.now)
    assert found.said.protocols == ("1", "2")
    assert found.said.capabilities == ("which", "acts", "which-oprf")
    assert found.said.emails == discovery.MOST_SUBJECTS
    assert {each.kid for each in found.keys} == {
        other.other.signing[0].kid,
        other.other.agreement[0].kid,
    }
    async with world.database.write() as uow:
        said, keys = discovery.kept(found.said), peer_keys.kept(found.keys)
        await peers.refreshed(uow, other.peer.id, found.endpoint, said, keys)
    assert await other.lists(ADA) == [news.address]


async def test_a_server_of_another_major_version_alone_is_refused_by_its_name(other: Asker) -> None:
    newer = newer_document(other.other, other.now, protocol=["2", "3"])
    with pytest.raises(InvalidAnswer, match=r"it speaks listfed/2 and listfed/3, and this server listfed/1"):
        discovery.read(newer, other.other.issuer, other.now)
    silent = newer_document(other.other, other.now, protocol=[])
    with pytest.raises(InvalidAnswer, match="does not say which version"):
        discovery.read(silent, other.other.issuer, other.now)


def tagged(headers: MutableMapping[str, str], tag: str) -> None:
    headers["signature-input"] = headers["signature-input"].replace("list-fed-1", tag)


async def test_a_question_of_another_major_version_is_told_so(other: Asker) -> None:
    """Under our signature, and before anything else of it is looked at."""
    sent = sign_request(other.other.keys, url=URL, body=b"{}", destination=HERE, now=other.now)
    tagged(sent.headers, "list-fed-2")
    answer = await other.send(sent)
    assert (answer.status_code, answer.json()["reason"]) == (400, "VERSION")
    assert "listfed/1" in answer.json()["errors"][0]["message"]
    assert "signature" in answer.headers
    foreign = sign_request(other.other.keys, url=URL, body=b"{}", destination=HERE, now=other.now)
    tagged(foreign.headers, "mine")
    assert (await other.send(foreign)).json()["reason"] == "BAD_SIGNATURE"


async def test_an_answer_of_another_major_version_is_not_believed_and_says_why(other: Asker) -> None:
    asked: Received = sign_request(other.own, url=URL, body=b"{}", destination=HERE, now=other.now)
    given = sign_answer(other.other.keys, asked, status=200, body=b"{}", now=other.now)
    tagged(given, "list-fed-2")
    with pytest.raises(InvalidAnswer, match="another version"):
        verify_answer(other.peer, asked, status=200, headers=given, body=b"{}", now=other.now)


def test_a_key_of_a_curve_that_is_not_known_is_passed_over_and_a_broken_one_is_not() -> None:
    good = new_pair().jwk()
    found = peer_keys.read_jwks({"keys": [good, {"kty": "OKP", "crv": "Ed25519-later", "x": "AA"}]}, 0)
    assert [each.kid for each in found] == [good["kid"]]
    with pytest.raises(InvalidAnswer):
        peer_keys.read_jwks({"keys": [good, {"kty": "OKP", "crv": "Ed25519", "x": "AA"}]}, 0)
