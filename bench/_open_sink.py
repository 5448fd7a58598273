"""A mail server that takes everything and keeps no bodies: `python -m bench._open_sink PORT`."""

import asyncio
import sys

from tests.wire.sink import Sink


async def _serve(port: int) -> None:
    async with Sink(port=port, keeps_data=False):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
