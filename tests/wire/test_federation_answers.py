"""The real program asked by another server over a real socket: what goes over the wire, and what it does not take."""

import json
import socket
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from joserfc import jws

from federation import discovery, question, statements
from federation.handles import handle, no_handle
from federation.own_keys import AGREEMENT
from federation.pair_keys import pair_key
from federation.peer_keys import PeerKey, read_jwks
from federation.question import Subject
from federation.signatures import Received, sign_request
from federation.statements import Statement
from tests.federation.other_server import OtherServer
from tests.wire.hostile_web import HostileWeb, Says, hostile_web
from tests.wire.postroom import Running, served

ADA, EVE = "ada@x.example", "eve@x.example"


@pytest.fixture(scope="module")
def web() -> Iterator[HostileWeb]:
    with hostile_web() as running:
        yield running


@pytest.fixture(scope="module")
def other(web: HostileWeb) -> OtherServer:
    made = OtherServer(web.url)
    web.answers[discovery.PATH] = lambda _: Says(made.document(now()).encode(), media_type="application/jose")
    return made


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, other: OtherServer) -> Iterator[Running]:
    """A program with one list, which answers the other server and believes its verification."""
    place = tmp_path_factory.mktemp("asked")
    with served(place, smtp_port=9, federation_private="true") as running:
        running.command("robot", "create", running.host)
        running.command("robot", "set", running.host, "federation_incoming=all_trusted")
        running.command(
            "list", "create", f"news@{running.host}", "--owner", "o@x.example", "--set=visibility=noconceal"
        )
        members = place / "members.csv"
        members.write_text(f"email\n{ADA}\n")
        running.command("membership", "import", f"news@{running.host}", str(members), "--quiet")
        name = other.issuer.removeprefix("http://")
        running.command("peer", "add", name)
        running.command("peer", "trust", name, "answer_only", "--thumbprint", other.thumbprints[0])
        shown = json.loads(running.command("peer", "terms", name, "--evidence", "assertion", "--json"))
        assert (shown["evidence"], shown["acts"]) == ("assertion", False)
        yield running


def now() -> int:
    return int(time.time() * 1_000_000)


def subject(server: Running, other: OtherServer, address: str) -> Subject:
    """An address as the other server names and vouches for it, out of what the program publishes."""
    document = httpx.get(f"{server.url}{discovery.PATH}").content
    published = read_jwks(json.loads(jws.extract_compact(document).payload)["jwks"], now())
    theirs = next(each for each in published if each.curve == AGREEMENT)
    ours = other.keys.agreed(now())
    name = handle(pair_key(ours, other.issuer, PeerKey(**vars_of(theirs)), server.url), address)
    said = Statement(
        name, "which", (ours.kid, theirs.kid), now(), "challenge", now(), now(), statements.new_jti()
    )
    return Subject(name, statements.make(other.keys, server.url, said, now()))


def vars_of(key: PeerKey) -> dict[str, object]:
    return {name: getattr(key, name) for name in PeerKey.__dataclass_fields__}


def signed(server: Running, other: OtherServer, body: bytes) -> Received:
    url = f"{server.url}{discovery.QUESTIONS}"
    return sign_request(other.keys, url=url, body=body, destination=server.url, now=now())


def asking(*subjects: Subject) -> bytes:
    return question.body_of(question.WHICH, question.which_variables(subjects))


def raw_exchange(server: Running, sent: Received) -> tuple[bytes, bytes]:
    """The octets of a request and of its answer, as they are on the wire."""
    parts = urlsplit(server.url)
    fields = {
        **sent.headers,
        "host": parts.netloc,
        "content-length": str(len(sent.body)),
        "connection": "close",
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    request = f"POST {discovery.QUESTIONS} HTTP/1.1\r\n{head}\r\n".encode() + sent.body
    with socket.create_connection((str(parts.hostname), parts.port or 80), timeout=20) as line:
        line.sendall(request)
        answer = b"".join(iter(lambda: line.recv(65536), b""))
    return request, answer


def test_the_wire_carries_no_address_but_the_lists(server: Running, other: OtherServer) -> None:
    """By the octets on the socket (threat T1)."""
    subjects = [subject(server, other, ADA), subject(server, other, EVE)]
    subjects += [Subject(no_handle(), statements.padding(600)) for _ in range(3)]
    request, answer = raw_exchange(server, signed(server, other, asking(*subjects)))
    assert answer.startswith(b"HTTP/1.1 200")
    assert f"news@{server.host}".encode() in answer
    for address in (ADA, EVE, "o@x.example"):
        assert address.encode() not in request + answer
    assert b"@" not in request.partition(b"\r\n\r\n")[2]
    assert answer.partition(b"\r\n\r\n")[2].count(b"@") == 1
    assert b"set-cookie" not in answer.lower()


def test_the_answer_says_when_it_was_given_once(server: Running, other: OtherServer) -> None:
    """An asker whose clock is apart sees it by the Date (listfed/1, 12)."""
    late = sign_request(
        other.keys, url=f"{server.url}{discovery.QUESTIONS}", body=b"{}", destination=server.url,
        now=now() - 120_000_000,
    )  # fmt: skip
    answer = httpx.post(f"{server.url}{discovery.QUESTIONS}", content=late.body, headers=dict(late.headers))
    assert (answer.status_code, answer.json()["reason"]) == (401, "CLOCK")
    (date,) = answer.headers.get_list("date")
    assert abs(parsedate_to_datetime(date).timestamp() - time.time()) < 30


def test_ten_megabytes_and_other_methods_are_not_taken(server: Running) -> None:
    """A flood ends where it is known to be one (threat T6)."""
    parts, url = urlsplit(server.url), f"{server.url}{discovery.QUESTIONS}"
    head = f"POST {discovery.QUESTIONS} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: 10000000\r\n\r\n"
    with socket.create_connection((str(parts.hostname), parts.port or 80), timeout=20) as line:
        # It does not wait for the rest of them before it answers.
        line.sendall(head.encode() + b"x" * 200_000)
        assert line.recv(65536).startswith(b"HTTP/1.1 413")
    assert httpx.get(url).status_code == 405
    assert httpx.post(url, json={"query": "{ __schema { types { name } } }"}).status_code in (401, 403)
    assert httpx.get(f"{server.url}/readyz").status_code == 200


def test_a_replayed_request_is_refused_by_whichever_process_gets_it(
    server: Running, other: OtherServer, tmp_path: Path
) -> None:
    """The nonce is in the shared store (threat T4)."""
    sent = signed(server, other, asking(subject(server, other, EVE)))
    first, second = raw_exchange(server, sent)[1], raw_exchange(server, sent)[1]
    assert first.startswith(b"HTTP/1.1 200")
    assert second.startswith(b"HTTP/1.1 401")
    assert b"REPLAYED" in second


def test_known_and_unknown_get_answers_of_one_length(server: Running, other: OtherServer) -> None:
    """To the octet (threat T9)."""
    lengths = set()
    for address in (ADA, EVE, "nobody@x.example"):
        _, answer = raw_exchange(server, signed(server, other, asking(subject(server, other, address))))
        lengths.add(len(answer.partition(b"\r\n\r\n")[2]))
    assert len(lengths) == 1
