"""Limits by rate, counted in a sliding window for each operation and subject; nobody's account is ever frozen (row 32)."""

import hashlib
import hmac
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from identity.refusal import TooMany
from mail.instant import HOUR, MINUTE
from storage import attempts
from storage.database import Reader, UnitOfWork
from storage.site import Site


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` attempts of one subject within `window` microseconds."""

    operation: str
    count: int
    window: int


# Of one address from one network: whoever guesses elsewhere does not lock the owner out.
PASSWORD_PAIR = Limit("password", 10, 15 * MINUTE)
PASSWORD_NETWORK = Limit("password network", 100, 15 * MINUTE)
CODE_NETWORK = Limit("code network", 100, 15 * MINUTE)
MAIL_PAIR = Limit("ticket mail", 5, HOUR)
MAIL_NETWORK = Limit("ticket mail network", 300, HOUR)
# Against flooding a mailbox; whoever is flooded has tickets that work in it, so this locks nobody out either.
MAIL_ADDRESS = Limit("ticket mail address", 20, HOUR)
# Counted apart, or whoever asks to add somebody's address could use up their sign-in mails, and nothing in these signs in.
LINK_PAIR = Limit("link mail", 5, HOUR)
LINK_ADDRESS = Limit("link mail address", 20, HOUR)
LINK_PERSON = Limit("link address", 20, HOUR)
# Of what providers say of addresses that others have: their holders are asked, and not flooded.
CONSENT_ADDRESS = Limit("consent mail address", 3, 24 * HOUR)
# Sign-ins at providers, each of which is a row.
BEGUN_NETWORK = Limit("provider sign-in network", 600, HOUR)
# Of somebody whose first factor was shown, from one network.
SECOND_PAIR = Limit("second factor", 10, 15 * MINUTE)
# Three of a million codes are right at a time: whoever knows the first factor finds one in years, from wherever they guess.
TOTP_PERSON = Limit("second factor code", 50, 24 * HOUR)
PASSWORD_CHANGE = Limit("password change", 10, 15 * MINUTE)

Counted = tuple[Limit, str]


async def take(uow: UnitOfWork, counted: Iterable[Counted]) -> list[int]:
    """Count one attempt of each subject, or raise TooMany when one of them has no attempt left.

    The numbers are for `give_back`. A refusal undoes the transaction: nothing was counted then.
    """
    taken = []
    # Always in the same order, so that two transactions never wait for each other.
    for subject_hash, limit in sorted(
        ((_subject_hash(uow.site, limit, subject), limit) for limit, subject in counted),
        key=lambda each: each[0],
    ):
        await attempts.lock(uow, subject_hash)
        await _refuse_too_many(uow, limit, subject_hash)
        taken.append(await attempts.add(uow, subject_hash))
    return taken


async def check(reader: Reader, counted: Iterable[Counted]) -> None:
    """Raise TooMany where `take` would, without counting anything."""
    for limit, subject in counted:
        await _refuse_too_many(reader, limit, _subject_hash(reader.site, limit, subject))


async def _refuse_too_many(reader: Reader, limit: Limit, subject_hash: bytes) -> None:
    blocking = await attempts.nth_latest(reader, subject_hash, n=limit.count, since=reader.now - limit.window)
    if blocking is not None:
        raise TooMany(retry_after=blocking + limit.window)


async def give_back(uow: UnitOfWork, taken: Iterable[int]) -> None:
    """Let attempts not count, because they were right."""
    await attempts.forget(uow, taken)


def network(remote: str) -> str:
    """What counts as one place: an IPv4 address, or the /64 that an IPv6 customer gets."""
    try:
        address = ipaddress.ip_address(remote.partition("%")[0])
    except ValueError:
        return remote[:64]
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((address, 64), strict=False))


def _subject_hash(site: Site, limit: Limit, subject: str) -> bytes:
    text = f"{limit.operation}\0{subject}".encode("utf-8", "surrogatepass")
    return hmac.new(site.key("attempts"), text, hashlib.sha256).digest()
