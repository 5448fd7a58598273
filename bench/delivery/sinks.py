"""Where the mail goes: Postfix's smtp-sink, or a server of ours, each in a process of its own."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.bare_smtp import HOST
from bench.delivery.cores import SINK, on_core
from tests.databases import free_port

SINKS = ("smtp-sink", "ours")


def is_there(name: str) -> bool:
    """Whether a program of Postfix is installed; ours always is."""
    return name == "ours" or shutil.which(name) is not None


@contextmanager
def sink(name: str, *, pinned: bool = False) -> Iterator[int]:
    """The port of a mail server that takes everything."""
    port = free_port()
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    postfix = [shutil.which("smtp-sink") or "smtp-sink", *user, f"{HOST}:{port}", "1000"]
    ours = [sys.executable, "-m", "bench._open_sink", str(port)]
    with on_core(SINK, is_wanted=pinned):
        process = subprocess.Popen(postfix if name == "smtp-sink" else ours)
    try:
        _until_it_listens(port)
        yield port
    finally:
        process.terminate()
        process.wait()


def _until_it_listens(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection((HOST, port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the sink did not start")
