"""Posts are handed in by LMTP: again and again, with the same Message-ID, until the door says 250."""

import asyncio
import contextlib
from dataclasses import dataclass, field

_PATIENCE_SECONDS = 10.0


@dataclass
class Author:
    """Posts to the lists in turn while the queue is short, or when somebody asks for a post.

    `is_handing_over` is set while the door has a whole message and has not answered; `was_taken` after each 250.
    """

    port: int
    lists: list[str]
    posts: dict[str, str] = field(default_factory=dict)
    tries: int = 0
    is_wanted: asyncio.Event = field(default_factory=asyncio.Event)
    is_handing_over: asyncio.Event = field(default_factory=asyncio.Event)
    was_taken: asyncio.Event = field(default_factory=asyncio.Event)
    has_left: bool = False

    async def run(self) -> None:
        """Post whenever `is_wanted` is set, until `has_left` is."""
        while True:
            await self.is_wanted.wait()
            self.is_wanted.clear()
            if self.has_left:
                return
            number = len(self.posts)
            list_name = self.lists[number % len(self.lists)]
            message_id = f"<post{number}@author.example>"
            self.posts[message_id] = list_name
            await self._until_taken(list_name, message_id)

    def leave(self) -> None:
        """No further post."""
        self.has_left = True
        self.is_wanted.set()

    async def _until_taken(self, list_name: str, message_id: str) -> None:
        while True:
            self.tries += 1
            with contextlib.suppress(OSError, EOFError, TimeoutError):
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    if await self._handed_over(list_name, message_id):
                        self.was_taken.set()
                        self.was_taken.clear()
                        return
            await asyncio.sleep(0.1)

    async def _handed_over(self, list_name: str, message_id: str) -> bool:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            await _answer(reader)
            for command in (
                "LHLO author.example",
                "MAIL FROM:<author@author.example>",
                f"RCPT TO:<{list_name}@lists.example.org>",
                "DATA",
            ):
                writer.write(f"{command}\r\n".encode())
                code = await _answer(reader)
                if code // 100 not in (2, 3):
                    return False
            writer.write(_post(list_name, message_id))
            self.is_handing_over.set()
            code = await _answer(reader)
            if code // 100 == 5:
                raise AssertionError(f"the door refused {message_id} with {code}")
            return code == 250
        finally:
            self.is_handing_over.clear()
            writer.close()


def _post(list_name: str, message_id: str) -> bytes:
    head = (
        f"From: Author <author@author.example>\r\nTo: {list_name}@lists.example.org\r\n"
        f"Subject: The drill\r\nMessage-ID: {message_id}\r\n\r\n"
    )
    return (head + "Everybody gets this once.\r\n" * 40 + ".\r\n").encode()


async def _answer(reader: asyncio.StreamReader) -> int:
    while True:
        line = await reader.readuntil(b"\n")
        if line[3:4] != b"-":
            return int(line[:3])
