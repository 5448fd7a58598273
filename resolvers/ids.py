"""Opaque global ids: base64url of version, type, robot, key and a short MAC, so that forged ones never reach the database."""

import base64
import binascii
import hmac
from collections.abc import Callable
from typing import Any

import strawberry

from identity.refusal import NotFound
from resolvers.context import Context
from resolvers.problems import IdInvalid

_VERSION = 1
_MAC_BYTES = 8
_LONGEST = 64

# Never renumber: clients keep ids.
TYPES = {
    "User": 1,
    "UserEmail": 2,
    "Session": 3,
    "ApiToken": 4,
    "Robot": 5,
    "MailingList": 6,
    "Membership": 7,
    "Role": 8,
    "ModerationItem": 9,
    "Delivery": 10,
    "ArchivedMessage": 11,
    "Peer": 12,
    "Bounce": 13,
    "Job": 14,
    "TrustedApplication": 15,
    "ApplicationGrant": 16,
    "Scenario": 17,
    "AuditEvent": 18,
    "DecisionRecord": 19,
    "Family": 20,
    "LinkedIdentity": 21,
    "EmailEvidence": 22,
    "SecondFactor": 23,
    "Alert": 24,
    "AccountMerge": 25,
    "DkimKey": 26,
    "SharedFolder": 30,
    "SharedFile": 31,
    "FileUpload": 32,
}
_NAMES = {number: name for name, number in TYPES.items()}


def global_id(context: Context, type_name: str, key: int) -> strawberry.ID:
    """The id of the thing with primary key `key`, as the robot of this request gives it out."""
    body = bytes((_VERSION, TYPES[type_name])) + _varint(context.actor.robot.id) + _varint(key)
    return strawberry.ID(
        base64.urlsafe_b64encode(body + context.seal("global ids", body)).rstrip(b"=").decode()
    )


def read_id(context: Context, text: str) -> tuple[str, int]:
    """The type name and key in an id.

    Raises IdInvalid for one that we did not make, NotFound for one of another robot.
    """
    raw = _decoded(text)
    body, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
    if len(body) < 4 or not hmac.compare_digest(context.seal("global ids", body), mac) or body[0] != _VERSION:
        raise IdInvalid
    robot, place = _read_varint(body, 2)
    key, _ = _read_varint(body, place)
    if robot != context.actor.robot.id:
        raise NotFound
    return _NAMES[body[1]], key


def key_of(context: Context, text: str, *type_names: str) -> int:
    """The key in an id that must be of one of these types; raises IdInvalid, or NotFound for another robot's."""
    name, key = read_id(context, text)
    if name not in type_names:
        raise IdInvalid
    return key


def id_of(type_name: str, key: Callable[[Any], int] = lambda record: int(record.id)) -> Callable[..., Any]:
    """A computed field: the global id of a record."""
    return lambda record, context: global_id(context, type_name, key(record))


def _decoded(text: str) -> bytes:
    if len(text) > _LONGEST:
        raise IdInvalid
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise IdInvalid from None
    # One id has one spelling: base64 would also take other values of the unused last bits.
    if base64.urlsafe_b64encode(raw).rstrip(b"=") != text.encode():
        raise IdInvalid
    return raw


def _varint(number: int) -> bytes:
    if number <= 0x7F:
        return bytes((number,))
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _read_varint(raw: bytes, place: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = raw[place]
        number |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return number, place
