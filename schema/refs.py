"""The one place where types name each other before they exist."""

from typing import TYPE_CHECKING, Annotated

import strawberry

if TYPE_CHECKING:
    from schema.accounts import AccountMerge, Alert
    from schema.applications import ApplicationGrant, TrustedApplication
    from schema.archive import ArchivedMessage
    from schema.bounces import Bounce
    from schema.decisions import DecisionRecord
    from schema.deliveries import Delivery
    from schema.documents import SharedFile, SharedFolder, SharedItem
    from schema.families import Family
    from schema.federation import FederationConsent
    from schema.identities import LinkedIdentity, UserAttribute
    from schema.lists import MailingList
    from schema.memberships import Membership
    from schema.moderation import ModerationItem
    from schema.people import User
    from schema.query import Query
    from schema.robots import Robot
    from schema.roles import Role
    from schema.second_factors import SecondFactor
    from schema.sessions import ApiToken, Session
    from schema.signing import DkimKey

QueryRef = Annotated["Query", strawberry.lazy("schema.query")]
UserRef = Annotated["User", strawberry.lazy("schema.people")]
SessionRef = Annotated["Session", strawberry.lazy("schema.sessions")]
ApiTokenRef = Annotated["ApiToken", strawberry.lazy("schema.sessions")]
TrustedApplicationRef = Annotated["TrustedApplication", strawberry.lazy("schema.applications")]
ApplicationGrantRef = Annotated["ApplicationGrant", strawberry.lazy("schema.applications")]
LinkedIdentityRef = Annotated["LinkedIdentity", strawberry.lazy("schema.identities")]
UserAttributeRef = Annotated["UserAttribute", strawberry.lazy("schema.identities")]
SecondFactorRef = Annotated["SecondFactor", strawberry.lazy("schema.second_factors")]
AlertRef = Annotated["Alert", strawberry.lazy("schema.accounts")]
BounceRef = Annotated["Bounce", strawberry.lazy("schema.bounces")]
AccountMergeRef = Annotated["AccountMerge", strawberry.lazy("schema.accounts")]
DkimKeyRef = Annotated["DkimKey", strawberry.lazy("schema.signing")]
RobotRef = Annotated["Robot", strawberry.lazy("schema.robots")]
DecisionRecordRef = Annotated["DecisionRecord", strawberry.lazy("schema.decisions")]
MailingListRef = Annotated["MailingList", strawberry.lazy("schema.lists")]
FederationConsentRef = Annotated["FederationConsent", strawberry.lazy("schema.federation")]
FamilyRef = Annotated["Family", strawberry.lazy("schema.families")]
MembershipRef = Annotated["Membership", strawberry.lazy("schema.memberships")]
RoleRef = Annotated["Role", strawberry.lazy("schema.roles")]
ModerationItemRef = Annotated["ModerationItem", strawberry.lazy("schema.moderation")]
DeliveryRef = Annotated["Delivery", strawberry.lazy("schema.deliveries")]
ArchivedMessageRef = Annotated["ArchivedMessage", strawberry.lazy("schema.archive")]
SharedItemRef = Annotated["SharedItem", strawberry.lazy("schema.documents")]
SharedFolderRef = Annotated["SharedFolder", strawberry.lazy("schema.documents")]
SharedFileRef = Annotated["SharedFile", strawberry.lazy("schema.documents")]
