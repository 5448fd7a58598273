"""Our own JSON, signed as Standard Webhooks say: HMAC-SHA256 over the id, the time and the body."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, ValidationError, model_validator

from delivery.bounces.reading import Outcome
from delivery.bounces.webhooks.event import BadSignature, Event, Signed, Unreadable, an_event
from identity.secrets_by_reference import SecretMissing

_PREFIX = "whsec_"
_LEAST_SECRET = 16
# A full stop would let the same signature be read in two ways.
_ID = re.compile(r"[!-\-/-~]{1,200}", re.ASCII)
_TIME = re.compile(r"\d{1,12}", re.ASCII)
_MOST_SIGNATURES = 10
_OUTCOMES = {
    "bounce": Outcome.FAILED,
    "delayed": Outcome.DELAYED,
    "delivered": Outcome.ARRIVED,
    "complaint": Outcome.COMPLAINT,
}
_Text = Annotated[str, Field(max_length=1000)]


class _Told(BaseModel):
    id: Annotated[str, Field(min_length=1, max_length=300)]
    type: Literal["bounce", "complaint", "delayed", "delivered"]
    recipient: _Text = ""
    message_id: _Text = ""
    return_path: _Text = ""
    delivery: Annotated[int, Field(ge=1, lt=2**62)] | None = None
    status: Annotated[str, Field(pattern=r"^([245]\.[0-9]{1,3}\.[0-9]{1,3})?$")] = ""
    code: Annotated[int, Field(ge=200, le=599)] | None = None
    diagnostic: Annotated[str, Field(max_length=20_000)] = ""
    feedback: Annotated[str, Field(max_length=40)] = "abuse"

    @model_validator(mode="after")
    def _names_a_copy(self) -> Self:
        if not self.return_path and not (self.recipient and (self.message_id or self.delivery)):
            raise ValueError("say return_path, or recipient with message_id or delivery")
        return self


class _Batch(BaseModel):
    events: list[_Told]


def key_of(secret: str) -> bytes:
    """The key of a secret: the octets in base64 after `whsec_`, else the text itself; raises SecretMissing for a weak one."""
    try:
        key = (
            base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
            if secret.startswith(_PREFIX)
            else secret.encode()
        )
    except binascii.Error:
        raise SecretMissing("what follows whsec_ is no base64") from None
    if len(key) < _LEAST_SECRET:
        raise SecretMissing(f"a secret of at least {_LEAST_SECRET} octets is needed")
    return key


def signature(secret: str, id: str, at: str, body: bytes) -> str:
    """The field `webhook-signature` of a request; raises SecretMissing."""
    mac = hmac.digest(key_of(secret), f"{id}.{at}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(mac).decode()}"


def proved(secret: str, fields: Mapping[str, str], body: bytes) -> Signed:
    """What the signature proves; raises BadSignature, or SecretMissing where the secret cannot prove anything."""
    id, at = fields.get("webhook-id", ""), fields.get("webhook-timestamp", "")
    wanted = signature(secret, id if _ID.fullmatch(id) else "", at, body).encode()
    if not _ID.fullmatch(id) or not _TIME.fullmatch(at):
        raise BadSignature
    given = fields.get("webhook-signature", "").split()[:_MOST_SIGNATURES]
    if not any(hmac.compare_digest(wanted, each.encode()) for each in given):
        raise BadSignature
    return Signed(id, int(at))


def events(body: bytes) -> list[Event]:
    """The events of a body; raises Unreadable, naming the first place that is wrong."""
    try:
        batch = _Batch.model_validate_json(body)
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(each) for each in first["loc"]) or "the body"
        raise Unreadable(f"{place}: {first['msg']}") from None
    return [
        an_event(
            each.id,
            _OUTCOMES[each.type],
            each.recipient,
            message_id=each.message_id,
            return_path=each.return_path,
            delivery=each.delivery,
            status=each.status,
            code=each.code,
            words=each.diagnostic,
            feedback=each.feedback,
        )
        for each in batch.events
    ]
