"""Kept decisions, as the API shows them."""

import strawberry

from identity.actor import application_of
from lists import explaining
from lists.decisions import number_of
from resolvers import decisions, ids
from schema.binding import computed, mirrors, resolved
from schema.enums.scenarios import ScenarioAction, ScenarioMethod
from schema.foundations import Node
from schema.refs import MailingListRef
from schema.scalars import DateTime
from schema.scenarios import Decision


@strawberry.type(description="A decision that was taken, kept for some weeks.")
@mirrors(explaining.Account)
class DecisionRecord(Node):
    """A decision that was taken, kept for some weeks."""

    id: strawberry.ID = computed(
        ids.id_of("DecisionRecord", lambda record: number_of(record.id)), "Global id."
    )
    reference: str = computed(lambda root, _: root.id, "The name that mails, errors and logs give to it.")
    at: DateTime = computed(lambda root, _: root.row.at, "When it was taken.")
    mailing_list: MailingListRef | None = resolved(
        decisions.list_of_account, "The list; null where it was about the whole domain."
    )
    action: ScenarioAction = computed(lambda root, _: root.row.operation, "What was asked.")
    sender: str = computed(
        lambda root, _: root.row.sender, "Under which address it was asked; `nobody` for a stranger."
    )
    target: str | None = computed(
        lambda root, _: root.row.target or None, "The address that it was about; null for the one who asked."
    )
    via: str = computed(
        lambda root, _: root.row.via,
        "By which way it came: web, mail, token, ticket, import or cli; elevation for a listmaster who counted as an owner; "
        "`application` and its name where one spoke for the person.",
    )
    application: str | None = computed(
        lambda root, _: application_of(root.row.via),
        "The application that spoke for the person; null where none did.",
    )
    method: ScenarioMethod = computed(lambda root, _: root.row.method, "How surely the request was proved.")
    message_id: str | None = computed(
        lambda root, _: root.row.message_id or None,
        "Message-ID of the message that was decided on; null for none.",
    )
    times: int = computed(
        lambda root, _: root.row.times,
        "How often it was asked alike within a minute, where somebody only read; 1 for everything else.",
    )
    decision: Decision = computed(decisions.explained_account, "What was answered, and why.")


@strawberry.type
class DecisionQueries:
    """Questions about decisions."""

    decision: DecisionRecord | None = resolved(
        decisions.decision,
        "A decision that was taken; null when there is none, or it neither concerns the caller nor a list or domain "
        "that they run.",
    )
