"""Where other list servers find this one: the signed document that says how to ask it, and by which keys it is known."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from federation import discovery
from federation.own_keys import ensured, own_keys
from storage import robots
from storage.database import Database

_MEDIA_TYPE = "application/jose"


def federation_routes(db: Database) -> list[BaseRoute]:
    """`/.well-known/list-federation` (listfed/1)."""

    async def document(_: Request) -> Response:
        text = await own_document(db)
        return Response(text, media_type=_MEDIA_TYPE, headers={"Cache-Control": "public, max-age=300"})

    return [Route(discovery.PATH, document, methods=["GET"])]


async def own_document(db: Database) -> str:
    """Our document as it is now; the first one makes the keys."""
    async with db.read() as reader:
        keys = await own_keys(reader)
        domains = sorted(robot.domain for robot in await robots.every(reader))
        now = reader.now
    if keys is None:
        async with db.write() as uow:
            keys = await ensured(uow)
    contact = f"listmaster@{domains[0]}" if domains else ""
    return discovery.document(keys, domains=domains, contact=contact, now=now)
