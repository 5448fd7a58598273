"""Other list servers, and what one is on there, as the API shows them."""

from collections.abc import AsyncIterator

import strawberry

from federation import answers, asking, remote_acts
from federation.told import Told
from resolvers import federated
from resolvers import peers as known
from schema.applications import PublicKey
from schema.binding import computed, mirrors, resolved, shown, streamed
from schema.directives import Cost
from schema.enums.federation import ConsentMode, PeerStatus, PeerTrust
from schema.enums.lists import ReceptionMode
from schema.foundations import Connection, Node, Payload, node_id
from schema.refs import MembershipRef, UserRef
from schema.scalars import DateTime, EmailAddress, Url
from storage.tables import federation as stored


@strawberry.type(description="Another list server.")
@mirrors(stored.Peer)
class Peer(Node):
    """Another list server."""

    id: strawberry.ID = node_id("Peer")
    domain: str = shown("Its name.")
    endpoint: Url = shown("Where it is asked, from its discovery document.")
    trust: PeerTrust = shown("What it may ask and be asked.")
    status: PeerStatus = computed(known.status, "How it does.")
    capabilities: list[str] = computed(known.capabilities, "What it says it can do; bounded.")
    protocol_versions: list[str] = computed(known.protocols, "Which it speaks; bounded.")
    keys: list[PublicKey] = computed(known.keys, "The keys that it signs with, as last fetched; at most 10.")
    pinned_thumbprints: list[str] = computed(
        lambda root, _: root.pinned.split(), "Keys an administrator checked by hand; bounded."
    )
    last_success_at: DateTime | None = shown("Last good answer.")
    failure_count: int = computed(lambda root, _: root.failures, "Failures in a row.")
    last_latency_ms: int | None = shown("How long that took, at the last one in a minute; milliseconds.")
    last_failure_at: DateTime | None = shown("When it last did not answer, or not to be believed.")
    retry_at: DateTime | None = shown("When the circuit is tried again.")
    alert: str | None = resolved(
        known.alert, "Why an administrator should look at it; null for nothing, and for everybody else."
    )


@strawberry.type(description="How peers know this server.")
@mirrors(known.OwnIdentity)
class FederationIdentity:
    """How peers know this server."""

    issuer: Url = shown("Its identifier.")
    discovery_url: Url = shown("Its discovery document.")
    keys: list[PublicKey] = resolved(
        known.own_public_keys, "Its public keys; at most four, none before the first server asked for them."
    )


@strawberry.type(description="Once that a peer was told of somebody's lists here.")
@mirrors(Told)
class ToldToPeer:
    """Once that a peer was told of somebody's lists here."""

    peer: str = shown("Its name, also when it is not known any more.")
    email: EmailAddress = computed(lambda root, _: root.address, "Of which of one's addresses.")
    lists: int = shown("How many lists it heard of.")
    at: DateTime = shown("When.")


@strawberry.type(description="Whether and to whom a person's subscriptions may be told.")
@mirrors(federated.Policy)
class FederationConsent:
    """Whether and to whom a person's subscriptions may be told."""

    outgoing: ConsentMode = computed(
        lambda root, _: root.consent.outgoing, "May this server name the person's addresses to peers?"
    )
    incoming: ConsentMode = computed(
        lambda root, _: root.consent.incoming, "May this server answer peers about the person?"
    )
    peers: list[Peer] = resolved(federated.chosen, "Those meant by SELECTED; bounded to 100.")
    stopped: list[Peer] = resolved(
        federated.stopped, "Those that the person stopped, whatever the mode; bounded by how many are known."
    )
    told: list[ToldToPeer] = resolved(
        federated.told_to_peers, "What peers were told of the person, newest first; bounded to 100."
    )
    robot_ceiling: ConsentMode = shown("The most this robot allows of naming addresses.")
    updated_at: DateTime | None = computed(lambda root, _: root.consent.updated_at, "Last changed.")


@strawberry.type(description="A subscription on a peer; nothing of it is stored.")
@mirrors(answers.RemoteMembership)
class RemoteMembership:
    """A subscription on a peer; nothing of it is stored."""

    list_address: EmailAddress = shown("The list.")
    subject: str | None = shown("Its line.")
    email: EmailAddress = shown("Under which of one's addresses.")
    reception: ReceptionMode | None = shown("How mail comes; null for a way that this server does not know.")
    manage_url: Url | None = shown("Where to change it; always on the peer's own origin.")


@strawberry.type(description="What one peer said.")
@mirrors(asking.PeerMemberships)
class PeerMemberships:
    """What one peer said."""

    peer: Peer = shown("Which.")
    status: PeerStatus = shown("How it went.")
    message: str | None = shown("For people.")
    memberships: list[RemoteMembership] = shown("What it said; at most 500.")
    is_truncated: bool = shown("It had more.")
    fetched_at: DateTime | None = shown("When it was said.")
    latency_ms: int | None = shown("How long it took.")


@strawberry.type(description="What one is on, here and elsewhere.")
@mirrors(federated.Federated)
class FederatedMemberships:
    """What one is on, here and elsewhere."""

    local: Connection[MembershipRef] = resolved(federated.local, "Here.")
    peers: list[PeerMemberships] = shown("One entry for each peer meant, asked or not; bounded to 100.")
    is_complete: bool = shown("Every peer answered.")


@strawberry.type(description="Result of peerRegister.")
class PeerRegisterPayload(Payload):
    """Result of peerRegister."""

    peer: Peer | None = shown("It, PENDING, with the thumbprints to compare by another way.")


@strawberry.type(description="Result of peerSetTrust.")
class PeerSetTrustPayload(Payload):
    """Result of peerSetTrust."""

    peer: Peer | None = shown("As it is now.")


@strawberry.type(description="Result of peerRemove.")
class PeerRemovePayload(Payload):
    """Result of peerRemove."""

    removed_id: strawberry.ID | None = shown("Which.")


@strawberry.type(description="Result of federationConsentUpdate.")
class FederationConsentUpdatePayload(Payload):
    """Result of federationConsentUpdate."""

    user: UserRef | None = shown("The person.")


@strawberry.type(description="Result of federationStop.")
class FederationStopPayload(Payload):
    """Result of federationStop."""

    user: UserRef | None = shown("The person.")


@strawberry.type(description="Result of federationTokenIssue.")
class FederationTokenIssuePayload(Payload):
    """Result of federationTokenIssue."""

    link: str | None = shown("To open where one is signed in at that server; shown once.")


@strawberry.type(description="What became of an act on a peer.")
@mirrors(remote_acts.RemoteOutcome)
class RemoteOutcome:
    """What became of an act on a peer."""

    list_address: EmailAddress = shown("The list.")
    email: EmailAddress = shown("Under which of one's addresses.")
    is_done: bool = shown("The peer says that it is done.")
    status: PeerStatus = shown("How asking the peer went.")
    message: str | None = shown("For people: why it was not done.")


@strawberry.type(description="Result of remoteMembershipLeave.")
class RemoteMembershipLeavePayload(Payload):
    """Result of remoteMembershipLeave."""

    outcome: RemoteOutcome | None = shown("What became of it; trouble with the peer is told here.")


@strawberry.type(description="Result of remoteMembershipPause.")
class RemoteMembershipPausePayload(Payload):
    """Result of remoteMembershipPause."""

    outcome: RemoteOutcome | None = shown("What became of it; trouble with the peer is told here.")


@strawberry.type
class FederationQueries:
    """Questions about other servers."""

    federated_memberships: FederatedMemberships | None = resolved(
        federated.federated_memberships,
        "Which lists you are on, here and on peer servers; null for strangers.",
        directives=[Cost(complexity=50)],
    )
    peers: Connection[Peer] = resolved(
        known.peers_page,
        "The servers this one knows, for administrators; users see those that may hold something of theirs.",
    )


@strawberry.type
class FederationMutations:
    """Changes about other servers."""

    federation_consent_update: FederationConsentUpdatePayload = resolved(
        federated.federation_consent_update, "Says whether and to whom subscriptions may be told."
    )
    federation_stop: FederationStopPayload = resolved(
        federated.federation_stop, "Lets a peer be told nothing more, from now on and whatever the mode."
    )
    federation_token_issue: FederationTokenIssuePayload = resolved(
        federated.federation_token_issue,
        "A link by which a server that may be told can show that it is you who asks; earlier ones end.",
    )
    remote_membership_leave: RemoteMembershipLeavePayload = resolved(
        federated.remote_membership_leave,
        "Leaves a list of a peer, where that peer gave a token for the address and allows it.",
    )
    remote_membership_pause: RemoteMembershipPausePayload = resolved(
        federated.remote_membership_pause,
        "Pauses a list of a peer, where that peer gave a token for the address and allows it.",
    )
    peer_register: PeerRegisterPayload = resolved(
        known.peer_register,
        "Names another server; its discovery document is fetched, nothing is trusted yet.",
    )
    peer_set_trust: PeerSetTrustPayload = resolved(
        known.peer_set_trust, "Says what a peer may ask and be asked."
    )
    peer_remove: PeerRemovePayload = resolved(known.peer_remove, "Forgets a peer.")


@strawberry.type
class FederationSubscriptions:
    """Peers as they answer."""

    federated_memberships: AsyncIterator[PeerMemberships] = streamed(
        federated.federated_live, "One event for each peer as it answers, then the stream ends."
    )
