"""How the process does: alive, ready, and in figures for Prometheus."""

from collections import Counter
from collections.abc import Iterator, Mapping

import structlog
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from lists import tally
from mail.instant import MINUTE
from scenarios.cache import compile_count
from server.state import State
from storage import domain_paces, figures, nodes, packets, queue_stops
from storage.database import Reader

log = structlog.get_logger(__name__)
NO_STORE = {"Cache-Control": "no-store"}


def health_routes(state: State) -> list[BaseRoute]:
    """`/healthz` (the process lives), `/readyz` (the database answers and its tables are this program's), `/metrics`."""
    events = _Events()

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok\n", headers=NO_STORE)

    async def readyz(_: Request) -> Response:
        report = await readiness(state)
        return JSONResponse(report, status_code=200 if report["ready"] else 503, headers=NO_STORE)

    async def metrics(_: Request) -> Response:
        registry = CollectorRegistry()
        registry.register(_Given(await _gauges(state, events)))
        body = generate_latest(registry) + generate_latest(state.metrics.registry)
        return Response(body, headers={**NO_STORE, "Content-Type": CONTENT_TYPE_LATEST})

    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]


async def readiness(state: State) -> dict[str, object]:
    """Whether requests can be served, with details; without Redis they can (mail then waits a moment longer)."""
    try:
        async with state.database.read() as reader:
            found = await figures.schema_revision(reader)
        database, schema = "ok", "current" if found == state.schema_head else "other"
    except Exception:  # whatever a database driver raises, the answer is the same
        log.exception("database_unreachable")
        database, schema = "unreachable", "unknown"
    return {
        "ready": database == "ok" and schema == "current",
        "database": database,
        "schema": schema,
        "redis": state.link.state,
    }


class _Given(Collector):
    """Figures that were read beforehand, since Prometheus' library cannot wait."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        yield from self._families


class _Events:
    """What was decided and done since this process first looked, counted from new lines of the audit trail alone."""

    def __init__(self) -> None:
        self._seen: int | None = None
        self.counts: Counter[str] = Counter()

    async def look(self, reader: Reader) -> None:
        """Add what is new."""
        last = await figures.last_event(reader)
        if self._seen is None:
            self._seen = last
        for count in await figures.events_between(reader, self._seen, last):
            self.counts[count.word] += count.number
        self._seen = last


async def _gauges(state: State, events: _Events) -> list[Metric]:
    async with state.database.read() as reader:
        await events.look(reader)
        oldest = await packets.oldest_waiting(reader)
        by_state = await packets.count_by_state(reader)
        by_status = await figures.deliveries_by_status(reader)
        waiting = await figures.waiting_for_moderation(reader)
        paces = await domain_paces.every(reader)
        stops = await queue_stops.every(reader)
        workers = [node for node in await nodes.every(reader) if node.seen_at > reader.now - MINUTE]
        now = reader.now
        age = max(0.0, (reader.now - oldest) / 1_000_000) if oldest is not None else 0.0
    return [
        _gauge("queue_age_seconds", "How long the packet that waits longest has been due.", age),
        _labelled("packets", "Packets by state.", "state", by_state),
        _labelled("deliveries", "Deliveries by status.", "status", {c.word: c.number for c in by_status}),
        _labelled(
            "domain_packets_at_once",
            "Packets that each worker may have in hand for a domain that put us off; 0 while it is paused.",
            "domain",
            {pace.domain: 0 if pace.paused_until > now else pace.most for pace in paces},
        ),
        _gauge("queue_stops", "Switches that keep mail from leaving.", float(len(stops))),
        _labelled(
            "nodes",
            "Processes that gave a sign of life in the last minute.",
            "role",
            Counter(node.role for node in workers),
        ),
        *_mail_servers(state),
        _gauge("moderation_waiting", "Items that wait for a moderator.", waiting),
        _gauge("redis_up", "Whether wake-ups travel.", float(state.link.state == "ok")),
        _events(events.counts),
        _decisions(tally.taken()),
        CounterMetricFamily(
            "postroom_scenarios_compiled",
            "Scenario texts compiled, each once for all lists.",
            compile_count(),
        ),
        CounterMetricFamily(
            "postroom_decisions_dropped",
            "Refusals that nobody can be told the reason of, because too many waited to be written down.",
            state.database.site.later.dropped,
        ),
        CounterMetricFamily(
            "postroom_leases_reclaimed",
            "Packets taken back from workers that died.",
            state.worker.reclaimed if state.worker else 0,
        ),
    ]


def _mail_servers(state: State) -> list[Metric]:
    """How the worker of this process finds each mail server."""
    if state.worker is None:
        return []
    servers = state.worker.servers
    now = servers.now()
    return [
        _labelled(
            "mail_server_up",
            "Whether a mail server may be tried, 0 while it is left out.",
            "server",
            {each.server.name: int(not each.is_out(now)) for each in servers.states},
        ),
        _labelled(
            "mail_server_connections",
            "Open connections to a mail server.",
            "server",
            {each.server.name: each.connections for each in servers.states},
        ),
    ]


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"postroom_{name}", text, value)


def _labelled(name: str, text: str, label: str, values: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(f"postroom_{name}", text, labels=[label])
    for word, number in values.items():
        family.add_metric([word], number)
    return family


def _decisions(taken: Mapping[tuple[str, str], int]) -> Metric:
    family = CounterMetricFamily(
        "postroom_decisions", "What scenarios decided in this process.", labels=["operation", "action"]
    )
    for words, number in taken.items():
        family.add_metric(words, number)
    return family


def _events(counts: Counter[str]) -> Metric:
    family = CounterMetricFamily(
        "postroom_events", "What was decided and done (distributed, rejected…).", labels=["event"]
    )
    for word, number in counts.items():
        family.add_metric([word], number)
    return family
