"""What a signed request says: one event for each copy, whatever form the sender has; and why a request is refused."""

from dataclasses import dataclass

from delivery.bounces.kinds import classify
from delivery.bounces.reading import Outcome
from identity.refusal import Conflict, Invalid, Refused
from mail.status import EnhancedStatus
from storage.tables.words import BounceKind

_MOST_WORDS = 1000
_MOST_NAME = 1000


class BadSignature(Refused):
    """Nobody of this name may tell of bounces here, or this is not what they signed."""

    code = "BAD_SIGNATURE"


class TooLate(Refused):
    """This was signed more than five minutes ago, or later than now; look at both clocks, and sign it anew."""

    code = "LATE"


class Repeated(Conflict):
    """This very request was taken in before."""

    code = "REPEATED"


class Unreadable(Invalid):
    """This is signed, but it is not the JSON that this kind of sender writes."""


@dataclass(frozen=True, slots=True)
class Signed:
    """What a good signature proves: the request's own name, and when it was signed, in seconds since the epoch."""

    id: str
    at: int


@dataclass(frozen=True, slots=True)
class Event:
    """What became of one copy; `id` is the sender's name for the event, the same when it is told again.

    `recipient` is whom the copy was handed over for. `message_id`, `return_path` and `delivery` say which copy it was, as
    far as the sender knows. `feedback` is the word of a complaint (RFC 5965).
    """

    id: str
    outcome: Outcome
    recipient: str
    message_id: str = ""
    return_path: str = ""
    delivery: int | None = None
    kind: BounceKind = BounceKind.UNKNOWN
    enhanced_status: str = ""
    diagnostic: str = ""
    feedback: str = "abuse"


def an_event(
    id: str,
    outcome: Outcome,
    recipient: str,
    *,
    message_id: str = "",
    return_path: str = "",
    delivery: int | None = None,
    status: str = "",
    code: int | None = None,
    words: str = "",
    feedback: str = "abuse",
) -> Event:
    """An event of what a sender wrote, its words made one line of text; a failure gets its kind."""
    diagnostic = _line(words)[:_MOST_WORDS]
    enhanced = str(EnhancedStatus.parse(status) or EnhancedStatus.parse(diagnostic) or "")
    # "2.0.0" of a copy that failed is a sender that contradicts itself.
    enhanced = "" if enhanced.startswith("2") else enhanced
    return Event(
        id,
        outcome,
        recipient.strip(),
        f"<{_line(message_id).strip('<> ')}>" if message_id else "",
        _line(return_path).strip("<> "),
        delivery,
        classify(enhanced, diagnostic, code),
        enhanced,
        diagnostic,
        _line(feedback).lower(),
    )


def _line(text: str) -> str:
    printable = "".join(each if each.isprintable() else " " for each in text[: _MOST_WORDS + _MOST_NAME])
    return " ".join(printable.split())
