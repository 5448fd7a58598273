"""The provider modules that are installed, found by entry point and loaded when a robot uses them."""

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import cast

from identity.provider import Provider, ProviderAway

GROUP = "postroom.providers"


class ProviderMissing(ProviderAway):
    """This way to sign in is not installed on this server."""


@cache
def installed() -> dict[str, EntryPoint]:
    """Every kind of provider that any installed package offers, by its name; nothing is loaded."""
    return {point.name: point for point in entry_points(group=GROUP)}


@cache
def provider_of(kind: str) -> Provider:
    """The provider module for a kind; raises ProviderMissing, naming what has to be installed."""
    point = installed().get(kind)
    if point is None:
        known = ", ".join(sorted(installed()))
        raise ProviderMissing(f"no installed package offers the kind {kind!r}; there are: {known}")
    try:
        return cast(Provider, point.load())
    except ImportError as missing:
        raise ProviderMissing(
            f"{kind} needs the package {missing.name}: pip install 'postroom[{kind}]'"
        ) from missing
