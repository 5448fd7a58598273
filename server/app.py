"""The web application: GraphQL, the pages behind mailed links, archives, health, and whatever pages are hung in."""

from collections.abc import Callable, Sequence

from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from server.account_pages import account_routes
from server.archive_pages import archive_routes
from server.auth_pages import auth_routes
from server.bounce_webhooks import bounce_webhook_routes
from server.decision_pages import decision_routes
from server.documents import document_routes
from server.federation_door import federation_routes
from server.federation_pages import federation_page_routes
from server.graphql.routes import graphql_routes
from server.health import health_routes
from server.middleware import Surroundings, leave_to_surroundings
from server.one_click import one_click_routes
from server.state import State
from server.ticket_pages import ticket_routes

# What the floor above contributes: the playground, the handbook, in the demo the mailbox.
Pages = Callable[[State], Sequence[BaseRoute]]


def no_pages(_: State) -> Sequence[BaseRoute]:
    """Nothing beside the server's own."""
    return ()


def web_application(state: State, pages: Pages = no_pages) -> ASGIApp:
    """The ASGI application of an open state."""
    routes: list[BaseRoute] = [
        *health_routes(state),
        *graphql_routes(state),
        *ticket_routes(state.database),
        *auth_routes(state.database),
        *account_routes(state.database),
        *one_click_routes(state.database),
        *bounce_webhook_routes(state.database),
        *archive_routes(state.database),
        *decision_routes(state.database),
        *document_routes(state.database),
        *federation_routes(state.database),
        *federation_page_routes(state.database),
        *pages(state),
    ]
    return Surroundings(
        Starlette(routes=routes, exception_handlers={Exception: leave_to_surroundings}),
        metrics=state.metrics,
        trusted_proxies=state.settings.trusted_proxies,
        secure=state.settings.public_url.startswith("https://"),
    )
