"""SAML stands every attack of the kit, forged with the help of the identity provider's own key where that is what it takes."""

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("saml2")

from identity.attacks import saml as strangers
from identity.attacks import xml_wrapping as hostile
from identity.attacks.conformance import ProviderConformance
from identity.attacks.forgeries import FOREIGN_ADDRESS, Attempt, CannotForge, Forgery
from identity.provider import Inbound, Place
from identity.providers import saml
from mail.instant import HOUR
from tests.identity.providers.saml_world import (
    PLACE,
    other,
    said,
    settings,
    stranger,
    university,
)
from tests.identity.providers.xmlsec1 import need_xmlsec1

pytestmark = pytest.mark.system
ALICE, VICTIM = b"opaque-alice", b"opaque-victim"
HMAC = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"


class TestSaml(ProviderConformance):
    """Both identity providers are trusted, each for its own people."""

    provider = saml

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        need_xmlsec1()
        self.folder = tmp_path

    def settings(self) -> Any:
        return settings(self.folder, university())

    def place(self) -> Place:
        return PLACE

    async def forge(self, forgery: Forgery, attempt: Attempt) -> Any:
        made = self.responses(forgery, attempt)
        if made is None:
            return await strangers.forged(self.settings(), forgery, attempt)
        return {title: posted(attempt, response) for title, response in made.items()}

    def responses(self, forgery: Forgery, attempt: Attempt) -> dict[str, bytes] | None:
        request, idp = attempt.kept["request"], university()
        good = idp.response(said(request))
        match forgery:
            case Forgery.GENUINE:
                return {"": good}
            case Forgery.FOREIGN_DOMAIN:
                return {"": idp.response(said(request, attributes={"mail": (FOREIGN_ADDRESS,)}))}
            case Forgery.WRONG_AUDIENCE:
                changes = ("audience", "recipient", "destination")
                elsewhere = "https://other.example/saml"
                return {name: idp.response(replace(said(request), **{name: elsewhere})) for name in changes}
            case Forgery.KEY_IN_DOCUMENT:
                return {"": stranger().response(said(request))}
            case Forgery.MIX_UP:
                return {"": other().response(said(request))}
            case Forgery.EXPIRED:
                return {"": idp.response(said(request, begins=-2 * HOUR, ends=-HOUR))}
            case Forgery.FUTURE:
                return {"": idp.response(said(request, begins=HOUR, ends=2 * HOUR))}
            case Forgery.UNVERIFIED_MAIL:
                raise CannotForge("SAML has no word for it: what an identity provider says is its word")
        return self.altered(forgery, good, idp.response(said(request, signed=("assertion", "response"))))

    def altered(self, forgery: Forgery, good: bytes, both: bytes) -> dict[str, bytes] | None:
        """What can be made of a genuine response, by its assertion's signature or by that of the whole."""
        match forgery:
            case Forgery.WRAPPED_SIGNATURE:
                return {
                    name: wrap(both if name in hostile.OF_THE_RESPONSE else good, ALICE, VICTIM)
                    for name, wrap in hostile.WRAPPINGS.items()
                }
            case Forgery.SPLIT_TEXT:
                ways = (hostile.split_by_comment, hostile.split_by_cdata, hostile.split_by_instruction)
                return {way.__name__: way(good, ALICE, 6) for way in ways}
            case Forgery.ALG_NONE:
                return {"unsigned": hostile.unsigned(good), "an HMAC": hostile.other_algorithm(good, HMAC)}
            case Forgery.TAMPERED:
                return {
                    "another name": hostile.tampered(good, ALICE, VICTIM),
                    "twice the same ID": hostile.twice_the_same_id(good, ALICE, VICTIM),
                    "an entity": hostile.external_entity(good, ALICE),
                    "nothing": hostile.no_assertion(good),
                }
        return None


def posted(attempt: Attempt, response: bytes) -> Inbound:
    """A response as the browser brings it."""
    form = {"SAMLResponse": base64.b64encode(response).decode(), "RelayState": attempt.wish.state}
    return Inbound("POST", attempt.place.callback_url, form=form)
