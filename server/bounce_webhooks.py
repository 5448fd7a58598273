"""Where providers and scripts tell of bounces: one address for each, a signature instead of a sign-in (row 46)."""

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from delivery.bounces.webhooks.event import Repeated, Unreadable
from delivery.bounces.webhooks.taking import proved_source, take_in
from identity.evenly import evenly
from identity.refusal import Refused
from storage.database import Database

log = structlog.get_logger(__name__)

PATH = "/webhooks/bounces"
# What the largest batches of providers stay below.
LARGEST = 1024 * 1024
_NO_STORE = {"Cache-Control": "no-store"}


class RequestTooLarge(Refused):
    """This is more than a megabyte; tell of fewer events at once."""

    code = "TOO_LARGE"


def bounce_webhook_routes(db: Database) -> list[BaseRoute]:
    """`/webhooks/bounces/{name}`; no answer shows whether there is such a name, or whom anything was counted for."""

    async def told(request: Request) -> Response:
        try:
            body = await _body(request)
            async with evenly():
                source, signed = await proved_source(db, request.path_params["name"], _fields(request), body)
            events = await take_in(db, source, signed, body)
        except Refused as refused:
            log.info("bounce_webhook_refused", code=refused.code)
            error = {"code": refused.code, "message": refused.message}
            return JSONResponse({"error": error}, status_code=_status(refused), headers=_NO_STORE)
        return JSONResponse({"events": events}, headers=_NO_STORE)

    return [Route(f"{PATH}/{{name}}", told, methods=["POST"])]


def _status(refused: Refused) -> int:
    match refused:
        case RequestTooLarge():
            return 413
        case Unreadable():
            return 400
        case Repeated():
            return 409
        case _:
            return 401


async def _body(request: Request) -> bytes:
    held = bytearray()
    async for piece in request.stream():
        held += piece
        if len(held) > LARGEST:
            raise RequestTooLarge
    return bytes(held)


def _fields(request: Request) -> dict[str, str]:
    """The header fields; one that comes twice is both, which nobody has signed."""
    found: dict[str, str] = {}
    for name, value in request.headers.items():
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found
