"""Signing in at a real SAML identity provider, SimpleSAMLphp: every way it can answer, and logout from both sides."""

import base64
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

pytest.importorskip("saml2")

from identity.attacks.xml_wrapping import WRAPPINGS
from identity.provider import (
    Answer,
    Ended,
    Evidence,
    Inbound,
    NotProved,
    Place,
    ProviderAway,
    Redirect,
    Submit,
    Wish,
)
from identity.providers import saml
from identity.saml.settings import Settings
from tests.identity.providers.saml_idp import new_pair
from tests.wire.simplesaml import ENTITY_ID, Arrived, Simplesaml, form_in, simplesaml, walk

pytestmark = pytest.mark.system
BASE = "http://lists.example.org"
OWN = f"{BASE}/auth/lists.example.org/campus"


@dataclass
class Campus:
    """The identity provider, us beside it, and a browser."""

    idp: Simplesaml
    settings: Settings
    browser: httpx.Client

    @property
    def place(self) -> Place:
        """Where we are plugged in, now."""
        return Place(BASE, OWN, "campus", now_())

    async def trusted(self, **more: Any) -> "Campus":
        """Other settings, published to the identity provider."""
        settings = Settings.model_validate(self.settings.model_dump() | more)
        self.idp.trust("postroom", (await saml.metadata(settings, self.place)).body)
        return replace(self, settings=settings)

    async def begin(self, **wish: Any) -> tuple[httpx.Response, Mapping[str, str]]:
        """Go to the identity provider; its first answer, and what is kept."""
        begun = await saml.begin(self.settings, self.place, Wish(state="the-state", **wish))
        return self.send(begun), begun.kept

    def send(self, sending: Redirect | Submit) -> httpx.Response:
        """Send the browser where we want it."""
        if isinstance(sending, Redirect):
            return self.browser.get(sending.url)
        return self.browser.post(sending.url, data=dict(sending.fields))

    async def sign_in(
        self, person: str = "alice", **wish: Any
    ) -> tuple[Evidence, Arrived, Mapping[str, str]]:
        """The whole way."""
        answer, kept = await self.begin(**wish)
        arrived = walk(self.browser, answer, OWN, person)
        return await self.complete(arrived, kept), arrived, kept

    async def complete(self, arrived: Arrived, kept: Mapping[str, str]) -> Evidence:
        """What came back, brought to us."""
        inbound = inbound_of(arrived)
        assert arrived.url == f"{OWN}/callback"
        assert not kept or saml.state_of(self.settings, inbound) == "the-state"
        return await saml.complete(self.settings, self.place, inbound, kept)


def now_() -> int:
    return time.time_ns() // 1000


def inbound_of(arrived: Arrived) -> Inbound:
    """A request as the server hands it on."""
    if arrived.method == "POST":
        return Inbound("POST", arrived.url, form=arrived.fields)
    return Inbound("GET", arrived.url, query=arrived.fields)


@pytest.fixture(scope="module")
def idp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simplesaml]:
    with simplesaml(tmp_path_factory.mktemp("idp")) as running:
        yield running


@pytest.fixture(scope="module")
def ours(idp: Simplesaml, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder: Path = tmp_path_factory.mktemp("sp")
    pair = new_pair("lists.example.org", days=90)
    (folder / "sp.key").write_text(pair.key)
    (folder / "sp.crt").write_text(pair.certificate)
    (folder / "idp.xml").write_bytes(idp.metadata())
    return Settings(
        key=f"file:{folder}/sp.key",
        certificate=f"file:{folder}/sp.crt",
        metadata_files=(f"{folder}/idp.xml",),
    )


@pytest.fixture
async def campus(idp: Simplesaml, ours: Settings) -> AsyncIterator[Campus]:
    idp.switch()
    with httpx.Client(trust_env=False, timeout=20) as browser:
        yield await Campus(idp, ours, browser).trusted()


async def test_a_person_signs_in_and_brings_addresses_and_attributes(campus: Campus) -> None:
    evidence, _, _ = await campus.sign_in()
    assert evidence.issuer == ENTITY_ID
    assert evidence.subject.startswith(f"{ENTITY_ID}!{OWN}/metadata!")
    assert not evidence.is_transient
    assert [one.address for one in evidence.addresses] == [
        "alice@example.edu",
        "a.liddell@example.edu",
        "alice.liddell@cs.example.edu",
        "ALICE@Alumni.Example.EDU",
    ]
    assert all(one.is_verified for one in evidence.addresses)
    assert evidence.attributes["eduPersonScopedAffiliation"] == ("member@example.edu", "staff@example.edu")
    assert evidence.attributes["eduPersonPrincipalName"] == ("alice@example.edu",)
    assert evidence.display_name == "Alice Liddell"
    assert evidence.acr.startswith("urn:oasis:names:tc:SAML:2.0:ac:classes:")
    assert evidence.session
    assert evidence.authenticated_at is not None
    assert abs(evidence.authenticated_at - now_()) < 60_000_000


async def test_a_persistent_name_stays_and_is_each_persons_own(campus: Campus) -> None:
    first, _, _ = await campus.sign_in()
    campus.browser.cookies.clear()
    again, _, _ = await campus.sign_in()
    campus.browser.cookies.clear()
    bob, _, _ = await campus.sign_in("bob")
    assert first.subject == again.subject != bob.subject
    assert first.once != again.once
    assert bob.display_name == "Bob Søren Müller"


async def test_a_transient_name_is_for_one_visit(campus: Campus) -> None:
    campus = await campus.trusted(name_id_format="transient")
    first, _, _ = await campus.sign_in()
    campus.browser.cookies.clear()
    again, _, _ = await campus.sign_in()
    assert first.is_transient
    assert first.subject != again.subject


async def test_a_person_without_address_and_one_with_a_foreign_scope(campus: Campus) -> None:
    carol, _, _ = await campus.sign_in("carol")
    assert carol.addresses == ()
    campus.browser.cookies.clear()
    mallory, _, _ = await campus.sign_in("mallory")
    assert "eduPersonPrincipalName" not in mallory.attributes


async def test_an_encrypted_assertion_is_read(campus: Campus) -> None:
    campus.idp.switch(assertion_encryption=True)
    evidence, arrived, _ = await campus.sign_in()
    assert b"EncryptedAssertion" in decoded(arrived)
    assert evidence.addresses[0].address == "alice@example.edu"


async def test_signatures_are_wanted_as_configured(campus: Campus) -> None:
    campus.idp.switch(saml20_sign_response=False)
    assert (await campus.sign_in())[0].issuer == ENTITY_ID
    strict = await campus.trusted(want_response_signed=True)
    with pytest.raises(NotProved) as refusal:
        await strict.sign_in()
    assert refusal.value.detail == "the response is not signed"
    # SimpleSAMLphp signs assertions for whoever says in their metadata that they want that
    loose = await campus.trusted(want_assertions_signed=False)
    campus.idp.switch(saml20_sign_assertion=False)
    assert (await loose.sign_in())[0].issuer == ENTITY_ID
    with pytest.raises(NotProved) as refusal:
        await replace(loose, settings=campus.settings).sign_in()
    assert refusal.value.detail == "the assertion is not signed"
    campus.idp.switch(saml20_sign_assertion=False, saml20_sign_response=False)
    with pytest.raises(NotProved) as refusal:
        await loose.sign_in()
    assert refusal.value.detail == "nothing is signed"


async def test_a_fresh_sign_in_asks_for_the_password_again(campus: Campus) -> None:
    await campus.sign_in()
    answer, _ = await campus.begin()
    walk(campus.browser, answer, OWN)  # without a password: the session there is enough
    with pytest.raises(AssertionError, match="password"):
        walk(campus.browser, (await campus.begin(is_fresh=True))[0], OWN)
    evidence, _, _ = await campus.sign_in(is_fresh=True)
    assert evidence.issuer == ENTITY_ID


async def test_requests_go_by_post_where_the_identity_provider_takes_nothing_else(
    campus: Campus, tmp_path: Path
) -> None:
    campus.idp.switch(SingleSignOnServiceBinding=["urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"])
    (tmp_path / "idp.xml").write_bytes(campus.idp.metadata())
    by_post = await campus.trusted(metadata_files=[str(tmp_path / "idp.xml")])
    begun = await saml.begin(by_post.settings, by_post.place, Wish(state="the-state"))
    assert isinstance(begun, Submit)
    assert begun.fields["RelayState"] == "the-state"
    assert (await by_post.sign_in())[0].issuer == ENTITY_ID


async def test_a_changed_request_is_not_served(campus: Campus) -> None:
    """The identity provider checks our signature, so requests are really signed."""
    begun = await saml.begin(campus.settings, campus.place, Wish(state="the-state"))
    assert isinstance(begun, Redirect)
    honest = campus.browser.get(begun.url, follow_redirects=True)
    changed = campus.browser.get(begun.url.replace("the-state", "other-state"), follow_redirects=True)
    for page in (honest, changed):
        assert ('name="password"' in page.text) is (page is honest)


async def test_a_response_is_believed_for_its_own_request_only(campus: Campus) -> None:
    evidence, arrived, kept = await campus.sign_in()
    assert (await campus.complete(arrived, kept)).once == evidence.once
    _, other = await campus.begin()
    with pytest.raises(NotProved) as refusal:
        await campus.complete(arrived, other)
    assert "InResponseTo" in refusal.value.detail


async def test_a_changed_response_is_refused(campus: Campus) -> None:
    _, arrived, kept = await campus.sign_in()
    genuine = decoded(arrived)
    assert b"alice@example.edu" in genuine
    with pytest.raises(NotProved):
        await campus.complete(
            encoded(arrived, genuine.replace(b"alice@example.edu", b"bobby@example.edu")), kept
        )
    for name, wrap in WRAPPINGS.items():
        with pytest.raises(NotProved):
            await campus.complete(
                encoded(arrived, wrap(genuine, b"alice@example.edu", b"bobby@example.edu")), kept
            )
        assert name.startswith("XSW")


async def test_a_sign_in_that_began_there_counts_only_where_it_is_allowed(campus: Campus) -> None:
    at = {"spentityid": f"{OWN}/metadata", "RelayState": "/archives"}
    url = f"{campus.idp.url}saml2/idp/SSOService.php"
    arrived = walk(campus.browser, campus.browser.get(url, params=at), OWN, "alice")
    with pytest.raises(NotProved) as refusal:
        await campus.complete(arrived, {})
    assert "nobody asked" in refusal.value.detail
    allowed = await campus.trusted(allow_unsolicited=True)
    assert (await allowed.complete(arrived, {})).issuer == ENTITY_ID


async def test_the_wrong_password_brings_nobody_back(campus: Campus) -> None:
    answer, _ = await campus.begin()
    while answer.is_redirect and answer.next_request is not None:
        answer = campus.browser.send(answer.next_request)
    action, fields = form_in(answer.text)
    answer = campus.browser.post(
        str(answer.url.join(action)), data=fields | {"username": "alice", "password": "wrong"}
    )
    assert "Incorrect username or password" in answer.text


async def test_signing_out_here_signs_out_there(campus: Campus) -> None:
    evidence, _, _ = await campus.sign_in()
    leaving = await saml.logout(
        campus.settings, campus.place, evidence.subject, evidence.kept, Wish(state="out")
    )
    assert leaving is not None
    back = walk(campus.browser, campus.send(leaving), OWN)
    assert back.fields["RelayState"] == "out"
    heard = await saml.heard(campus.settings, campus.place, inbound_of(back))
    assert isinstance(heard, Answer)
    assert heard.redirect_url == BASE
    with pytest.raises(AssertionError, match="password"):
        walk(campus.browser, (await campus.begin())[0], OWN)


@pytest.mark.parametrize("name_id_format", ["persistent", "transient"])
async def test_signing_out_there_signs_out_here(campus: Campus, name_id_format: str) -> None:
    campus = await campus.trusted(name_id_format=name_id_format)
    evidence, _, _ = await campus.sign_in()
    arrived = walk(campus.browser, _sign_out_there(campus), OWN)
    assert arrived.method == "GET"
    heard = await saml.heard(campus.settings, campus.place, inbound_of(arrived))
    assert isinstance(heard, Ended)
    assert heard.issuer == ENTITY_ID
    assert heard.session == evidence.session
    assert heard.once
    assert heard.answer is not None
    # It goes on only if our answer and its signature are good.
    end = campus.browser.get(heard.answer.redirect_url, follow_redirects=True)
    assert end.status_code == 200
    assert "partial" not in end.text.lower()


async def test_a_logout_that_nobody_signed_is_refused(campus: Campus) -> None:
    await campus.sign_in()
    arrived = walk(campus.browser, _sign_out_there(campus), OWN)
    for changed in (
        arrived.url.partition("&SigAlg=")[0],
        arrived.url.replace("Signature=", "Signature=AAAA"),
        arrived.url.replace("RelayState=", "RelayState=x"),
    ):
        assert changed != arrived.url
        query = {k: v for k, v in arrived.fields.items() if k in changed}
        with pytest.raises(NotProved):
            await saml.heard(campus.settings, campus.place, Inbound("GET", changed, query=query))


async def test_what_is_found_is_said_in_words(campus: Campus, tmp_path: Path) -> None:
    told = await saml.check(campus.settings, campus.place)
    assert all(finding.is_good for finding in told), told
    words = " ".join(finding.text for finding in told)
    for expected in (
        "xmlsec1 is there",
        "our certificate is good until",
        "1 identity providers",
        ENTITY_ID,
        "answers",
    ):
        assert expected in words
    gone = await saml.check(
        campus.settings.model_copy(update={"xmlsec1": str(tmp_path / "no")}), campus.place
    )
    assert "cannot be run" in gone[0].text
    assert not gone[0].is_good


async def test_an_identity_provider_that_is_away_or_silent_is_said_so_in_time(campus: Campus) -> None:
    """Its being away costs us nothing: the browser goes there, not we. Only the dry run knocks."""
    os.killpg(campus.idp.process.pid, signal.SIGSTOP)
    try:
        begun = await saml.begin(campus.settings, campus.place, Wish(state="the-state"))
        assert isinstance(begun, Redirect)
        told = await saml.check(campus.settings, campus.place)
    finally:
        os.killpg(campus.idp.process.pid, signal.SIGCONT)
    assert [finding.text for finding in told if not finding.is_good] == [
        f"{campus.idp.url}saml2/idp/SSOService.php did not answer within 3 s"
    ]


async def test_metadata_that_is_missing_stops_this_way_in_only(campus: Campus, tmp_path: Path) -> None:
    lost = campus.settings.model_copy(update={"metadata_files": (str(tmp_path / "no.xml"),)})
    with pytest.raises(ProviderAway) as away:
        await saml.begin(lost, campus.place, Wish(state="the-state"))
    assert "cannot be read" in away.value.detail


def _sign_out_there(campus: Campus) -> httpx.Response:
    return campus.browser.get(
        f"{campus.idp.url}saml2/idp/initSLO.php", params={"RelayState": f"{campus.idp.url}logout.php"}
    )


def decoded(arrived: Arrived) -> bytes:
    """The XML of a response."""
    return base64.b64decode(arrived.fields["SAMLResponse"])


def encoded(arrived: Arrived, response: bytes) -> Arrived:
    """The same visit with another response."""
    return replace(arrived, fields=arrived.fields | {"SAMLResponse": base64.b64encode(response).decode()})
