"""The browser, or other client, that somebody signs in with."""

from dataclasses import dataclass

from storage.tables.access import Session


@dataclass(frozen=True, slots=True)
class Browser:
    """What a request says of itself; `previous` is the session that it came with.

    That one goes on under another token when the same person signs in once more, and ends when it is somebody else.
    """

    user_agent: str = ""
    remote: str = ""
    previous: Session | None = None


NO_BROWSER = Browser()
