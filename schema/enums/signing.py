"""Words about the keys that sign what leaves."""

from enum import Enum

import strawberry

from delivery.signing.published import Publication
from schema.enums.words import word
from storage.tables.signing import Algorithm, KeyState


@strawberry.enum(description="What kind of key signs. New values may be added.")
class DkimAlgorithm(Enum):
    """What kind of key signs."""

    RSA2048 = word(Algorithm.RSA2048, "RSA with 2048 bits, which every verifier knows.")
    ED25519 = word(Algorithm.ED25519, "Ed25519 (RFC 8463): short, and not known everywhere yet.")


@strawberry.enum(description="What a key is for just now.")
class DkimKeyState(Enum):
    """What a key is for just now."""

    NEW = word(KeyState.NEW, "Waits for its record in the DNS, and to be activated.")
    ACTIVE = word(KeyState.ACTIVE, "Signs what leaves.")
    RETIRED = word(KeyState.RETIRED, "Signs nothing more; its record stays for mail on its way.")


@strawberry.enum(description="What the DNS says about a key. New values may be added.")
class DkimPublication(Enum):
    """What the DNS says about a key."""

    PUBLISHED = word(Publication.PUBLISHED, "It shows this key.")
    ABSENT = word(Publication.ABSENT, "There is no record.")
    UNANSWERED = word(Publication.UNANSWERED, "It gave no answer just now.")
    SEVERAL = word(Publication.SEVERAL, "There are several records.")
    UNREADABLE = word(Publication.UNREADABLE, "The record is not one of a key.")
    REVOKED = word(Publication.REVOKED, "The record says that the key was revoked.")
    OTHER_KEY = word(Publication.OTHER_KEY, "The record shows another key.")
    RESTRICTED = word(Publication.RESTRICTED, "The record does not let the key sign mail.")
    TESTING = word(Publication.TESTING, "The record says that the domain is only testing.")
