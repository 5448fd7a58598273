"""Where other list servers find this one: the signed document that says how to ask it, and the one address where they ask."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable

import orjson
import structlog
from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from federation import budgets, discovery, mailed_consent, named, peers
from federation.errors import BadSignature, PeerRefused, TooLarge, UnknownKey, Unreadable
from federation.own_keys import OwnKeys, ensured, issuer_of, own_keys
from federation.question import MOST_OCTETS, Asking, known_variables, read_body
from federation.signatures import MEDIA_TYPE, Asked, Fields, Received, checked_request, sign_answer, use_up
from identity.evenly import evenly
from resolvers.peer_questions import PeerContext
from schema.peer_questions import peer_schema
from storage import peers as peer_rows
from storage import robots
from storage.database import Database
from storage.tables.federation import Peer

log = structlog.get_logger(__name__)

_DOCUMENT_TYPE = "application/jose"
# Answers are as long as one of these, whatever is in them (threat T9); the last is the most that an asker takes.
_LENGTHS = (4 * 1024, 16 * 1024, 64 * 1024, 240 * 1024)
# What goes on after an answer was given, with what makes it begin at once; held here, since a loop holds its tasks weakly.
_going_on: dict[asyncio.Task[None], asyncio.Event] = {}
# It begins at a moment of its own, long after the answer: only what is known gives more to do (threat T9).
_LATER_SECONDS = (1.0, 3.0)


def federation_routes(db: Database) -> list[BaseRoute]:
    """`/.well-known/list-federation` and `/federation/graphql` (listfed/1)."""

    async def document(_: Request) -> Response:
        text = await own_document(db)
        return Response(text, media_type=_DOCUMENT_TYPE, headers={"Cache-Control": "public, max-age=300"})

    async def question(request: Request) -> Response:
        return await answered(db, request)

    return [
        Route(discovery.PATH, document, methods=["GET"]),
        Route(discovery.QUESTIONS, question, methods=["POST"]),
    ]


async def own_document(db: Database) -> str:
    """Our document as it is now; the first one makes the keys."""
    async with db.read() as reader:
        domains = sorted(robot.domain for robot in await robots.every(reader))
    keys = await _keys(db)
    contact = f"listmaster@{domains[0]}" if domains else ""
    # Read after the keys: those that were made just now are used from just now on.
    return discovery.document(keys, domains=domains, contact=contact, now=db.site.clock())


async def answered(db: Database, request: Request) -> Response:
    """The answer to a peer's request: what it asked for, or why not, signed and bound to it either way."""
    received = Received("POST", f"{issuer_of(db.site)}{discovery.QUESTIONS}", _fields(request), b"")
    try:
        received.body = await _body(request)
        asked = await _verified(db, received)
        own = await _keys(db)
        status, body = 200, await _executed(db, own, asked, read_body(received.body))
    except PeerRefused as refused:
        status, body = refused.status, _refusal(refused)
        own = await _keys(db)
    return _response(own, received, status, body, db.site.clock())


async def settled() -> None:
    """Wait for what goes on after answers: mails to addresses that are asked, names that are made, documents fetched."""
    while _going_on:
        for begins in _going_on.values():
            begins.set()
        await asyncio.gather(*_going_on)


def _fields(request: Request) -> Fields:
    """The header fields; one that comes twice is both, as RFC 9110 joins them."""
    found: dict[str, str] = {}
    for name, value in request.headers.items():
        found[name] = f"{found[name]}, {value}" if name in found else value
    return Fields(found)


async def _body(request: Request) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_OCTETS:
            raise TooLarge
        parts.append(part)
    return b"".join(parts)


async def _verified(db: Database, received: Received) -> Asked:
    """Whose request this is; a key that is not known has the peer's document looked at again."""
    try:
        # Whoever is no peer has nothing written down, and holds up nobody who writes.
        async with db.read() as reader:
            asked = await checked_request(reader, received, issuer_of(db.site))
    except UnknownKey:
        await _look_again(db, received)
        raise
    async with db.write() as uow:
        await use_up(uow, asked)
        await budgets.take_request(uow, asked.peer)
    return asked


async def _look_again(db: Database, received: Received) -> None:
    named_key = received.headers.get("signature-input", "").partition('keyid="')[2].partition('"')[0]
    async with db.read() as reader:
        peer = await peer_rows.by_issuer(reader, named_key.partition("#")[0])
    if peer is not None and await peers.may_look_again(db, peer):
        _afterwards(lambda: peers.look_again(db, peer))


async def _keys(db: Database) -> OwnKeys:
    async with db.read() as reader:
        keys = await own_keys(reader)
    if keys is None:
        async with db.write() as uow:
            keys = await ensured(uow)
    return keys


async def _executed(db: Database, own: OwnKeys, asked: Asked, asking: Asking) -> bytes:
    """The body of the answer: data of the one schema, at a moment and of a length that tell nothing."""
    context = PeerContext(db, own, asked.peer)
    async with evenly():
        result = await peer_schema.execute(
            asking.document, variable_values=known_variables(asking), context_value=context
        )
        if result.errors:
            raise _problem(result.errors[0])
        body = _padded(orjson.dumps({"data": result.data}))
    _afterwards(lambda: _go_on(db, own, asked.peer, context.to_ask))
    return body


def _problem(error: GraphQLError) -> Exception:
    """What went wrong: what a resolver raised at its path, or variables that are not of the schema, before any path."""
    if error.path is None or error.original_error is None:
        return Unreadable()
    return error.original_error


async def _go_on(db: Database, own: OwnKeys, peer: Peer, to_ask: list[str]) -> None:
    await named.fill(db, peer, own)
    await mailed_consent.ask(db, peer, to_ask)


def _afterwards(work: Callable[[], Awaitable[object]]) -> None:
    begins = asyncio.Event()
    task = asyncio.create_task(_logged(work, begins))
    _going_on[task] = begins
    task.add_done_callback(_going_on.pop)


async def _logged(work: Callable[[], Awaitable[object]], begins: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(begins.wait(), random.SystemRandom().uniform(*_LATER_SECONDS))
    try:
        await work()
    except Exception:
        # The answer was given; what did not get done is done at the next question.
        log.exception("after_an_answer")


def _padded(body: bytes) -> bytes:
    length = next(each for each in _LENGTHS if len(body) <= each)
    return body.ljust(length)


def _refusal(refused: PeerRefused) -> bytes:
    error = {"message": refused.message, "extensions": {"code": refused.reason}}
    return _padded(orjson.dumps({"reason": refused.reason, "errors": [error]}))


def _response(own: OwnKeys, received: Received, status: int, body: bytes, now: int) -> Response:
    """Signed, as far as the request has a signature to be bound to."""
    try:
        headers = sign_answer(own, received, status=status, body=body, now=now)
    except BadSignature:
        headers = {"content-type": MEDIA_TYPE}
    # The web server adds the Date, by which an asker sees how far our clocks are apart.
    return Response(body, status, headers={**headers, "cache-control": "no-store"})
