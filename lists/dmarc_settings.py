"""The values of the settings about DMARC: modes of protection, policies, domains (RFC 7489; row 49)."""

from mail.domain import normal_domain
from mail.errors import BadAddress
from storage.tables.words import Protection

USUAL_PROTECTION = Protection.MUNGE.value
ALWAYS = "always"
POLICIES = ("none", "quarantine", "reject", ALWAYS)
_MOST_DOMAINS = 200


def read_protection(text: str) -> str:
    """One of the modes of protection; raises ValueError."""
    modes = [each.value for each in Protection]
    if text.lower() not in modes:
        raise ValueError(", ".join(modes))
    return text.lower()


def read_policies(text: str) -> str:
    """Words for policies in one order, separated by spaces; raises ValueError."""
    words = {word.lower() for word in text.replace(",", " ").split()}
    if not words or words - {*POLICIES}:
        raise ValueError(f"some of {', '.join(POLICIES)}")
    return " ".join(word for word in POLICIES if word in words)


def read_domains(text: str) -> str:
    """Domains in their normal form, sorted and separated by spaces; raises ValueError."""
    words = {word.removeprefix("*.").removeprefix(".") for word in text.replace(",", " ").split()}
    if len(words) > _MOST_DOMAINS:
        raise ValueError(f"at most {_MOST_DOMAINS} domains")
    try:
        return " ".join(sorted(normal_domain(word) for word in words))
    except BadAddress as bad:
        raise ValueError("domains such as example.edu, separated by spaces") from bad


def lies_in(domain: str, domains: str) -> bool:
    """Whether a domain is one of those of a setting, or lies below one of them."""
    return any(domain == each or domain.endswith(f".{each}") for each in domains.split())
