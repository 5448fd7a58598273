"""What the GraphQL face costs over a hand-written JSON route with the same sign-in and the same SQL, in one process.

CPU per request, best of interleaved rounds, SQLite. `face` is the product; `stock` the same with graphql-core's own
executor; `uncached` also parses and validates each time. The JSON route asks storage directly: no scenario decides there.
"""

import argparse
import gc
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import orjson
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from bench._world import opened, sqlite_url
from identity import sessions
from identity.actor import founder, operator
from identity.people import create_person
from lists.mailing_lists import create_list
from lists.robots import create_robot
from mail.instant import to_rfc3339
from server.graphql.documents import Documents
from server.graphql.face import Face, Prepared
from server.graphql.routes import routes_of
from storage import memberships, subscribers
from storage.database import Database
from storage.keyset import Window
from storage.tables.lists import MailingList
from storage.tables.words import SignInMethod, Strength

ROBOT = "lists.example.org"
ALICE = "alice@example.edu"
LARGE = f"large@{ROBOT}"
MINE = """query Mine { viewer { user { memberships(first: 20) { edges { node {
  email reception visibility subscribedAt mailingList { address subject } } } } } } }"""
PAGE = """query Page($address: EmailAddress!) { mailingList(address: $address) { subscribers(first: 100) { edges { node {
  email displayName reception visibility subscribedAt updatedAt } } } } }"""
QUESTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "typename": ("{ __typename }", {}),
    "mine 20": (MINE, {}),
    "page 100": (PAGE, {"address": LARGE}),
}


class StockFace(Face):
    """The face with graphql-core's executor."""

    def executor(self, prepared: Prepared) -> Any:
        return StrawberryGraphQLCoreExecutionContext.build(
            self.schema,
            prepared.document.node,
            context_value=prepared.context,
            raw_variable_values=prepared.parameters.variables,
            is_awaitable=optimized_is_awaitable,
        )


class UncachedFace(StockFace):
    """The same, which forgets each document."""

    def prepare(self, *args: Any) -> Prepared:
        self.documents = Documents(self.schema, self.limits)
        return super().prepare(*args)


async def world(database: Database, lists: int, members: int) -> tuple[str, MailingList]:
    """Alice owns a large list and is on many; her session's token, and the large list."""
    async with database.write() as uow:
        robot = await create_robot(uow, founder(), ROBOT)
        alice = await create_person(uow, ALICE, proved=True)
        _, token = await sessions.open_session(
            uow, alice, robot, method=SignInMethod.PASSWORD, strength=Strength.MD5, address=ALICE
        )
        large = await create_list(uow, operator(robot), robot, "large", "A large list", owners=(ALICE,))
        names = [f"member{n:05}@d{n % 20}.example" for n in range(members)]
        rows = [memberships.row(address=name, address_key=name, display_name="A member") for name in names]
        await memberships.add_many(uow, large.id, rows)
        for number in range(lists):
            mlist = await create_list(uow, operator(robot), robot, f"list{number:03}", "A list")
            await memberships.add_many(uow, mlist.id, [memberships.row(address=ALICE, address_key=ALICE)])
    return token, large


def json_application(face: Face, large: MailingList) -> Starlette:
    """What somebody would write by hand."""

    async def typename(_: Request) -> Response:
        return Response(orjson.dumps({"__typename": "Query"}), media_type="application/json")

    async def mine(request: Request) -> Response:
        asked = await face.asking.asked(request)
        async with face.db.read() as reader:
            found = await subscribers.page_of_keys(reader, asked.actor.robot.id, [ALICE], Window(20))
        rows = [
            {
                "email": row.address,
                "reception": row.reception,
                "visibility": row.visibility,
                "subscribedAt": to_rfc3339(row.subscribed_at),
                "mailingList": {"address": mlist.address, "subject": mlist.subject},
            }
            for row, mlist in found.rows
        ]
        return Response(orjson.dumps(rows), media_type="application/json")

    async def page(request: Request) -> Response:
        await face.asking.asked(request)
        async with face.db.read() as reader:
            found = await subscribers.page_of_list(reader, large.id, Window(100))
        rows = [
            {
                "email": row.address,
                "displayName": row.display_name,
                "reception": row.reception,
                "visibility": row.visibility,
                "subscribedAt": to_rfc3339(row.subscribed_at),
                "updatedAt": to_rfc3339(row.updated_at),
            }
            for row in found.rows
        ]
        return Response(orjson.dumps(rows), media_type="application/json")

    answers = {"typename": typename, "mine 20": mine, "page 100": page}
    return Starlette(routes=[Route(f"/{name.replace(' ', '-')}", answer) for name, answer in answers.items()])


async def called(app: Starlette, method: str, path: str, token: str, body: bytes = b"") -> bytes:
    """One request without a network; the body of its answer."""
    parts: list[bytes] = []
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        return waiting.pop() if waiting else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            assert message["status"] == 200, message
        else:
            parts.append(message["body"])

    headers = {"host": ROBOT, "authorization": f"Bearer {token}", "content-type": "application/json"}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "state": {},
    }
    await app(scope, receive, send)
    return b"".join(parts)


def ways(database: Database, token: str, large: MailingList) -> dict[str, Callable[[str], Awaitable[bytes]]]:
    """How each question can be answered."""
    by_hand = json_application(Face(database), large)

    def graphql(face: Face) -> Callable[[str], Awaitable[bytes]]:
        app = Starlette(routes=routes_of(face))
        bodies = {
            name: orjson.dumps({"query": query, "variables": variables})
            for name, (query, variables) in QUESTIONS.items()
        }
        return lambda name: called(app, "POST", "/graphql", token, bodies[name])

    return {
        "json": lambda name: called(by_hand, "GET", f"/{name.replace(' ', '-')}", token),
        "face": graphql(Face(database)),
        "stock": graphql(StockFace(database)),
        "uncached": graphql(UncachedFace(database)),
    }


async def cpu(way: Callable[[str], Awaitable[bytes]], name: str, times: int) -> float:
    """CPU seconds of one answer, over so many."""
    began = time.process_time()
    for _ in range(times):
        await way(name)
    return (time.process_time() - began) / times


async def measured(rounds: int, times: int) -> None:
    """Print CPU per request and its ratio to the JSON route."""
    with tempfile.TemporaryDirectory() as place:
        async with opened(sqlite_url(Path(place))) as database:
            token, large = await world(database, 40, 5_000)
            answering = ways(database, token, large)
            for name in QUESTIONS:
                for way in answering.values():
                    assert b'"errors"' not in (told := await way(name)), told
            gc.freeze()
            print(f"{'':10}" + "".join(f"{way:>20}" for way in answering))
            for name in QUESTIONS:
                best = dict.fromkeys(answering, float("inf"))
                for _ in range(rounds):
                    for label, way in answering.items():
                        best[label] = min(best[label], await cpu(way, name, times))
                cells = (f"{took * 1e6:9.0f} µs {took / best['json']:6.2f}×" for took in best.values())
                print(f"{name:10}" + "".join(f"{cell:>20}" for cell in cells))


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--times", type=int, default=40)
    chosen = parser.parse_args()
    uvloop.run(measured(chosen.rounds, chosen.times))


if __name__ == "__main__":
    main()
