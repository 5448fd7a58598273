"""Evidence put down as data, between two steps of a sign-in or while a directory is read."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from identity.provider import Claimed, Evidence
from storage.tables.words import Strength


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
