"""Where changing starts: the changes of each part, in one root."""

import strawberry

from schema.accounts import AccountMutations
from schema.applications import ApplicationMutations
from schema.bounces import BounceMutations
from schema.document_changes import DocumentMutations
from schema.everywhere import EverywhereMutations
from schema.families import FamilyMutations
from schema.federation import FederationMutations
from schema.identities import IdentityMutations
from schema.list_changes import MailingListMutations
from schema.mail_changes import MailMutations
from schema.people import PeopleMutations
from schema.queue import QueueMutations
from schema.robot_changes import RobotMutations
from schema.scenario_texts import ScenarioTextMutations
from schema.second_factors import SecondFactorMutations
from schema.sessions import SessionMutations
from schema.sign_in import SignInMutations
from schema.signing import SigningMutations


@strawberry.type(description="Where changing starts. Fields run one after another.")
class Mutation(
    SignInMutations,
    SessionMutations,
    IdentityMutations,
    AccountMutations,
    SecondFactorMutations,
    SigningMutations,
    PeopleMutations,
    MailingListMutations,
    EverywhereMutations,
    MailMutations,
    QueueMutations,
    BounceMutations,
    RobotMutations,
    FamilyMutations,
    DocumentMutations,
    ScenarioTextMutations,
    ApplicationMutations,
    FederationMutations,
):
    """Where changing starts."""
