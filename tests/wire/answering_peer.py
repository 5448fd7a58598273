"""Another list server that is asked: it answers under its signature, rightly or as a test has it lie."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from federation.discovery import QUESTIONS
from federation.handles import handle
from federation.own_keys import ensured
from federation.pair_keys import pair_key
from federation.peer_keys import read_jwks
from federation.question import DOCUMENTS, WHICH
from federation.signatures import Fields, Received, sign_answer
from mail.address import parse_address
from storage.database import Database
from storage.tables.federation import Peer
from storage.tables.words import PeerTrust
from tests.federation.other_server import OtherServer, known
from tests.wire.hostile_web import Asked, HostileWeb, Says, hostile_web

Item = dict[str, Any]
Answer = dict[str, Any]


@dataclass
class AnsweringPeer:
    """A peer at an origin of its own: `on` says which lists an address is on; the rest is how it goes wrong."""

    web: HostileWeb
    clock: Callable[[], int]
    other: OtherServer
    on: dict[str, list[Item]] = field(default_factory=dict)
    # Changes the answer before it is signed, the signed fields, or what is sent at all.
    lies: Callable[[Answer], Any] = lambda answer: answer
    fields: Callable[[dict[str, str]], dict[str, str]] = lambda given: given
    speaks: Callable[[Says], Says] = lambda says: says
    status: int = 200
    questions: list[Received] = field(default_factory=list)
    # Of the addresses that it holds, by handle: known once it is befriended.
    names: Callable[[], dict[str, str]] = dict

    @property
    def url(self) -> str:
        """Its origin."""
        return self.web.url

    def item(self, name: str = "gardens", **more: Any) -> Item:
        """A subscription as it would tell of one."""
        return {
            "listAddress": f"{name}@lists.other.example",
            "subject": f"About {name}",
            "reception": "mail",
            "manageUrl": f"{self.url}/lists/{name}",
        } | more

    def subjects(self) -> list[dict[str, Any]]:
        """Of the last question."""
        found: list[dict[str, Any]] = json.loads(self.questions[-1].body)["variables"]["subjects"]
        return found

    def handles(self, issuer: str, agreement: Mapping[str, Any]) -> dict[str, str]:
        """The names of the addresses that it holds, with an asker."""
        (theirs,) = read_jwks({"keys": [agreement]}, self.clock())
        secret = pair_key(self.other.agreement[0], self.other.issuer, theirs, issuer)
        return {handle(secret, parse_address(each).key): each for each in self.on}

    def answer(self, asked: Asked) -> Says:
        """What it says to a question."""
        request = Received("POST", f"{self.url}{asked.path}", Fields(asked.headers), asked.body)
        self.questions.append(request)
        given = json.loads(asked.body)
        assert DOCUMENTS[given["documentId"]] == WHICH
        names = self.names()
        answers = [
            {
                "handle": each["handle"],
                "subscriptions": self.on.get(names.get(each["handle"], ""), []),
                "isTruncated": False,
            }
            for each in given["variables"]["subjects"]
        ]
        told = self.lies({"data": {"peerWhich": {"answers": answers, "notice": None}}})
        body = told if isinstance(told, bytes) else json.dumps(told).encode()
        headers = sign_answer(self.other.keys, request, status=self.status, body=body, now=self.clock())
        return self.speaks(Says(body, self.status, headers=self.fields(headers)))


@contextmanager
def answering_peer(clock: Callable[[], int]) -> Iterator[AnsweringPeer]:
    """One that listens until the block ends."""
    with hostile_web() as web:
        peer = AnsweringPeer(web, clock, OtherServer(web.url))
        web.answers[QUESTIONS] = peer.answer
        yield peer


async def befriended(db: Database, peer: AnsweringPeer, trust: PeerTrust = PeerTrust.MUTUAL) -> Peer:
    """Let a database know and trust it; from then on it knows our handles."""
    async with db.write() as uow:
        own = await ensured(uow)
    found = await known(db, peer.other, trust)
    agreement = own.agreement[0].jwk()
    peer.names = lambda: peer.handles(own.issuer, agreement)
    return found


def waiting(seconds: float) -> Callable[[Says], Says]:
    """Answer late."""
    return lambda says: replace(says, waits=seconds)
