"""What a reading of a provider changes: word renewed, word taken back, newcomers, and the sessions of those who are gone."""

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from identity import linking
from identity.auth_config import Entry
from identity.provider import Evidence
from storage import attributes, audit, identities, ledger, people, sessions, synced
from storage.database import UnitOfWork
from storage.tables.lists import Robot
from storage.tables.people import ExternalIdentity, LedgerRow
from storage.tables.providers import StoredAttribute


@dataclass
class Tally:
    """What came of it: entries `seen`; people of ours `renewed` as they were, `changed`, `created`; entries of `strangers`.

    `conflicts` are addresses that are proved to be somebody else's, `removed` people whose entry is gone, `signed_out`
    the sessions that ended with it.
    """

    seen: int = 0
    renewed: int = 0
    changed: int = 0
    created: int = 0
    strangers: int = 0
    conflicts: int = 0
    removed: int = 0
    signed_out: int = 0


@dataclass
class Seen:
    """The subjects that were named, as short hashes: some bytes for each of a million."""

    _hashes: set[int] = field(default_factory=set)

    def add(self, subject: str) -> bool:
        """Note one; whether it is named for the first time."""
        count = len(self._hashes)
        self._hashes.add(_hash(subject))
        return len(self._hashes) > count

    def __contains__(self, subject: str) -> bool:
        return _hash(subject) in self._hashes


def _hash(subject: str) -> int:
    return int.from_bytes(hashlib.blake2b(subject.encode("utf-8", "surrogatepass"), digest_size=8).digest())


async def note_all(
    uow: UnitOfWork, robot: Robot, entry: Entry, evidences: Sequence[Evidence], tally: Tally
) -> None:
    """Write down what a provider says of some people; of whom it says the same as before, in two statements for all."""
    issuer, subjects = evidences[0].issuer, [each.subject for each in evidences]
    found = await identities.find_many(uow, entry.identity_scope, issuer, subjects)
    person_of = {each.subject: each.person_id for each in found}
    rows, known = await _said_before(uow, entry.said_by(issuer), sorted({*person_of.values()}))
    same: list[int] = []
    for evidence in evidences:
        person_id = person_of.get(evidence.subject)
        if person_id is None:
            await _newcomer(uow, robot, entry, evidence, tally)
        elif linking.says_the_same(entry, evidence, rows[person_id], known[person_id], uow.now):
            same.append(person_id)
        else:
            person = await people.find(uow, person_id)
            assert person is not None
            tally.conflicts += len(await linking.note_evidence(uow, robot, entry, person, evidence))
            tally.changed += 1
        # On SQLite a statement is over before anybody else runs: let them, between one person and the next.
        await asyncio.sleep(0)
    await synced.renew(uow, entry.said_by(issuer), same, uow.now + entry.addresses_last)
    tally.renewed += len(same)


async def _said_before(
    uow: UnitOfWork, said_by: str, person_ids: list[int]
) -> tuple[dict[int, list[LedgerRow]], dict[int, list[StoredAttribute]]]:
    rows: dict[int, list[LedgerRow]] = defaultdict(list)
    for row in await synced.addresses_of(uow, said_by, person_ids):
        rows[row.person_id].append(row)
    known: dict[int, list[StoredAttribute]] = defaultdict(list)
    for attribute in await synced.attributes_of(uow, said_by, person_ids):
        known[attribute.person_id].append(attribute)
    return rows, known


async def _newcomer(uow: UnitOfWork, robot: Robot, entry: Entry, evidence: Evidence, tally: Tally) -> None:
    made = await linking.welcome(uow, robot, entry, evidence) if entry.creates_people else None
    if made is None:
        tally.strangers += 1
    else:
        tally.created += 1


async def end_missing(
    uow: UnitOfWork,
    robot: Robot,
    entry: Entry,
    missing: Sequence[ExternalIdentity],
    seen: Seen,
    tally: Tally,
) -> None:
    """Accounts that the provider no longer has: its word about them ends, and the sessions that they opened (pitfall 13)."""
    for each in missing:
        await asyncio.sleep(0)
        ended = 0 if await _has_another(uow, each, seen) else await _take_back(uow, entry, each)
        out = await sessions.revoke_of_provider(
            uow, f"{each.provider} {each.issuer}", subject=each.subject, session=""
        )
        tally.signed_out += len(out)
        if ended or out:
            tally.removed += 1
            await audit.record(
                uow,
                "provider_account_gone",
                actor="sync",
                via="sync",
                robot_id=robot.id,
                person_id=each.person_id,
                detail={"provider": entry.ref, "sessions": len(out)},
            )


async def _has_another(uow: UnitOfWork, gone: ExternalIdentity, seen: Seen) -> bool:
    """Whether the same person has another account there that is still named."""
    return any(
        (each.provider, each.issuer) == (gone.provider, gone.issuer) and each.subject in seen
        for each in await identities.of_person(uow, gone.person_id)
    )


async def _take_back(uow: UnitOfWork, entry: Entry, gone: ExternalIdentity) -> int:
    source, said_by = entry.module.SOURCE, entry.said_by(gone.issuer)
    ended = await ledger.expire_others(uow, gone.person_id, source, said_by, proved=[], claimed=[])
    return ended + await attributes.expire_others(uow, gone.person_id, source.value, said_by, [])
