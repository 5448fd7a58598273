"""What signing in asks for next: a form to fill in, a code from a mail, a visit elsewhere, or nothing more."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from storage.tables.access import Session
from storage.tables.people import Person


@dataclass(frozen=True, slots=True)
class FormField:
    """One field of a form; `is_secret` hides what is typed, `choices` are all that may be answered (none: free text)."""

    name: str
    label: str
    is_secret: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """Ask for these fields, none where a button is enough; `text` says what for.

    With `passkey_options`, a browser may answer with a passkey instead: they are WebAuthn's, as JSON.
    """

    attempt_id: str
    fields: tuple[FormField, ...]
    text: str = ""
    passkey_options: str = ""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Send the browser to a provider; `fields` are to be sent there by a button, where it takes nothing else."""

    attempt_id: str
    url: str
    expires_at: int
    fields: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Code:
    """Ask for the code in a mail that went to `masked_destination`; it stops working at the instant `expires_at`."""

    attempt_id: str
    masked_destination: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class Done:
    """Signed in. `raw_token` is shown only here; `return_to` is "" or a place of our own."""

    person: Person
    session: Session
    raw_token: str
    needs_password_change: bool
    return_to: str


Step = Form | Code | Elsewhere | Done
