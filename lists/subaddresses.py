"""When user+topic@domain is user@domain: a table of domains known to deliver both to one mailbox (row 115)."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from mail.domain import normal_domain
from mail.errors import BadAddress
from storage.base_keys import base_key
from storage.tables.lists import Robot

# Signs that separate a tag; a dot is none, since it stands between the names of different people.
DELIMITERS = "+-=%"
OFF = "off"
# Providers that document it; elsewhere a plus sign may belong to somebody else's name.
SHIPPED: Mapping[str, str] = dict.fromkeys(
    (
        "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "icloud.com", "me.com", "mac.com",
        "fastmail.com", "fastmail.fm", "proton.me", "protonmail.com", "pm.me", "hey.com", "mailbox.org", "posteo.de",
        "posteo.net", "runbox.com",
    ),
    "+",
)  # fmt: skip
_MANY = 4_000


class Subaddresses:
    """The domains of one robot at which a sign separates a tag from the name of a mailbox."""

    def __init__(self, domains: Mapping[str, str]) -> None:
        self.domains = domains

    def mailbox(self, key: str) -> str:
        """The key of the mailbox that this one's mail goes to: itself without its tag, where the domain is known."""
        local, at, domain = key.rpartition("@")
        delimiter = self.domains.get(domain)
        if delimiter is None:
            return key
        base, found, _ = local.partition(delimiter)
        return f"{base}{at}{domain}" if found and base else key

    def bases(self, keys: Iterable[str]) -> list[str]:
        """The stored base keys among which the tags of these mailboxes are, and other addresses too."""
        return sorted({base for key in keys for base in (base_key(key), base_key(self.mailbox(key)))})

    def patterns(self, keys: Iterable[str]) -> list[tuple[str, str]]:
        """(domain, LIKE pattern) of the tags that no base key tells: at domains with another sign than plus."""
        found = set()
        for key in keys:
            local, _, domain = self.mailbox(key).rpartition("@")
            delimiter = self.domains.get(domain, "+")
            if delimiter != "+":
                found.add((domain, f"{_literal(local + delimiter)}%@{_literal(domain)}"))
        return sorted(found)


def subaddresses_of(robot: Robot) -> Subaddresses:
    """The table of a robot: the shipped one as its setting `subaddress_domains` changes it."""
    return _table(robot.subaddress_domains)


def read_domains(text: str) -> str:
    """The setting in its normal form; ValueError says what it takes."""
    if len(text) > _MANY:
        raise ValueError(f"at most {_MANY} characters")
    return " ".join(f"{name}={sign}" if name else sign for name, sign in _entries(text))


@lru_cache(maxsize=256)
def _table(text: str) -> Subaddresses:
    domains = dict(SHIPPED)
    for name, sign in _entries(text):
        if not name:
            domains.clear()
        elif sign == OFF:
            domains.pop(name, None)
        else:
            domains[name] = sign
    return Subaddresses(domains)


def _entries(text: str) -> list[tuple[str, str]]:
    """(domain, sign) in their order; a bare `off`, with an empty domain, comes first."""
    found: dict[str, str] = {}
    for word in text.replace(",", " ").split():
        if word.lower() == OFF:
            found[""] = OFF
            continue
        name, _, sign = word.partition("=")
        if sign.lower() != OFF and (len(sign) != 1 or sign not in DELIMITERS):
            raise ValueError(
                f"domain=sign with one of {' '.join(DELIMITERS)}, domain=off, or off for all that are known"
            )
        try:
            found[normal_domain(name)] = sign.lower()
        except BadAddress as problem:
            raise ValueError(f"domains such as gmail.com=+ ({name} is none)") from problem
    return sorted(found.items())


def _literal(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
