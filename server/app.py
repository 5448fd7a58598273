"""The web application: GraphQL, the pages behind mailed links, archives, health, and whatever pages are hung in."""

from collections.abc import Callable, Sequence

from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from server.health import health_routes
from server.middleware import Surroundings
from server.state import State

# What the floor above contributes: the playground, the handbook, in the demo the mailbox.
Pages = Callable[[State], Sequence[BaseRoute]]


def no_pages(_: State) -> Sequence[BaseRoute]:
    """Nothing beside the server's own."""
    return ()


def web_application(state: State, pages: Pages = no_pages) -> ASGIApp:
    """The ASGI application of an open state."""
    routes: list[BaseRoute] = [
        *health_routes(state),
        *pages(state),
    ]
    return Surroundings(
        Starlette(routes=routes),
        metrics=state.metrics,
        trusted_proxies=state.settings.trusted_proxies,
        secure=state.settings.public_url.startswith("https://"),
    )
