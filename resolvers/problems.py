"""What is wrong with a request itself, as opposed to what it asks for: told in `errors`, always with a published code."""


class Problem(Exception):
    """This request cannot be answered."""

    code = "BAD_USER_INPUT"

    def __init__(self, message: str | None = None) -> None:
        """`message` replaces the class's own sentence."""
        self.message = message or (type(self).__doc__ or "").strip().partition("\n")[0]
        super().__init__(self.message)


class BadInput(Problem):
    """An argument has a value that cannot be used here."""


class IdInvalid(Problem):
    """This is not an id that this server gave out for such a thing."""

    code = "ID_INVALID"


class CursorInvalid(Problem):
    """This is not a cursor of this list with this filter and order; start without one."""

    code = "CURSOR_INVALID"
