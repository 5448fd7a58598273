"""Why a change was not made, in one word."""

from enum import Enum

import strawberry

from schema.enums.words import word


@strawberry.enum(
    description="Why a change was not made. New values may be added: treat an unknown one as INVALID."
)
class UserErrorCode(Enum):
    """Why a change was not made."""

    INVALID = word("INVALID", "The value is not acceptable.")
    REQUIRED = word("REQUIRED", "A value is missing.")
    TAKEN = word("TAKEN", "The name or address is in use.")
    NOT_FOUND = word("NOT_FOUND", "No such thing, or not for your eyes.")
    FORBIDDEN = word("FORBIDDEN", "You see it, but you may not do this to it.")
    NEEDS_MODERATION = word("NEEDS_MODERATION", "Accepted, and waits for an owner or moderator.")
    CHALLENGE_REQUIRED = word("CHALLENGE_REQUIRED", "Prove possession of the address first.")
    REAUTHENTICATION_REQUIRED = word("REAUTHENTICATION_REQUIRED", "Sign in again, or more strongly.")
    EXPIRED = word("EXPIRED", "The code, ticket or challenge is too old.")
    WRONG_CREDENTIALS = word("WRONG_CREDENTIALS", "Name and secret do not go together; never says which.")
    RATE_LIMITED = word("RATE_LIMITED", "Too many attempts.")
    LOCKED = word("LOCKED", "The thing is frozen for now.")
    TOO_LARGE = word("TOO_LARGE", "Over a size limit.")
    CONFLICT = word(
        "CONFLICT",
        "It changed since you read it, or the idempotency key was used with another input.",
    )
    UNSUPPORTED = word("UNSUPPORTED", "The robot or server has this feature off.")


@strawberry.enum(description="Which way round.")
class OrderDirection(Enum):
    """Which way round."""

    ASC = word("ASC", "Smallest or oldest first.")
    DESC = word("DESC", "Largest or newest first.")
