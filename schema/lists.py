"""Mailing lists, as the API shows them."""

import strawberry

from resolvers import archive as archives
from resolvers import bounces as comebacks
from resolvers import decisions as answers
from resolvers import deliveries as sendings
from resolvers import documents as shared
from resolvers import families, list_facts, lists, memberships, operations, roles, signing, variables
from resolvers import moderation as queue
from resolvers import scenario_texts as written
from resolvers import topics as branches
from schema.archive import Archive
from schema.binding import computed, mirrors, resolved, shown
from schema.directives import Cost
from schema.enums.bounces import BounceDigest, ComplaintAction
from schema.enums.federation import TellsPeers
from schema.enums.lists import (
    DmarcProtection,
    ListVisibility,
    MailingListStatus,
    Merge,
    Personalization,
    ReceptionMode,
)
from schema.enums.mail import DeliveryPriority
from schema.enums.scenarios import DecisionVerdict
from schema.foundations import Connection, Node, node_id
from schema.refs import (
    BounceRef,
    DecisionRecordRef,
    DeliveryRef,
    DkimKeyRef,
    FamilyRef,
    MembershipRef,
    ModerationItemRef,
    RobotRef,
    RoleRef,
    SharedFolderRef,
    SharedItemRef,
)
from schema.scalars import ByteSize, DateTime, EmailAddress, Locale
from schema.scenario_texts import ScenarioText
from schema.scenarios import Decision, ScenarioBinding
from schema.topics import Topic
from schema.variables import ScenarioVariable
from storage.tables import lists as tables


@strawberry.type(description="How a list behaves.")
class MailingListSettings:
    """How a list behaves."""

    visibility: ListVisibility = computed(list_facts.visibility, "Shown in the directory or not.")
    reception_modes: list[ReceptionMode] = computed(
        list_facts.reception_modes, "Modes that make a difference today; any other is kept and acts as MAIL."
    )
    scenarios: list[ScenarioBinding] = resolved(
        lists.scenarios,
        "Which scenario decides which action; bounded by the number of actions.",
        directives=[Cost(complexity=10)],
    )
    message_size_limit: ByteSize = shown("Largest message.")
    documents_quota: ByteSize = shown("Room for all shared documents together; 0: none are shared.")
    document_size_limit: ByteSize = shown("Largest shared file.")
    delivery_priority: DeliveryPriority = computed(list_facts.delivery_priority, "Its place in the queue.")
    personalization: Personalization = shown("When each person gets an own copy.")
    verp_every: int = shown("Each how many-th message is own copies, where that is SAMPLED.")
    strict_main_address: bool = shown("Alternate addresses count for nothing here.")
    alt_email_policy: str = shown("Which of somebody's addresses count, by kind of operation.")
    subject_tag: str | None = computed(
        list_facts.subject_tag, "A word put before the subject of each message."
    )
    dkim_sign_posts: list[str] = computed(
        lambda root, _: root.dkim_sign_posts.split(),
        "Which posts the domain signs: `any`, `none`, or by how their authors were known.",
    )
    tells_peers: TellsPeers = shown("What other list servers may be told of members who agreed.")
    reply_to_list: bool = shown("Answers go to the list by default.")
    header: str | None = resolved(
        list_facts.for_stewards("header"),
        "A template above each message; null for all but those who run the list.",
    )
    footer: str | None = resolved(
        list_facts.for_stewards("footer"),
        "A template below each message, likewise; where it, or the header, names the recipient, each gets a copy of their own, "
        "whatever `personalization` says.",
    )
    footer_html: str | None = resolved(
        list_facts.for_stewards("footer_html"),
        "The footer for HTML messages, likewise; empty: it is made from the plain one.",
    )
    merge: Merge = shown("Whose posts are templates themselves.")
    dmarc_protection: DmarcProtection = shown("What is done with posts that would fail DMARC.")
    dmarc_policies: list[str] = computed(
        lambda root, _: root.dmarc_policies.split(),
        "The policies of authors' domains under which that is done, or `always`.",
    )
    dmarc_exempt_domains: list[str] = computed(
        lambda root, _: root.dmarc_exempt_domains.split(), "Domains for whose authors that is never done."
    )
    bounce_warn_score: float = computed(
        list_facts.bounce_warn_score, "From which bounce score on a member is watched."
    )
    bounce_suspend_score: float = computed(
        list_facts.bounce_suspend_score, "From which bounce score on a probe decides whether mail stops."
    )
    bounce_decay_days: int = shown("After how many days without a failure a score is halved.")
    bounce_probe: bool = shown("A probe is sent before mail stops.")
    bounce_probe_days: int = shown("After how many days a probe that did not come back clears the member.")
    bounce_complaint: ComplaintAction = shown("What becomes of a member who called a message spam.")
    bounce_digest: BounceDigest = shown("How often owners are told of what comes back.")
    most_posts_per_hour: int = shown("Posts in an hour; more wait for an editor; 0 for no limit.")
    most_posts_per_author_per_hour: int = shown(
        "Posts of one author in an hour; more wait for an editor; 0 for no limit."
    )


@strawberry.type(description="What the viewer may do with a list.")
class MailingListPermissions:
    """What the viewer may do with a list."""

    can_subscribe: DecisionVerdict = resolved(list_facts.prospect("subscribe"), "Join.")
    can_unsubscribe: DecisionVerdict = resolved(list_facts.prospect("unsubscribe"), "Leave.")
    can_post: DecisionVerdict = resolved(
        list_facts.prospect("send"), "Send; the message itself may still change the answer."
    )
    can_review: DecisionVerdict = resolved(list_facts.prospect("review"), "See subscribers.")
    can_read_archive: DecisionVerdict = resolved(
        list_facts.prospect("archive_web_access"), "Read the archive."
    )
    verdict: DecisionVerdict = resolved(
        operations.may_on_list, "What the list's rules say to the viewer about one action."
    )
    can_moderate: bool = resolved(lists.can_moderate, "Decide on waiting messages.")
    can_edit_settings: bool = resolved(lists.can_edit_settings, "Change settings.")


@strawberry.type(description="A mailing list.")
@mirrors(tables.MailingList)
class MailingList(Node):
    """A mailing list."""

    id: strawberry.ID = node_id("MailingList")
    name: str = shown("Local part; unique in its robot.")
    robot: RobotRef = resolved(lists.robot_of, "Where it lives.", metadata={"computed": lists.robot_at_hand})
    address: EmailAddress = shown("Posting address.")
    subject: str = resolved(
        list_facts.subject,
        "One line for the directory; empty where the info scenario does not let the caller read about the list.",
        metadata={"computed": list_facts.subject_at_hand},
    )
    description: str | None = resolved(
        list_facts.description,
        "Longer text; null likewise.",
        metadata={"computed": list_facts.description_at_hand},
    )
    topics: list[Topic] = resolved(
        branches.topics_of, "Branches of the directory that it is on, as far as they are shown to the caller."
    )
    status: MailingListStatus = shown("Open, pending, closed.")
    family: FamilyRef | None = resolved(
        families.family_of, "The family it was made from; null for those who have nothing to do with it."
    )
    language: Locale = shown("Of its service messages.")
    settings: MailingListSettings = computed(list_facts.itself, "How it behaves.")
    viewer_memberships: list[MembershipRef] = resolved(
        lists.viewer_memberships, "The viewer's own subscriptions, one for each address used; bounded."
    )
    viewer_permissions: MailingListPermissions = computed(list_facts.itself, "What the viewer may do here.")
    subscribers: Connection[MembershipRef] | None = resolved(
        memberships.subscribers,
        "People on the list; null, with an error, when the review scenario does not let the caller see them. "
        "Concealed ones are left out for all but owners.",
    )
    owners: Connection[RoleRef] = resolved(roles.owners, "Owners the caller may see.")
    moderators: Connection[RoleRef] = resolved(roles.moderators, "Moderators the caller may see.")
    moderation: Connection[ModerationItemRef] | None = resolved(
        queue.waiting,
        "Messages and requests that wait for the caller's decision; null, with an error, for those who decide on nothing.",
    )
    dkim_keys: Connection[DkimKeyRef] | None = resolved(
        signing.keys_of_list,
        "Keys that sign for this list alone; null for all but its domain's listmasters.",
    )
    archive: Archive | None = resolved(
        archives.archive_of, "The archive; null when there is none or it is closed to the caller."
    )
    documents: SharedFolderRef | None = resolved(
        shared.top, "Top of the shared documents; null when there are none or it is closed to the caller."
    )
    document: SharedItemRef | None = resolved(
        shared.at_path,
        "A shared folder or file by its path; one that is open is found below a closed folder, too.",
    )
    deliveries: Connection[DeliveryRef] | None = resolved(
        sendings.deliveries_of_list,
        "What was and is being sent, newest first; null, with an error, for all but owners, moderators and listmasters.",
    )
    bounces: Connection[BounceRef] | None = resolved(
        comebacks.bounces_of_list,
        "Members whose mail comes back, the worst first; null, with an error, for all but owners and listmasters.",
    )
    explain_decision: Decision | None = resolved(
        answers.explain_decision,
        "What the list would answer, and why, found by the code that answers in earnest and without effect; null, with "
        "an error, for those who ask about somebody else and do not run the list.",
        directives=[Cost(complexity=10)],
    )
    scenario_texts: Connection[ScenarioText] | None = resolved(
        written.texts_of_list,
        "The scenario texts that were written for it; null, with an error, for all but its owners.",
    )
    decisions: Connection[DecisionRecordRef] | None = resolved(
        answers.decisions_of_list,
        "What was answered lately, newest first; null, with an error, for all but owners and listmasters.",
    )
    scenario_variables: list[ScenarioVariable] = resolved(
        variables.of_scenario,
        "What a rule for an action may read here, with the values in the caller's own case; bounded.",
        directives=[Cost(complexity=5)],
    )
    template_variables: list[ScenarioVariable] = resolved(
        variables.of_mail,
        "What a mail of the list mentions, with the values in a mail to the caller; bounded.",
        directives=[Cost(complexity=5)],
    )
    template_preview: str | None = resolved(
        variables.preview,
        "What a header or footer would say in the caller's own copy; null, with an error that names the line, for one "
        "that cannot be used, and for all but owners.",
        directives=[Cost(complexity=5)],
    )
    created_at: DateTime = shown("Made.")
    updated_at: DateTime = shown("Settings last changed.")
    latest_message_at: DateTime | None = shown("Last message.")


@strawberry.type
class MailingListQueries:
    """Questions about lists."""

    mailing_list: MailingList | None = resolved(
        lists.mailing_list,
        "One list by address; null when it does not exist or is hidden from the caller.",
    )
    mailing_lists: Connection[MailingList] = resolved(
        lists.mailing_lists, "The directory of the robot that this request was addressed to."
    )
