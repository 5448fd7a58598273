"""What questions about lists and changes to lists take."""

import strawberry

from schema.enums.bounces import BounceDigest, ComplaintAction
from schema.enums.errors import OrderDirection
from schema.enums.federation import TellsPeers
from schema.enums.lists import (
    DmarcProtection,
    ListVisibility,
    MailingListOrderField,
    MailingListStatus,
    Merge,
    Personalization,
    RoleKind,
)
from schema.enums.mail import DeliveryPriority
from schema.enums.scenarios import ScenarioAction
from schema.inputs.common import MutationInput, optional, wanted
from schema.scalars import ByteSize, DateTime, EmailAddress, Locale


@strawberry.input(description="Which lists; all members must match.")
class MailingListFilter:
    """Which lists."""

    search: str | None = optional("Words in name, subject, description.")
    topic: str | None = optional("A topic and what lies under it.")
    status: list[MailingListStatus] | None = optional("In one of these states; OPEN when left out.")
    viewer_is_subscriber: bool | None = optional("The viewer is on it, or is not.")
    viewer_has_role: RoleKind | None = optional("The viewer has this office.")


@strawberry.input(description="Order of lists.")
class MailingListOrder:
    """Order of lists."""

    field: MailingListOrderField = wanted("By what.")
    direction: OrderDirection = wanted("Which way.")


@strawberry.input(description="Who decides.")
class ScenarioBindingInput:
    """Who decides."""

    action: ScenarioAction = wanted("What.")
    scenario: str = wanted("Name of the scenario.")


@strawberry.input(description="Settings to change; what is left out stays.")
class MailingListSettingsInput:
    """Settings to change; what is left out stays."""

    subject: str | None = optional("Directory line.")
    description: str | None = optional("Longer text; null takes it away.")
    language: Locale | None = optional("Of its service messages.")
    visibility: ListVisibility | None = optional(
        "Shown in the directory; a scenario for SEE_LIST says it more exactly and wins."
    )
    message_size_limit: ByteSize | None = optional("Largest message.")
    documents_quota: ByteSize | None = optional("Room for all shared documents together; 0 shares none.")
    document_size_limit: ByteSize | None = optional("Largest shared file.")
    delivery_priority: DeliveryPriority | None = optional("Place in the queue.")
    personalization: Personalization | None = optional("Own copies.")
    verp_every: int | None = optional("Each how many-th message is own copies, where that is SAMPLED.")
    strict_main_address: bool | None = optional(
        "Alternates count for nothing: short for altEmailPolicy MAIN_ONLY."
    )
    alt_email_policy: str | None = optional(
        "Which of somebody's addresses count: ANY, MAIN_ONLY, STRENGTH(md5), or by kind as own:MAIN_ONLY,post:STRENGTH(md5)."
    )
    custom_vars: str | None = optional("Values of your own for scenarios, as name=value; name=value.")
    topics: list[str] | None = optional("Names of the topics that the directory shows it under.")
    subject_tag: str | None = optional("A word put before the subject of each message; null for none.")
    dkim_sign_posts: list[str] | None = optional(
        "Which posts the domain signs: any, none, or some of smime, dkim, md5, editor-validated."
    )
    tells_peers: TellsPeers | None = optional("What other list servers may be told of members who agreed.")
    reply_to_list: bool | None = optional("Answers go to the list by default.")
    header: str | None = optional("A template above each message; null for none.")
    footer: str | None = optional("A template below each message; null for none.")
    footer_html: str | None = optional("The footer for HTML messages; null: made from the plain one.")
    merge: Merge | None = optional("Whose posts are templates themselves.")
    dmarc_protection: DmarcProtection | None = optional("What is done with posts that would fail DMARC.")
    dmarc_policies: list[str] | None = optional(
        "The policies of authors' domains under which that is done: none, quarantine, reject; or always."
    )
    dmarc_exempt_domains: list[str] | None = optional("Domains for whose authors that is never done.")
    bounce_warn_score: float | None = optional("From which bounce score on a member is watched.")
    bounce_suspend_score: float | None = optional("From which bounce score on a probe decides.")
    bounce_decay_days: int | None = optional("After how many days without a failure a score is halved.")
    bounce_probe: bool | None = optional("A probe is sent before mail stops.")
    bounce_probe_days: int | None = optional("After how many days a probe clears the member.")
    bounce_complaint: ComplaintAction | None = optional("What becomes of who called a message spam.")
    bounce_digest: BounceDigest | None = optional("How often owners are told of what comes back.")
    most_posts_per_hour: int | None = optional("Posts in an hour; 0 for no limit.")
    most_posts_per_author_per_hour: int | None = optional("Posts of one author in an hour; 0 for no limit.")
    scenarios: list[ScenarioBindingInput] | None = optional("Who decides.")


@strawberry.input(description="Input of mailingListCreate.")
class MailingListCreateInput(MutationInput):
    """Input of mailingListCreate."""

    robot_id: strawberry.ID = wanted("Where.")
    name: str = wanted("Local part.")
    subject: str = wanted("Directory line.")
    template: str | None = optional(
        "Kind of list: discussion, public, newsletter, moderated or confidential; discussion when left out."
    )
    settings: MailingListSettingsInput | None = optional("More.")
    owners: list[EmailAddress] | None = optional("Who runs it, at most 100; the viewer when left out.")


@strawberry.input(description="Input of mailingListUpdate.")
class MailingListUpdateInput(MutationInput):
    """Input of mailingListUpdate."""

    mailing_list_id: strawberry.ID = wanted("Which.")
    settings: MailingListSettingsInput = wanted("What.")
    if_unmodified_since: DateTime | None = optional("Refuse with CONFLICT when changed later.")


@strawberry.input(description="Input of mailingListClose.")
class MailingListCloseInput(MutationInput):
    """Input of mailingListClose."""

    mailing_list_id: strawberry.ID = wanted("Which.")


@strawberry.input(description="Input of mailingListOpen.")
class MailingListOpenInput(MutationInput):
    """Input of mailingListOpen."""

    mailing_list_id: strawberry.ID = wanted("Which.")


@strawberry.input(description="Input of roleGrant.")
class RoleGrantInput(MutationInput):
    """Input of roleGrant."""

    mailing_list_id: strawberry.ID = wanted("Where.")
    email: EmailAddress = wanted("Whom.")
    kind: RoleKind = wanted("As what.")


@strawberry.input(description="Input of roleRevoke.")
class RoleRevokeInput(MutationInput):
    """Input of roleRevoke."""

    role_id: strawberry.ID = wanted("Which.")
