"""Which media type an answer has, and what a request's body may be (graphql-over-http, sections 4 to 6)."""

from dataclasses import dataclass
from functools import lru_cache

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
EVENTS = "text/event-stream"
_OFFERED = (GRAPHQL, JSON, EVENTS)


@dataclass(frozen=True, slots=True)
class Range:
    """One media range of an Accept field with its quality."""

    kind: str
    quality: float


def ranges(accept: str) -> list[Range]:
    """The media ranges of an Accept field; a malformed quality counts as 1, a malformed range as nothing."""
    found = []
    for part in accept.split(","):
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if "/" in kind:
            charset_fits = all(
                p.removeprefix("charset=").strip('"') in {"utf-8", "utf8"}
                for p in parameters
                if p.startswith("charset=")
            )
            quality = next((_quality(p[2:]) for p in parameters if p.startswith("q=")), 1.0)
            found.append(Range(kind, quality if charset_fits else 0.0))
    return found


def _quality(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 1.0


@lru_cache(maxsize=256)
def answer_type(accept: str | None, *, is_subscription: bool = False) -> str | None:
    """The media type to answer with, or None when nothing we can write is accepted.

    Without Accept it is application/json; `*/*` likewise. Events are chosen for anything but a subscription only when
    nothing else is accepted: some clients send text/event-stream along with every request.
    """
    wanted = ranges(accept) if accept and accept.strip() else [Range("*/*", 1.0)]
    qualities = {kind: _best(kind, wanted) for kind in _OFFERED}
    if is_subscription and qualities[EVENTS] > 0:
        return EVENTS
    # A named type wins over a wildcard of the same quality; JSON answers a wildcard.
    plain = sorted(
        (kind for kind in (GRAPHQL, JSON) if qualities[kind] > 0),
        key=lambda kind: (
            qualities[kind],
            _is_named(kind, wanted),
            kind == JSON and not _is_named(kind, wanted),
        ),
    )
    if not plain:
        return EVENTS if qualities[EVENTS] > 0 else None
    if _is_named(GRAPHQL, wanted) and qualities[GRAPHQL] >= qualities[JSON]:
        return GRAPHQL
    return plain[-1]


def _is_named(kind: str, wanted: list[Range]) -> bool:
    return any(each.kind == kind for each in wanted)


def _best(kind: str, wanted: list[Range]) -> float:
    exact = [each.quality for each in wanted if each.kind == kind]
    if exact:
        return max(exact)
    family = f"{kind.partition('/')[0]}/*"
    narrow = [each.quality for each in wanted if each.kind == family]
    broad = [each.quality for each in wanted if each.kind == "*/*"]
    return max(narrow or broad or [0.0])


def is_json(content_type: str | None) -> bool:
    """Whether a request's body is declared to be JSON in UTF-8."""
    kind, *parameters = (piece.strip().lower() for piece in (content_type or "").split(";"))
    charsets = [p.removeprefix("charset=").strip('"') for p in parameters if p.startswith("charset=")]
    return kind == JSON and all(charset in {"utf-8", "utf8"} for charset in charsets)
