"""The addresses of a person: one line for each, out of whatever the ledger's sources say about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import strawberry

from identity import challenge, ledger
from identity.ledger import effective_addresses
from identity.seen_addresses import may_see, rows_seen
from lists.offices import is_listmaster
from lists.standing import own_keys
from resolvers.context import Context, Info, reading, writing
from resolvers.idempotency import idempotent
from resolvers.ids import key_of
from resolvers.payloads import Payload, evened, refusable
from resolvers.people import is_self
from resolvers.strengths import strength_of_address
from schema.inputs.common import Everything
from schema.inputs.identity import EmailConfirmInput, EmailLinkInput, EmailSetMainInput, EmailUnlinkInput
from storage import ledger as ledger_rows
from storage import people as people_rows
from storage.database import Reader, UnitOfWork
from storage.tables.people import LedgerRow, Person
from storage.tables.words import AddressSource

_SOURCES = {
    AddressSource.ACCOUNT: "ACCOUNT",
    AddressSource.CHALLENGE: "CHALLENGE",
    AddressSource.SUBADDRESS: "CHALLENGE",
    AddressSource.LDAP: "DIRECTORY",
    AddressSource.OIDC: "IDENTITY_PROVIDER",
    AddressSource.SAML: "IDENTITY_PROVIDER",
    AddressSource.CAS: "IDENTITY_PROVIDER",
    AddressSource.TRUSTED_APP: "IDENTITY_PROVIDER",
    AddressSource.X509_SAN: "CERTIFICATE",
    AddressSource.ADMIN: "ADMINISTRATOR",
}


@dataclass(frozen=True, slots=True)
class UserEmail:
    """One address of a person with the ledger row that speaks for it."""

    row: LedgerRow
    is_main: bool

    @property
    def id(self) -> int:
        """The row's number."""
        return self.row.id


def status(root: UserEmail, context: Context) -> str:
    """Where it stands now."""
    row = root.row
    if row.proved_at is None:
        return "PENDING"
    return "EXPIRED" if row.expires_at is not None and row.expires_at <= context.site.clock() else "VERIFIED"


def source(root: UserEmail, _context: Context) -> str:
    """How the server came to know it."""
    return _SOURCES[root.row.source]


def strength(root: UserEmail, context: Context) -> str:
    """The level a scenario sees under it; nothing before it is proved."""
    if status(root, context) != "VERIFIED":
        return "ANONYMOUS"
    return strength_of_address(root.row.strength, root.row.source)


def verified_at(root: UserEmail, _context: Context) -> int | None:
    """When possession was last shown."""
    return root.row.confirmed_at or root.row.proved_at


def one_each(person: Person, effective: Sequence[LedgerRow], every: Sequence[LedgerRow]) -> list[UserEmail]:
    """One line for each address: the row that counts here, or else the latest; main address first."""
    best = {row.address_key: row for row in every}
    best |= {row.address_key: row for row in effective}
    lines = [UserEmail(row, row.address_key == person.main_key) for row in best.values()]
    return sorted(lines, key=lambda line: (not line.is_main, line.row.created_at, line.id))


async def email_addresses(root: strawberry.Parent[Person], info: Info) -> list[UserEmail]:
    """Main and alternate addresses; whoever sees the person sees these."""
    async with reading(info) as reader:
        return await _addresses(reader, info.context, root)


async def _addresses(reader: Reader, context: Context, person: Person) -> list[UserEmail]:
    effective = await effective_addresses(reader, person.id, context.actor.robot.id)
    found = one_each(person, effective, await rows_seen(reader, context.actor, person.id))
    return [each for each in found if _may_know(context, each.row)]


def _may_know(context: Context, row: LedgerRow) -> bool:
    """Whether the asker may know of the address: an application only of those that it may speak for."""
    keys = own_keys(context.actor, context.actor.robot.id)
    return not context.actor.application or row.address_key in keys


async def email_by_key(context: Context, key: int) -> UserEmail | None:
    """An address of the asker, or for a listmaster of anybody in the robot."""
    async with context.db.read() as reader:
        row = await ledger_rows.find(reader, key)
        if row is None or not _may_know(context, row) or not await may_see(reader, context.actor, row):
            return None
        robot = context.actor.robot
        if not is_self(context, row.person_id) and not (
            await is_listmaster(reader, context.actor, robot.id)
            and await ledger_rows.live(reader, row.person_id, robot.id)
        ):
            return None
        person = await people_rows.find(reader, row.person_id)
    return None if person is None else UserEmail(row, row.address_key == person.main_key)


def _shown(context: Context, row: LedgerRow) -> UserEmail:
    person = context.actor.person
    return UserEmail(row, person is not None and person.main_key == row.address_key)


@refusable
@evened
@idempotent
async def email_link(info: Info, uow: UnitOfWork, input: Annotated[EmailLinkInput, Everything]) -> Payload:
    """Ask to add an address; the answer never tells whether it is somebody's."""
    row = await challenge.link_address(uow, info.context.actor, input.email)
    return Payload(user_email=_shown(info.context, row))


@refusable
async def email_confirm(info: Info, input: Annotated[EmailConfirmInput, Everything]) -> Payload:
    """Answer the challenge."""
    context = info.context
    row = await challenge.confirm_address(context.db, context.actor, input.email, input.code)
    context.forget()
    return Payload(user_email=_shown(context, row))


@refusable
@idempotent
async def email_unlink(
    info: Info, uow: UnitOfWork, input: Annotated[EmailUnlinkInput, Everything]
) -> Payload:
    """Drop an alternate address."""
    context = info.context
    await ledger.unlink(uow, context.actor, key_of(context, input.user_email_id, "UserEmail"))
    return Payload(user=context.actor.person)


@refusable
async def email_set_main(info: Info, input: Annotated[EmailSetMainInput, Everything]) -> Payload:
    """Make an address the main one; safe to repeat by nature."""
    context = info.context
    async with writing(info) as uow:
        row_id = key_of(context, input.user_email_id, "UserEmail")
        person = await ledger.set_main(uow, context.actor, row_id)
    return Payload(user=person)
