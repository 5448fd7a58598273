"""What each source says of a person's address."""

from dataclasses import dataclass
from typing import Annotated

import strawberry

from identity import address_evidence
from identity.seen_addresses import may_see, rows_seen
from resolvers import emails
from resolvers.context import Context, Info, load
from resolvers.emails import UserEmail
from resolvers.idempotency import idempotent
from resolvers.ids import key_of
from resolvers.payloads import Payload, refusable
from resolvers.people import is_self
from schema.inputs.common import Everything
from schema.inputs.identity import EmailEvidenceRevokeInput
from storage import ledger
from storage.database import UnitOfWork
from storage.tables.people import LedgerRow


@dataclass(frozen=True, slots=True)
class Evidence:
    """One source's row."""

    row: LedgerRow

    @property
    def id(self) -> int:
        """The row's number."""
        return self.row.id


def source(root: Evidence, context: Context) -> str:
    """What kind of source."""
    return emails.source(_as_email(root), context)


def status(root: Evidence, context: Context) -> str:
    """Where it stands."""
    return emails.status(_as_email(root), context)


def strength(root: Evidence, context: Context) -> str:
    """How much it proves."""
    return emails.strength(_as_email(root), context)


def _as_email(root: Evidence) -> UserEmail:
    return UserEmail(root.row, is_main=False)


async def evidence_by_person(context: Context, person_ids: list[int]) -> list[list[LedgerRow]]:
    """A batch of people's rows, as far as the asker sees them."""
    async with context.db.read() as reader:
        return [await rows_seen(reader, context.actor, each) for each in person_ids]


async def evidence_of_email(root: strawberry.Parent[UserEmail], info: Info) -> list[Evidence]:
    """What each source says of the address; for the person only."""
    context = info.context
    if not is_self(context, root.row.person_id) or context.actor.application:
        return []
    rows = await load(info, evidence_by_person, root.row.person_id)
    return [Evidence(row) for row in rows if row.address_key == root.row.address_key]


async def evidence_by_key(context: Context, key: int) -> Evidence | None:
    """One of the asker's own."""
    async with context.db.read() as reader:
        row = await ledger.find(reader, key)
        if row is None or not is_self(context, row.person_id) or context.actor.application:
            return None
        return Evidence(row) if await may_see(reader, context.actor, row) else None


@refusable
@idempotent
async def email_evidence_revoke(
    info: Info, uow: UnitOfWork, input: Annotated[EmailEvidenceRevokeInput, Everything]
) -> Payload:
    """Forget what one source says of an address."""
    context = info.context
    await address_evidence.revoke_evidence(
        uow, context.actor, key_of(context, input.evidence_id, "EmailEvidence")
    )
    return Payload(user=context.actor.person)
