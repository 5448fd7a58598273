"""Mailgun's webhooks: one event in a body that holds its signature, HMAC-SHA256 over a time and a token.

The signature does not cover the event, so a token counts once and for minutes only, and TLS keeps others from seeing one.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Any

from delivery.bounces.reading import Outcome
from delivery.bounces.webhooks.event import BadSignature, Event, Signed, Unreadable, an_event
from delivery.bounces.webhooks.standard import key_of
from delivery.bounces.webhooks.untyped import number, parsed, table, text

# Of fixed length, so that a digit never passes from one to the other.
_TIME = re.compile(r"\d{10}", re.ASCII)
_TOKEN = re.compile(r"[A-Za-z0-9]{16,100}", re.ASCII)
_OUTCOMES = {"complained": Outcome.COMPLAINT, "delivered": Outcome.ARRIVED}
# Put off until Mailgun gave up.
_GIVEN_UP = "old"


def signature(secret: str, at: str, token: str) -> str:
    """The signature of a time and a token, in hexadecimal; raises SecretMissing."""
    return hmac.new(key_of(secret), f"{at}{token}".encode(), hashlib.sha256).hexdigest()


def proved(secret: str, _: Mapping[str, str], body: bytes) -> Signed:
    """What the signature proves; raises BadSignature, or SecretMissing where the secret cannot prove anything."""
    try:
        given = table(parsed(body), "signature")
    except Unreadable:
        raise BadSignature from None
    at, token = text(given.get("timestamp")), text(given.get("token"))
    if not _TIME.fullmatch(at) or not _TOKEN.fullmatch(token):
        raise BadSignature
    if not hmac.compare_digest(signature(secret, at, token).encode(), text(given.get("signature")).encode()):
        raise BadSignature
    return Signed(token, int(at))


def events(body: bytes) -> list[Event]:
    """The one event of a body; raises Unreadable."""
    told = table(parsed(body), "event-data")
    if not text(told.get("id")) or not text(told.get("event")):
        raise Unreadable("event-data: an id and an event are needed")
    status = table(told, "delivery-status")
    said = [text(status.get("message")), text(status.get("description")), text(told.get("reason"))]
    return [
        an_event(
            text(told.get("id"))[:300],
            _outcome(told),
            text(told.get("recipient")),
            message_id=text(table(told, "message", "headers").get("message-id")),
            return_path=text(table(told, "envelope").get("sender")),
            status=text(status.get("enhanced-code")),
            code=number(status.get("code")),
            words=next((each for each in said if each), ""),
        )
    ]


def _outcome(told: dict[str, Any]) -> Outcome:
    if told.get("event") != "failed":
        return _OUTCOMES.get(text(told.get("event")), Outcome.OTHER)
    is_final = told.get("severity") == "permanent" or told.get("reason") == _GIVEN_UP
    return Outcome.FAILED if is_final else Outcome.DELAYED
