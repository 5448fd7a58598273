"""Sign-in with a real CAS server that others wrote, by the provider module itself."""

import time
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from identity.provider import Claimed, Ended, Evidence, Inbound, NotProved, Place, Redirect, Wish
from identity.providers import cas
from tests.databases import free_port
from tests.wire.cas_peer import CasServer, cas_server, walk_cas
from tests.wire.catcher import Catcher, catcher

pytestmark = pytest.mark.system
OWN = "http://127.0.0.1:1/auth/lists.example.org/campus"


def place() -> Place:
    """Where the provider is plugged in, now."""
    return Place("http://127.0.0.1:1", OWN, "campus", int(time.time() * 1_000_000))


@pytest.fixture(scope="module")
def told() -> Iterator[Catcher]:
    with catcher() as caught:
        yield caught


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, told: Catcher) -> Iterator[CasServer]:
    with cas_server(tmp_path_factory.mktemp("cas"), OWN, slo=told.url) as running:
        yield running


@pytest.fixture
async def browser() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


@pytest.fixture
def settings(server: CasServer) -> cas.Settings:
    return cas.Settings.model_validate(
        {
            "server_url": server.url,
            "address_attributes": ["mail", "mailAlternateAddress"],
            "attributes": {"affiliation": "affiliation"},
        }
    )


def came_back(url: str) -> Inbound:
    """The request that a browser makes when it is sent back."""
    return Inbound("GET", url, query=dict(parse_qsl(urlsplit(url).query)))


async def there_and_back(
    settings: cas.Settings, browser: httpx.AsyncClient, user: str = "alice", **wish: Any
) -> tuple[str, Mapping[str, str]]:
    begun = await cas.begin(settings, place(), Wish("state-1", **wish))
    assert isinstance(begun, Redirect)
    return await walk_cas(browser, begun.url, user, f"{OWN}/callback"), begun.kept


async def sign_in(
    settings: cas.Settings, browser: httpx.AsyncClient, user: str = "alice", **wish: Any
) -> Evidence:
    url, kept = await there_and_back(settings, browser, user, **wish)
    assert cas.state_of(settings, came_back(url)) == "state-1"
    return await cas.complete(settings, place(), came_back(url), kept)


async def test_addresses_and_attributes_come_with_a_sign_in(
    settings: cas.Settings, browser: httpx.AsyncClient
) -> None:
    found = await sign_in(settings, browser)
    assert (found.issuer, found.subject, found.display_name) == (
        settings.server_url,
        "alice",
        "Alice Liddell",
    )
    assert found.addresses == (
        Claimed("alice@example.edu"),
        Claimed("a.liddell@example.edu"),
        Claimed("alice@elsewhere.example"),
    )
    assert found.attributes == {"affiliation": ("member", "staff")}
    assert found.session.startswith("ST-")


async def test_what_xml_has_to_escape_comes_through(
    settings: cas.Settings, browser: httpx.AsyncClient
) -> None:
    assert (await sign_in(settings, browser, "bob")).display_name == "Bob Søren Müller & Söhne <x>"


async def test_a_person_without_an_address_may_get_one_of_the_domain(
    settings: cas.Settings, browser: httpx.AsyncClient
) -> None:
    assert (await sign_in(settings, browser, "carol")).addresses == ()
    named = settings.model_copy(update={"user_domain": "example.edu"})
    assert (await sign_in(named, browser, "carol")).addresses == (Claimed("carol@example.edu"),)


async def test_a_ticket_works_once(settings: cas.Settings, browser: httpx.AsyncClient) -> None:
    """Pitfall 41."""
    url, kept = await there_and_back(settings, browser)
    await cas.complete(settings, place(), came_back(url), kept)
    with pytest.raises(NotProved) as refused:
        await cas.complete(settings, place(), came_back(url), kept)
    assert "INVALID_TICKET" in refused.value.detail


async def test_a_ticket_for_another_service_or_another_sign_in_is_refused(
    settings: cas.Settings, browser: httpx.AsyncClient
) -> None:
    """Pitfall 41: the state is part of the service, so a ticket cannot be carried into somebody else's sign-in."""
    url, _ = await there_and_back(settings, browser)
    others = await cas.begin(settings, place(), Wish("state-of-somebody-else"))
    with pytest.raises(NotProved) as refused:
        await cas.complete(settings, place(), came_back(url), others.kept)
    assert "INVALID_SERVICE" in refused.value.detail


async def test_a_fresh_proof_needs_the_password_again(
    settings: cas.Settings, browser: httpx.AsyncClient
) -> None:
    await sign_in(settings, browser)
    found = await sign_in(settings, browser, is_fresh=True)
    assert found.subject == "alice"
    url, kept = await there_and_back(settings, browser)
    with pytest.raises(NotProved):
        await cas.complete(settings, place(), came_back(url), {**kept, "is_fresh": "yes"})


async def test_signing_out_there_ends_the_session_of_that_ticket(
    settings: cas.Settings, browser: httpx.AsyncClient, told: Catcher
) -> None:
    """Pitfall 24: both ways."""
    found = await sign_in(settings, browser)
    there = await cas.logout(settings, place(), found.subject, found.kept, Wish("state-2"))
    assert there is not None
    await browser.get(there.url)
    tickets = set()
    while found.session not in tickets:
        inbound = Inbound("POST", f"{OWN}/callback?state=state-1", form=told.wait())
        assert cas.state_of(settings, inbound) == ""
        said = await cas.heard(settings, place(), inbound)
        assert isinstance(said, Ended)
        assert (said.issuer, said.subject) == (settings.server_url, "")
        tickets.add(said.session)
    begun = await cas.begin(settings, place(), Wish("state-3"))
    assert 'name="password"' in (await browser.get(begun.url)).text


async def test_the_check_says_in_words_what_is_right_and_wrong(settings: cas.Settings) -> None:
    good = await cas.check(settings, place())
    assert [each.text for each in good if not each.is_good] == []
    stranger = Place("http://127.0.0.1:2", "http://127.0.0.1:2/auth/x/campus", "campus", 0)
    assert any("registered" in each.text for each in await cas.check(settings, stranger) if not each.is_good)
    nobody = settings.model_copy(update={"server_url": f"http://127.0.0.1:{free_port()}/cas"})
    assert [each.is_good for each in await cas.check(nobody, place())] == [False]
