"""Private keys at rest: sealed with the server's secret, each for one robot."""

from functools import lru_cache

from delivery.signing import keys
from identity.sealed import AttemptInvalid, opened, sealed
from storage.site import Site

_PURPOSE = "dkim"


class KeyUnreadable(Exception):
    """A stored key was sealed with another secret, or for another robot."""

    code = "KEY_UNREADABLE"


def sealed_key(site: Site, robot_id: int, private: keys.PrivateKey) -> str:
    """A private key as the text that is stored."""
    return sealed(site, _PURPOSE, {"robot": robot_id, "key": keys.written(private)})


def opened_key(site: Site, robot_id: int, text: str) -> keys.PrivateKey:
    """The private key in a stored text; raises KeyUnreadable."""
    try:
        value = opened(site, _PURPOSE, text)
    except AttemptInvalid as bad:
        raise KeyUnreadable from bad
    if value["robot"] != robot_id:
        raise KeyUnreadable
    return _read(value["key"])


@lru_cache(maxsize=256)
def _read(text: str) -> keys.PrivateKey:
    """Reading a key and checking its numbers costs as much as some signatures, so it is remembered by its whole text."""
    return keys.read(text)
