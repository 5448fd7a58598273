"""A list's members as a file that an import takes back, and that no spreadsheet can be harmed by."""

import csv
import io
from collections.abc import AsyncIterator, Sequence

import orjson

from identity.actor import Actor
from identity.standing import require_fresh
from lists import offices
from lists.csv_rows import escaped
from lists.settings import show_switch
from storage import memberships
from storage.database import Reader
from storage.tables.lists import MailingList, Membership

_CHUNK = 500


async def export_members(reader: Reader, actor: Actor, mlist: MailingList) -> AsyncIterator[bytes]:
    """The members file of a list in UTF-8, piece by piece, for its owners, since it names concealed members too.

    Raises OwnersOnly, and SignInIsOld, before the first piece. A value that begins like a formula gets an apostrophe, which an import
    takes away again.
    """
    await offices.require_owner(reader, actor, mlist)
    require_fresh(actor, reader.now)
    names = await _attribute_names(reader, mlist)
    own = ["email", "display_name", "reception", "visibility", "skips_addressed_copies"]
    yield _written([[*own, *(f"attribute.{name}" for name in names)]])
    rows: list[Sequence[str]] = []
    async for member in memberships.whole_list(reader, mlist.id):
        rows.append(_row(member, names))
        if len(rows) == _CHUNK:
            yield _written(rows)
            rows = []
    if rows:
        yield _written(rows)


async def _attribute_names(reader: Reader, mlist: MailingList) -> list[str]:
    found: set[str] = set()
    async for member in memberships.whole_list(reader, mlist.id):
        if member.attributes != "{}":
            found.update(orjson.loads(member.attributes))
    return sorted(found)


def _row(member: Membership, names: list[str]) -> list[str]:
    attributes = orjson.loads(member.attributes) if names else {}
    return [
        member.address,
        member.display_name,
        member.reception.value,
        member.visibility.value,
        "" if member.skips_addressed_copies is None else show_switch(member.skips_addressed_copies),
        *(str(attributes.get(name, "")) for name in names),
    ]


def _written(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([escaped(value) for value in row] for row in rows)
    return text.getvalue().encode()
