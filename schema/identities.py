"""A person's accounts at providers, and what sources say of them, as the API shows them."""

import strawberry

from identity import attributes, linked
from resolvers import identities
from schema.binding import computed, mirrors, resolved, shown
from schema.foundations import Node, Payload, node_id
from schema.refs import UserRef
from schema.scalars import DateTime
from schema.sign_in import SignInStep


@strawberry.type(description="An account at a provider by which a person signs in.")
@mirrors(linked.LinkedIdentity)
class LinkedIdentity(Node):
    """An account at a provider."""

    id: strawberry.ID = node_id("LinkedIdentity")
    label: str | None = computed(
        lambda root, _: root.label or None,
        "What the provider is called here; null where it is no longer offered.",
    )
    issuer: str = computed(lambda root, _: root.identity.issuer, "Who issues the account.")
    subject: str = computed(
        lambda root, _: root.identity.subject, "The account's name for good at its issuer."
    )
    linked_at: DateTime = computed(lambda root, _: root.identity.created_at, "Since when.")
    last_used_at: DateTime | None = computed(
        lambda root, _: root.identity.last_used_at, "Last sign-in by it."
    )


@strawberry.type(
    description="What a source says of a person under one name; scenarios read it as `[user_attributes->NAME]`."
)
@mirrors(attributes.Attribute)
class UserAttribute:
    """What a source says of a person."""

    name: str = shown("Name, such as `eduPersonAffiliation`.")
    values: list[str] = computed(lambda root, _: [*root.values], "Values.")
    issued_by: str = computed(
        lambda root, _: root.source_ref, "Which source, as `domain:provider` and its issuer."
    )
    updated_at: DateTime = shown("When it was said last.")
    expires_at: DateTime | None = shown("Until when it holds, unless it is said again; null for ever.")


@strawberry.type(description="Result of identityLink.")
class IdentityLinkPayload(Payload):
    """Result of identityLink."""

    step: SignInStep | None = shown("What to do next.")


@strawberry.type(description="Result of identityUnlink.")
class IdentityUnlinkPayload(Payload):
    """Result of identityUnlink."""

    user: UserRef | None = shown("The person.")


@strawberry.type
class IdentityMutations:
    """Ways to sign in, of the person who is signed in."""

    identity_link: IdentityLinkPayload = resolved(
        identities.identity_link,
        "Begins to add a provider as a way to sign in; what was found is shown before anything is linked.",
    )
    identity_unlink: IdentityUnlinkPayload = resolved(
        identities.identity_unlink, "Takes a way to sign in away, unless it is the last one."
    )
