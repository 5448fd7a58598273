"""Somebody before the page of a mailed ticket: what they see, what they press, and what has happened then."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from identity.actor import Actor
from identity.steps import Form
from server.html import Markup
from storage.database import Database, Reader
from storage.tables.access import Ticket
from storage.tables.lists import Robot

YES, NO = "yes", "no"
NOTHING = Markup("")


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody who has opened a ticket's page; `asker` is who their browser is signed in as, if anybody."""

    db: Database
    secret: str
    ticket: Ticket
    robot: Robot
    asker: Actor | None
    user_agent: str
    remote: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A ticket's page: buttons are pairs of what they send and what they say; none where nothing can be done."""

    title: str
    paragraphs: tuple[str, ...]
    buttons: tuple[tuple[str, str], ...]
    fields: Markup = NOTHING
    below: Markup = NOTHING


@dataclass(frozen=True, slots=True)
class Did:
    """What has happened; `token` is a new session's, `go_to` where its browser goes on, `step` what is asked before it has one, `below` what stands under the text."""

    title: str
    text: str
    token: str | None = None
    go_to: str | None = None
    step: Form | None = None
    below: Markup = NOTHING


@dataclass(frozen=True, slots=True)
class Purpose:
    """One kind of ticket: how its page looks, and what its buttons do with the fields of the form."""

    show: Callable[[Reader, Visit], Awaitable[Shown]]
    act: Callable[[Visit, Mapping[str, str]], Awaitable[Did]]
