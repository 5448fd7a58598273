"""Copies are signed on two threads, while the loop goes on: the keys' work lets go of the interpreter's lock."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from delivery.signing.signer import Prepared

_THREADS = 2
# Small enough that whoever cancels, or ends the process, waits for some milliseconds only.
_PIECE = 16

_pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="sign")


async def signed(prepared: Prepared, copies: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
    """The fields to be put before each copy, from its own fields and the digest of its body, in their order.

    Raises BadOwnFields. Cancelled, it leaves alone what was not begun.
    """
    if not prepared.is_slow and len(copies) <= _PIECE:
        # To wake a thread costs more than these.
        return _sign(prepared, copies)
    loop = asyncio.get_running_loop()
    pieces = [copies[start : start + _PIECE] for start in range(0, len(copies), _PIECE)]
    work = [loop.run_in_executor(_pool, _sign, prepared, piece) for piece in pieces]
    return [fields for piece in await asyncio.gather(*work) for fields in piece]


def _sign(prepared: Prepared, copies: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
    return [prepared.fields(own, digest) for own, digest in copies]
