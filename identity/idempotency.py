"""The same mutation sent twice under one key happens once: the second gets the first answer."""

import hashlib
import hmac
from typing import Any

import orjson

from identity.refusal import Conflict, Invalid
from mail.instant import DAY
from storage import idempotency
from storage.database import UnitOfWork

REMEMBERED_FOR = DAY
LONGEST_KEY = 200


class KeyReused(Conflict):
    """This key was used with another input; take a new key for a new request."""


def input_hash(value: Any) -> bytes:
    """The hash of a mutation's input, whatever the order of its members."""
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).digest()


async def remember(uow: UnitOfWork, asker: str, operation: str, key: str, hashed_input: bytes) -> str | None:
    """The answer that this asker got to the same key within 24 hours, or None: then do it, and `keep` the answer.

    Raises KeyReused when the key came with another input, Invalid for an unusable key. Two at the same time wait for
    each other; a refused mutation is undone together with this note and may be sent again.
    """
    if not 0 < len(key) <= LONGEST_KEY or not key.isprintable():
        raise Invalid(f"The key has 1 to {LONGEST_KEY} characters.", path=("client_mutation_id",))
    if await idempotency.claim(
        uow, asker, operation, key, hashed_input, stale_before=uow.now - REMEMBERED_FOR
    ):
        return None
    known = await idempotency.find(uow, asker, operation, key)
    if known is None:
        return None
    if not hmac.compare_digest(known.input_hash, hashed_input):
        raise KeyReused(path=("client_mutation_id",))
    return known.answer


async def keep(uow: UnitOfWork, asker: str, operation: str, key: str, answer: str) -> None:
    """Keep the answer for 24 hours, in clear: never one that holds a secret."""
    await idempotency.answer(uow, asker, operation, key, answer)
