"""The one question between servers, word for word: its hash is its version (listfed/1, 4 and 11)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from federation.errors import Unreadable

WHICH = (
    "query PeerWhich($subjects: [PeerSubject!]!) { peerWhich(subjects: $subjects) { answers { handle subscriptions"
    " { listAddress subject reception manageUrl } isTruncated } notice } }"
)
ACT = "mutation PeerAct($act: PeerAct!) { peerAct(act: $act) { isDone notice } }"


def identifier(document: str) -> str:
    """The name under which a document is asked for."""
    return f"sha256:{hashlib.sha256(document.encode()).hexdigest()}"


DOCUMENTS = {identifier(each): each for each in (WHICH, ACT)}
MOST_SUBSCRIPTIONS = 500
SIZES = (1, 5, 20)
# A body holds 20 statements and tokens with room to spare.
MOST_OCTETS = 128 * 1024
_MEMBERS = {
    WHICH: ("subjects", ("handle", "statement", "consentToken")),
    ACT: ("act", ("handle", "statement", "consentToken", "until")),
}
_LONGEST_HANDLE = 64
_LONGEST_STATEMENT = 4096


@dataclass(frozen=True, slots=True)
class Subject:
    """One address, unnamed: its handle between the two servers, what the asker states, the person's token if there is one."""

    handle: str
    statement: str
    consent_token: str = ""


@dataclass(frozen=True, slots=True)
class Asking:
    """A request's body as it was read: which document, with which variables."""

    document: str
    variables: dict[str, Any]


def padded_size(count: int) -> int:
    """How many subjects a question with so many real ones has; more than 20 are asked in several questions."""
    return next(size for size in SIZES if count <= size)


def body_of(document: str, variables: dict[str, Any]) -> bytes:
    """A request's body."""
    return orjson.dumps({"documentId": identifier(document), "variables": variables})


def which_variables(subjects: Sequence[Subject]) -> dict[str, Any]:
    """The variables of `WHICH`."""
    return {
        "subjects": [
            {"handle": each.handle, "statement": each.statement, "consentToken": each.consent_token or None}
            for each in subjects
        ]
    }


def act_variables(subject: Subject, until: str | None = None) -> dict[str, Any]:
    """The variables of `ACT`: what is done, and to which list, is in the statement; `until` (RFC 3339) ends a pause."""
    named = {"handle": subject.handle, "statement": subject.statement, "consentToken": subject.consent_token}
    return {"act": named | {"until": until}}


def known_variables(asking: Asking) -> dict[str, Any]:
    """The variables without what this version does not know: inside a major version a newer asker may say more."""
    name, members = _MEMBERS[asking.document]
    given = asking.variables.get(name)
    if isinstance(given, list):
        return {name: [_known(each, members) for each in given]}
    return {name: _known(given, members)}


def _known(given: object, members: Sequence[str]) -> object:
    if not isinstance(given, dict):
        return given
    return {member: given[member] for member in members if member in given}


def read_body(raw: bytes) -> Asking:
    """What is asked; raises Unreadable for anything but a known document with an object of variables."""
    try:
        given = orjson.loads(raw)
    except (orjson.JSONDecodeError, RecursionError) as bad:
        raise Unreadable from bad
    if not isinstance(given, dict) or "query" in given or not isinstance(given.get("variables"), dict):
        raise Unreadable
    document = DOCUMENTS.get(str(given.get("documentId")))
    if document is None:
        raise Unreadable("This document is not among those that can be asked here.")
    return Asking(document, given["variables"])


def well_formed(subject: Subject) -> bool:
    """Whether a subject has the form of one; what has not is nobody's."""
    return len(subject.handle) <= _LONGEST_HANDLE and len(subject.statement) <= _LONGEST_STATEMENT
