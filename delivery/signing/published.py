"""The DNS record of a key, and whether the DNS shows it (RFC 6376, section 3.6.1)."""

import base64
import binascii
from dataclasses import dataclass
from enum import StrEnum

from dkim.util import InvalidTagValueList, parse_tag_value

from delivery.authentication.lookup import Lookup, LookupFailed
from storage.tables.signing import Algorithm, DkimKey

# One string of a TXT record (RFC 1035, section 3.3.14).
_STRING_OCTETS = 255
_KINDS = {Algorithm.RSA2048: "rsa", Algorithm.ED25519: "ed25519"}


class Publication(StrEnum):
    """What the DNS says about a key."""

    PUBLISHED = "published"
    ABSENT = "absent"
    UNANSWERED = "unanswered"
    SEVERAL = "several"
    UNREADABLE = "unreadable"
    REVOKED = "revoked"
    OTHER_KEY = "other_key"
    RESTRICTED = "restricted"
    TESTING = "testing"


@dataclass(frozen=True, slots=True)
class Check:
    """What was found in the DNS, and a sentence about it for whoever keeps the zone."""

    publication: Publication
    sentence: str

    @property
    def is_published(self) -> bool:
        """Whether signatures of the key will be believed."""
        return self.publication is Publication.PUBLISHED


@dataclass(frozen=True, slots=True)
class Record:
    """A TXT record: its full name, its text, the text in strings that a server can hold, and the line of a zone file."""

    name: str
    text: str

    @property
    def strings(self) -> list[str]:
        """The text in pieces of at most 255 octets; a verifier puts them together again."""
        return [
            self.text[start : start + _STRING_OCTETS] for start in range(0, len(self.text), _STRING_OCTETS)
        ]

    @property
    def zone_line(self) -> str:
        """What goes into a zone file."""
        quoted = " ".join(f'"{each}"' for each in self.strings)
        return f"{self.name}. IN TXT ( {quoted} )"


def record_of(key: DkimKey, domain: str) -> Record:
    """What the zone of a domain is to say about a key."""
    return Record(
        f"{key.selector}._domainkey.{domain}", f"v=DKIM1; k={_KINDS[key.algorithm]}; p={key.public_key}"
    )


async def check(lookup: Lookup, key: DkimKey, domain: str) -> Check:
    """Ask the DNS what it says about a key; never raises."""
    name = record_of(key, domain).name
    try:
        found = await lookup.txt(f"{name}.")
    except LookupFailed:
        return Check(Publication.UNANSWERED, f"The DNS gave no answer for {name}; try again later.")
    if not found:
        return Check(Publication.ABSENT, f"There is no TXT record at {name}.")
    if len(found) > 1:
        return Check(
            Publication.SEVERAL, f"There are {len(found)} TXT records at {name}; leave one, the key's."
        )
    return _judged(found[0], key, name)


def _judged(text: bytes, key: DkimKey, name: str) -> Check:
    try:
        tags: dict[bytes, bytes] = parse_tag_value(text)
        shown = base64.b64decode(b"".join(tags.get(b"p", b"").split()), validate=True)
    except (InvalidTagValueList, binascii.Error):
        return Check(Publication.UNREADABLE, f"The TXT record at {name} is not the record of a key.")
    if b"p" not in tags or tags.get(b"v", b"DKIM1") != b"DKIM1":
        return Check(Publication.UNREADABLE, f"The TXT record at {name} is not the record of a key.")
    if not shown:
        return Check(Publication.REVOKED, f"The record at {name} says that the key was revoked: p= is empty.")
    if shown != base64.b64decode(key.public_key):
        return Check(Publication.OTHER_KEY, f"The record at {name} shows another key.")
    kind = tags.get(b"k", b"rsa").decode("ascii", "replace")
    if kind != _KINDS[key.algorithm]:
        return Check(
            Publication.OTHER_KEY,
            f"The record at {name} says k={kind}; it has to be {_KINDS[key.algorithm]}.",
        )
    if not {b"*", b"email"} & _words(tags.get(b"s", b"*")) or b"sha256" not in _words(
        tags.get(b"h", b"sha256")
    ):
        return Check(
            Publication.RESTRICTED, f"The record at {name} does not let the key sign mail with SHA-256."
        )
    if b"y" in _words(tags.get(b"t", b"")):
        return Check(
            Publication.TESTING,
            f"The record at {name} says t=y, only testing: verifiers take no signature seriously. Take it out.",
        )
    return Check(Publication.PUBLISHED, f"The record at {name} shows this key.")


def _words(value: bytes) -> set[bytes]:
    return {word.strip() for word in value.split(b":")}
