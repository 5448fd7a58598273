"""What is known of a person beside their addresses: said by sources, kept with the time it holds for, readable without them (row 107)."""

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from storage import attributes
from storage.database import Reader
from storage.tables.providers import StoredAttribute
from storage.tables.words import AddressSource

# Whose word goes before whose, where several sources know a name; within one of them the latest word holds.
PRECEDENCE = (
    AddressSource.ADMIN,
    AddressSource.X509_SAN,
    AddressSource.SAML,
    AddressSource.OIDC,
    AddressSource.LDAP,
    AddressSource.CAS,
    AddressSource.TRUSTED_APP,
)
_RANK = {source.value: place for place, source in enumerate(PRECEDENCE)}


@dataclass(frozen=True, slots=True)
class Attribute:
    """One name with its values; `source_ref` says who said so."""

    name: str
    values: tuple[str, ...]
    source: AddressSource
    source_ref: str
    updated_at: int
    expires_at: int | None


async def attributes_of(reader: Reader, person_id: int, robot_id: int | None) -> list[Attribute]:
    """The attributes that hold in this robot now, one for each name, by name; one statement.

    Names are compared as written. What has expired is not there, whether or not the source could be asked meanwhile.
    """
    best: dict[str, StoredAttribute] = {}
    for row in await attributes.live(reader, [person_id], robot_id):
        known = best.get(row.name)
        if known is None or _goodness(row) > _goodness(known):
            best[row.name] = row
    return [_attribute(best[name]) for name in sorted(best)]


async def attribute_record(
    reader: Reader, person_id: int, robot_id: int | None
) -> Mapping[str, tuple[str, ...]]:
    """The same as scenarios read them: `[user_attributes->NAME]`."""
    return {each.name: each.values for each in await attributes_of(reader, person_id, robot_id)}


def _goodness(row: StoredAttribute) -> tuple[int, int]:
    return -_RANK.get(row.source, len(_RANK)), row.updated_at


def _attribute(row: StoredAttribute) -> Attribute:
    return Attribute(
        row.name,
        tuple(orjson.loads(row.values_json)),
        AddressSource(row.source),
        row.source_ref,
        row.updated_at,
        row.expires_at,
    )
