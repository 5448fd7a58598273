"""What can go wrong between two list servers: refusals that a peer is told, and what a peer did that is not believed."""

from identity.refusal import Conflict, Forbidden, Invalid, Refused


class PeerRefused(Refused):
    """This server does not answer that."""

    # The word of the protocol, and the status of HTTP that goes with it; neither depends on a subject.
    reason = "REFUSED"
    status = 403


class UnknownPeer(PeerRefused):
    """This server does not know who asks."""

    reason = "UNKNOWN_PEER"


class NotTrusted(PeerRefused):
    """An administrator of this server has not said that you may ask."""

    reason = "NOT_TRUSTED"


class UnknownKey(PeerRefused):
    """The key is none that this server believes to be yours, or its time has not come or is over."""

    reason = "UNKNOWN_KEY"
    status = 401


class BadSignature(PeerRefused):
    """The signature is missing, is not over what has to be signed, or does not fit."""

    reason = "BAD_SIGNATURE"
    status = 401


class OtherVersion(BadSignature):
    """This server speaks listfed/1 and no other version of the protocol."""

    reason = "VERSION"
    status = 400


class BadDigest(PeerRefused):
    """The body is not the one that was signed."""

    reason = "BAD_DIGEST"
    status = 401


class WrongDestination(PeerRefused):
    """This request was signed for another server."""

    reason = "WRONG_DESTINATION"
    status = 401


class ClockApart(PeerRefused):
    """The clocks of the two servers are too far apart, or the request is too old."""

    reason = "CLOCK"
    status = 401


class Replayed(PeerRefused):
    """This request came before."""

    reason = "REPLAYED"
    status = 401


class Hopped(PeerRefused):
    """A question is answered by the server that was asked, never handed on."""

    reason = "HOP"
    status = 400


class Unreadable(PeerRefused):
    """This is not the one question that can be asked here."""

    reason = "BAD_REQUEST"
    status = 400


class TooLarge(PeerRefused):
    """A request has at most 128 KiB."""

    reason = "TOO_LARGE"
    status = 413


class TooOften(PeerRefused):
    """You ask too often."""

    reason = "RATE_LIMITED"
    status = 429


class PeerAway(Exception):
    """The other server could not be reached."""

    code = "UNREACHABLE"


class PeerSlow(PeerAway):
    """The other server did not answer in time."""

    code = "TIMED_OUT"


class InvalidAnswer(Exception):
    """The other server's answer is not to be believed: its signature, its size or its form."""

    code = "INVALID_RESPONSE"


class ClocksApart(InvalidAnswer):
    """The other server's clock and this one's are too far apart for anything to be believed."""

    code = "CLOCK"


class BadPeerName(Invalid):
    """Write the name of a list server, as lists.example.org."""


class PeerNotFound(Invalid):
    """This server has no readable federation document; see that it is reachable and speaks listfed/1."""


class ThumbprintsDiffer(Invalid):
    """Give the thumbprints of all keys that it signs with now, as its administrator told you by another way."""


class NoAdministrator(Forbidden):
    """Only the operator, or somebody who is a listmaster of every domain of this server, decides on other servers."""


class PeerKnown(Conflict):
    """This server is known already."""


class NoSuchPeer(Invalid):
    """No such server is known here."""

    code = "NOT_FOUND"
