"""The asker of a request, as the API shows them."""

import strawberry

from resolvers import applications, viewer
from schema.applications import Assertion
from schema.binding import computed, mirrors, resolved, shown
from schema.enums.identity import AuthMethod, AuthStrength
from schema.refs import RobotRef, SessionRef, TrustedApplicationRef, UserRef
from schema.robots import ViewerPermissions
from schema.scalars import DateTime, Locale


@strawberry.type(description="How sure the server is of the asker.")
class Authentication:
    """How sure the server is of the asker."""

    strength: AuthStrength = computed(viewer.strength, "The level scenarios compare with.")
    methods: list[AuthMethod] = computed(viewer.methods, "What was used, strongest first.")
    authenticated_at: DateTime | None = computed(
        viewer.authenticated_at, "When the person last proved themselves."
    )
    assertions: list[Assertion] = computed(
        applications.assertions,
        "What a trusted application said about the person; usable in scenarios.",
    )


@strawberry.type(description="A budget of query cost.")
class RateLimit:
    """A budget of query cost."""

    limit: int = shown("Points in a full budget.")
    cost: int = shown("Points this request was charged.")
    remaining: int = shown("Points left.")
    reset_at: DateTime = shown("When the budget is full again.")


@strawberry.type(description="The asker of this request.")
@mirrors(viewer.Viewer)
class Viewer:
    """The asker of this request."""

    user: UserRef | None = computed(lambda root, _: root.actor.person, "The account; null for a stranger.")
    session: SessionRef | None = computed(viewer.session, "The session in use; null for a stranger.")
    authentication: Authentication = computed(lambda root, _: root, "How sure the server is.")
    acting_application: TrustedApplicationRef | None = resolved(
        applications.acting_application, "The application speaking on the user's behalf, if any."
    )
    robot: RobotRef = computed(lambda root, _: root.actor.robot, "The robot this request was addressed to.")
    permissions: ViewerPermissions = computed(
        lambda root, _: root, "What may be done outside any list, to grey out buttons."
    )
    locale: Locale = computed(viewer.locale, "Language of messages.")
    rate_limit: RateLimit = computed(
        lambda _, context: context.spending, "The caller's budget, after this request."
    )


@strawberry.type
class ViewerQueries:
    """Questions about the asker."""

    viewer: Viewer = resolved(viewer.viewer, "Who is asking, and what they may do; also answers strangers.")
