"""Events over WebSocket and server-sent events: the protocol, who may listen, how long, and what failures tell."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
import strawberry
from starlette.requests import HTTPConnection

from identity import sessions
from identity.refusal import NotFound
from resolvers.context import Info
from schema.binding import resolved, shown, streamed
from server.asking import COOKIE
from server.graphql.face import core_schema
from storage.tables.words import TokenScope
from tests.server.graphql_world import World, cookie
from tests.server.sockets import Closed, connected

SECRET = "the password is tiger"


def _raise() -> str:
    raise RuntimeError(SECRET)


@strawberry.type
class Root:
    hello: str = shown("h")
    broken: str | None = resolved(lambda: 1 / 0, "b")


@strawberry.type
class Event:
    number: int = shown("n")
    broken: str | None = resolved(_raise, "b")


class Number:
    """The record of an event."""

    def __init__(self, number: int) -> None:
        self.number = number


async def _count(info: Info, to: int = 3) -> AsyncIterator[Any]:
    for number in range(to):
        yield Number(number)


async def _fail(info: Info) -> AsyncIterator[Any]:
    yield Number(0)
    raise RuntimeError(SECRET)


async def _refuse(info: Info) -> AsyncIterator[Any]:
    raise NotFound
    yield


async def _forever(info: Info) -> AsyncIterator[Any]:
    for number in range(10_000):
        yield Number(number)
        await asyncio.sleep(0.01)


@strawberry.type
class Subscription:
    count: Event = streamed(_count, "c")
    fail: Event = streamed(_fail, "f")
    refuse: Event = streamed(_refuse, "r")
    forever: Event = streamed(_forever, "e")


SCHEMA = core_schema(strawberry.Schema(query=Root, subscription=Subscription))


@pytest.fixture
def events(graphql: World) -> World:
    """The world over a schema with subscriptions of its own."""
    graphql.face.schema = SCHEMA
    graphql.face.documents.schema = SCHEMA
    return graphql


async def test_a_subscription_over_a_socket_runs_to_its_end(events: World) -> None:
    async with connected(events.app) as socket:
        assert socket.subprotocol == "graphql-transport-ws"
        await socket.begin()
        await socket.subscribe("1", "subscription { count { number } }")
        for number in range(3):
            message = await socket.receive()
            assert (message["type"], message["id"]) == ("next", "1")
            assert message["payload"]["data"] == {"count": {"number": number}}
        assert await socket.receive() == {"type": "complete", "id": "1"}
        await socket.send({"type": "ping"})
        assert await socket.receive() == {"type": "pong"}


async def test_queries_run_over_a_socket_too(events: World) -> None:
    async with connected(events.app) as socket:
        await socket.begin()
        await socket.subscribe("q", "{ __typename }")
        assert (await socket.receive())["payload"]["data"] == {"__typename": "Root"}
        assert (await socket.receive())["type"] == "complete"


@pytest.mark.parametrize("field", ["fail { number }", "count(to: 1) { number broken }"])
async def test_a_failure_tells_nothing_over_a_socket(events: World, field: str) -> None:
    async with connected(events.app) as socket:
        await socket.begin()
        await socket.subscribe("1", f"subscription {{ {field} }}")
        said = []
        while (message := await socket.receive())["type"] == "next":
            said.append(message)
        told = json.dumps(said)
        assert SECRET not in told
        assert "INTERNAL_SERVER_ERROR" in told
        assert "requestId" in told


@pytest.mark.parametrize("field", ["fail { number }", "count(to: 1) { number broken }"])
async def test_a_failure_tells_nothing_over_server_sent_events(events: World, field: str) -> None:
    found = await events.post(
        {"query": f"subscription {{ {field} }}"}, headers={"Accept": "text/event-stream"}
    )
    assert found.headers["content-type"].startswith("text/event-stream")
    assert SECRET not in found.text
    assert "INTERNAL_SERVER_ERROR" in found.text
    assert found.text.endswith("event: complete\ndata:\n\n")


async def test_a_failure_tells_nothing_over_http(events: World) -> None:
    answer = await events.ask("{ broken }")
    error = answer["errors"][0]
    assert (error["extensions"]["code"], error["path"]) == ("INTERNAL_SERVER_ERROR", ["broken"])
    assert "division" not in json.dumps(answer)


async def test_a_refusal_is_told_in_the_domains_words(events: World) -> None:
    found = await events.post(
        {"query": "subscription { refuse { number } }"}, headers={"Accept": "text/event-stream"}
    )
    assert '"code":"NOT_FOUND"' in found.text
    assert "not for your eyes" in found.text


async def test_server_sent_events_carry_each_answer(events: World) -> None:
    found = await events.post(
        {"query": "subscription { count { number } }"}, headers={"Accept": "text/event-stream"}
    )
    answers = [
        json.loads(line.removeprefix("data: "))["data"]
        for line in found.text.splitlines()
        if line.startswith("data: ")
    ]
    assert answers == [{"count": {"number": number}} for number in range(3)]
    plain = await events.post({"query": "{ __typename }"}, headers={"Accept": "text/event-stream"})
    assert plain.text.count("event: next") == 1


async def test_a_subscription_wants_an_event_stream(events: World) -> None:
    found = await events.post(
        {"query": "subscription { count { number } }"}, headers={"Accept": "application/json"}
    )
    assert found.status_code == 406


async def test_only_the_current_protocol_is_spoken(events: World) -> None:
    """Pitfall 51."""
    for protocols in ((), ("graphql-ws",)):
        async with connected(events.app, protocols=protocols) as socket:
            with pytest.raises(Closed) as closed:
                await socket.receive()
            assert closed.value.code == 4406


async def test_a_foreign_page_gets_no_socket(events: World) -> None:
    """Pitfall 51."""
    headers = {"Origin": "https://evil.example", "Cookie": f"{COOKIE}={await events.signed_in()}"}
    with pytest.raises(Closed):
        async with connected(events.app, headers=headers):
            pass
    async with connected(events.app, headers={"Origin": "https://lists.example.test"}) as socket:
        await socket.begin()


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        (['{"type": "subscribe", "id": "1", "payload": {"query": "{__typename}"}}'], 4401),
        (['{"type": "connection_init"}', '{"type": "connection_init"}'], 4429),
        (["no json"], 4400),
        (["[]"], 4400),
        (['{"type": "what"}'], 4400),
        (['{"type": "connection_init", "payload": 7}'], 4400),
        (['{"type": "connection_init"}', '{"type": "subscribe", "id": 1, "payload": {}}'], 4400),
        (['{"type": "connection_init"}', '{"type": "subscribe", "id": "1", "payload": []}'], 4400),
        (['{"type": "connection_init", "payload": {"Authorization": "Bearer pr_bad"}}'], 4403),
    ],
)
async def test_a_breach_of_the_protocol_closes_the_socket(
    events: World, messages: list[str], code: int
) -> None:
    """Pitfall 51."""
    async with connected(events.app) as socket:
        for message in messages:
            await socket.tell(message)
        with pytest.raises(Closed) as closed:
            while True:
                await socket.receive()
        assert closed.value.code == code


async def test_an_id_is_used_once_at_a_time(events: World) -> None:
    async with connected(events.app) as socket:
        await socket.begin()
        for _ in range(2):
            await socket.subscribe("1", "subscription { forever { number } }")
        with pytest.raises(Closed) as closed:
            while True:
                await socket.receive()
        assert closed.value.code == 4409


async def test_a_socket_carries_twenty_operations(events: World) -> None:
    """Pitfall 51."""
    async with connected(events.app) as socket:
        await socket.begin()
        for number in range(21):
            await socket.subscribe(str(number), "subscription { forever { number } }")
        while (message := await socket.receive())["type"] != "error":
            assert message["type"] == "next"
        assert message["id"] == "20"
        assert message["payload"][0]["extensions"]["code"] == "QUERY_TOO_COSTLY"
        await socket.send({"type": "complete", "id": "0"})
        await socket.subscribe("20", "subscription { count(to: 1) { number } }")
        while (message := await socket.receive())["id"] != "20":
            assert message["type"] == "next"
        assert message["type"] == "next"


async def test_bad_documents_and_variables_are_errors_of_their_operation(events: World) -> None:
    async with connected(events.app) as socket:
        await socket.begin()
        for query, code in (
            ("subscription {", "GRAPHQL_PARSE_FAILED"),
            ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
            ("subscription S($to: Int!) { count(to: $to) { number } }", "BAD_USER_INPUT"),
        ):
            await socket.subscribe("x", query)
            message = await socket.receive()
            assert (message["type"], message["id"]) == ("error", "x")
            assert message["payload"][0]["extensions"]["code"] == code


async def test_a_token_in_the_first_message_says_who_asks(graphql: World) -> None:
    token = await graphql.api_token(TokenScope.READ)
    async with connected(graphql.app) as socket:
        await socket.begin({"authorization": f"Bearer {token}"})
        await socket.subscribe("1", "{ viewer { user { mainEmail } } }")
        answer = (await socket.receive())["payload"]["data"]
        assert answer == {"viewer": {"user": {"mainEmail": "alice@example.edu"}}}


async def test_signing_out_hangs_up(events: World) -> None:
    """Pitfalls 48 and 51."""
    token = await events.signed_in()
    async with connected(events.app, headers={"Cookie": cookie(token)["Cookie"]}) as socket:
        await socket.begin()
        await socket.subscribe("1", "subscription { forever { number } }")
        assert (await socket.receive())["type"] == "next"
        async with events.db.write() as uow:
            asked = await events.face.asking.asked(_request(token))
            await sessions.sign_out(uow, asked.actor)
        with pytest.raises(Closed) as closed:
            while True:
                await socket.receive()
        assert closed.value.code == 4403


async def test_a_listener_that_leaves_ends_its_source(events: World) -> None:
    before = len(asyncio.all_tasks())
    async with connected(events.app) as socket:
        await socket.begin()
        await socket.subscribe("1", "subscription { forever { number } }")
        await socket.receive()
    with suppress(asyncio.CancelledError):
        await asyncio.sleep(0.05)
    assert len(asyncio.all_tasks()) == before


def _request(token: str) -> Any:
    scope = {
        "type": "http",
        "scheme": "https",
        "path": "/graphql",
        "query_string": b"",
        "headers": [(b"host", b"lists.example.test"), (b"cookie", f"{COOKIE}={token}".encode())],
        "client": ("192.0.2.7", 4711),
        "server": ("lists.example.test", 443),
    }
    return HTTPConnection(scope)
