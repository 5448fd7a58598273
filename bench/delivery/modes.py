"""What each recipient's copy has of its own, and who signs it."""

import time
from dataclasses import dataclass

from bench._world import DOMAIN
from delivery.signing import keys
from delivery.signing.sealing import sealed_key
from storage import dkim_keys
from storage.database import Database
from storage.robots import find
from storage.tables.signing import Algorithm

_FOOTER = "Sent to {{ person.email }} as a member of {{ list.name }}.\nTo leave: {{ unsubscribe_url }}"
_SIGNATURES = 300


@dataclass(frozen=True, slots=True)
class Mode:
    """A list's settings, and the kind of key that its domain signs with."""

    personalization: str
    footer: str = ""
    key: Algorithm | None = None


MODES = {
    # Recipients of a packet share a transaction.
    "grouped": Mode("never"),
    # A return path and one-click fields of each one's own, and the same body for all.
    "verp": Mode("always"),
    # A line in the body of each one's own as well, and a signature for each.
    "rsa": Mode("always", _FOOTER, Algorithm.RSA2048),
    "ed25519": Mode("always", _FOOTER, Algorithm.ED25519),
}


async def give_key(database: Database, algorithm: Algorithm) -> None:
    """The domain signs with a key of this kind from now on; the DNS is not asked."""
    private = keys.generate(algorithm)
    async with database.write() as uow:
        robot = await find(uow, DOMAIN)
        if robot is None:
            raise LookupError(DOMAIN)
        made = await dkim_keys.add(
            uow,
            robot_id=robot.id,
            list_id=None,
            selector="bench",
            algorithm=algorithm,
            private_key=sealed_key(uow.site, robot.id, private),
            public_key=keys.public_part(private),
        )
        await dkim_keys.activate(uow, made.id)


def signing_seconds(algorithm: Algorithm) -> float:
    """CPU of one bare signature of 32 octets by the library, without anything around it."""
    key = keys.SigningKey(DOMAIN, "bench", keys.generate(algorithm))
    began = time.process_time()
    for number in range(_SIGNATURES):
        key.sign(number.to_bytes(32, "big"))
    return (time.process_time() - began) / _SIGNATURES
