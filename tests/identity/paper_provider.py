"""A provider on paper: whatever the query or form says is its evidence. Installed only while a test runs."""

import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from identity.provider import (
    Ask,
    Claimed,
    Evidence,
    Finding,
    Inbound,
    NotProved,
    Once,
    Organization,
    Place,
    ProviderAway,
    ProviderSettings,
    Redirect,
    Submit,
    Wish,
)
from identity.steps import FormField
from storage.tables.words import AddressSource, SignInMethod, Strength

METHOD = SignInMethod.OIDC
SOURCE = AddressSource.OIDC


class Settings(ProviderSettings):
    """What a paper says of itself."""

    by_form: bool = False
    is_away: bool = False
    # A file of JSON lines: a paper for each person, or the word "away".
    everybody: str = ""
    begins_there: bool = False
    # Where people are sent; with fields, by a button.
    sends_to: str = "https://mill.example/"
    by_button: bool = False
    # Where people sign out there, too; and the organizations that it knows.
    signs_out_at: str = ""
    knows: tuple[str, ...] = ()

    @property
    def takes_unasked(self) -> bool:
        """Whether the mill may send people by itself."""
        return self.begins_there


async def begin(settings: Settings, place: Place, wish: Wish) -> Redirect | Submit | Ask:
    """Send the browser to a paper mill, or ask for the paper here."""
    if settings.is_away:
        raise ProviderAway("the mill is closed")
    if settings.by_form:
        return Ask((FormField("paper", "Paper"),))
    if settings.by_button:
        return Submit(settings.sends_to, {"state": wish.state})
    of = f"&organization={wish.organization}" if wish.organization else ""
    return Redirect(
        f"{settings.sends_to}?state={wish.state}{of}",
        {"asked_at": str(place.now), "fresh": str(wish.is_fresh)},
    )


async def organizations(settings: Settings, text: str) -> list[Organization]:
    """The mills whose name has this in it."""
    return [Organization(each.lower(), each) for each in settings.knows if text.lower() in each.lower()]


async def logout(
    settings: Settings, place: Place, subject: str, kept: Mapping[str, str], wish: Wish
) -> Redirect | Submit | None:
    """Where people sign out at the mill."""
    if not settings.signs_out_at:
        return None
    if settings.by_button:
        return Submit(settings.signs_out_at, {"subject": subject})
    return Redirect(f"{settings.signs_out_at}?subject={subject}")


def state_of(settings: Settings, inbound: Inbound) -> str:
    """The state that came back."""
    return inbound.query.get("state", "") or inbound.form.get("state", "")


async def complete(settings: Settings, place: Place, inbound: Inbound, kept: Mapping[str, str]) -> Evidence:
    """The paper, read."""
    text = inbound.query.get("paper") or inbound.form.get("paper")
    if not text:
        raise NotProved("no paper")
    return _evidence(json.loads(text))


def issuer_of(settings: Settings) -> str:
    """The mill."""
    return "mill"


async def sync(settings: Settings) -> AsyncIterator[Evidence]:
    """Every paper in the file, until it says that the mill is away."""
    for line in Path(settings.everybody).read_text().splitlines():
        if json.loads(line) == "away":
            raise ProviderAway("the mill burnt down")
        yield _evidence(json.loads(line))


def _evidence(paper: Mapping[str, Any]) -> Evidence:
    return Evidence(
        issuer=paper.get("issuer", "mill"),
        subject=paper["subject"],
        addresses=tuple(Claimed(*each) for each in paper.get("addresses", ())),
        attributes={name: tuple(values) for name, values in paper.get("attributes", {}).items()},
        display_name=paper.get("name", ""),
        strength=Strength(paper.get("strength", Strength.MD5)),
        authenticated_at=paper.get("authenticated_at"),
        session=paper.get("session", ""),
        once=tuple(Once(*each) for each in paper.get("once", ())),
        is_transient=paper.get("is_transient", False),
    )


async def check(settings: Settings, place: Place) -> list[Finding]:
    """Paper is patient."""
    return [Finding(is_good=True, text="paper is there")]
