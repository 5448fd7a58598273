"""Signing in, step by step: with a password, or with a ticket that proves the address it went to (rows 32 to 36)."""

from collections.abc import Mapping
from typing import Any

from identity import attempts, mails, passwords, tickets
from identity.admission import Proved, admit
from identity.browser import NO_BROWSER, Browser
from identity.ledger import AddressTaken, confirm, effective_row, read_address
from identity.people import create_person, find_by_address
from identity.refusal import Refused
from identity.return_to import safe_return
from identity.sealed import Attempt, AttemptInvalid, seal, unseal
from identity.secret import CODE_LENGTH, code_hash, code_is_right, hashed, new_code
from identity.steps import Code, Done, Form, FormField
from mail.address import masked
from storage import credentials
from storage import tickets as ticket_rows
from storage.database import Database, Reader, UnitOfWork
from storage.tables.access import Ticket
from storage.tables.lists import Robot
from storage.tables.people import Person
from storage.tables.words import SignInMethod, Strength, TicketPurpose

PASSWORD, TICKET = "password", "ticket"
CODE_TRIES = 5
_PURPOSES = (TicketPurpose.SIGN_IN, TicketPurpose.RESET)
_FIELDS = (FormField("identifier", "Mail address"), FormField("password", "Password", is_secret=True))


class WrongCredentials(Refused):
    """Address and password do not belong together."""

    code = "WRONG_CREDENTIALS"


class WrongCode(Refused):
    """This is not the code of the latest mail; look again, or ask for another."""

    code = "WRONG_CREDENTIALS"


class UnknownProvider(Refused):
    """This way to sign in is not offered here."""

    code = "UNSUPPORTED"


async def start(
    uow: UnitOfWork,
    robot: Robot,
    provider: str,
    identifier: str = "",
    *,
    return_to: str = "",
    remote: str = "",
    is_reset: bool = False,
) -> Form | Code:
    """Begin to sign in by `password` (a form) or `ticket` (a mail to `identifier`; with `is_reset`, to set a password).

    The answer, and the work behind it, are the same whether or not the address is known (pitfall 47). Raises
    UnknownProvider, TooMany, and Invalid for what is no address or no place of ours.
    """
    back = safe_return(uow.site, robot, return_to)
    expires_at = uow.now + uow.site.ticket_lifetime
    if provider == PASSWORD:
        return Form(seal(uow.site, Attempt(PASSWORD, robot.id, expires_at, back)), _FIELDS)
    if provider != TICKET:
        raise UnknownProvider(path=("provider",))
    address = read_address(identifier, "identifier")
    place = attempts.network(remote)
    counted = await attempts.take(
        uow,
        [
            (attempts.MAIL_PAIR, f"{address.key} {place}"),
            (attempts.MAIL_NETWORK, place),
            (attempts.MAIL_ADDRESS, address.key),
        ],
    )
    ticket = await _mail_ticket(
        uow, robot, str(address), {"return_to": back, "counted": counted}, is_reset=is_reset
    )
    attempt = Attempt(TICKET, robot.id, expires_at, back, ticket.id)
    return Code(seal(uow.site, attempt), masked(str(address)), expires_at)


async def finish(
    db: Database,
    robot: Robot,
    attempt_id: str,
    *,
    fields: Mapping[str, str] | None = None,
    code: str | None = None,
    browser: Browser = NO_BROWSER,
) -> Done | Form:
    """End signing in with the fields of the form, or with the code or the secret of the mail; or ask for a second factor.

    It opens its own transactions: a wrong try is counted although it is refused, and no hash is computed inside one.
    Raises AttemptInvalid, WrongCredentials, WrongCode, TicketInvalid, TooMany.
    """
    attempt = unseal(db.site, attempt_id, robot.id, db.site.clock())
    if attempt.provider == PASSWORD:
        given = fields or {}
        return await _by_password(
            db, robot, attempt, given.get("identifier", ""), given.get("password", ""), browser
        )
    if attempt.ticket_id is None:
        raise AttemptInvalid
    if len(code or "") > CODE_LENGTH * 4:
        return await finish_by_ticket(db, robot, code or "", browser=browser)
    return await _by_code(db, robot, attempt.ticket_id, code or "", browser)


async def finish_by_ticket(
    db: Database, robot: Robot, secret: str, *, browser: Browser = NO_BROWSER
) -> Done | Form:
    """Sign in with the mailed link, from whichever browser; after a reset the session waits for a new password.

    Raises TicketInvalid, also for tickets of another robot or purpose, which stay as good as they were.
    """
    return await _twice(db, robot, hashed(secret), browser)


async def _mail_ticket(
    uow: UnitOfWork, robot: Robot, typed: str, carried: dict[str, Any], *, is_reset: bool
) -> Ticket:
    person = await find_by_address(uow, typed, robot_id=robot.id)
    stored = await effective_row(uow, 0 if person is None else person.id, robot.id, read_address(typed).key)
    # Mail goes to the address that was proved, whatever the spelling of the one typed here (pitfall 8).
    to = typed if stored is None else stored.address
    code = new_code()
    secret, ticket = await tickets.issue_numbered(
        uow,
        TicketPurpose.RESET if is_reset else TicketPurpose.SIGN_IN,
        robot_id=robot.id,
        address=to,
        payload={"code": code_hash(uow.site, code, to), **carried},
    )
    await mails.sign_in(uow, robot, to, secret=secret, code=code, is_reset=is_reset)
    return ticket


async def _by_password(
    db: Database, robot: Robot, attempt: Attempt, identifier: str, password: str, browser: Browser
) -> Done | Form:
    key = read_address(identifier, "fields").key
    place = attempts.network(browser.remote)
    async with db.write(durable=False) as uow:
        taken = await attempts.take(
            uow, [(attempts.PASSWORD_PAIR, f"{key} {place}"), (attempts.PASSWORD_NETWORK, place)]
        )
    async with db.read() as reader:
        person, stored = await _known(reader, robot, key)
    is_right, is_outdated = await passwords.verify(stored, password)
    if not is_right or person is None:
        raise WrongCredentials
    renewed = await passwords.hash_password(password) if is_outdated else None
    async with db.write() as uow:
        row = await effective_row(uow, person.id, robot.id, key)
        if row is None or await credentials.password_hash(uow, person.id) != stored:
            raise WrongCredentials
        await attempts.give_back(uow, taken)
        if renewed is not None:
            await passwords.keep(uow, person.id, renewed)
        await credentials.password_used(uow, person.id)
        strength = min(Strength.MD5, row.strength)
        proved = Proved(SignInMethod.PASSWORD, strength, row.address, return_to=attempt.return_to)
        return await admit(uow, robot, person, proved, browser)


async def _known(reader: Reader, robot: Robot, key: str) -> tuple[Person | None, str | None]:
    """The person behind a proved address, and their password's hash; the same two questions for everybody."""
    person = await find_by_address(reader, key, robot_id=robot.id)
    return person, await credentials.password_hash(reader, 0 if person is None else person.id)


async def _by_code(db: Database, robot: Robot, ticket_id: int, code: str, browser: Browser) -> Done | Form:
    async with db.write() as uow:
        taken = await attempts.take(uow, [(attempts.CODE_NETWORK, attempts.network(browser.remote))])
        ticket = await ticket_rows.count_try(uow, ticket_id, _PURPOSES, at_most=CODE_TRIES)
    if ticket is None:
        raise tickets.TicketInvalid
    expected = tickets.payload(ticket)["code"]
    if not code_is_right(db.site, code, ticket.address, expected):
        raise WrongCode(path=("code",))
    async with db.write(durable=False) as uow:
        await attempts.give_back(uow, taken)
    return await _twice(db, robot, ticket.id, browser)


async def _twice(db: Database, robot: Robot, key: int | bytes, browser: Browser) -> Done | Form:
    try:
        return await _redeem(db, robot, key, browser)
    except AddressTaken:
        # Another ticket for the same new address was redeemed meanwhile: now there is a person to sign in.
        return await _redeem(db, robot, key, browser)


async def _redeem(db: Database, robot: Robot, key: int | bytes, browser: Browser) -> Done | Form:
    async with db.write() as uow:
        if isinstance(key, int):
            ticket = await ticket_rows.use(uow, key, _PURPOSES)
        else:
            ticket = await ticket_rows.redeem(uow, key, _PURPOSES)
        if ticket is None or ticket.robot_id != robot.id:
            raise tickets.TicketInvalid
        carried = tickets.payload(ticket)
        await attempts.give_back(uow, carried["counted"])
        person, address, strength = await _proved(uow, robot, ticket.address)
        is_reset = ticket.purpose is TicketPurpose.RESET
        proved = Proved(SignInMethod.TICKET, strength, address, is_reset, carried["return_to"])
        return await admit(uow, robot, person, proved, browser)


async def _proved(uow: UnitOfWork, robot: Robot, address: str) -> tuple[Person, str, Strength]:
    """Whoever the mailbox at `address` belongs to: the person who proved it before, or a new one."""
    person = await find_by_address(uow, address, robot_id=robot.id)
    if person is None:
        return await create_person(uow, address, proved=True), address, Strength.MD5
    await confirm(uow, person.id, address)
    row = await effective_row(uow, person.id, robot.id, read_address(address).key)
    assert row is not None
    return person, row.address, min(Strength.MD5, row.strength)
