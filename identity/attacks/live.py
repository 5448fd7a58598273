"""Attacks on a provider as it is configured, by somebody without the other side's secrets: a table by kind."""

import inspect
from collections.abc import AsyncIterator, Callable
from importlib import import_module
from typing import Any, cast

from identity.attacks.common import common
from identity.attacks.forgeries import Attempt, Forge, Forged, Forgery
from identity.attacks.trials import Result, Target, run_all
from identity.auth_config import Entry
from identity.provider import Place

# Who forges for a kind: its own library is loaded only where that kind is attacked.
FORGERS = {
    "shibboleth": "identity.attacks.web_server:shibboleth",
    "x509": "identity.attacks.web_server:certificates",
    "oidc": "identity.attacks.openid:forged",
    "saml": "identity.attacks.saml:forged",
    "cas": "identity.attacks.cas:forged",
}


def attack(entry: Entry, place: Callable[[], Place], person: str = "") -> AsyncIterator[Result]:
    """Every trial against one provider of a robot; `person` is the name of an account there, for what needs one.

    Raises ProviderMissing and BadAuthConfig for a provider that cannot be used at all.
    """
    target = Target(
        entry.module, entry.settings, place, _forge_for(entry), vouches_for=entry.vouches_for, person=person
    )
    return run_all(target)


def _forge_for(entry: Entry) -> Forge:
    if entry.kind not in FORGERS:
        return common
    module, _, name = FORGERS[entry.kind].partition(":")
    forger, settings = getattr(import_module(module), name), entry.settings

    async def forge(forgery: Forgery, attempt: Attempt) -> Forged:
        made: Any = forger(settings, forgery, attempt)
        return cast(Forged, await made if inspect.isawaitable(made) else made)

    return forge
