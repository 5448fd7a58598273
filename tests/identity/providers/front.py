"""The web server in front, as a provider sees it: its peer address, its secret, and whatever headers a test gives it."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from identity.provider import Inbound, Place

SECRET = "correct horse battery staple"
PEER = "127.0.0.1"
NOW = 1_900_000_000_000_000
PLACE = Place(
    base_url="https://lists.example.org",
    own_url="https://lists.example.org/auth/lists.example.org/campus",
    key="campus",
    now=NOW,
)


def passed_on(
    headers: Mapping[str, str | bytes],
    *,
    more: tuple[tuple[str, str], ...] = (),
    secret: str | None = SECRET,
    peer: str = PEER,
    url: str = f"{PLACE.callback_url}?state=s1",
    body: bytes = b"",
    method: str = "GET",
) -> Inbound:
    """A request as the web server passes it on; `more` are headers beside those that it set."""
    pairs = [*headers.items(), *more, *([] if secret is None else [("x-postroom-secret", secret)])]
    raw = tuple(
        (name.lower().encode(), value if isinstance(value, bytes) else value.encode())
        for name, value in pairs
    )
    query = dict(parse_qsl(urlsplit(url).query))
    return Inbound(method, url, query=query, headers=raw, body=body, peer=peer)
