"""What every transaction knows about the place it runs at: public address, secret, clock."""

import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

from storage.later import Later


def system_clock() -> int:
    """The time now, in microseconds since the epoch, UTC."""
    return time.time_ns() // 1000


class AuthorPolicies(Protocol):
    """Whoever knows what a domain asks receivers to do with mail in its name that nothing bears out (DMARC, RFC 7489)."""

    async def ask(self, domain: str) -> str:
        """The policy, asked of the DNS if need be: before a transaction is open. Never raises."""
        ...

    def known(self, domain: str) -> str:
        """The policy as far as it was asked for lately, else `unknown`."""
        ...


class NobodyAsked:
    """Where nobody asks the DNS, no policy is known."""

    async def ask(self, domain: str) -> str:
        """Unknown."""
        return "unknown"

    def known(self, domain: str) -> str:
        """Unknown."""
        return "unknown"


@dataclass(frozen=True, slots=True)
class Site:
    """The server's own facts, from its settings.

    `public_url` has no trailing slash; `secret` has at least 32 bytes; `clock` gives microseconds since the epoch.
    """

    public_url: str
    secret: bytes
    clock: Callable[[], int] = system_clock
    mail_hostname: str = "localhost"
    packet_size: int = 100
    # How long temporary failures are retried, in microseconds (5 days).
    give_up_after: int = 5 * 86_400_000_000
    message_size_limit: int = 20 * 1024 * 1024
    # How many messages of one list may wait before it takes no more for now; 0 for any number.
    list_backlog: int = 1000
    session_lifetime: int = 30 * 86_400_000_000
    # How long a link or code to sign in with, or to add an address, can be used; and any other confirmation.
    ticket_lifetime: int = 3_600_000_000
    confirmation_lifetime: int = 3 * 86_400_000_000
    # After how long an account that nothing uses is removed (0: never), and how long before that its person is told.
    account_unused_after: int = 365 * 86_400_000_000
    account_grace: int = 30 * 86_400_000_000
    # After how many failures of an address, from all lists together, its person is told.
    bounces_before_telling: int = 5
    # Whether other list servers may be in a private network, and be asked over http, as when trying things.
    federates_privately: bool = False
    author_policies: AuthorPolicies = field(default_factory=NobodyAsked, compare=False, repr=False)
    # What is to be written when somebody has the time.
    later: Later = field(default_factory=Later, compare=False, repr=False)
    # What the floors above hold in the memory of this process alone, each under its own name.
    held: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def let_go(self, person_id: int) -> None:
        """Somebody signed out or gave something up: have this process forget what it holds of them beside the database."""
        for forget in self.held.get("let go", ()):
            forget(person_id)

    def key(self, purpose: str) -> bytes:
        """A 32-byte key for one purpose, derived from the server's secret (HKDF-Expand, one block, RFC 5869)."""
        return _expand(self.secret, purpose)


@lru_cache(maxsize=64)
def _expand(secret: bytes, purpose: str) -> bytes:
    return hmac.digest(secret, purpose.encode() + b"\x01", hashlib.sha256)
