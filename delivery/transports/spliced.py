"""A large message in pieces, most of them shared with other copies, so that none is copied before it is written."""

from collections.abc import Sequence


class Spliced:
    """Octets that are read like `bytes`, by their length and by slices."""

    __slots__ = ("_pieces", "_size")

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = pieces
        self._size = sum(map(len, pieces))

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, part: slice) -> bytes:
        """A copy of these octets; without a step."""
        start, stop, _ = part.indices(self._size)
        found = []
        for piece in self._pieces:
            if start < len(piece) and stop > 0:
                found.append(piece[max(start, 0) : stop])
            start, stop = start - len(piece), stop - len(piece)
        return b"".join(found)

    def isascii(self) -> bool:
        """Whether no octet is above 127."""
        return all(piece.isascii() for piece in self._pieces)

    def count(self, octets: bytes) -> int:
        """How often these octets stand in a piece; what lies across two is not seen."""
        return sum(piece.count(octets) for piece in self._pieces)

    def startswith(self, octets: bytes) -> bool:
        """Whether it begins so."""
        return self[: len(octets)] == octets
