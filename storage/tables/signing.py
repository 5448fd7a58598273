"""The keys that sign what leaves (row 50; anchor 40)."""

from enum import StrEnum


class Algorithm(StrEnum):
    """What kind of key signs."""

    RSA2048 = "rsa2048"
    ED25519 = "ed25519"
