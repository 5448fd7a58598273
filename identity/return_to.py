"""Where a browser may be sent after signing in: places of our own, and nowhere else (pitfalls 21 and 33)."""

from urllib.parse import urlsplit

from identity.refusal import Invalid
from identity.tickets import base_url
from storage.site import Site
from storage.tables.lists import Robot

LONGEST = 2_000


class ElsewhereRefused(Invalid):
    """After signing in you can only go to a page of this server."""


def safe_return(site: Site, robot: Robot, text: str) -> str:
    """`text`, when it is "", a local path, or a URL of this robot's or the server's own origin; else ElsewhereRefused.

    Backslashes, control characters and `//` are refused, since browsers read them as another host.
    """
    if not text:
        return ""
    if len(text) > LONGEST or "\\" in text or not text.isprintable() or " " in text:
        raise ElsewhereRefused(path=("return_to",))
    if text.startswith("/") and not text.startswith("//"):
        return text
    if _origin(text) not in {_origin(site.public_url), _origin(base_url(site, robot))}:
        raise ElsewhereRefused(path=("return_to",))
    return text


def _origin(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError as problem:
        raise ElsewhereRefused(path=("return_to",)) from problem
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise ElsewhereRefused(path=("return_to",))
    return parts.scheme, parts.netloc.lower()
