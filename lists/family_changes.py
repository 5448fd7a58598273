"""What lies between a list and what its family wants it to be, without undoing what its owners may change."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from lists.family_definition import Definition, Rendered, allowed_values
from lists.family_lists import office_rows, written_of
from lists.offices import OFFICES
from lists.settings import shown
from mail.address import address_key
from storage.lists import values_of
from storage.tables.families import FamilyInstance
from storage.tables.lists import MailingList, Role
from storage.tables.words import ListStatus, RoleKind


@dataclass(frozen=True, slots=True)
class Difference:
    """The changes to one list; `is_any` also where only what is kept about it has to be written anew."""

    mlist: MailingList
    values: Mapping[str, Any]
    opens: bool
    grant: list[tuple[int, RoleKind, str, str]]
    revoke: list[Role]
    is_any: bool

    @property
    def is_seen(self) -> bool:
        """Whether anything about the list itself changes."""
        return bool(self.values or self.opens or self.grant or self.revoke)

    def lines(self) -> Iterator[str]:
        """One line for each change, for people."""
        now = values_of(self.mlist)
        for name, value in self.values.items():
            yield f"{name}: {shown(name, now[name])!r} -> {shown(name, value)!r}"
        yield from (f"+ {kind.value} {address}" for _, kind, address, _ in self.grant)
        yield from (f"- {role.kind.value} {role.address}" for role in self.revoke)


def compare(
    definition: Definition,
    mlist: MailingList,
    instance: FamilyInstance | None,
    held: list[Role],
    parameters: Mapping[str, str],
    rendered: Rendered,
) -> Difference:
    """What has to change: what template or data say otherwise than last time, and what breaks a constraint."""
    last = {"settings": {}, "people": {}} if instance is None else orjson.loads(instance.written)
    now = values_of(mlist)
    allowed = allowed_values(definition, mlist.name, mlist.domain, parameters)
    values = {
        name: value
        for name, value in rendered.values.items()
        if now[name] != value
        and (last["settings"].get(name) != value or now[name] not in allowed.get(name, [now[name]]))
    }
    before = {
        (OFFICES[word], address_key(address)) for word, each in last["people"].items() for address in each
    }
    wanted = {(kind, key): row for row in office_rows(mlist.id, rendered) for _, kind, _, key in [row]}
    there = {(role.kind, role.address_key): role for role in held}
    is_kept = (
        instance is not None
        and orjson.loads(instance.parameters) == dict(parameters)
        and instance.written == written_of(rendered)
        and not instance.is_automatic
    )
    opens = mlist.status is ListStatus.FAMILY_CLOSED
    grant = [row for place, row in wanted.items() if place not in before and place not in there]
    revoke = [role for place, role in there.items() if place in before and place not in wanted]
    is_any = not is_kept or bool(values or opens or grant or revoke)
    return Difference(mlist, values, opens, grant, revoke, is_any)
