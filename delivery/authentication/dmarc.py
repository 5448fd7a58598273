"""What a domain asks receivers to do with mail in its name that nothing bears out (DMARC, RFC 7489)."""

import asyncio
import re
from dataclasses import dataclass

from delivery.authentication.alignment import are_aligned, organisational_domain
from delivery.authentication.lookup import Lookup, LookupFailed, Records
from mail.domain import normal_domain
from mail.errors import BadAddress

# Beside the three words of RFC 7489: nothing is published, or it could not be found out.
ABSENT, UNKNOWN = "absent", "unknown"
QUARANTINE, REJECT = "quarantine", "reject"
_ASKED_FOR = ("none", QUARANTINE, REJECT)
_VERSION = re.compile(rb"\s*v\s*=\s*DMARC1\s*(?:;|\Z)")


@dataclass(frozen=True, slots=True)
class Policy:
    """What is asked for mail of one domain: none, quarantine, reject; `absent` or `unknown`.

    `domain` is where it was published: the domain itself or its organisational one. `pct` is not looked at, for a
    message might be among those that it is meant for.
    """

    word: str = UNKNOWN
    domain: str = ""
    has_strict_dkim: bool = False
    has_strict_spf: bool = False

    def is_aligned_by_dkim(self, signing: str, author: str) -> bool:
        """Whether a signature of one domain speaks for an author at the other."""
        return _is_aligned(signing, author, is_strict=self.has_strict_dkim)

    def is_aligned_by_spf(self, envelope: str, author: str) -> bool:
        """Whether an envelope of one domain speaks for an author at the other."""
        return _is_aligned(envelope, author, is_strict=self.has_strict_spf)


async def policy_of(domain: str, lookup: Lookup, patience: float = 5.0) -> Policy:
    """The policy for mail of a domain in its normal form; `patience` is in seconds. Never raises.

    The domain and its organisational domain are asked at once (RFC 7489, section 6.6.3).
    """
    organisation = organisational_domain(domain)
    names = [domain] if organisation == domain else [domain, organisation]
    answers = await asyncio.gather(*(_records(name, lookup, patience) for name in names))
    for name, records in zip(names, answers, strict=True):
        if records is None:
            return Policy()
        found = read_policy(records, name, is_below=name != domain)
        if found is not None:
            return found
    return Policy(ABSENT)


async def _records(domain: str, lookup: Lookup, patience: float) -> Records | None:
    try:
        async with asyncio.timeout(patience):
            return await lookup.txt(f"_dmarc.{domain}.")
    except (LookupFailed, TimeoutError):
        return None


def read_policy(records: Records, domain: str, *, is_below: bool = False) -> Policy | None:
    """The policy in a domain's records, for itself or for what lies below it; None where there is not exactly one record.

    Without a policy that can be read, a record that wants reports asks for nothing else; any other one is none (RFC
    7489, section 6.6.3). Where only that for subdomains cannot be read, the domain's own holds.
    """
    ours = [each for each in records if _VERSION.match(each)]
    if len(ours) != 1:
        return None
    tags = _tags(ours[0])
    own = tags.get("p", "").lower()
    for_below = tags.get("sp", "").lower()
    word = for_below if is_below and for_below in _ASKED_FOR else own
    if own not in _ASKED_FOR:
        if not tags.get("rua"):
            return None
        word = "none"
    return Policy(word, domain, tags.get("adkim", "").lower() == "s", tags.get("aspf", "").lower() == "s")


def _tags(record: bytes) -> dict[str, str]:
    pairs = (part.partition("=") for part in record.decode("ascii", "replace").split(";"))
    # A tag said twice is a mistake; the first one stands.
    return dict(reversed([(name.strip().lower(), value.strip()) for name, _, value in pairs]))


def _is_aligned(one: str, author: str, *, is_strict: bool) -> bool:
    if not is_strict:
        return are_aligned(one, author)
    try:
        return normal_domain(one.rstrip(".")) == normal_domain(author)
    except BadAddress:
        return False
