"""What somebody wants to do, who they are, and how well that is proved: the input of every decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Value = str | tuple[str, ...]

NOBODY = "nobody"
METHODS_BY_STRENGTH = ("smtp", "dkim", "md5", "smime")


@dataclass(frozen=True, slots=True)
class Identity:
    """One address the person may act under, and the strength (smtp, dkim, md5 or smime) of what proves it is theirs."""

    address: str
    strength: str

    def __post_init__(self) -> None:
        if self.strength not in METHODS_BY_STRENGTH:
            raise ValueError(f"{self.strength} is no strength of an identity")


@dataclass(frozen=True, slots=True)
class Request:
    """One operation asked for on a list (or, with an empty `list_name`, on a robot).

    `method` is how this request itself was authenticated; `sender` the address it was presented under ("nobody" for
    strangers); `identities` the person's addresses valid here and now, presented first, then primary, then others;
    `email` the target, the sender where None. `variables` holds the other `[word]`s and `records` the
    `[record->word]`s by record (`user`, `list`, `subscriber`, `conf`, `msg_header`, …).
    """

    operation: str
    method: str
    sender: str
    identities: tuple[Identity, ...]
    email: str | None
    list_name: str
    domain: str
    variables: Mapping[str, Value] = field(default_factory=dict)
    records: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    list_status: str = "open"


def weaker(one: str, other: str) -> str:
    """The weaker of two methods (row 121); ValueError for a word that is no method."""
    return min(one, other, key=METHODS_BY_STRENGTH.index)


def effective_identities(request: Request) -> tuple[tuple[str, str], ...]:
    """The elements of `[user->email]`, each with its effective method (rows 121 and 124).

    The presented address comes first with the request's own method; an alternate gets the weaker of the request's
    method and its own strength; `nobody` has none.
    """
    if request.sender == NOBODY:
        return ()
    presented = request.sender.casefold()
    first = (request.sender, request.method)
    alternates = [
        (one.address, weaker(request.method, one.strength))
        for one in request.identities
        if one.address != request.sender and one.address.casefold() not in (presented, NOBODY)
    ]
    return (first, *alternates) if alternates else (first,)
