"""Signing in to a running Postroom at SimpleSAMLphp, with the file of the handbook: in, out on both sides, and in trouble."""

import base64
import os
import re
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

pytest.importorskip("saml2")

from tests.databases import free_port
from tests.identity.providers.saml_idp import SmallIdp, new_pair
from tests.wire.apache_shib import choose, fields_of, handbook
from tests.wire.postroom import Running, ask, served
from tests.wire.simplesaml import ENTITY_ID, Arrived, Simplesaml, form_in, simplesaml, walk

pytestmark = pytest.mark.system
DOMAIN = "lists.example.org"
KEYS = ("campus", "federation", "unasked", "forms")
WHO = """{ viewer { session { method } user { displayName emailAddresses { email source status } } } }"""
ORGANIZATIONS = """query ($search: String) { robot { identityProviders { ... on RedirectIdentityProvider {
  organizations(search: $search) { entityId name } } } } }"""
SIGN_OUT = "mutation { signOut(input: {}) { redirectUrl userErrors { message } } }"


@dataclass(frozen=True, slots=True)
class Service:
    """A running Postroom and the identity provider that it believes."""

    postroom: Running
    idp: Simplesaml
    place: Path

    def own(self, key: str = "campus") -> str:
        """Where a provider is plugged in."""
        return f"{self.postroom.url}/auth/{DOMAIN}/{key}"

    @contextmanager
    def browser(self) -> Iterator[httpx.Client]:
        """A browser of somebody new."""
        headers = {"GraphQL-Require-Preflight": "1"}
        with httpx.Client(base_url=self.postroom.url, headers=headers, timeout=20, trust_env=False) as client:
            yield client

    def gone(self, client: httpx.Client, person: str = "", key: str = "campus") -> Arrived:
        """Go to the identity provider and prove to be somebody; what the browser is to bring back."""
        leaving = choose(client, DOMAIN, key)
        there = client.get(leaving.headers["refresh"].partition("url=")[2])
        return walk(client, there, self.own(key), person)

    def signed_in(self, client: httpx.Client, person: str = "", key: str = "campus") -> httpx.Response:
        """The whole way; where that ends."""
        return back(client, self.gone(client, person, key))


def back(client: httpx.Client, arrived: Arrived) -> httpx.Response:
    """Bring what came from the identity provider, as a form of its page: without our cookies the first time."""
    with httpx.Client(trust_env=False, timeout=20) as cross_site:
        answer = cross_site.post(arrived.url, data=arrived.fields)
    return client.get(answer.headers["location"]) if answer.has_redirect_location else answer


def with_organization(client: httpx.Client, key: str, organization: str) -> httpx.Response:
    """Press the button after an organization was chosen."""
    page = client.get(f"/auth/{DOMAIN}").text
    forms = [fields_of(form) for form in re.findall(r"<form.*?</form>", page, re.DOTALL)]
    (fields,) = [form for form in forms if form.get("provider") == key]
    return client.post(f"/auth/{DOMAIN}", data=fields | {"organization": organization})


def who(client: httpx.Client) -> Any:
    return ask(client, WHO)["viewer"]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    place = tmp_path_factory.mktemp("postroom")
    pair = new_pair("lists.example.org", days=90)
    (place / "saml.key").write_text(pair.key)
    (place / "saml.crt").write_text(pair.certificate)
    with (
        simplesaml(tmp_path_factory.mktemp("idp")) as idp,
        served(place, smtp_port=free_port()) as postroom,
    ):
        (place / "campus-idp.xml").write_bytes(idp.metadata())
        idp.switch(SingleLogoutServiceBinding=["urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"])
        (place / "post-idp.xml").write_bytes(idp.metadata())
        idp.switch()
        other = SmallIdp(
            "https://idp.other.example/saml", new_pair("other"), ("other.example",), "Other College"
        )
        (place / "other-idp.xml").write_text(other.metadata())
        text = handbook("Signing in with SAML", "toml")[0].replace("/etc/postroom/", f"{place}/")
        file = place / "providers.toml"
        file.write_text("\n".join(variant(text, place, key) for key in KEYS))
        postroom.command("robot", "create", DOMAIN)
        postroom.command("provider", "set", DOMAIN, str(file))
        running = Service(postroom, idp, place)
        for key in KEYS:
            ours = httpx.get(f"{running.own(key)}/metadata", trust_env=False).raise_for_status()
            idp.trust(key, ours.content)
        yield running


def variant(text: str, place: Path, key: str) -> str:
    """The handbook's provider under another key, with what is different about it."""
    text = text.replace('key = "campus"', f'key = "{key}"')
    match key:
        case "federation":
            return text.replace("metadata_files = [", f'metadata_files = ["{place}/other-idp.xml", ')
        case "unasked":
            return text.replace("metadata_files", "allow_unsolicited = true\nmetadata_files")
        case "forms":
            return text.replace("campus-idp.xml", "post-idp.xml")
    return text


def test_somebody_signs_in_and_brings_addresses_and_attributes(service: Service) -> None:
    with service.browser() as client:
        end = service.signed_in(client, "alice")
        assert (end.status_code, end.headers["location"]) == (303, "/"), end.text
        found = who(client)
    assert found["session"]["method"] == "SAML"
    assert found["user"]["displayName"] == "Alice Liddell"
    status = {each["email"]: each["status"] for each in found["user"]["emailAddresses"]}
    assert status["alice@example.edu"] == "VERIFIED"
    assert status["a.liddell@example.edu"] == "VERIFIED"
    assert status["alice.liddell@cs.example.edu"] == "VERIFIED"
    assert [one for address, one in status.items() if "umni" in address] == ["PENDING"]
    with sqlite3.connect(service.place / "postroom.db") as db:
        kept = dict(db.execute("SELECT name, values_json FROM attributes"))
    assert kept["affiliation"] == '["member@example.edu","staff@example.edu"]'
    assert kept["principal"] == '["alice@example.edu"]'


def test_a_second_sign_in_is_the_same_person(service: Service) -> None:
    with service.browser() as client:
        service.signed_in(client, "bob")
        first = who(client)
        client.cookies.delete("postroom_session")
        assert who(client)["user"] is None
        service.signed_in(client)
        assert who(client) == first


def test_one_of_several_organizations_is_found_and_chosen(service: Service) -> None:
    with service.browser() as client:
        shown = choose(client, DOMAIN, "federation").text
        assert "Where do you come from?" in shown
        assert "Example University" in shown
        found = ask(client, ORGANIZATIONS, search="university")["robot"]["identityProviders"]
        assert found[1]["organizations"] == [{"entityId": ENTITY_ID, "name": "Example University"}]
        leaving = with_organization(client, "federation", ENTITY_ID)
        there = client.get(leaving.headers["refresh"].partition("url=")[2])
        arrived = walk(client, there, service.own("federation"), "carol")
        end = back(client, arrived)
        assert end.status_code == 200
        assert "address" in end.text, "carol is known now, and has no address yet"


def test_a_response_works_once_and_only_where_it_was_asked_for(service: Service) -> None:
    """Pitfalls 6, 15 and 30."""
    with service.browser() as client, service.browser() as stranger:
        arrived = service.gone(client, "bob")
        with httpx.Client(trust_env=False) as cross_site:
            onward = cross_site.post(arrived.url, data=arrived.fields).headers["location"]
        assert stranger.get(onward).status_code >= 400
        assert who(stranger)["user"] is None
        assert back(client, arrived).status_code == 403
        # the same assertion under another attempt's state
        leaving = choose(client, DOMAIN, "campus").headers["refresh"]
        state = re.search(r"RelayState=([^&]+)", leaving)
        assert state is not None
        assert (
            back(client, Arrived(arrived.url, "POST", arrived.fields | {"RelayState": state[1]})).status_code
            == 403
        )
        assert who(client)["user"] is None


def test_a_changed_response_lets_nobody_in(service: Service) -> None:
    with service.browser() as client:
        arrived = service.gone(client, "bob")
        changed = base64.b64decode(arrived.fields["SAMLResponse"]).replace(
            b"bob@example.edu", b"eve@example.edu"
        )
        fields = arrived.fields | {"SAMLResponse": base64.b64encode(changed).decode()}
        answer = back(client, Arrived(arrived.url, "POST", fields))
        assert answer.status_code == 403
        assert "could not be verified" in answer.text
        assert who(client)["user"] is None


def test_what_nobody_asked_for_lets_nobody_in(service: Service) -> None:
    """Pitfall 31."""
    with service.browser() as client:
        url = f"{service.idp.url}saml2/idp/SSOService.php"
        at = {"spentityid": f"{service.own()}/metadata", "RelayState": "/archives"}
        arrived = walk(client, client.get(url, params=at), service.own(), "bob")
        assert back(client, arrived).status_code == 403
        assert who(client)["user"] is None


def test_a_sign_in_that_begins_there_counts_where_the_operator_allows_it(service: Service) -> None:
    """Pitfalls 31 and 33: a RelayState that leads elsewhere leads nowhere."""
    with service.browser() as client:
        url, own = f"{service.idp.url}saml2/idp/SSOService.php", service.own("unasked")
        at = {"spentityid": f"{own}/metadata", "RelayState": "https://evil.example/"}
        arrived = walk(client, client.get(url, params=at), own, "mallory")
        onward = client.post(arrived.url, data=arrived.fields)
        end = client.get(onward.headers["location"])
        assert end.status_code == 200
        assert "address" in end.text, "mallory is known now; no address of theirs is proved"
        assert client.post(arrived.url, data=arrived.fields).status_code == 403, "an assertion counts once"
        asked_for = service.gone(client, key="unasked")
        assert client.post(arrived.url, data=asked_for.fields | {"RelayState": "x"}).status_code == 403
        assert who(client)["user"] is None


def test_signing_out_here_signs_out_there(service: Service) -> None:
    """Pitfall 24."""
    with service.browser() as client:
        service.signed_in(client, "bob")
        away = ask(client, SIGN_OUT)["signOut"]["redirectUrl"]
        assert who(client)["user"] is None
        home = walk(client, client.get(away), service.own())
        assert client.get(home.url).status_code == 303
        with pytest.raises(AssertionError, match="password"):
            service.gone(client)


def test_signing_out_there_ends_the_session_here_and_no_other(service: Service) -> None:
    """Pitfalls 13 and 24."""
    with service.browser() as client, service.browser() as elsewhere:
        service.signed_in(client, "bob")
        service.signed_in(elsewhere, "bob")
        out = {"RelayState": f"{service.idp.url}logout.php"}
        told = walk(client, client.get(f"{service.idp.url}saml2/idp/initSLO.php", params=out), service.own())
        forged = told.url.replace("Signature=", "Signature=AAAA")
        assert client.get(forged).status_code == 403
        assert who(client)["user"] is not None
        answer = client.get(told.url)
        assert answer.headers["location"].startswith(service.idp.url)
        assert who(client)["user"] is None
        assert who(elsewhere)["user"] is not None
        assert client.get(told.url).status_code == 403, "a word of logout is believed once"
        assert client.get(answer.headers["location"], follow_redirects=True).status_code == 200


def test_an_identity_provider_that_takes_forms_only_is_answered_by_a_button(service: Service) -> None:
    with service.browser() as client:
        service.signed_in(client, "alice", "forms")
        out = {"RelayState": f"{service.idp.url}logout.php"}
        told = client.get(f"{service.idp.url}saml2/idp/initSLO.php", params=out)
        page = client.get(walk(client, told, service.own("forms")).url)
        action, fields = form_in(page.text)
        assert action.startswith(service.idp.url)
        host = action.partition("/simplesaml")[0]
        assert f"form-action 'self' {host}" in page.headers["content-security-policy"]
        assert {*fields} >= {"SAMLResponse", "RelayState"}
        assert client.post(action, data=fields, follow_redirects=True).status_code == 200


def test_the_check_says_what_is_there_and_what_is_away(service: Service) -> None:
    said = service.postroom.command("provider", "check", DOMAIN, "campus")
    assert "PROBLEM" not in said
    assert ENTITY_ID in said
    assert "xmlsec1 is there" in said


def test_an_identity_provider_that_is_silent_hinders_nobody(service: Service) -> None:
    os.killpg(service.idp.process.pid, signal.SIGSTOP)
    try:
        with service.browser() as client:
            assert "refresh" in choose(client, DOMAIN, "campus").headers
            assert client.get(f"/auth/{DOMAIN}").status_code == 200
    finally:
        os.killpg(service.idp.process.pid, signal.SIGCONT)


def test_metadata_that_is_gone_is_said_in_words_and_hinders_nobody_else(service: Service) -> None:
    metadata = service.place / "campus-idp.xml"
    moved = metadata.rename(service.place / "away.xml")
    try:
        with service.browser() as client:
            assert "does not answer" in choose(client, DOMAIN, "campus").text
            assert client.get(f"/auth/{DOMAIN}").status_code == 200
    finally:
        moved.rename(metadata)
    with service.browser() as client:
        assert service.signed_in(client, "bob").status_code == 303
