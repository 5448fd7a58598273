"""The routes of the GraphQL face, ready to be hung into the application."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from server.graphql.face import Face
from server.graphql.http import Endpoint
from server.graphql.persisted import PersistedDocuments
from server.graphql.websocket import serve_socket
from server.mail_checks import lookup_of
from server.state import State

PATH = "/graphql"
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def graphql_face(state: State, *, persisted: Path | None = None) -> Face:
    """The face of an open state; `persisted` is a folder of documents that clients name by their hash."""
    return Face(
        state.database,
        version=state.version,
        listen=state.announcer.listen,
        measure=state.metrics.graphql,
        lookup=lambda: lookup_of(state.settings),
        persisted=PersistedDocuments.from_folder(persisted) if persisted else None,
    )


def routes_of(face: Face) -> list[BaseRoute]:
    """HTTP and WebSocket at /graphql."""
    endpoint = Endpoint(face)

    async def answer(request: Request) -> Response:
        return await endpoint(request)

    async def socket(websocket: WebSocket) -> None:
        await serve_socket(face, websocket)

    return [Route(PATH, answer, methods=_METHODS), WebSocketRoute(PATH, socket)]


def graphql_routes(state: State, *, persisted: Path | None = None) -> list[BaseRoute]:
    """What the application hangs in."""
    return routes_of(graphql_face(state, persisted=persisted))
