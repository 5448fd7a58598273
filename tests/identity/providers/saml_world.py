"""One service provider and the identity providers that it knows, for tests: keys are made once."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from identity.provider import Evidence, Inbound, Place, Redirect, Wish
from identity.providers import saml
from identity.saml.settings import Settings
from tests.identity.providers.saml_idp import Pair, Said, SmallIdp, in_base64, new_pair

NOW = 1_900_000_000_000_000
PLACE = Place(
    base_url="https://lists.example.org",
    own_url="https://lists.example.org/auth/lists.example.org/campus",
    key="campus",
    now=NOW,
)
ENTITY_ID = f"{PLACE.own_url}/metadata"
UNIVERSITY = "https://idp.example.edu/saml"
OTHER = "https://idp.other.example/saml"


@cache
def pair(name: str) -> Pair:
    """The key pair of this name."""
    return new_pair(name)


def university() -> SmallIdp:
    """The identity provider that is asked."""
    return SmallIdp(UNIVERSITY, pair("idp.example.edu"))


def other() -> SmallIdp:
    """Another that is just as trusted, for its own people."""
    return SmallIdp(
        OTHER, pair("idp.other.example"), ("other.example",), "Other College", "https://idp.other.example"
    )


def stranger() -> SmallIdp:
    """Somebody who calls themselves like the first, with a key of their own."""
    return SmallIdp(UNIVERSITY, pair("stranger"))


def write_idp(folder: Path, idp: SmallIdp, **more: Any) -> str:
    """Its metadata as a file; the path."""
    file = folder / f"{idp.name.split()[0]}.xml"
    file.write_text(idp.metadata(**more))
    return str(file)


def settings(folder: Path, *idps: SmallIdp, **more: Any) -> Settings:
    """Settings that know the university, or other identity providers, from files."""
    ours = pair("lists.example.org")
    (folder / "sp.key").write_text(ours.key)
    (folder / "sp.crt").write_text(ours.certificate)
    words: dict[str, Any] = {
        "key": f"file:{folder}/sp.key",
        "certificate": f"file:{folder}/sp.crt",
        "metadata_files": [write_idp(folder, idp) for idp in idps or (university(),)],
    }
    return Settings.model_validate(words | more)


@dataclass
class Attempt:
    """A sign-in that has begun: what is kept here, and what an honest answer would say."""

    settings: Settings
    kept: Mapping[str, str]
    said: Said
    place: Place = PLACE

    async def bring(self, response: bytes) -> Evidence:
        """Bring a response back through the browser."""
        return await saml.complete(self.settings, self.place, posted(response), self.kept)


async def begun(settings: Settings, organization: str = "", **wish: Any) -> Attempt:
    """Begin a sign-in."""
    started = await saml.begin(settings, PLACE, Wish(state="the-state", organization=organization, **wish))
    assert isinstance(started, Redirect)
    return Attempt(settings, started.kept, said(started.kept["request"]))


def said(request_id: str, **more: Any) -> Said:
    """What an honest answer to a request says."""
    return Said(callback_url=PLACE.callback_url, audience=ENTITY_ID, request_id=request_id, now=NOW, **more)


def posted(response: bytes) -> Inbound:
    """A response as the browser brings it."""
    form = {"SAMLResponse": in_base64(response), "RelayState": "the-state"}
    return Inbound(method="POST", url=PLACE.callback_url, form=form)
