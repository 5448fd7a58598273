"""Starts processes of Postroom in a moment: one process has read all of the program, and forks when it is told to.

A line on standard input is one order: the role, the environment and the log file, as JSON; the answer is the process
id. What is forked runs `postroom ROLE` from its beginning with a memory of its own, so that killing it is killing any
worker; only the second in which Python reads the program is saved. When standard input ends, all that it started is
killed.
"""

import contextlib
import json
import os
import signal
import sys
from typing import Any, NoReturn

from server.cli import SUBJECTS, main, program


def serve() -> None:
    """Obey until standard input ends."""
    program("worker")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    started: list[int] = []
    print("ready", flush=True)
    # Unbuffered, since what is read ahead here would be read again by those who are forked.
    while line := _line():
        order = json.loads(line)
        if order["role"] not in SUBJECTS:
            raise SystemExit(f"no such role: {order['role']}")
        pid = os.fork()
        if pid == 0:
            _become(order)
        started.append(pid)
        print(pid, flush=True)
    for pid in started:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _line() -> bytes:
    read = bytearray()
    while not read.endswith(b"\n") and (octet := os.read(0, 1)):
        read += octet
    return bytes(read)


def _become(order: dict[str, Any]) -> NoReturn:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for target, source in ((0, nothing), (1, log), (2, log)):
        os.dup2(source, target)
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.argv = ["postroom", order["role"]]
    status = 70
    try:
        main()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    serve()
