"""Every type with a global id, and the function that fetches one under the authorization of its field."""

from collections.abc import Mapping

from identity.linked import LinkedIdentity
from lists.documents.tree import File, Folder
from lists.explaining import Account
from resolvers.accounts import alert_by_key, merge_by_key
from resolvers.applications import application_by_key, grant_by_key
from resolvers.archive import message_by_key
from resolvers.bounces import bounce_by_key
from resolvers.context import NodeKind
from resolvers.decisions import decision_by_key
from resolvers.deliveries import delivery_by_key
from resolvers.documents import file_by_key, folder_by_key, upload_by_key
from resolvers.email_evidence import Evidence, evidence_by_key
from resolvers.emails import UserEmail, email_by_key
from resolvers.families import family_by_key
from resolvers.identities import identity_by_key
from resolvers.lists import list_by_key
from resolvers.memberships import membership_by_key
from resolvers.moderation import item_by_key
from resolvers.peers import peer_by_key
from resolvers.people import user_by_key
from resolvers.robots import robot_by_key
from resolvers.roles import role_by_key
from resolvers.second_factors import factor_by_key
from resolvers.sessions import session_by_key, token_by_key
from resolvers.signing import key_by_key as dkim_key_by_key
from storage.tables.access import Session, Token
from storage.tables.account_life import Alert, Merge
from storage.tables.applications import Application, ApplicationGrant
from storage.tables.bounces import BounceScore
from storage.tables.documents import Content
from storage.tables.families import Family
from storage.tables.federation import Peer
from storage.tables.lists import MailingList, Membership, Robot, Role
from storage.tables.mail import Delivery, ModerationItem, StoredMessage
from storage.tables.people import Person
from storage.tables.second_factors import SecondFactor
from storage.tables.signing import DkimKey

NODES: Mapping[str, NodeKind] = {
    "User": NodeKind(Person, user_by_key),
    "UserEmail": NodeKind(UserEmail, email_by_key),
    "EmailEvidence": NodeKind(Evidence, evidence_by_key),
    "LinkedIdentity": NodeKind(LinkedIdentity, identity_by_key),
    "SecondFactor": NodeKind(SecondFactor, factor_by_key),
    "Alert": NodeKind(Alert, alert_by_key),
    "AccountMerge": NodeKind(Merge, merge_by_key),
    "DkimKey": NodeKind(DkimKey, dkim_key_by_key),
    "Session": NodeKind(Session, session_by_key),
    "ApiToken": NodeKind(Token, token_by_key),
    "TrustedApplication": NodeKind(Application, application_by_key),
    "ApplicationGrant": NodeKind(ApplicationGrant, grant_by_key),
    "Robot": NodeKind(Robot, robot_by_key),
    "MailingList": NodeKind(MailingList, list_by_key),
    "Membership": NodeKind(Membership, membership_by_key),
    "Role": NodeKind(Role, role_by_key),
    "ModerationItem": NodeKind(ModerationItem, item_by_key),
    "Bounce": NodeKind(BounceScore, bounce_by_key),
    "Delivery": NodeKind(Delivery, delivery_by_key),
    "ArchivedMessage": NodeKind(StoredMessage, message_by_key),
    "DecisionRecord": NodeKind(Account, decision_by_key),
    "Peer": NodeKind(Peer, peer_by_key),
    "Family": NodeKind(Family, family_by_key),
    "SharedFolder": NodeKind(Folder, folder_by_key),
    "SharedFile": NodeKind(File, file_by_key),
    "FileUpload": NodeKind(Content, upload_by_key),
}
