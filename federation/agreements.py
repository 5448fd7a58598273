"""For how long it counts what was said of an address and a peer: a yes ends after a year, a no does not (threat T8)."""

from mail.instant import DAY
from storage.tables.federation_consents import AddressConsent
from storage.tables.words import AddressVerdict

ALLOWED_FOR = 365 * DAY
_YES = frozenset({AddressVerdict.ALLOWED, AddressVerdict.ACCOUNT})


def is_yes(said: AddressConsent | None, now: int) -> bool:
    """Whether the address or its account agreed within a year: what a token is made of."""
    return said is not None and said.verdict in _YES and now < _since(said) + ALLOWED_FOR


def is_mailed_yes(said: AddressConsent | None, now: int, *, after: int | None = None) -> bool:
    """Whether the address's own reader agreed within a year, and after an instant where one is given: what opens an answer by itself."""
    if said is None or not is_yes(said, now) or said.verdict is not AddressVerdict.ALLOWED:
        return False
    return after is None or _since(said) > after


def is_no(said: AddressConsent | None) -> bool:
    """Whether the address or its account refused, for good."""
    return said is not None and said.verdict is AddressVerdict.NEVER


def _since(said: AddressConsent) -> int:
    return said.decided_at or 0
