"""SendGrid's signed event webhook: an array of events, signed over the time and the body by ECDSA on P-256."""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from delivery.bounces.reading import Outcome
from delivery.bounces.webhooks.event import BadSignature, Event, Signed, Unreadable, an_event
from delivery.bounces.webhooks.untyped import parsed, table, text
from identity.secrets_by_reference import SecretMissing
from storage.tables.words import BounceKind

_SIGNATURE = "x-twilio-email-event-webhook-signature"
_TIME = "x-twilio-email-event-webhook-timestamp"
_OUTCOMES = {
    "bounce": Outcome.FAILED,
    "dropped": Outcome.FAILED,
    "deferred": Outcome.DELAYED,
    "delivered": Outcome.ARRIVED,
    "spamreport": Outcome.COMPLAINT,
}


def public_key(secret: str) -> ec.EllipticCurvePublicKey:
    """The verification key, as SendGrid shows it or in PEM; raises SecretMissing where it is none for P-256."""
    lines = "".join(each for each in secret.split("\n") if not each.startswith("-----"))
    try:
        key = load_der_public_key(base64.b64decode("".join(lines.split()), validate=True))
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        raise SecretMissing("this is no public key") from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise SecretMissing("a public key on the curve P-256 is needed")
    return key


def proved(secret: str, fields: Mapping[str, str], body: bytes) -> Signed:
    """What the signature proves; raises BadSignature, or SecretMissing where the key is none."""
    key, at = public_key(secret), fields.get(_TIME, "")
    if not at.isdecimal() or not at.isascii() or len(at) != len("1700000000"):
        raise BadSignature
    signed = at.encode() + body
    try:
        key.verify(base64.b64decode(fields.get(_SIGNATURE, ""), validate=True), signed, ec.ECDSA(SHA256()))
    except (binascii.Error, ValueError, InvalidSignature):
        raise BadSignature from None
    # Not the signature itself: of one, anybody can make another that is good, too.
    return Signed(hashlib.sha256(signed).hexdigest(), int(at))


def events(body: bytes) -> list[Event]:
    """The events of a body; raises Unreadable."""
    told = parsed(body)
    if not isinstance(told, list) or not all(text(table(each).get("sg_event_id")) for each in told):
        raise Unreadable("an array of events with sg_event_id is needed")
    return [_event(each) for each in told]


def _event(told: dict[str, Any]) -> Event:
    made = an_event(
        text(told["sg_event_id"])[:300],
        _OUTCOMES.get(text(told.get("event")), Outcome.OTHER),
        text(told.get("email")),
        message_id=text(told.get("smtp-id")),
        status=text(told.get("status")),
        words=text(told.get("reason")) or text(told.get("response")),
    )
    # "Blocked" is refused for now, whatever the words are.
    if told.get("type") == "blocked" and made.kind is BounceKind.HARD:
        return replace(made, kind=BounceKind.SOFT)
    return made
