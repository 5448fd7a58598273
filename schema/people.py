"""People and their addresses, as the API shows them."""

import strawberry

from resolvers import (
    accounts,
    applications,
    email_evidence,
    email_facts,
    emails,
    everywhere,
    federated,
    own_requests,
    people,
)
from resolvers import identities as linked
from resolvers import memberships as subscribed
from resolvers import roles as offices
from resolvers import second_factors as factors
from schema.binding import computed, mirrors, resolved, shown
from schema.enums.identity import AuthStrength, EmailSource, EmailStatus
from schema.enums.lists import ReceptionMode
from schema.everywhere import UnifyChange
from schema.foundations import Connection, Node, Payload, node_id
from schema.own_requests import PendingRequest
from schema.refs import (
    AccountMergeRef,
    AlertRef,
    ApiTokenRef,
    ApplicationGrantRef,
    FederationConsentRef,
    LinkedIdentityRef,
    MembershipRef,
    ModerationItemRef,
    RoleRef,
    SecondFactorRef,
    SessionRef,
    UserAttributeRef,
    UserRef,
)
from schema.scalars import DateTime, EmailAddress, Locale
from storage.tables.people import Person


@strawberry.type(description="What one source says of one address.")
@mirrors(email_evidence.Evidence)
class EmailEvidence(Node):
    """What one source says of one address."""

    id: strawberry.ID = node_id("EmailEvidence")
    source: EmailSource = computed(email_evidence.source, "What kind of source.")
    issued_by: str | None = computed(
        lambda root, _: root.row.source_ref or None,
        "Which one, as `domain:provider` and its issuer; null for our own.",
    )
    status: EmailStatus = computed(email_evidence.status, "Where it stands.")
    strength: AuthStrength = computed(email_evidence.strength, "How much it proves.")
    is_everywhere: bool = computed(
        lambda root, _: root.row.robot_id is None, "It counts on the whole server, not in one robot alone."
    )
    proved_at: DateTime | None = computed(
        lambda root, _: root.row.proved_at, "First proved; null for a claim."
    )
    confirmed_at: DateTime | None = computed(
        lambda root, _: root.row.confirmed_at, "Last said or shown again."
    )
    expires_at: DateTime | None = computed(
        lambda root, _: root.row.expires_at, "When it lapses unless said or shown again; null for never."
    )


@strawberry.type(description="One address of a person.")
@mirrors(emails.UserEmail)
class UserEmail(Node):
    """One address of a person."""

    id: strawberry.ID = node_id("UserEmail")
    email: EmailAddress = computed(lambda root, _: root.row.address, "The address.")
    is_main: bool = shown("The address of the account.")
    status: EmailStatus = computed(emails.status, "Where it stands.")
    source: EmailSource = computed(emails.source, "How the server came to know it.")
    strength: AuthStrength = computed(
        emails.strength, "The level a scenario sees when the person acts under it."
    )
    verified_at: DateTime | None = computed(emails.verified_at, "When possession was last shown.")
    expires_at: DateTime | None = computed(
        lambda root, _: root.row.expires_at, "When it is dropped unless shown again; null for never."
    )
    is_bouncing: bool = resolved(
        email_facts.is_bouncing, "Mail to it came back, from whichever list; until its mailbox answers again."
    )
    membership_count: int = resolved(email_facts.membership_count, "Subscriptions under it, in this robot.")
    equivalents: list[EmailAddress] = resolved(
        email_facts.equivalents,
        "Forms that count as the same here, such as `user+tag@`; those that are on lists, bounded.",
    )
    evidence: list[EmailEvidence] = resolved(
        email_evidence.evidence_of_email, "What each source says of it; for the person only, bounded."
    )


@strawberry.type(description="Result of emailEvidenceRevoke.")
class EmailEvidenceRevokePayload(Payload):
    """Result of emailEvidenceRevoke."""

    user: UserRef | None = shown("The person.")


@strawberry.type(description="What a person likes; the same on every device.")
class UserPreferences:
    """What a person likes; the same on every device."""

    time_zone: str | None = computed(
        lambda root, _: root.time_zone or None, "Name in the IANA time zone database; null for none."
    )
    page_size: int = shown("How many entries pages have, for applications that ask.")
    default_reception: ReceptionMode = shown("How mail comes of lists that the person joins.")
    each_address_gets_a_copy: bool = shown(
        "A copy at each address that is on a list, instead of one for the person."
    )
    skips_addressed_copies: bool = shown(
        "No copy of messages that name the person in To or Cc, on lists where they chose nothing else."
    )


@strawberry.type(description="A person, however many addresses.")
@mirrors(Person)
class User(Node):
    """A person, however many addresses."""

    id: strawberry.ID = node_id("User")
    display_name: str | None = computed(people.display_name, "Name as the person writes it.")
    locale: Locale | None = shown("Preferred language.")
    preferences: UserPreferences | None = computed(
        people.preferences, "What the person likes; for the person only."
    )
    main_email: EmailAddress = computed(lambda root, _: root.main_address, "The address of the account.")
    email_addresses: list[UserEmail] = resolved(
        emails.email_addresses, "Main and alternate addresses; bounded to 50 a person."
    )
    identities: list[LinkedIdentityRef] = resolved(
        linked.identities_of,
        "Accounts at providers by which the person signs in; for the person only, and bounded by how many are linked.",
    )
    attributes: list[UserAttributeRef] = resolved(
        linked.attributes_of_person,
        "What directories and providers say of the person here; for the person only, bounded.",
    )
    memberships: Connection[MembershipRef] = resolved(
        subscribed.memberships_of,
        "All subscriptions under any of the addresses, in this robot; for the person only.",
    )
    roles: Connection[RoleRef] = resolved(
        offices.roles_of, "Lists this person owns or moderates, in this robot; for the person only."
    )
    requests: list[PendingRequest] = resolved(
        own_requests.requests,
        "What waits in this robot and is about any of the addresses; for the person only, bounded to 200 of each kind.",
    )
    to_decide: Connection[ModerationItemRef] = resolved(
        own_requests.to_decide,
        "What waits for the person's decision at the lists they look after, oldest first; for the person only.",
    )
    unify_preview: list[UnifyChange] = resolved(
        everywhere.unify_preview,
        "What membershipsUnify would do; for the person only, bounded by the number of subscriptions and offices.",
    )
    second_factors: list[SecondFactorRef] = resolved(
        factors.factors_of_person,
        "Authenticators and passkeys; for the person only, bounded to 10.",
    )
    recovery_codes_left: int | None = resolved(
        factors.recovery_codes_left, "How many recovery codes are unused; for the person only."
    )
    sessions: Connection[SessionRef] = resolved(people.sessions_of, "Where the person is signed in.")
    api_tokens: Connection[ApiTokenRef] = resolved(people.tokens_of, "Tokens the person made.")
    application_grants: Connection[ApplicationGrantRef] = resolved(
        applications.grants_of, "Applications that may speak for the person."
    )
    alerts: list[AlertRef] = resolved(
        accounts.alerts_of, "What the person should know, newest first; for the person only, 100 at most."
    )
    account_merges: list[AccountMergeRef] = resolved(
        accounts.merges_of,
        "Other accounts that were joined to this one and can still be parted from it; for the person only, bounded.",
    )
    removal_due_at: DateTime | None = resolved(
        accounts.removal_due_at,
        "When the account goes because nothing uses it, unless it is used before; for the person only.",
    )
    federation_policy: FederationConsentRef | None = resolved(
        federated.policy_of,
        "Whether and to whom this server may tell of the person's subscriptions; for the person only.",
    )
    created_at: DateTime = shown("First seen.")


@strawberry.type(description="Result of emailLink.")
class EmailLinkPayload(Payload):
    """Result of emailLink."""

    user_email: UserEmail | None = shown(
        "It, PENDING. The same answer whether or not the address belongs to somebody."
    )


@strawberry.type(description="Result of emailConfirm.")
class EmailConfirmPayload(Payload):
    """Result of emailConfirm."""

    user_email: UserEmail | None = shown("It, VERIFIED.")


@strawberry.type(description="Result of emailUnlink.")
class EmailUnlinkPayload(Payload):
    """Result of emailUnlink."""

    user: User | None = shown("The person.")


@strawberry.type(description="Result of emailSetMain.")
class EmailSetMainPayload(Payload):
    """Result of emailSetMain."""

    user: User | None = shown("The person.")


@strawberry.type(description="Result of profileUpdate.")
class ProfileUpdatePayload(Payload):
    """Result of profileUpdate."""

    user: User | None = shown("The account.")


@strawberry.type
class PeopleQueries:
    """Questions about people."""

    user: User | None = resolved(
        people.user, "For robot and server administrators; everybody else uses `viewer`."
    )


@strawberry.type
class PeopleMutations:
    """Changes to people and their addresses."""

    email_link: EmailLinkPayload = resolved(
        emails.email_link,
        "Adds an alternate address; sends a challenge unless a directory or provider vouches.",
    )
    email_confirm: EmailConfirmPayload = resolved(emails.email_confirm, "Answers the challenge.")
    email_unlink: EmailUnlinkPayload = resolved(emails.email_unlink, "Drops an alternate address.")
    email_evidence_revoke: EmailEvidenceRevokePayload = resolved(
        email_evidence.email_evidence_revoke,
        "Forgets what one source says of an address, unless nothing else proves the main one.",
    )
    email_set_main: EmailSetMainPayload = resolved(emails.email_set_main, "Makes an address the main one.")
    profile_update: ProfileUpdatePayload = resolved(people.profile_update, "Changes the viewer's account.")
