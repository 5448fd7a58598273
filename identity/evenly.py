"""Answers that take the same time whatever was found: given at a fixed moment after the question (pitfall 47)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

# Well above what the work takes, below what anybody notices.
SECONDS = 0.025


@asynccontextmanager
async def evenly() -> AsyncIterator[None]:
    """Let the block end no sooner than 25 ms after it began, whether or not it was refused; no transaction may be open around it.

    What takes longer ends at the next multiple, so that a loaded machine tells nothing either.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        yield
    finally:
        took = loop.time() - began
        await asyncio.sleep(SECONDS * (took // SECONDS + 1) - took)
