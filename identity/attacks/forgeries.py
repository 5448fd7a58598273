"""What somebody hostile might hand to a provider in place of a genuine sign-in, by kind (requirements, section 5)."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from identity.provider import Ask, Begun, Inbound, Place, Wish

# Whom an attacker wants to be, at a domain that the provider vouches for and at one that it does not.
VICTIM = "victim"
FOREIGN_ADDRESS = "victim@not-vouched-for.example"


class Forgery(StrEnum):
    """The kinds; `genuine` is none of them, and shows that the provider believes anything at all."""

    GENUINE = "genuine"
    BARE_CALLBACK = "bare callback"
    NO_STATE = "no state"
    UNVERIFIED_MAIL = "unverified mail"
    FOREIGN_DOMAIN = "foreign-domain claim"
    REPLAY = "replay"
    TAMPERED = "tampered"
    WRONG_AUDIENCE = "wrong audience"
    WRAPPED_SIGNATURE = "signature wrapping"
    KEY_IN_DOCUMENT = "key from the document"
    SPLIT_TEXT = "comment truncation"
    ALG_NONE = "alg none"
    MIX_UP = "mix-up"
    SPOOFED_HEADER = "header spoofing"
    EMPTY_PASSWORD = "empty password"
    FILTER_INJECTION = "filter injection"
    EXPIRED = "expired"
    FUTURE = "future"
    FORGED_LOGOUT = "forged logout"


class CannotForge(Exception):
    """This forgery does not exist for this provider, or needs a secret that only the other side has; says which."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A sign-in that was begun: what the provider was told and answered, and whom the attacker wants to be.

    `person` is the name of an account that exists at the provider, "" where none is known. `address` is the victim's, at a
    domain that the provider vouches for.
    """

    place: Place
    wish: Wish
    begun: Begun
    address: str
    person: str = ""

    @property
    def kept(self) -> Mapping[str, str]:
        """What the provider wants to get back at the end."""
        return {} if isinstance(self.begun, Ask) else self.begun.kept


# One input, or several of one kind by what is special about each.
Forged = Inbound | Mapping[str, Inbound]
Forge = Callable[[Forgery, Attempt], Forged | Awaitable[Forged]]
