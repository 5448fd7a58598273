"""The questions a scenario may ask about the world; whoever asks for a decision brings the answers."""

from __future__ import annotations

from typing import Protocol


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

    async def is_editor(self, list_ref: str, address: str) -> bool:
        """Whether the address moderates the list; owners do where no editor is named."""
        ...

    async def is_listmaster(self, address: str) -> bool:
        """Whether the address is a listmaster of the current robot or of the server."""
        ...
