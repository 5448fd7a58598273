"""Whether two domains belong to the same organisation (RFC 7489, sections 3.1 and 3.2)."""

from functools import lru_cache

from publicsuffixlist import PublicSuffixList

from mail.domain import normal_domain
from mail.errors import BadAddress


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    """The public suffix list that came with its package; nothing is fetched."""
    return PublicSuffixList()


@lru_cache(maxsize=8192)
def organisational_domain(domain: str) -> str:
    """The domain that somebody registered, one label under a public suffix; a public suffix is its own."""
    return _suffixes().privatesuffix(domain) or domain


def are_aligned(signing: str, author: str) -> bool:
    """Whether what one domain signed may speak for an author at the other (relaxed alignment)."""
    try:
        one, other = normal_domain(signing.rstrip(".")), normal_domain(author)
    except BadAddress:
        return False
    return one == other or organisational_domain(one) == organisational_domain(other)
