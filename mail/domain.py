"""The domain of an address, in the one form that is compared and sent: lower-case A-labels."""

import re
from functools import lru_cache

import idna

from mail.errors import BadAddress

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")


@lru_cache(maxsize=8192)
def normal_domain(text: str) -> str:
    """Return the domain as lower-case A-labels (IDNA 2008 after UTS 46 mapping); raises BadAddress.

    Address literals, trailing dots, and names that are numbers are refused: no list lives there.
    """
    if not text or len(text) > 255:
        raise BadAddress("The part after the @ must be a domain name of at most 255 characters.")
    domain = text.lower()
    if not domain.isascii() or "xn--" in domain:
        domain = _a_labels(text)
    if len(domain) > 253 or not _DOMAIN.fullmatch(domain) or domain.rpartition(".")[2].isdigit():
        raise BadAddress("The part after the @ is not a domain name.")
    return domain


def _a_labels(text: str) -> str:
    try:
        return idna.encode(text, uts46=True, std3_rules=True).decode("ascii").lower()
    except (idna.IDNAError, ValueError, IndexError) as problem:
        raise BadAddress("The part after the @ is not a valid internationalised domain name.") from problem


def display_domain(domain: str) -> str:
    """Return the domain as people write it (U-labels), or unchanged when that cannot be told."""
    if "xn--" not in domain:
        return domain
    try:
        return idna.decode(domain)
    except (idna.IDNAError, ValueError):
        return domain
