"""What authors' domains ask for by DMARC, asked before a transaction is open and known for a while in it (ADR 0016)."""

import time
from collections import OrderedDict
from collections.abc import Callable

from delivery.authentication.dmarc import UNKNOWN, policy_of
from delivery.authentication.lookup import Lookup

_KEPT_SECONDS = 300
# Long enough for the transaction that follows, and not to wait for a dead server each time.
_UNKNOWN_SECONDS = 10
_MOST_DOMAINS = 10_000


class Policies:
    """The policies that one process has asked for, by domain; `patience` bounds one question, in seconds."""

    def __init__(
        self, lookup: Lookup, *, patience: float = 5.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._lookup = lookup
        self._patience = patience
        self._clock = clock
        self._answers: OrderedDict[str, tuple[float, str]] = OrderedDict()

    async def ask(self, domain: str) -> str:
        """The policy for mail of a domain in its normal form: none, quarantine, reject, absent or unknown. Never raises."""
        found = self._answers.get(domain)
        if found is not None and found[0] > self._clock():
            return found[1]
        word = (await policy_of(domain, self._lookup, self._patience)).word
        seconds = _UNKNOWN_SECONDS if word == UNKNOWN else _KEPT_SECONDS
        self._answers[domain] = (self._clock() + seconds, word)
        self._answers.move_to_end(domain)
        if len(self._answers) > _MOST_DOMAINS:
            self._answers.popitem(last=False)
        return word

    def known(self, domain: str) -> str:
        """What was answered lately; unknown where nobody asked."""
        found = self._answers.get(domain)
        return found[1] if found is not None and found[0] > self._clock() else UNKNOWN
