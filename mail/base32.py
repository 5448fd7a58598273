"""RFC 4648 base32 in small letters without padding, for many short texts at once."""

from collections.abc import Sequence
from functools import lru_cache

_LETTERS = b"abcdefghijklmnopqrstuvwxyz234567"
_ALPHABET = _LETTERS.ljust(256, b"\0")
# How far the upper half of each lane moves, so that 40 bits in a lane of 64 come to stand five to an octet.
_STEPS = ((64, 20, 12), (32, 10, 6), (16, 5, 3))


def base32_of_each(texts: Sequence[bytes]) -> list[str]:
    """The base32 of each of some texts, which all have the same number of octets.

    This is made for every copy, so the work is done by a few operations on one big number: five octets are a lane of it,
    which is cut in two three times.
    """
    octets = len(texts[0]) if texts else 0
    if not octets:
        return [""] * len(texts)
    padding = bytes(-octets % 5)
    data = padding.join(texts) + padding
    lanes = len(data) // 5
    spread = bytearray(8 * lanes)
    for place in range(5):
        spread[3 + place :: 8] = data[place::5]
    number = int.from_bytes(spread, "big")
    for (upper, lower), (_, _, shift) in zip(_masks(lanes), _STEPS, strict=True):
        number = (number & upper) << shift | number & lower
    letters = number.to_bytes(8 * lanes, "big").translate(_ALPHABET).decode("ascii")
    each, width = -(-octets * 8 // 5), 8 * (octets + len(padding)) // 5
    return [letters[start : start + each] for start in range(0, len(letters), width)]


@lru_cache(maxsize=64)
def _masks(lanes: int) -> list[tuple[int, int]]:
    """For each step, the upper and the lower halves of what is in the lanes."""
    made: list[tuple[int, int]] = []
    for width, bits, _ in _STEPS:
        lower = int.from_bytes(((1 << bits) - 1).to_bytes(width // 8, "big") * (lanes * 64 // width), "big")
        made.append((lower << bits, lower))
    return made
