"""What is counted while the server runs, and how Prometheus reads it."""

from prometheus_client import CollectorRegistry, Counter, Histogram

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15)
_POINTS = (1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000)


class Metrics:
    """The counters of one process; gauges about the queue are read from SQL when somebody asks (server/figures.py)."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.http_requests = Counter(
            "postroom_http_requests",
            "HTTP requests answered, by the place asked and the class of the answer.",
            ["place", "status"],
            registry=self.registry,
        )
        self.http_seconds = Histogram(
            "postroom_http_request_seconds",
            "Time from a request to the beginning of its answer.",
            ["place"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.graphql_seconds = Histogram(
            "postroom_graphql_seconds",
            "Time to execute a GraphQL operation.",
            ["kind"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.graphql_cost = Histogram(
            "postroom_graphql_cost",
            "Points that a GraphQL operation was estimated at.",
            ["kind"],
            buckets=_POINTS,
            registry=self.registry,
        )

    def graphql(self, kind: str, seconds: float, cost: int) -> None:
        """Count one operation; `kind` is query or mutation."""
        self.graphql_seconds.labels(kind).observe(seconds)
        self.graphql_cost.labels(kind).observe(cost)
