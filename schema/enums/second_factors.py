"""The word for what a second factor is."""

from enum import Enum

import strawberry

from schema.enums.words import word
from storage.tables.second_factors import FactorKind


@strawberry.enum(description="What a second factor is. New values may be added.")
class SecondFactorKind(Enum):
    """What a second factor is."""

    TOTP = word(FactorKind.TOTP, "An authenticator that shows six digits for half a minute (RFC 6238).")
    PASSKEY = word(FactorKind.PASSKEY, "A passkey or security key (WebAuthn).")
