"""What the mutations about other list servers take."""

import strawberry

from schema.enums.federation import ConsentMode, PeerTrust
from schema.inputs.common import MutationInput, optional, wanted
from schema.scalars import DateTime, EmailAddress


@strawberry.input(description="Input of peerRegister.")
class PeerRegisterInput(MutationInput):
    """Input of peerRegister."""

    domain: str = wanted("Its name.")


@strawberry.input(description="Input of peerSetTrust.")
class PeerSetTrustInput(MutationInput):
    """Input of peerSetTrust."""

    peer_id: strawberry.ID = wanted("Which.")
    trust: PeerTrust = wanted("What.")
    confirm_thumbprints: list[str] | None = optional("The keys compared by hand; needed to leave PENDING.")


@strawberry.input(description="Input of peerRemove.")
class PeerRemoveInput(MutationInput):
    """Input of peerRemove."""

    peer_id: strawberry.ID = wanted("Which.")


@strawberry.input(description="Input of federationConsentUpdate.")
class FederationConsentUpdateInput(MutationInput):
    """Input of federationConsentUpdate."""

    outgoing: ConsentMode = wanted("Naming one's addresses to peers.")
    incoming: ConsentMode = wanted("Answering peers; NOBODY also ends what was allowed behind mailed links.")
    peer_ids: list[strawberry.ID] | None = optional("For SELECTED; those chosen stay when left out.")


@strawberry.input(description="Input of federationStop.")
class FederationStopInput(MutationInput):
    """Input of federationStop."""

    peer_id: strawberry.ID = wanted("Which.")


@strawberry.input(description="Input of federationTokenIssue.")
class FederationTokenIssueInput(MutationInput):
    """Input of federationTokenIssue."""

    peer_id: strawberry.ID = wanted("The server that is to show that it is you who asks.")
    email: EmailAddress = wanted("For which of one's addresses.")


@strawberry.input(description="Input of remoteMembershipLeave.")
class RemoteMembershipLeaveInput(MutationInput):
    """Input of remoteMembershipLeave."""

    peer_id: strawberry.ID = wanted("The server of the list.")
    list_address: EmailAddress = wanted("The list.")
    email: EmailAddress = wanted("Under which of one's addresses.")


@strawberry.input(description="Input of remoteMembershipPause.")
class RemoteMembershipPauseInput(MutationInput):
    """Input of remoteMembershipPause."""

    peer_id: strawberry.ID = wanted("The server of the list.")
    list_address: EmailAddress = wanted("The list.")
    email: EmailAddress = wanted("Under which of one's addresses.")
    until: DateTime = wanted("When mail comes again, within a year.")
