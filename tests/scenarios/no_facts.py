"""A world in which nobody is anything, for facts that are held in memory."""

from collections.abc import Sequence

from scenarios.filter_questions import DirectoryQuestion, SqlQuestion


class NoFacts:
    """A world in which nobody is anything: the ground for facts held in memory, which override what they know."""

    async def is_subscriber(self, list_ref: str, address: str) -> bool:
        """Nobody is subscribed."""
        return False

    async def is_owner(self, list_ref: str, address: str) -> bool:
        """Nobody owns a list."""
        return False

    async def is_owner_strict(self, list_ref: str, address: str) -> bool:
        """Nobody owns a list."""
        return False

    async def is_editor(self, list_ref: str, address: str) -> bool:
        """Nobody moderates."""
        return False

    async def is_listmaster(self, address: str) -> bool:
        """Nobody is a listmaster."""
        return False

    async def filter_texts(self, name: str) -> Sequence[str]:
        """There is no named filter."""
        return ()

    async def ask_sql(self, question: SqlQuestion) -> bool:
        """No database says yes."""
        return False

    async def ask_directory(self, question: DirectoryQuestion) -> bool:
        """No directory holds anybody."""
        return False

    async def custom_condition(self, name: str, args: tuple[tuple[str, ...], ...]) -> bool | None:
        """There is no plug-in, which is an error."""
        return None
