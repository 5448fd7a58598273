"""What both doors do: listen, let in a bounded number of peers, and close without cutting off a message in hand."""

import asyncio
from abc import ABC, abstractmethod
from typing import Protocol


class Conversation(Protocol):
    """One peer's dialogue."""

    async def run(self) -> None:
        """Converse; returns when it is over, whatever the reason."""

    def stop(self) -> bool:
        """Hang up after the message in hand; return whether nothing is in hand, so that waiting may be cut short."""


class Door(ABC):
    """A listening socket and the dialogues that are open behind it, at most `max_connections`."""

    def __init__(self, max_connections: int) -> None:
        self._max_connections = max_connections
        self._open: dict[asyncio.Task[None], Conversation] = {}
        self._server: asyncio.Server | None = None

    async def listen(self, host: str, port: int) -> asyncio.Server:
        """Start listening; port 0 takes a free one. Raises OSError."""
        self._server = await asyncio.start_server(self._enter, host, port)
        return self._server

    async def close(self, grace: float = 10.0) -> None:
        """Stop listening, hang up on whoever waits, and give messages in hand `grace` seconds to be settled."""
        if self._server is not None:
            self._server.close()
        for task, conversation in self._open.items():
            if conversation.stop():
                task.cancel()
        if self._open:
            _, late = await asyncio.wait(set(self._open), timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    @abstractmethod
    async def _enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection to its end."""

    @property
    def _is_full(self) -> bool:
        return len(self._open) >= self._max_connections

    async def _converse(self, conversation: Conversation) -> None:
        """Let a dialogue run to its end, or until the door is closed."""
        task = asyncio.current_task()
        assert task is not None
        self._open[task] = conversation
        try:
            await conversation.run()
        finally:
            del self._open[task]
