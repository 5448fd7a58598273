"""Whether a browser page of another site is behind a request (cross-site request forgery, cross-site WebSocket hijacking)."""

from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from server.asking import Asked
from server.graphql.errors import RequestRefused
from server.graphql.face import Face

PREFLIGHT_HEADERS = ("x-csrf-token", "graphql-require-preflight")


def is_our_origin(connection: HTTPConnection, asked: Asked, face: Face) -> bool:
    """Whether the Origin field, if there is one, names this server or a page that may use it."""
    origin = connection.headers.get("origin")
    if origin is None:
        return True
    scheme = "https" if asked.facts.is_secure else "http"
    ours = {
        f"{scheme}://{connection.headers.get('host', '')}".lower(),
        _origin(face.db.site.public_url),
        _origin(asked.actor.robot.public_url),
    }
    return origin.lower() in ours or origin.lower() in face.allowed_origins


def check_forgery(connection: HTTPConnection, asked: Asked, face: Face) -> None:
    """Refuse what another site's page could have sent with our visitor's cookie.

    A bearer token is never sent by itself, so it needs none of this. Raises RequestRefused (403).
    """
    if asked.by == "bearer":
        return
    if not is_our_origin(connection, asked, face):
        raise RequestRefused("FORBIDDEN", "Requests from pages of this origin are not taken.", status=403)
    if asked.by == "cookie" and not any(name in connection.headers for name in PREFLIGHT_HEADERS):
        raise RequestRefused(
            "FORBIDDEN",
            "With a session cookie, send the header X-CSRF-Token or GraphQL-Require-Preflight.",
            status=403,
        )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower() if parts.netloc else ""
