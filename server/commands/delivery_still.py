"""Why nothing of a delivery leaves: nobody delivers, the queue is stopped, or no mail server answers."""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from mail.instant import SECOND
from storage import nodes, queue_stops
from storage.database import Reader
from storage.tables.mail import Delivery
from storage.tables.queue import NodeRow

# Each process gives a sign of life every ten seconds.
_SILENT_AFTER = 60 * SECOND


async def reason(reader: Reader, delivery: Delivery) -> str:
    """A phrase for whoever waits, empty where nothing is known to hold the delivery up."""
    if await queue_stops.applying_to(reader, delivery.robot_id):
        return "the queue is stopped: postroom delivery drain off"
    alive = await workers_alive(reader)
    if not alive:
        return "no worker runs"
    servers = [server for worker in alive for server in mail_servers(worker)]
    if servers and all(server["failures"] for server in servers):
        return f"no mail server answers: {in_words(servers)}"
    return ""


async def workers_alive(reader: Reader) -> list[NodeRow]:
    """The workers that gave a sign of life within a minute."""
    return [
        each
        for each in await nodes.every(reader)
        if each.role == "worker" and reader.now - each.seen_at < _SILENT_AFTER
    ]


def mail_servers(worker: NodeRow) -> Sequence[dict[str, Any]]:
    """How a worker last found the mail servers, by what it says of itself."""
    return orjson.loads(worker.detail).get("mail_servers", [])  # type: ignore[no-any-return]


def in_words(servers: Iterable[dict[str, Any]]) -> str:
    """Each mail server that fails, once, with what it said last."""
    failing = {server["server"]: server["reply"] for server in servers if server["failures"]}
    return "; ".join(f"{name} ({reply})" if reply else name for name, reply in failing.items())
