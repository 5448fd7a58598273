"""What the server refuses, in one place: the limits that the API enforces and tells."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Largest values of one request; times in seconds, sizes in bytes."""

    max_depth: int = 12
    max_aliases: int = 15
    max_root_fields: int = 10
    max_directives: int = 4
    max_fields: int = 2000
    max_tokens: int = 1000
    max_tokens_signed_in: int = 5000
    max_cost: int = 10_000
    max_page_size: int = 100
    max_nodes: int = 100
    max_body_size: int = 1_000_000
    max_response_size: int = 10_000_000
    max_errors_shown: int = 5
    max_introspection_depth: int = 2
    max_operations_per_socket: int = 20
    timeout: float = 15.0
    # Points in a full budget, and points that come back each second.
    budget: int = 1_000_000
    refill: float = 20_000.0


LIMITS = Limits()
