"""A provider on paper: whatever the query or form says is its evidence. Installed only while a test runs."""

import json
from collections.abc import Mapping

from identity.provider import (
    Ask,
    Claimed,
    Evidence,
    Finding,
    Inbound,
    NotProved,
    Once,
    Place,
    ProviderAway,
    ProviderSettings,
    Redirect,
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


async def begin(settings: Settings, place: Place, wish: Wish) -> Redirect | Ask:
    """Send the browser to a paper mill, or ask for the paper here."""
    if settings.is_away:
        raise ProviderAway("the mill is closed")
    if settings.by_form:
        return Ask((FormField("paper", "Paper"),))
    return Redirect(f"https://mill.example/?state={wish.state}", {"asked_at": str(place.now)})


def state_of(settings: Settings, inbound: Inbound) -> str:
    """The state that came back."""
    return inbound.query.get("state", "") or inbound.form.get("state", "")


async def complete(settings: Settings, place: Place, inbound: Inbound, kept: Mapping[str, str]) -> Evidence:
    """The paper, read."""
    text = inbound.query.get("paper") or inbound.form.get("paper")
    if not text:
        raise NotProved("no paper")
    paper = json.loads(text)
    return Evidence(
        issuer=paper.get("issuer", "mill"),
        subject=paper["subject"],
        addresses=tuple(Claimed(*each) for each in paper.get("addresses", ())),
        attributes={name: tuple(values) for name, values in paper.get("attributes", {}).items()},
        display_name=paper.get("name", ""),
        strength=Strength(paper.get("strength", Strength.MD5)),
        session=paper.get("session", ""),
        once=tuple(Once(*each) for each in paper.get("once", ())),
        is_transient=paper.get("is_transient", False),
    )


async def check(settings: Settings, place: Place) -> list[Finding]:
    """Paper is patient."""
    return [Finding(is_good=True, text="paper is there")]
