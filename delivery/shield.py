"""What a post is kept from failing its author's domain's DMARC policy with."""

from dataclasses import dataclass

from delivery.authentication.dmarc import UNKNOWN
from storage.tables.words import Protection

_DONE = {
    Protection.NONE: "Nothing will be done",
    Protection.MUNGE: "From will be rewritten",
    Protection.WRAP: "The message will be attached to one from the list",
    Protection.REJECT: "The message will be refused",
    Protection.DISCARD: "The message will be dropped",
}


@dataclass(frozen=True, slots=True)
class Shield:
    """What is done with a post, and for whose policy: `policy` is in the words of DMARC, or `unknown`."""

    mode: Protection
    domain: str
    policy: str

    def why(self) -> str:
        """What the policy is, as half a sentence for people."""
        if self.policy == UNKNOWN:
            return f"it could not be found out which DMARC policy {self.domain} publishes"
        if self.policy in ("none", "absent"):
            return f"this list does so for every author, such as those at {self.domain}"
        return f"{self.domain} publishes the DMARC policy p={self.policy}"

    def told(self) -> str:
        """What will be done and why, in a sentence for people."""
        ending = (
            f", because {self.why()}, unless a signature of {self.domain} outlives what the list changes."
        )
        return f"{_DONE[self.mode]}{ending}"
