"""Evidence put down as data, between two steps of a sign-in or while a directory is read."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import orjson

from identity.provider import Claimed, Evidence
from storage.tables.words import Strength

# Every database can keep names up to this length in an index, in UTF-8.
_LONGEST_KEY = 2_500
_LONGEST_NAME = 4_096
_END_OF_TIME = 2**62


def unkeepable(evidence: Evidence) -> str:
    """What of the evidence no database could keep, in a few words; "" where all can be."""
    names = (evidence.issuer, evidence.subject, evidence.session, evidence.acr, *evidence.attributes)
    instants = (evidence.authenticated_at or 0, *(each.until for each in evidence.once))
    if not evidence.issuer or not evidence.subject:
        return "no issuer or no subject"
    try:
        written = [each.address for each in evidence.addresses]
        orjson.dumps([names, written, evidence.display_name, {**evidence.attributes}, {**evidence.kept}])
    except TypeError:
        return "a text that UTF-8 cannot write"
    if any("\0" in name or len(name) > _LONGEST_NAME for name in names):
        return "a name with NUL, or one that is too long"
    if len(f"{evidence.issuer}{evidence.subject}".encode()) > _LONGEST_KEY:
        return "issuer and subject are too long"
    if not all(0 <= each < _END_OF_TIME for each in instants):
        return "an instant outside of time"
    return ""


def as_data(evidence: Evidence) -> dict[str, Any]:
    """As JSON can hold it; what is believed once only has been used up by then."""
    return {**asdict(evidence), "strength": evidence.strength.value, "once": ()}


def from_data(data: Mapping[str, Any]) -> Evidence:
    """The evidence again."""
    return Evidence(
        **{
            **data,
            "strength": Strength(data["strength"]),
            "addresses": tuple(Claimed(**each) for each in data["addresses"]),
            "attributes": {name: tuple(values) for name, values in data["attributes"].items()},
            "once": (),
        }
    )
