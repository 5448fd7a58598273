"""Robots and their ways to sign in, as the API shows them."""

import strawberry

from identity.provider import Organization
from lists.decisions import READS_KEPT
from resolvers import applications, lists, operations, scenario_texts, signing
from resolvers import families as family_pages
from resolvers import queue as queues
from resolvers import robots as offered
from resolvers import topics as branches
from schema.binding import computed, mirrors, resolved, shown
from schema.enums.federation import ConsentMode, IncomingFederation
from schema.enums.identity import AuthMethod
from schema.enums.robots import DkimMethod, ScenarioDialect
from schema.enums.scenarios import DecisionVerdict, ScenarioAction
from schema.foundations import Connection, Node, node_id
from schema.queue import Queue
from schema.refs import DkimKeyRef, FamilyRef, MailingListRef, TrustedApplicationRef
from schema.scalars import Duration, Locale
from schema.scenario_texts import ScenarioText
from schema.scenarios import Scenario
from schema.topics import Topic
from storage.tables import lists as tables


@strawberry.interface(description="One way to sign in, without any secret of its configuration.")
class IdentityProvider:
    """One way to sign in."""

    key: str = shown("Stable key, unique in the robot.")
    label: str = shown("Text of the button.")
    method: AuthMethod = shown("Kind.")
    is_default: bool = shown("Offered first.")


@strawberry.type(description="Asks for a name and a secret: password, LDAP.")
@mirrors(offered.FormProvider)
class FormIdentityProvider(IdentityProvider):
    """Asks for a name and a secret."""

    identifier_label: str = shown("Label of the name field.")
    requires_https: bool = shown("Refused over plain http.")


@strawberry.type(description="Sends a one-time ticket or code by mail.")
@mirrors(offered.TicketProvider)
class TicketIdentityProvider(IdentityProvider):
    """Sends a one-time ticket or code by mail."""

    code_length: int = shown("Characters of the code.")
    lifetime: Duration = shown("How long it holds.")


@strawberry.type(description="One organization of a federation.")
@mirrors(Organization)
class DiscoveryEntry:
    """One organization of a federation."""

    entity_id: str = computed(lambda root, _: root.id, "Its entity id.")
    name: str = shown("For people.")


@strawberry.type(description="Sends the browser away: SAML, OIDC, CAS.")
@mirrors(offered.RedirectProvider)
class RedirectIdentityProvider(IdentityProvider):
    """Sends the browser away."""

    organizations: list[DiscoveryEntry] = resolved(
        offered.organizations, "For a federation: where the person may come from; at most 50."
    )


@strawberry.type(description="Rules for new passwords.")
@mirrors(offered.PasswordPolicy)
class PasswordPolicy:
    """Rules for new passwords."""

    minimum_length: int = shown("Least length.")
    is_breach_checked: bool = shown("Known leaked passwords are refused, beyond the most common ones.")


@strawberry.type(description="Which scenario decides one action in a whole domain.")
@mirrors(offered.RobotPolicy)
class RobotScenario:
    """Which scenario decides one action in a whole domain."""

    action: ScenarioAction = shown("The action.")
    scenario: str = shown("Name of the scenario.")


@strawberry.type(description="How a robot behaves; for its listmasters.")
class RobotSettings:
    """How a robot behaves."""

    scenarios: list[RobotScenario] = computed(
        offered.policies, "Who decides what in the whole domain; bounded by the number of actions."
    )
    listmasters_are_owners: bool = shown("Listmasters count as owners of every list.")
    dkim_method: DkimMethod = shown("What a valid signature is worth.")
    scenario_dialect: ScenarioDialect = shown("How scenarios are read.")
    blocklist_operations: list[ScenarioAction] = computed(
        lambda root, _: root.blocklist_operations.split(), "Actions that ask blocklist.txt first."
    )
    are_readings_kept: bool = computed(
        lambda root, _: root.decisions_of_reads == READS_KEPT,
        "Decisions that let somebody read are kept for explaining, not refusals alone.",
    )
    dkim_sign_services: bool = shown("The server's own mails of this domain are signed, once there is a key.")
    arc_seal: bool = shown("Posts that came by mail are sealed with what was found out about them.")
    dkim_confirms: bool = shown(
        "Mail to a list that an address demonstrably wrote lets it count in its account for a year more."
    )
    subaddress_domains: list[str] = computed(
        lambda root, _: root.subaddress_domains.split(),
        "Domains at which user+topic is user, beside the known ones.",
    )
    trusted_sealers: list[str] = computed(
        lambda root, _: root.trusted_sealers.split(), "Domains of forwarders whose ARC seal is believed."
    )
    federation_outgoing: ConsentMode = shown(
        "The most that people may allow when their addresses are named to other list servers."
    )
    federation_incoming: IncomingFederation = shown("What other list servers are told.")
    federation_acts: bool = shown("Members may leave and pause through other list servers that may do so.")


@strawberry.type(description="What the viewer may do in a robot.")
class RobotPermissions:
    """What the viewer may do in a robot."""

    can_update: bool = resolved(offered.can_update, "Change it.")
    can_manage_families: bool = resolved(family_pages.can_manage, "Instantiate families.")
    can_manage_applications: bool = resolved(applications.can_manage, "Register trusted applications.")
    verdict: DecisionVerdict = resolved(
        operations.may_in_robot, "What the domain's rules say to the viewer about one action."
    )


@strawberry.type(description="A virtual robot: a domain with its own lists, people and sign-in.")
@mirrors(tables.Robot)
class Robot(Node):
    """A virtual robot."""

    id: strawberry.ID = node_id("Robot")
    domain: str = shown("The mail domain.")
    title: str = shown("Name for people.")
    description: str | None = computed(offered.description, "What it is for.")
    identity_providers: list[IdentityProvider] = resolved(
        offered.identity_providers,
        "The sign-in buttons, in display order; public and bounded by configuration.",
    )
    password_policy: PasswordPolicy = computed(offered.password_policy, "Rules for new passwords.")
    languages: list[Locale] = computed(offered.languages, "Languages on offer.")
    mailing_lists: Connection[MailingListRef] = resolved(lists.lists_of_robot, "The directory of this robot.")
    settings: RobotSettings | None = resolved(
        offered.settings, "How it behaves, for those who may change it; null for others."
    )
    queue: Queue | None = resolved(
        queues.of_robot, "What holds its mail back, for its listmasters; null for others."
    )
    families: Connection[FamilyRef] = resolved(
        family_pages.families_of_robot, "The list families that the caller may see."
    )
    scenarios: Connection[Scenario] = resolved(
        scenario_texts.scenarios_of_robot, "The scenarios that its lists can name."
    )
    scenario_texts: Connection[ScenarioText] | None = resolved(
        scenario_texts.texts_of_robot,
        "The texts that were written for it; null, with an error, for all but its listmasters.",
    )
    trusted_applications: Connection[TrustedApplicationRef] | None = resolved(
        applications.applications_of_robot,
        "Applications that may speak for users, by name; null for all but its listmasters.",
    )
    dkim_keys: Connection[DkimKeyRef] | None = resolved(
        signing.keys_of_robot,
        "Keys that sign what leaves, those of its lists included; null for all but its listmasters.",
    )
    topics: list[Topic] = resolved(
        branches.topics_of_robot, "The topic tree, flat, as far as it is shown to the caller; at most 500."
    )
    permissions: RobotPermissions = computed(lambda root, _: root, "What the viewer may do here.")


@strawberry.type(description="Things the viewer may do.")
class ViewerPermissions:
    """Things the viewer may do."""

    can_create_mailing_list: bool = resolved(offered.can_create_list, "Ask for a list in this robot.")
    can_administrate_robot: bool = resolved(offered.can_administrate, "Change this robot.")


@strawberry.type
class RobotQueries:
    """Questions about robots."""

    robot: Robot | None = resolved(offered.robot, "One virtual robot.")
    robots: Connection[Robot] = resolved(
        offered.robots_page, "The robots the caller may see: the one that this request was addressed to."
    )
