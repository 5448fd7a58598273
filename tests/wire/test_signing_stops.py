"""A process that is told to end while it signs ends, and does not first sign what was waiting."""

import signal
import subprocess
import sys

_PROGRAM = """
import asyncio, signal
from delivery.signing.canonical import body_digest
from delivery.signing.pool import signed
from tests.delivery.signing.verifying import key, plain

async def main():
    work = asyncio.create_task(signed(plain(key()).prepare(b"From: a@b.example\\r\\n", ()), [(b"", body_digest(b""))] * 400_000))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, work.cancel)
    await asyncio.sleep(0.2)
    print("signing", flush=True)
    try:
        await work
    except asyncio.CancelledError:
        print("cancelled", flush=True)

asyncio.run(main())
"""


def test_sigterm_does_not_wait_for_hundreds_of_thousands_of_signatures() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "signing\n"
        process.send_signal(signal.SIGTERM)
        try:
            # The whole of it would take minutes.
            said, broken = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (process.returncode, said, broken) == (0, "cancelled\n", "")
