"""Words about other list servers."""

from enum import Enum

import strawberry

from federation import asking
from schema.enums.words import word
from storage.tables import words


@strawberry.enum(description="What a peer may ask and be asked.")
class PeerTrust(Enum):
    """What a peer may ask and be asked."""

    PENDING = word(words.PeerTrust.PENDING, "Known, nothing more.")
    ASK_ONLY = word(words.PeerTrust.ASK_ONLY, "We ask, we do not answer.")
    ANSWER_ONLY = word(words.PeerTrust.ANSWER_ONLY, "We answer, we do not ask.")
    MUTUAL = word(words.PeerTrust.MUTUAL, "Both.")
    BLOCKED = word(words.PeerTrust.BLOCKED, "Neither.")


@strawberry.enum(description="How a peer does, or did in this lookup. New values may be added.")
class PeerStatus(Enum):
    """How a peer does, or did in this lookup."""

    OK = word(asking.PeerStatus.OK, "Answered.")
    TIMED_OUT = word(asking.PeerStatus.TIMED_OUT, "Too slow.")
    UNREACHABLE = word(asking.PeerStatus.UNREACHABLE, "No connection.")
    REFUSED = word(asking.PeerStatus.REFUSED, "Said no.")
    INVALID_RESPONSE = word(asking.PeerStatus.INVALID_RESPONSE, "Not to be believed.")
    CIRCUIT_OPEN = word(asking.PeerStatus.CIRCUIT_OPEN, "Not asked, since it failed often.")
    NO_CONSENT = word(asking.PeerStatus.NO_CONSENT, "Not asked, since the person did not agree.")
    CACHED = word(asking.PeerStatus.CACHED, "Not asked, a fresh answer was kept.")
    NOT_ASKED = word(asking.PeerStatus.NOT_ASKED, "Nothing was sent to it yet.")


@strawberry.enum(
    description="What peers get of addresses that nobody has an account with. New values may be added."
)
class IncomingFederation(Enum):
    """What peers get of addresses that nobody has an account with."""

    NEVER = word(words.Incoming.NEVER, "Nothing, and nothing of people with an account either.")
    ASK = word(words.Incoming.ASK, "What their mail's reader allowed, who is asked.")
    ALL_TRUSTED = word(words.Incoming.ALL_TRUSTED, "All, for peers whose verification is accepted.")


@strawberry.enum(description="What peers may be told of members who agreed. New values may be added.")
class TellsPeers(Enum):
    """What peers may be told of members who agreed."""

    NOTHING = word(words.TellsPeers.NOTHING, "Nothing.")
    OPEN = word(words.TellsPeers.OPEN, "If strangers see the list, and the member is not concealed.")
    EVERYTHING = word(words.TellsPeers.EVERYTHING, "Hidden lists and concealed members, too.")


@strawberry.enum(description="To whom.")
class ConsentMode(Enum):
    """To whom."""

    NOBODY = word(words.ConsentMode.NOBODY, "No peer.")
    SELECTED = word(words.ConsentMode.SELECTED, "Those chosen.")
    ALL_TRUSTED = word(words.ConsentMode.ALL_TRUSTED, "Every trusted peer.")
