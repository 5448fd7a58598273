"""Families of lists, as the API shows them and makes lists of them."""

import strawberry

from resolvers import families
from schema.binding import computed, mirrors, resolved, shown
from schema.enums.families import FamilyChangeKind, FamilySignOffOutcome
from schema.foundations import Connection, Node, Payload, node_id
from schema.refs import MailingListRef, RobotRef
from schema.scalars import EmailAddress
from schema.scenarios import Decision
from storage.tables import families as tables


@strawberry.type(description="Something an instance must tell.")
class FamilyParameter:
    """Something an instance must tell."""

    name: str = shown("Name.")
    label: str = shown("For people.")
    is_required: bool = shown("Must be given.")
    default: str | None = shown("Else this.")
    allowed: list[str] = shown("The values it takes; empty where any value of its form will do.")


@strawberry.type(description="A limit on a setting.")
class FamilyConstraint:
    """A limit on a setting."""

    setting: str = shown("The setting.")
    allowed_values: list[str] = shown("One value for fixed, several for a choice.")


@strawberry.type(
    description="A pattern lists are made from; for those who may make such lists or are on one."
)
@mirrors(tables.Family)
class Family(Node):
    """A pattern lists are made from."""

    id: strawberry.ID = node_id("Family")
    name: str = shown("Name.")
    robot: RobotRef = resolved(families.robot_of, "Where.")
    description: str | None = computed(families.description, "What for.")
    address: str | None = computed(
        families.address,
        "Local part of its lists, with parameters, such as team+{dept}; null: each has its own.",
    )
    parameters: list[FamilyParameter] = computed(families.parameters, "What an instance must tell.")
    constraints: list[FamilyConstraint] = computed(families.constraints, "What its owners may not change.")
    mailing_lists: Connection[MailingListRef] = resolved(
        families.lists_of_family, "Lists made from it, as far as the caller may see them."
    )


@strawberry.type(description="What became of one list.")
class FamilyChange:
    """What became of one list."""

    name: str = shown("Local part.")
    kind: FamilyChangeKind = computed(lambda root, _: root.what, "What.")
    details: list[str] = shown("The changes, for people.")


@strawberry.type(description="An entry that could not be used.")
class FamilyProblem:
    """An entry that could not be used."""

    line: int = shown("Its place, from 1.")
    code: str = shown("For programs.")
    message: str = shown("For people.")


@strawberry.type(description="What an instantiation did, or would do.")
class FamilyReport:
    """What an instantiation did, or would do."""

    created: int = shown("Lists made.")
    updated: int = shown("Lists changed or opened again.")
    closed: int = shown("Lists shut.")
    unchanged: int = shown("Lists as they should be.")
    failed: int = shown("Entries that could not be used.")
    changes: list[FamilyChange] = computed(families.changes, "The first thousand changes.")
    problems: list[FamilyProblem] = shown("The first thousand problems.")
    missing_kept: bool = shown("Nothing was shut, since some entry does not tell which list it is about.")


@strawberry.type(description="What became of one subscription.")
class FamilySignOffResult:
    """What became of one subscription."""

    mailing_list: MailingListRef | None = computed(
        lambda root, _: root.mlist, "The list; null when it is not shown any more."
    )
    email: EmailAddress = computed(lambda root, _: root.address, "The address.")
    outcome: FamilySignOffOutcome = computed(lambda root, _: root.became, "What.")
    message: str | None = computed(lambda root, _: root.message or None, "Why it was refused.")


@strawberry.type(description="Result of familyInstantiate.")
class FamilyInstantiatePayload(Payload):
    """Result of familyInstantiate."""

    report: FamilyReport | None = shown("What became of each list.")


@strawberry.type(description="Result of familyListCreate.")
class FamilyListCreatePayload(Payload):
    """Result of familyListCreate."""

    mailing_list: MailingListRef | None = shown("The list, OPEN or PENDING.")


@strawberry.type(description="Result of familySignOff.")
class FamilySignOffPayload(Payload):
    """Result of familySignOff."""

    subscriptions: list[FamilySignOffResult] | None = shown("What became of each subscription of one's own.")
    asked: list[EmailAddress] | None = shown("Addresses that were asked by mail first.")
    decision: Decision | None = shown("What the scenario said last.")


@strawberry.type
class FamilyMutations:
    """Changes to families' lists."""

    family_instantiate: FamilyInstantiatePayload = resolved(
        families.family_instantiate, "Makes or updates lists from a family; for listmasters."
    )
    family_list_create: FamilyListCreatePayload = resolved(
        families.family_list_create,
        "Makes one list of a family, or asks for it where a listmaster has to agree.",
    )
    family_sign_off: FamilySignOffPayload = resolved(
        families.family_sign_off, "Leaves all lists of a family at once, or starts what that takes."
    )
