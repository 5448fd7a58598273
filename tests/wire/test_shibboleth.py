"""Signing in through Shibboleth in Apache, set up as the handbook says, with SimpleSAMLphp behind it (pitfall 42)."""

import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from identity.provider import Place, Wish
from identity.providers import shibboleth
from tests.databases import free_port
from tests.wire.apache_shib import (
    SECRET,
    SHIBBOLETH,
    Front,
    browser,
    choose,
    follow,
    front,
    handbook,
    sp_metadata,
)
from tests.wire.postroom import Running, ask, served
from tests.wire.simplesaml import simplesaml

pytestmark = pytest.mark.system
DOMAIN = "lists.example.org"
CALLBACK = f"/auth/{DOMAIN}/campus/callback"
ADDRESSES = """{ viewer {
  user { emailAddresses { email source status } } session { method }
} }"""
SIGN_OUT = "mutation { signOut(input: {}) { redirectUrl userErrors { message } } }"
FORGED = {
    "Shib-Session-ID": "_feedfeedfeedfeedfeedfeedfeedfeed",
    "Shib-Identity-Provider": "https://idp.example.edu/saml",
    "persistent-id": "victim",
    "mail": "victim@example.edu",
}


@dataclass(frozen=True, slots=True)
class Service:
    """Postroom behind Apache and mod_shib, and the identity provider behind those."""

    front: Front
    postroom: Running
    place: Path


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    place = tmp_path_factory.mktemp("shibboleth")
    port = free_port()
    settings = {"public_url": f"https://localhost:{port}", "trusted_proxies": "127.0.0.1"}
    with (
        simplesaml(tmp_path_factory.mktemp("idp")) as idp,
        served(place, smtp_port=free_port(), **settings) as postroom,
        front(port=port, app_port=httpx.URL(postroom.url).port or 0, idp_metadata=idp.metadata()) as web,
    ):
        idp.trust("shibboleth", sp_metadata(web))
        postroom.command("robot", "create", DOMAIN)
        file = place / "providers.toml"
        text = handbook(SHIBBOLETH, "toml")[0].replace("/etc/postroom/", f"{web.place}/")
        known = f'[provider.settings]\nca_file = "{web.certificate}"\n'
        file.write_text(text.replace("[provider.settings]\n", known, 1))
        postroom.command("provider", "set", DOMAIN, str(file))
        yield Service(web, postroom, place)


def signed_in(client: httpx.Client, person: str) -> httpx.Response:
    return follow(client, choose(client, DOMAIN, "campus"), person)


def addresses(client: httpx.Client) -> dict[str, str] | None:
    """Whoever is signed in, by their addresses and how each stands."""
    user = ask(client, ADDRESSES)["viewer"]["user"]
    return None if user is None else {each["email"]: each["status"] for each in user["emailAddresses"]}


def callback(client: httpx.Client) -> str:
    """Where a sign-in that has just begun wants to go."""
    return choose(client, DOMAIN, "campus").headers["refresh"].partition("url=")[2]


def test_a_campus_account_signs_in_and_brings_its_addresses(service: Service) -> None:
    with browser(service.front) as client:
        end = signed_in(client, "alice")
        assert end.url.path == "/", end.text
        found = addresses(client)
    assert found is not None
    assert found["alice@example.edu"] == "VERIFIED"
    assert found["a.liddell@example.edu"] == "VERIFIED"
    assert found["alice.liddell@cs.example.edu"] == "PENDING"


def test_attributes_and_names_of_any_letters_are_kept(service: Service) -> None:
    with browser(service.front) as client:
        signed_in(client, "bob")
        assert (
            ask(client, "{ viewer { user { displayName } } }")["viewer"]["user"]["displayName"]
            == "Bob Søren Müller"
        )
    with sqlite3.connect(service.place / "postroom.db") as db:
        kept = {
            values
            for (values,) in db.execute("SELECT values_json FROM attributes WHERE name = 'affiliation'")
        }
    assert '["member@example.edu","student@example.edu"]' in kept


def test_who_has_no_address_is_asked_for_one(service: Service) -> None:
    with browser(service.front) as client:
        end = signed_in(client, "carol")
        assert "address" in end.text
        assert addresses(client) is None


def test_a_second_sign_in_needs_no_password_and_is_the_same_person(service: Service) -> None:
    with browser(service.front) as client:
        signed_in(client, "alice")
        first = addresses(client)
        client.cookies.delete("postroom_session")
        assert signed_in(client, "").url.path == "/"
        assert addresses(client) == first


def test_the_check_finds_the_callback_behind_mod_shib(service: Service) -> None:
    said = service.postroom.command("provider", "check", DOMAIN, "campus")
    assert "PROBLEM" not in said
    assert "https://lists.example.org/shibboleth" in said


async def test_a_fresh_proof_is_asked_for_at_the_identity_provider_whatever_sessions_there_are(
    service: Service,
) -> None:
    """Pitfall 54: through mod_shib's own Login page, which passes the wish on (forceAuthn)."""
    place = Place(service.front.url, f"{service.front.url}/auth/{DOMAIN}/campus", "campus", 0)
    words = {"peers": ["127.0.0.1"], "secret": service.front.secret}
    wish = Wish("a-state", is_fresh=True)
    begun = await shibboleth.begin(shibboleth.Settings.model_validate(words), place, wish)
    with browser(service.front) as client:
        signed_in(client, "alice")
        asked = follow(client, client.get(begun.url))
        assert 'name="password"' in asked.text
        back = follow(client, asked, "alice")
        assert back.url.path == CALLBACK
        assert back.url.params["state"] == "a-state"


# Signing out, both ways.


def test_signing_out_here_signs_out_there(service: Service) -> None:
    with browser(service.front) as client:
        signed_in(client, "alice")
        leave = ask(client, SIGN_OUT)["signOut"]["redirectUrl"]
        assert "/Shibboleth.sso/Logout" in leave
        follow(client, client.get(leave))
        assert addresses(client) is None
        # mod_shib has no session any more, nor has the identity provider: a password is asked for.
        end = follow(client, client.get(callback(client)))
        assert 'name="password"' in end.text


def test_signing_out_at_the_web_server_ends_the_session_here(service: Service) -> None:
    with browser(service.front) as client:
        signed_in(client, "alice")
        assert addresses(client) is not None
        client.get("/Shibboleth.sso/Logout")
        assert addresses(client) is None


# Pitfall 42.


@pytest.mark.parametrize(
    "path", [CALLBACK, CALLBACK + "/", "/", f"/auth/{DOMAIN}", "/graphql", f"/auth/{DOMAIN}/campus/heard"]
)
def test_forged_headers_give_no_session_at_any_path(path: str, service: Service) -> None:
    with browser(service.front) as client:
        state = callback(client).partition("?")[2]
        for name in ({}, {"X-Postroom-Secret": SECRET}, {"X_Postroom_Secret": SECRET}):
            answer = client.get(f"{path}?{state}", headers={**FORGED, **name})
            assert "victim" not in answer.text
            assert "postroom_session" not in "; ".join(answer.headers.get_list("set-cookie"))
        assert addresses(client) is None


def test_a_visitors_own_headers_change_nothing_of_a_sign_in(service: Service) -> None:
    with browser(service.front) as client:
        client.headers.update(
            FORGED | {"REMOTE_USER": "victim", "X-Remote-User": "victim", "X-Forwarded-For": "127.0.0.1"}
        )
        assert signed_in(client, "alice").url.path == "/"
        found = addresses(client)
    assert found is not None
    assert "alice@example.edu" in found
    assert "victim@example.edu" not in found


@pytest.mark.parametrize(
    "name", ["persistent_id", "Shib_Session_ID", "Shib-Identity_Provider", "X_Postroom_Secret"]
)
def test_a_second_spelling_never_wins(name: str, service: Service) -> None:
    with browser(service.front) as client:
        client.headers[name] = SECRET if "Secret" in name else "victim"
        end = signed_in(client, "alice")
        found = addresses(client)
    # The handbook's site takes the secret's other spelling away; the others are refused.
    assert end.url.path == "/" if "Secret" in name else end.status_code == 403
    assert found is None or "alice@example.edu" in found


def test_postrooms_own_port_believes_nobody_without_the_secret(service: Service) -> None:
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "127.0.0.1"}
    with (
        browser(service.front) as client,
        httpx.Client(base_url=service.postroom.url, trust_env=False) as direct,
    ):
        for secret in ({}, {"X-Postroom-Secret": ""}, {"X-Postroom-Secret": "guessed, sixteen or more"}):
            url = httpx.URL(callback(client))
            cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
            headers = {**FORGED, **forwarded, **secret, "Cookie": cookies}
            answer = direct.get(f"{url.path}?{url.query.decode()}", headers=headers)
            assert answer.status_code == 403
    log = service.postroom.log.read_text()
    assert "secret is missing or wrong" in log
    assert SECRET not in log


def test_nobody_but_the_web_server_ends_sessions(service: Service) -> None:
    with browser(service.front) as client:
        signed_in(client, "alice")
        page = client.get("/Shibboleth.sso/Session").text
        notice = (
            '<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body><LogoutNotification '
            'xmlns="urn:mace:shibboleth:2.0:sp:notify"><SessionID>_0123456789abcdef0123456789abcdef</SessionID>'
            "</LogoutNotification></S:Body></S:Envelope>"
        )
        assert "Session" in page
        direct = httpx.post(
            f"{service.postroom.url}/auth/{DOMAIN}/campus/heard", content=notice, trust_env=False
        )
        assert direct.status_code in {400, 403}
        assert addresses(client) is not None


def test_without_shibd_the_web_server_says_so_and_other_ways_in_still_work(service: Service) -> None:
    """The last test here: shibd is ended for good."""
    assert service.front.shibd is not None
    service.front.shibd.terminate()
    with browser(service.front) as client:
        began = choose(client, DOMAIN, "campus").headers["refresh"].partition("url=")[2]
        while client.get(began).status_code < 500:
            time.sleep(0.1)
        assert addresses(client) is None
        assert client.get(f"/auth/{DOMAIN}").status_code == 200
    with pytest.raises(AssertionError, match="provider check"):
        service.postroom.command("provider", "check", DOMAIN, "campus")
