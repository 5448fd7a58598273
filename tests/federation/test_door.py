"""The address where other servers ask: two documents and nothing else, every answer signed, no matter what comes."""

from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from graphql import parse, validate

from federation import question
from federation.signatures import HOP, Fields, sign_request
from mail.instant import SECOND
from schema.peer_questions import peer_schema
from server.print_peer_schema import PRINTED, printed
from storage import federation_consents as rows
from storage.database import Database
from storage.tables.words import AddressVerdict, PeerTrust
from tests.federation.asking_world import HERE, URL, Asker, asker, peer_now
from tests.federation.other_server import OtherServer, known, new_pair
from tests.identity.world import Watched
from tests.lists.world import World

ADA, EVE, BOB = "ada@x.example", "eve@x.example", "bob@x.example"


def asked(*subjects: question.Subject) -> bytes:
    return question.body_of(question.WHICH, question.which_variables(subjects))


# ---- the schema


def test_what_peers_can_ask_is_printed_as_it_is() -> None:
    assert Path(__file__).parents[2] / "federation" / "federation.graphql" == PRINTED
    assert PRINTED.read_text(encoding="utf-8") == printed(), "run python -m server.print_peer_schema"


def test_both_documents_fit_the_schema_and_nothing_of_the_public_one_is_in_it() -> None:
    for document in question.DOCUMENTS.values():
        assert validate(peer_schema._schema, parse(document)) == []
    types = {name for name in peer_schema._schema.type_map if not name.startswith("__")}
    assert types == {
        "Query", "Mutation", "PeerSubject", "PeerAct", "PeerWhichResult", "PeerWhichAnswer",
        "PeerSubscriptionItem", "PeerActResult", "String", "Boolean",
    }  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        b"[]",
        b'{"query":"{ __schema { types { name } } }","variables":{}}',
        b'{"query":"{ peerWhich(subjects: []) { notice } }"}',
        b'{"documentId":"sha256:00","variables":{}}',
        b'{"documentId":null,"variables":{}}',
        orjson.dumps({"documentId": question.identifier(question.WHICH)}),
        orjson.dumps({"documentId": question.identifier(question.WHICH), "variables": []}),
        orjson.dumps({"documentId": question.identifier(question.WHICH), "variables": {}}),
        orjson.dumps({"documentId": question.identifier(question.WHICH), "variables": {"subjects": [1]}}),
        orjson.dumps({"documentId": question.identifier(question.WHICH), "variables": {"subjects": []}}),
        orjson.dumps({"documentId": question.identifier(question.ACT), "variables": {"act": {}}}),
        orjson.dumps(
            {
                "documentId": question.identifier(question.WHICH),
                "variables": {"subjects": []},
                "query": "{ __typename }",
            }
        ),
        b"[" * 5000,
    ],
)
async def test_anything_but_the_two_documents_is_refused(other: Asker, body: bytes) -> None:
    """Nothing else can be asked, and nothing can be looked around in (threat T3)."""
    answer = await other.post(body)
    assert (answer.status_code, answer.json()["reason"]) == (400, "BAD_REQUEST")
    assert "__" not in answer.text
    assert "peerWhich" not in answer.text


async def test_more_than_twenty_subjects_are_refused(other: Asker) -> None:
    assert (await other.post(asked(*(other.padding() for _ in range(20))))).status_code == 200
    assert (await other.post(asked(*(other.padding() for _ in range(21))))).status_code == 400


async def test_a_newer_asker_may_say_more(world: World, other: Asker) -> None:
    """Members that this version does not know are passed over (listfed/1, 11)."""
    given = orjson.loads(asked(other.subject(ADA)))
    given["variables"]["subjects"][0]["newMember"] = {"of": "version 1.1"}
    given["variables"]["another"] = 1
    given["extensions"] = {"x": 1}
    answer = await other.post(orjson.dumps(given))
    assert answer.status_code == 200
    assert answer.json()["data"]["peerWhich"]["answers"][0]["subscriptions"] == []


# ---- what surrounds it


async def test_a_body_of_ten_megabytes_is_not_read(other: Asker) -> None:
    answer = await other.post(b" " * 10_000_000)
    assert (answer.status_code, answer.json()["reason"]) == (413, "TOO_LARGE")


async def test_cookies_and_tokens_make_no_difference(world: World, other: Asker) -> None:
    plain = await other.post(asked(other.padding()))
    dressed = await other.post(
        asked(other.padding()), cookie="postroom=x; session=y", authorization="Bearer x"
    )
    assert (plain.status_code, dressed.status_code) == (200, 200)
    assert len(plain.content) == len(dressed.content)
    for answer in (plain, dressed):
        assert "set-cookie" not in answer.headers
        assert answer.headers["cache-control"] == "no-store"
    foreign = await other.post(asked(other.padding()), host="evil.example")
    assert foreign.status_code == 200


def hopped(fields: Fields) -> None:
    fields[HOP] = "1"


def without_hop(fields: Fields) -> None:
    del fields[HOP]


def another_digest(fields: Fields) -> None:
    fields["content-digest"] = "sha-256=:AAAA:"


@pytest.mark.parametrize(
    ("change", "status", "reason"),
    [(hopped, 400, "HOP"), (without_hop, 400, "HOP"), (another_digest, 401, "BAD_SIGNATURE")],
)
async def test_what_is_handed_on_or_altered_is_refused(
    other: Asker, change: Callable[[Fields], None], status: int, reason: str
) -> None:
    """A hop other than the first is refused, so no ring turns (threats T4 and T6)."""
    sent = sign_request(
        other.other.keys, url=URL, body=asked(other.padding()), destination=HERE, now=other.now
    )
    change(sent.headers)
    answer = await other.send(sent)
    assert (answer.status_code, answer.json()["reason"]) == (status, reason)
    assert "signature" in answer.headers


async def test_a_replay_and_a_late_or_misdirected_question_are_refused_under_our_signature(
    other: Asker,
) -> None:
    """Once, now, here (threat T4)."""
    sent = sign_request(
        other.other.keys, url=URL, body=asked(other.padding()), destination=HERE, now=other.now
    )
    assert (await other.send(sent)).status_code == 200
    late = sign_request(other.other.keys, url=URL, body=b"{}", destination=HERE, now=other.now - 90 * SECOND)
    astray = sign_request(
        other.other.keys, url=URL, body=b"{}", destination="https://third.example", now=other.now
    )
    for request, reason in ((sent, "REPLAYED"), (late, "CLOCK"), (astray, "WRONG_DESTINATION")):
        answer = await other.send(request)
        assert (answer.status_code, answer.json()["reason"]) == (401, reason)
        assert answer.headers["signature-input"].startswith("fed=")


async def test_without_a_signature_the_refusal_has_none_to_be_bound_to(other: Asker) -> None:
    for headers in ({}, {"signature-input": "garbage", "signature": "garbage"}, {"signature": "x"}):
        sent = sign_request(other.other.keys, url=URL, body=b"{}", destination=HERE, now=other.now)
        sent.headers = Fields({**headers, "content-type": "application/json"})
        answer = await other.send(sent)
        assert answer.status_code in (401, 403)
        assert answer.json()["reason"] == "BAD_SIGNATURE"


async def test_strangers_and_servers_that_are_only_asked_get_no_answer(database: Database) -> None:
    stranger = await asker(database)
    stranger.other = OtherServer("https://unknown.example")
    answer = await stranger.post(b"{}")
    assert (answer.status_code, answer.json()["reason"]) == (403, "UNKNOWN_PEER")
    only_asked = OtherServer("https://asked.example")
    await known(database, only_asked, PeerTrust.ASK_ONLY)
    stranger.other = only_asked
    answer = await stranger.post(b"{}")
    assert (answer.status_code, answer.json()["reason"]) == (403, "NOT_TRUSTED")


async def test_an_unknown_key_has_the_peers_document_looked_at(other: Asker) -> None:
    before = (await peer_now(other.db, other.peer)).fetched_at
    other.db.site.clock.advance(hours=2)  # type: ignore[attr-defined]
    other.other.signing[:] = [new_pair()]
    answer = await other.post(b"{}")
    assert (answer.status_code, answer.json()["reason"]) == (401, "UNKNOWN_KEY")
    # It cannot be reached here; that it was tried is written down, so that an hour passes before the next time.
    assert (await peer_now(other.db, other.peer)).fetched_at > before


# ---- what tells nothing


async def people(world: World, other: Asker) -> None:
    """Ada is on a list and did not agree; Bob agreed and is on none; of Eve nobody knows."""
    mlist = await world.make("news", visibility="noconceal")
    await world.put(mlist, ADA, "carl@x.example")
    async with world.database.write() as uow:
        for address in (BOB, "carl@x.example"):
            await rows.decide(uow, other.peer.id, address, AddressVerdict.ALLOWED)


async def test_unknown_unconsenting_and_unsubscribed_get_the_same_octets(world: World, other: Asker) -> None:
    """The answer does not tell them apart (threat T9)."""
    await people(world, other)
    bodies = []
    for address in (ADA, BOB, EVE):
        await other.ask(address)
        bodies.append(other.got[-1].content.replace(other.handle(address).encode(), b"-"))
    assert bodies[0] == bodies[1] == bodies[2]
    assert await other.lists("carl@x.example") == ["news@a.example"]
    assert len(other.got[-1].content) == len(other.got[0].content)


async def test_unknown_unconsenting_and_unsubscribed_take_the_same_statements(
    world: World, other: Asker
) -> None:
    """Nor does what is read for it (threat T9); `bench/federation.py` measures the time."""
    await people(world, other)
    await other.ask(ADA, BOB, EVE)
    watched = Watched(other.db)
    watching = Asker(watched, other.own, other.other, other.peer)  # type: ignore[arg-type]
    asked_for = []
    for address in (ADA, BOB, EVE):
        answer = await watching.post(asked(watching.subject(address)))
        assert answer.status_code == 200
        asked_for.append(watched.told())
    assert asked_for[0] == asked_for[1] == asked_for[2]
    assert len(asked_for[0]) > 10


async def test_captured_traffic_names_nobody_whom_the_asker_did_not_name(world: World, other: Asker) -> None:
    """Neither way: what is asked names nobody at all, what is answered the lists alone (threat T1)."""
    await people(world, other)
    subjects = [other.subject(ADA), other.subject("carl@x.example"), *(other.padding() for _ in range(3))]
    await other.which(subjects)
    request, answer = other.sent[-1], other.got[-1]
    captured = request.body + repr(dict(request.headers)).encode() + answer.content
    captured += repr(dict(answer.headers)).encode()
    for address in (ADA, BOB, EVE, "carl@x.example", "somebody@nowhere.example"):
        assert address.encode() not in captured
        assert address.partition("@")[0].encode() + b"@" not in captured
    assert answer.content.count(b"@") == 1
    assert b"news@a.example" in answer.content
