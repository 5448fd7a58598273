"""How a peer did when it was asked, written down for administrators; of who asked what, nothing is."""

from dataclasses import dataclass

from storage import peers
from storage.database import UnitOfWork


@dataclass(frozen=True, slots=True)
class Outcome:
    """Failures in a row, and when it is tried again; `failure` is a word for what was wrong, "" for nothing.

    A refusal has a word, the protocol's, and is no failure that opens a circuit. `latency_ms` of a good answer, in
    milliseconds.
    """

    failures: int = 0
    retry_at: int | None = None
    failure: str = ""
    latency_ms: int | None = None


async def note(uow: UnitOfWork, peer_id: int, outcome: Outcome) -> None:
    """Write it down."""
    await peers.went(
        uow,
        peer_id,
        failures=outcome.failures,
        retry_at=outcome.retry_at,
        failure=outcome.failure,
        latency_ms=outcome.latency_ms,
    )
