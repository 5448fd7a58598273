"""The two references: a bare pipelining client with the same packets and bytes, and Postfix's smtp-source."""

import asyncio
import resource
import subprocess
import time
from collections.abc import Sequence

from bench.bare_smtp import HOST, blast
from bench.delivery.case import Case, Rate
from bench.delivery.cores import SENDER, on_core
from bench.delivery.modes import signing_seconds
from delivery.transports.smtp import Envelope
from storage.tables.signing import Algorithm


async def bare(case: Case, envelopes: Sequence[Envelope], data: bytes, port: int) -> Rate:
    """One process of ours that keeps no state and reads no words."""
    cpu, began = time.process_time(), time.perf_counter()
    with on_core(SENDER, is_wanted=case.pinned):
        await blast(HOST, port, envelopes, data, case.connections)
    seconds = time.perf_counter() - began
    return Rate(case.recipients / seconds, (time.process_time() - cpu) / case.recipients * 1e6)


async def smtp_source(case: Case, size: int, port: int) -> Rate:
    """As many transactions of as many recipients and about so many bytes, without PIPELINING, which it does not know."""
    transactions = case.transactions
    command = ["smtp-source", "-d", "-s", str(case.connections), "-m", str(transactions)]
    command += ["-r", str(case.recipients_each), "-l", str(size), "-f", "list@lists.example.org"]
    command += ["-t", "member@d1.example", f"{HOST}:{port}"]
    cpu, began = _children(), time.perf_counter()
    with on_core(SENDER, is_wanted=case.pinned):
        process = await asyncio.create_subprocess_exec(
            *command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
    _, said = await process.communicate()
    if process.returncode:
        raise RuntimeError(said.decode(errors="replace"))
    seconds = time.perf_counter() - began
    sent = transactions * case.recipients_each
    return Rate(sent / seconds, (_children() - cpu) / sent * 1e6)


def ceiling(algorithm: Algorithm, sending: Rate) -> Rate:
    """What one core could do: the library's bare signature and the bare client's sending, and nothing else."""
    cpu = signing_seconds(algorithm) * 1e6 + sending.cpu
    return Rate(1e6 / cpu, cpu)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
