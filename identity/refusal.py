"""The root of every refusal: a class with a stable code and a sentence that a person can act on."""


class Refused(Exception):
    """This is not allowed."""

    code = "FORBIDDEN"

    def __init__(self, message: str | None = None, *, path: tuple[str, ...] | None = None) -> None:
        """`message` replaces the class's own sentence; `path` names the input member it is about."""
        self.message = message or (type(self).__doc__ or "").strip().partition("\n")[0]
        self.path = path
        super().__init__(self.message)


class NotFound(Refused):
    """There is no such thing, or it is not for your eyes."""

    code = "NOT_FOUND"


class Forbidden(Refused):
    """You may not do this here."""

    code = "FORBIDDEN"


class Invalid(Refused):
    """This value is not acceptable."""

    code = "INVALID"


class Taken(Refused):
    """This name or address is in use."""

    code = "TAKEN"


class SignInNeeded(Refused):
    """Sign in first."""

    code = "REAUTHENTICATION_REQUIRED"


class TooMany(Refused):
    """Too many attempts; wait a while and try again."""

    code = "RATE_LIMITED"

    def __init__(self, message: str | None = None, *, retry_after: int | None = None) -> None:
        """`retry_after` is the instant at which trying again makes sense."""
        super().__init__(message)
        self.retry_after = retry_after


class Conflict(Refused):
    """It changed since you read it."""

    code = "CONFLICT"
