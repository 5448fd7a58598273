"""The one shape of an identity provider: what it is given, what it answers, how it refuses.

A provider is a module, named by an entry point of the group `postroom.providers`. It has the names of `Provider`, and those
of the optional parts that it can do. It knows no database, no web framework and no other provider; what it answers is
evidence, and whether an address in it counts is decided elsewhere (`identity.linking`).
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict

from identity.refusal import Refused
from identity.steps import FormField
from storage.tables.words import AddressSource, SignInMethod, Strength


class NotProved(Refused):
    """This sign-in could not be verified; begin again, and tell the operator if it happens once more."""

    code = "WRONG_CREDENTIALS"

    def __init__(self, detail: str = "", message: str | None = None) -> None:
        """`detail` says in a few words which check failed, for the log and the audit; the person never reads it."""
        super().__init__(message)
        self.detail = detail
        # Where the person was on their way to, for another try.
        self.return_to = ""


class WrongSecret(NotProved):
    """Name and password do not belong together."""


class ProviderAway(Refused):
    """This way to sign in does not answer at the moment; use another one, or try again later."""

    code = "UNSUPPORTED"

    def __init__(self, detail: str = "", message: str | None = None) -> None:
        """`detail` says what happened, for the log and for `postroom provider check`."""
        super().__init__(message)
        self.detail = detail
        # Where the person was on their way to, for another try.
        self.return_to = ""


class ProviderSettings(BaseModel):
    """What a provider's own part of the file may say; a word that it does not know is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @property
    def takes_unasked(self) -> bool:
        """Whether a sign-in may begin at the provider (pitfall 31): `complete` then gets nothing kept."""
        return False


@dataclass(frozen=True, slots=True)
class Claimed:
    """An address that a provider names; `is_verified` as the provider itself says."""

    address: str
    is_verified: bool = True


@dataclass(frozen=True, slots=True)
class Once:
    """Something that is believed only the first time: an assertion's ID, a token's jti; `until` when it lapses anyway."""

    id: str
    until: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a provider has shown about somebody; times are instants in microseconds.

    `issuer` and `subject` name the account there for good (decision 14): never an address that can change hands.
    `session` is what the provider calls this sign-in (sid, SessionIndex, service ticket), so that it can end it here.
    `kept` is handed back for `logout`.
    """

    issuer: str
    subject: str
    addresses: tuple[Claimed, ...] = ()
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    display_name: str = ""
    strength: Strength = Strength.MD5
    acr: str = ""
    authenticated_at: int | None = None
    session: str = ""
    kept: Mapping[str, str] = field(default_factory=dict)
    once: tuple[Once, ...] = ()
    # The provider says that its subject is for this visit only: nothing may be linked to it.
    is_transient: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a provider is plugged in: the robot's base URL and the provider's own address below it, no final slashes.

    `callback_url` is `own_url` with `/callback`; other parts are `/metadata`, `/logout`, `/heard`. `key` is the name that the
    robot's file gives to the provider. `now` is the instant of the request.
    """

    base_url: str
    own_url: str
    key: str
    now: int

    @property
    def callback_url(self) -> str:
        """Where the provider sends the browser back to."""
        return f"{self.own_url}/callback"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a sign-in should be like; `state` is unguessable and has to come back with the browser.

    `is_fresh`: the person is to prove themselves anew, even with a session at the provider (step-up).
    `organization` is the one that the person chose among several, `locale` their language.
    """

    state: str
    is_fresh: bool = False
    login_hint: str = ""
    organization: str = ""
    locale: str = ""


@dataclass(frozen=True, slots=True)
class Redirect:
    """Send the browser there; `kept` is handed back at the end (nonce, verifier, request ID)."""

    url: str
    kept: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Submit:
    """Have the browser send this form there, by a button (SAML's POST binding)."""

    url: str
    fields: Mapping[str, str]
    kept: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask these fields on a page of ours."""

    fields: tuple[FormField, ...]


Begun = Redirect | Submit | Ask


@dataclass(frozen=True, slots=True)
class Inbound:
    """A request as plain data. `url` is the one that the robot is known by, with the query as it came.

    A name that stands twice in the query or form makes the request invalid before it gets here. `headers` are as they came,
    names in lower case. `peer` is whoever opened the connection, proxies included.
    """

    method: str
    url: str
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""
    peer: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """The provider says that sign-ins have ended: the one called `session`, or where that is "" all of `subject`.

    `issuer` is "" where the provider has several and names the session alone. `answer` is what it wants to hear.
    """

    issuer: str
    subject: str = ""
    session: str = ""
    answer: "Answer | None" = None
    once: tuple[Once, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What we say to a provider's own request; with `redirect_url`, through the browser, with `form` by a button."""

    status: int = 200
    body: bytes = b""
    media_type: str = "text/plain; charset=utf-8"
    redirect_url: str = ""
    form: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a dry run found out, in words for the operator."""

    is_good: bool
    text: str


@dataclass(frozen=True, slots=True)
class Organization:
    """One home organization of a federation."""

    id: str
    name: str


class Provider(Protocol):
    """What every provider module has.

    `state_of` finds the `Wish.state` in what came back, "" where none did. `complete` raises NotProved for what cannot be
    believed and ProviderAway for a provider that cannot be asked; every wait in it is bounded. Both get the settings that
    `Settings` made of the operator's file.
    """

    Settings: type[ProviderSettings]
    METHOD: SignInMethod
    SOURCE: AddressSource

    async def begin(self, settings: Any, place: Place, wish: Wish) -> Begun:
        """Start a sign-in."""

    def state_of(self, settings: Any, inbound: Inbound) -> str:
        """The state in what came back."""

    async def complete(
        self, settings: Any, place: Place, inbound: Inbound, kept: Mapping[str, str]
    ) -> Evidence:
        """Turn what came back into evidence, or refuse."""

    async def check(self, settings: Any, place: Place) -> list[Finding]:
        """Try the live provider without signing anybody in, and say in words what was found."""


class Asking(Protocol):
    """A provider whose `begin` asks for fields here: they stand on the first page already."""

    def fields_of(self, settings: Any) -> tuple[FormField, ...]:
        """What it asks."""


class SigningOut(Protocol):
    """A provider that can end its own session: `logout` begins at us, `heard` was begun by the provider."""

    async def logout(
        self, settings: Any, place: Place, subject: str, kept: Mapping[str, str], wish: Wish
    ) -> Redirect | Submit | None:
        """Where to send the browser to sign out there, too; None where that is not offered."""

    async def heard(self, settings: Any, place: Place, inbound: Inbound) -> Ended | Answer:
        """Read what the provider says on `/heard` or `/logout`: a session's end, or its answer to a logout of ours."""


class Syncing(Protocol):
    """A provider that can name everybody."""

    def issuer_of(self, settings: Any) -> str:
        """The issuer of all the evidence that `sync` gives."""

    def sync(self, settings: Any) -> AsyncIterator[Evidence]:
        """Everybody there, one after the other, in bounded memory; raises ProviderAway before or between."""


class Searching(Protocol):
    """A provider that can be searched."""

    async def search(self, settings: Any, text: str) -> list[Evidence]:
        """Whoever has this name or address there; at most a page."""


class Describing(Protocol):
    """A provider with a description of us for its other side (SAML metadata)."""

    async def metadata(self, settings: Any, place: Place) -> Answer:
        """The document."""


class Discovering(Protocol):
    """A provider with several home organizations."""

    async def organizations(self, settings: Any, text: str) -> list[Organization]:
        """Those whose name fits, at most 50."""
