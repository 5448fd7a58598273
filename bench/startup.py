"""How long a server takes to be ready, and how much memory it holds, with ten lists and with ten thousand."""

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.databases import free_port

PROGRAM = str(Path(sys.executable).parent / "postroom")
ROUNDS = 5
SMALL, LARGE = 10, 10_000


@contextmanager
def _place(lists: int) -> Iterator[dict[str, str]]:
    """The environment of a server that has so many lists."""
    with tempfile.TemporaryDirectory(prefix="postroom-bench-") as folder:
        ports = {"HTTP_PORT": free_port(), "LMTP_PORT": free_port(), "SMTP_PORT": free_port()}
        environment = {
            **os.environ,
            "POSTROOM_DATA_DIR": folder,
            **{f"POSTROOM_{name}": str(port) for name, port in ports.items()},
        }
        plan = "".join(f"      list{number}: {{subject: List {number}}}\n" for number in range(lists))
        began = time.perf_counter()
        subprocess.run(
            [PROGRAM, "apply", "-"],
            input=f"robots:\n  lists.example.org:\n    lists:\n{plan}",
            env=environment,
            text=True,
            check=True,
            capture_output=True,
        )
        print(f"{lists:6} lists applied in {time.perf_counter() - began:5.2f} s")
        yield environment


def _is_ready(port: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _start(environment: dict[str, str]) -> tuple[float, float, float]:
    """Seconds to ready, megabytes held then, seconds from SIGTERM to the end."""
    began = time.perf_counter()
    process = subprocess.Popen([PROGRAM, "serve"], env=environment, stderr=subprocess.DEVNULL)
    try:
        while not _is_ready(environment["POSTROOM_HTTP_PORT"]):
            if process.poll() is not None:
                raise RuntimeError("the server did not start")
            time.sleep(0.01)
        ready = time.perf_counter() - began
        size = _resident(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        ending = time.perf_counter()
        process.wait(20)
    return ready, size, time.perf_counter() - ending


def _resident(pid: int) -> float:
    said = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True)
    return int(said.stdout) / 1024


def main() -> None:
    """Print medians over several starts, and the ratio of the large server to the small one."""
    with _place(SMALL) as small, _place(LARGE) as large:
        rounds = [(_start(small), _start(large)) for _ in range(ROUNDS)]
    medians = [
        [statistics.median(found) for found in zip(*side, strict=True)] for side in zip(*rounds, strict=True)
    ]
    for lists, (ready, size, gone) in zip((SMALL, LARGE), medians, strict=True):
        print(f"{lists:6} lists: ready after {ready:.2f} s, {size:.0f} MB, gone {gone:.2f} s after SIGTERM")
    ratios = [large / small for small, large in zip(*medians, strict=True)]
    print(f"ratio of {LARGE} to {SMALL}: ready {ratios[0]:.2f}, memory {ratios[1]:.2f}")


if __name__ == "__main__":
    main()
