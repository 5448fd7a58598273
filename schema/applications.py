"""Applications that may speak for people, as the API shows them."""

import strawberry

from resolvers import applications
from schema.binding import computed, mirrors, resolved, shown
from schema.enums.identity import TokenScope
from schema.foundations import Node, Payload, node_id
from schema.refs import RobotRef, SessionRef
from schema.scalars import DateTime, Json
from storage.tables import applications as tables


@strawberry.type(description="A name and values said about a person.")
@mirrors(applications.Said)
class Assertion:
    """A name and values said about a person."""

    name: str = shown("Name, such as `eduPersonAffiliation`.")
    values: list[str] = shown("Values; an application says one.")
    issued_by: str = shown("Who said it.")


@strawberry.type(description="A verification key.")
@mirrors(tables.ApplicationKey)
class PublicKey:
    """A verification key."""

    kid: str = shown("Key id (RFC 7638 thumbprint).")
    algorithm: str = shown("Such as `EdDSA`.")
    not_before: DateTime | None = shown("Not in force earlier.")
    not_after: DateTime | None = shown("Not in force later.")
    jwk: Json = computed(applications.jwk, "RFC 7517 form.")


@strawberry.type(description="An application that may speak for users.")
@mirrors(tables.Application)
class TrustedApplication(Node):
    """An application that may speak for users."""

    id: strawberry.ID = node_id("TrustedApplication")
    client_id: str = shown("How it names itself: `iss` of its assertions.")
    name: str = shown("For people.")
    robot: RobotRef = computed(lambda _, context: context.actor.robot, "Where it is trusted.")
    allowed_operations: list[str] = computed(
        lambda root, _: root.operations.split(),
        "The operations of scenarios that it may do, and `own` and `moderate` for offices; any other is refused.",
    )
    allowed_assertions: list[str] = computed(
        lambda root, _: root.assertable.split(), "Names it may assert; any other is dropped."
    )
    fixed_assertions: list[Assertion] | None = resolved(
        applications.fixed_of, "What it always says, over its own words; null for others than listmasters."
    )
    allowed_scopes: list[TokenScope] = computed(applications.scopes, "The most it may do.")
    domains: list[str] = computed(
        lambda root, _: root.domains.split(), "Domains whose addresses it may name; none for nobody."
    )
    requires_user_grant: bool = computed(lambda root, _: root.requires_grant, "Each person must agree first.")
    keys: list[PublicKey] = resolved(applications.keys_of, "Keys it signs with; no shared secrets.")
    permitted_networks: list[str] | None = resolved(
        applications.networks_of,
        "Address ranges it may come from; empty for any, null for others than listmasters.",
    )
    last_used_at: DateTime | None = shown("Last used.")
    revoked_at: DateTime | None = shown("When the trust ended; null while it lasts.")


@strawberry.type(description="A person's leave for an application.")
@mirrors(tables.ApplicationGrant)
class ApplicationGrant(Node):
    """A person's leave for an application."""

    id: strawberry.ID = node_id("ApplicationGrant")
    application: TrustedApplication = resolved(applications.application_of, "Which.")
    scopes: list[TokenScope] = computed(applications.scopes, "What for.")
    granted_at: DateTime = shown("Since.")


@strawberry.type(description="Result of applicationRegister.")
class ApplicationRegisterPayload(Payload):
    """Result of applicationRegister."""

    application: TrustedApplication | None = shown("The application.")


@strawberry.type(description="Result of applicationRotate.")
class ApplicationRotatePayload(Payload):
    """Result of applicationRotate."""

    application: TrustedApplication | None = shown("The application.")


@strawberry.type(description="Result of applicationRevoke.")
class ApplicationRevokePayload(Payload):
    """Result of applicationRevoke."""

    application: TrustedApplication | None = shown("The application.")


@strawberry.type(description="Result of applicationActAs.")
class ApplicationActAsPayload(Payload):
    """Result of applicationActAs."""

    session: SessionRef | None = shown("The session; its `viewer.actingApplication` is set.")
    access_token: str | None = shown("The bearer token of the session, good for ten minutes.")


@strawberry.type(description="Result of applicationGrantCreate.")
class ApplicationGrantCreatePayload(Payload):
    """Result of applicationGrantCreate."""

    application_grant: ApplicationGrant | None = shown("The leave.")


@strawberry.type(description="Result of applicationGrantRevoke.")
class ApplicationGrantRevokePayload(Payload):
    """Result of applicationGrantRevoke."""

    revoked_id: strawberry.ID | None = shown("Which.")


@strawberry.type
class ApplicationMutations:
    """Trusting applications, allowing them, and acting through them."""

    application_register: ApplicationRegisterPayload = resolved(
        applications.application_register, "Trusts an application; for listmasters."
    )
    application_rotate: ApplicationRotatePayload = resolved(
        applications.application_rotate,
        "Gives an application new keys; the old ones go on for a while. For listmasters.",
    )
    application_revoke: ApplicationRevokePayload = resolved(
        applications.application_revoke,
        "Ends the trust in an application and everything it has open, at once; for listmasters.",
    )
    application_act_as: ApplicationActAsPayload = resolved(
        applications.application_act_as,
        "Exchanges a signed assertion (RFC 7523, as in RFC 8693) for a short session of a user; only for trusted "
        "applications.",
    )
    application_grant_create: ApplicationGrantCreatePayload = resolved(
        applications.application_grant_create, "Lets an application speak for the viewer."
    )
    application_grant_revoke: ApplicationGrantRevokePayload = resolved(
        applications.application_grant_revoke, "Ends an application's right to speak for the viewer."
    )
