"""TXT records from the DNS, asked for within a time limit and remembered for a while (RFC 1035, RFC 2308)."""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from dns import asyncresolver, nameserver, rdatatype
from dns import name as names
from dns import resolver as answers
from dns.exception import DNSException
from dns.rdtypes.ANY.TXT import TXT

Records = tuple[bytes, ...]

# A key record is a few hundred octets; who answers with more means something else.
_RECORD_OCTETS = 4096
_MOST_RECORDS = 10
_LONGEST_SECONDS = 3600
_SHORTEST_SECONDS = 30
_ABSENT_SECONDS = 60
# After so many names in a row without any answer nobody is asked for a while: mail must not wait for a dead DNS.
_MOST_SILENCES = 3
_SILENT_SECONDS = 15
_MOST_NAMES = 2_000


class LookupFailed(Exception):
    """The DNS gave no answer that can be used; the same question may be answered later."""

    code = "LOOKUP_FAILED"


class Lookup(Protocol):
    """Whoever answers for TXT records."""

    async def txt(self, name: str) -> Records:
        """The TXT records at a name, each with its strings put together; none where there is none.

        Raises LookupFailed.
        """
        ...


@dataclass(frozen=True, slots=True)
class Server:
    """A DNS server: its IP address and its port."""

    address: str
    port: int = 53


class Dns:
    """Asks the servers given, or those that the host itself uses; keeps answers for as long as they say, an hour at most.

    `seconds` bounds one question with all of its repetitions. That there is no record is remembered for a minute. That
    no server answered is remembered of no name; after three such in a row nobody is asked for a quarter of a minute.
    """

    def __init__(
        self,
        servers: Sequence[Server] = (),
        *,
        seconds: float = 3.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._servers = servers
        self._seconds = seconds
        self._clock = clock
        self._known: OrderedDict[names.Name, tuple[float, Records]] = OrderedDict()
        self._silences = 0
        self._silent_until = 0.0

    async def txt(self, name: str) -> Records:
        """The TXT records at `name`; raises LookupFailed."""
        try:
            asked = names.from_text(name, names.root).canonicalize()
        except (DNSException, UnicodeError) as bad:
            raise LookupFailed from bad
        known = self._known.get(asked)
        if known is not None and known[0] > self._clock():
            return known[1]
        if self._silent_until > self._clock():
            raise LookupFailed
        records, seconds = await self._ask(asked)
        self._known[asked] = (self._clock() + seconds, records)
        self._known.move_to_end(asked)
        if len(self._known) > _MOST_NAMES:
            self._known.popitem(last=False)
        return records

    async def _ask(self, asked: names.Name) -> tuple[Records, float]:
        try:
            answer = await self._resolver.resolve(
                asked, rdatatype.TXT, lifetime=self._seconds, search=False, raise_on_no_answer=False
            )
        except answers.NXDOMAIN:
            self._silences = 0
            return (), _ABSENT_SECONDS
        except (DNSException, OSError) as failed:
            self._heard_nothing()
            raise LookupFailed from failed
        self._silences = 0
        if answer.rrset is None:
            return (), _ABSENT_SECONDS
        found = [b"".join(each.strings) for each in answer.rrset if isinstance(each, TXT)]
        if len(found) > _MOST_RECORDS or any(len(each) > _RECORD_OCTETS for each in found):
            raise LookupFailed
        return tuple(found), min(max(answer.rrset.ttl, _SHORTEST_SECONDS), _LONGEST_SECONDS)

    def _heard_nothing(self) -> None:
        self._silences += 1
        if self._silences >= _MOST_SILENCES:
            self._silent_until = self._clock() + _SILENT_SECONDS

    @cached_property
    def _resolver(self) -> asyncresolver.Resolver:
        """Made at the first question; the host's own configuration may be missing, which is a failed lookup."""
        resolver = asyncresolver.Resolver(configure=not self._servers)
        if self._servers:
            resolver.nameservers = [
                nameserver.Do53Nameserver(server.address, server.port) for server in self._servers
            ]
        resolver.timeout = self._seconds / 2
        return resolver
