"""Another server that asks this one, in one process: what it sends and gets back, octet for octet."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
from sqlalchemy import func, select
from starlette.applications import Starlette

from federation import peer_keys, question, statements
from federation.handles import handle, no_handle
from federation.own_keys import AGREEMENT, OwnKeys, ensured
from federation.pair_keys import pair_key
from federation.peer_keys import PeerKey
from federation.question import Subject
from federation.signatures import Received, sign_request, verify_answer
from federation.statements import Statement
from mail.address import address_key
from server.federation_door import federation_routes, settled
from storage import peers
from storage.database import Database, Reader
from storage.query import Query, param
from storage.tables.federation import Peer
from storage.tables.federation_consents import federation_handles
from storage.tables.words import PeerTrust
from tests.federation.other_server import OtherServer, known

_NAMES = Query(
    select(func.count())
    .select_from(federation_handles)
    .where(federation_handles.c.peer_id == param("peer_id")),
    int,
)

HERE = "https://lists.example.test"
URL = f"{HERE}/federation/graphql"


@dataclass
class Asker:
    """The other server, which this one knows as `peer`."""

    db: Database
    own: OwnKeys
    other: OtherServer
    peer: Peer
    sent: list[Received] = field(default_factory=list)
    got: list[httpx.Response] = field(default_factory=list)

    @property
    def now(self) -> int:
        """The time on both clocks."""
        return self.db.site.clock()

    @property
    def kids(self) -> tuple[str, str]:
        """The pair of keys under which it names addresses."""
        return self.other.keys.agreed(self.now).kid, self.own.agreed(self.now).kid

    def handle(self, address: str) -> str:
        """The name of an address between the two."""
        ours, theirs = self.own.agreed(self.now), self.other.keys.agreed(self.now)
        x = theirs.jwk()["x"]
        key = PeerKey(theirs.kid, AGREEMENT, x, 0, None, 0, 0)
        secret = pair_key(ours, self.own.issuer, key, self.other.issuer)
        return handle(secret, address_key(address))

    def statement(
        self, name: str, *, keys: OwnKeys | None = None, audience: str = HERE, **changed: Any
    ) -> str:
        """What it states of a name."""
        made = changed.pop("now", self.now)
        said: dict[str, Any] = {
            "handle": name,
            "purpose": statements.WHICH,
            "pair": self.kids,
            "verified_at": self.now,
            "verification": "challenge",
            "consented_at": self.now,
            "session_at": self.now,
            "jti": statements.new_jti(),
        }
        return statements.make(keys or self.other.keys, audience, Statement(**said | changed), made)

    def subject(self, address: str, token: str = "", **changed: Any) -> Subject:
        """An address as it asks about it."""
        name = self.handle(address)
        return Subject(name, self.statement(name, **changed), token)

    def padding(self) -> Subject:
        """Nobody, as it asks about them."""
        return Subject(no_handle(), statements.padding(600))

    async def ask(self, *addresses: str, token: str = "") -> list[dict[str, Any]]:
        """The answers about some addresses."""
        return (await self.which([self.subject(each, token) for each in addresses]))["answers"]

    async def lists(self, address: str, token: str = "") -> list[str]:
        """The lists of one address that it is told."""
        (answer,) = await self.ask(address, token=token)
        return [each["listAddress"] for each in answer["subscriptions"]]

    async def which(self, subjects: Sequence[Subject]) -> dict[str, Any]:
        """The whole result."""
        answer = await self.post(question.body_of(question.WHICH, question.which_variables(subjects)))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = orjson.loads(answer.content)["data"]["peerWhich"]
        return found

    async def act(self, subject: Subject, until: str | None = None) -> dict[str, Any]:
        """What became of an act."""
        answer = await self.post(question.body_of(question.ACT, question.act_variables(subject, until)))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = orjson.loads(answer.content)["data"]["peerAct"]
        return found

    async def post(self, body: bytes, **more: str) -> httpx.Response:
        """Sign and send a body; the answer's signature is looked at."""
        sent = sign_request(self.other.keys, url=URL, body=body, destination=HERE, now=self.now)
        answer = await self.send(sent, **more)
        ours = Peer(0, "", HERE, URL, PeerTrust.MUTUAL, "{}", self._our_keys(), "", "", 0, 0, None, 0, None)
        verify_answer(
            ours, sent, status=answer.status_code, headers=answer.headers, body=answer.content, now=self.now
        )
        return answer

    async def send(self, sent: Received, **more: str) -> httpx.Response:
        """Send a request as it is."""
        app = Starlette(routes=federation_routes(self.db))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HERE) as client:
            answer = await client.post(
                "/federation/graphql", content=sent.body, headers={**sent.headers, **more}
            )
        self.sent.append(sent)
        self.got.append(answer)
        await settled()
        return answer

    def _our_keys(self) -> str:
        jwks = {"keys": [each.jwk() for each in (*self.own.signing, *self.own.agreement)]}
        return peer_keys.kept(peer_keys.read_jwks(jwks, 0))


async def asker(db: Database, other: OtherServer | None = None) -> Asker:
    """Another server that may ask."""
    other = other or OtherServer()
    async with db.write() as uow:
        own = await ensured(uow)
    return Asker(db, own, other, await known(db, other))


async def peer_now(db: Database, peer: Peer) -> Peer:
    """It as it is known now."""
    async with db.read() as reader:
        found = await peers.find(reader, peer.id)
    assert found is not None
    return found


async def names_of(reader: Reader, peer_id: int) -> int:
    """How many names are kept for a peer."""
    return await reader.first(_NAMES, peer_id=peer_id) or 0
