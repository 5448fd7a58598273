"""The questions a scenario may ask about the world; whoever asks for a decision brings the answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from scenarios.filter_questions import DirectoryQuestion, SqlQuestion


class Facts(Protocol):
    """Answers about roles, valid at the moment of the question.

    `list_ref` is the text written in the scenario: "" or the current list's name is the current list, `name` a
    list of the same robot, `name@domain` a list of another local robot. An unknown list answers False. The
    stranger `nobody` is never asked about. An exception makes the decision a refusal.
    """

    async def is_subscriber(self, list_ref: str, address: str) -> bool:
        """Whether the address is subscribed to the list."""
        ...

    async def is_owner(self, list_ref: str, address: str) -> bool:
        """Whether the address owns the list; by default also true for listmasters (row 85)."""
        ...

    async def is_owner_strict(self, list_ref: str, address: str) -> bool:
        """Whether the address owns the list itself, not by being a listmaster (row 85)."""
        ...

    async def is_editor(self, list_ref: str, address: str) -> bool:
        """Whether the address moderates the list; owners do where no editor is named."""
        ...

    async def is_listmaster(self, address: str) -> bool:
        """Whether the address is a listmaster of the current robot or of the server."""
        ...

    async def filter_texts(self, name: str) -> Sequence[str]:
        """Every text of that named filter on the search path, nearest first; empty when there is none."""
        ...

    async def ask_sql(self, question: SqlQuestion) -> bool:
        """Whether the statement of a `.sql` filter answers yes."""
        ...

    async def ask_directory(self, question: DirectoryQuestion) -> bool:
        """Whether the search of an `.ldap` filter finds an entry."""
        ...

    async def custom_condition(self, name: str, args: tuple[tuple[str, ...], ...]) -> bool | None:
        """What the plug-in says about the arguments, each with all its values; None is an error, which refuses."""
        ...
