"""A message put together from the pieces that an MTA shows, never more of it held than there is room for."""

from delivery.door.content import Flaw
from delivery.door.dialogue import FLAWS
from mail.status import Reply

_NO_ROOM = Reply(451, "4.3.2", "Too much mail at once; try again later")


class Room:
    """How many octets all conversations together may hold."""

    __slots__ = ("_free",)

    def __init__(self, octets: int) -> None:
        self._free = octets

    def take(self, octets: int) -> bool:
        """Take so many, if there are so many."""
        if octets > self._free:
            return False
        self._free -= octets
        return True

    def give_back(self, octets: int) -> None:
        """Somebody needs them no more."""
        self._free += octets


class Content:
    """Collects one message; `limit` is its largest size in octets. One that cannot be held is refused at its end.

    `has_leading_space` says that a field's value comes with the white space after its colon.
    """

    __slots__ = ("_held", "_limit", "_problem", "_room", "has_leading_space")

    def __init__(self, limit: int, room: Room) -> None:
        self._limit = limit
        self._room = room
        self._held = bytearray()
        self._problem: Reply | None = None
        self.has_leading_space = False

    def field(self, name: bytes, value: bytes) -> None:
        """The next header field; its folds are line feeds alone here."""
        unfolded = value.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        self.add(name + (b":" if self.has_leading_space else b": ") + unfolded + b"\r\n")

    def add(self, piece: bytes) -> None:
        """The next octets."""
        if self._problem is not None:
            return
        if len(self._held) + len(piece) > self._limit:
            self._give_up(FLAWS[Flaw.TOO_LARGE])
        elif not self._room.take(len(piece)):
            self._give_up(_NO_ROOM)
        else:
            self._held += piece

    def _give_up(self, problem: Reply) -> None:
        self.forget()
        self._problem = problem

    def result(self) -> bytes | Reply:
        """The whole message, or why there is none."""
        return self._problem or bytes(self._held)

    def forget(self) -> None:
        """Begin anew."""
        self._room.give_back(len(self._held))
        self._held = bytearray()
        self._problem = None
