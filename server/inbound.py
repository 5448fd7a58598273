"""A request as the plain data that a provider reads, with nothing in it that could be read in two ways."""

from collections.abc import Iterable
from urllib.parse import parse_qsl

from starlette.requests import Request

from identity.provider import Inbound, NotProved
from server.forms import FormTooLarge

# A signed response with many attributes and certificates has some 50 kB.
LARGEST = 512 * 1024


async def inbound_of(request: Request, base_url: str) -> Inbound:
    """The request as a provider may see it; raises NotProved when a name stands twice in it, FormTooLarge.

    Its URL is built on the robot's own address, never on the Host field (pitfall 46).
    """
    query = request.scope["query_string"].decode("latin-1")
    body = await _body(request)
    is_form = request.headers.get("content-type", "").partition(";")[0].strip().lower() == (
        "application/x-www-form-urlencoded"
    )
    return Inbound(
        request.method,
        f"{base_url}{request.url.path}{'?' if query else ''}{query}",
        query=_once(query),
        form=_once(body.decode("utf-8", "replace")) if is_form else {},
        headers=tuple((name.lower(), value) for name, value in request.headers.raw),
        body=body,
        peer=str(request.scope.get("state", {}).get("peer", "")),
    )


async def _body(request: Request) -> bytes:
    held = bytearray()
    async for piece in request.stream():
        held += piece
        if len(held) > LARGEST:
            raise FormTooLarge
    return bytes(held)


def _once(text: str) -> dict[str, str]:
    try:
        pairs: Iterable[tuple[str, str]] = parse_qsl(text, keep_blank_values=True, max_num_fields=50)
    except ValueError:
        raise NotProved("too many fields") from None
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise NotProved(f"{name[:40]!r} stands twice")
        found[name] = value
    return found
