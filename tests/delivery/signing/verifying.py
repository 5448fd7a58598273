"""Keys for tests, and dkimpy as the other party that verifies."""

from collections.abc import Callable
from functools import lru_cache

import dkim

from delivery.signing.canonical import body_digest
from delivery.signing.keys import SigningKey, generate, public_part
from delivery.signing.signer import Signer
from storage.tables.signing import Algorithm

DOMAIN = "lists.example.org"
NOW = 1_700_000_000 * 1_000_000


@lru_cache(maxsize=8)
def _made(algorithm: Algorithm) -> SigningKey:
    return SigningKey(DOMAIN, f"s-{algorithm.value}", generate(algorithm))


def key(algorithm: Algorithm = Algorithm.RSA2048) -> SigningKey:
    """A key that this run of the tests uses everywhere."""
    return _made(algorithm)


def both() -> tuple[SigningKey, SigningKey]:
    """One key of each kind."""
    return key(Algorithm.RSA2048), key(Algorithm.ED25519)


def dns(*keys: SigningKey) -> Callable[..., bytes | None]:
    """What dkimpy asks for records: those of these keys and no other."""
    kinds = {True: "rsa", False: "ed25519"}
    records = {
        f"{each.selector}._domainkey.{each.domain}.".encode(): (
            f"v=DKIM1; k={kinds[each.is_rsa]}; p={public_part(each.private)}".encode()
        )
        for each in keys
    }

    def asked(name: bytes | str, timeout: float = 5) -> bytes | None:
        return records.get(name if isinstance(name, bytes) else name.encode())

    return asked


def signed(
    signer: Signer, head: bytes, body: bytes, own: bytes = b"", own_names: tuple[str, ...] = ()
) -> bytes:
    """A whole message with its signatures on top."""
    made = signer.prepare(head, own_names).fields(own, body_digest(body))
    return made + own + head + b"\r\n" + body


def plain(*keys: SigningKey) -> Signer:
    """A signer that seals nothing."""
    return Signer(keys, lambda: NOW)


def verdicts(raw: bytes, *keys: SigningKey) -> list[bool]:
    """What dkimpy says of each DKIM-Signature of ours, from the top."""
    checked = dkim.DKIM(raw, timeout=5)
    return [_holds(checked, place, keys) for place in range(len(keys))]


def _holds(checked: dkim.DKIM, place: int, keys: tuple[SigningKey, ...]) -> bool:
    try:
        return bool(checked.verify(idx=place, dnsfunc=dns(*keys)))
    except (dkim.DKIMException, ValueError):
        # A wrong body hash, or a signature of another length than the key's.
        return False


def chain(raw: bytes, *keys: SigningKey) -> tuple[str | None, int, str]:
    """What dkimpy says of the chain of ARC: pass, fail or none; how many seals it looked at; and why."""
    status, results, reason = dkim.arc_verify(raw, dnsfunc=dns(*keys))
    return None if status is None else status.decode(), len(results), reason
