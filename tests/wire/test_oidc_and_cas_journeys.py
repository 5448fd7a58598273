"""Signing in to a running Postroom through OpenID Connect and CAS, with the files of the handbook: in, out, and in trouble."""

import asyncio
import html
import re
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import async_playwright

from tests.databases import free_port
from tests.wire.cas_peer import CasServer, cas_server, walk_cas
from tests.wire.chromium import FLAGS, program
from tests.wire.openid_op import SECRET, OpenIDOp, openid_op, walk
from tests.wire.postroom import Running, served

pytestmark = pytest.mark.system
DOMAIN = "lists.example.org"
HANDBOOK = Path(__file__).parents[2] / "docs" / "handbook" / "operator.md"
WHO = """{ viewer { session { method } user { displayName
  emailAddresses { email status } } } }"""
WALKS: dict[str, Callable[[httpx.AsyncClient, str, str, str], Awaitable[str]]] = {
    "openid": walk,
    "cas": walk_cas,
}
SIGN_OUT = "mutation { signOut(input: {}) { redirectUrl userErrors { message } } }"


@dataclass(frozen=True, slots=True)
class Service:
    """A running Postroom with both providers behind it."""

    postroom: Running
    op: OpenIDOp
    cas: CasServer
    place: Path

    def own(self, key: str) -> str:
        """Where a provider is plugged in."""
        return f"{self.postroom.url}/auth/{DOMAIN}/{key}"

    def attributes(self) -> dict[str, str]:
        """All attributes that are kept, by name."""
        with sqlite3.connect(self.place / "postroom.db") as db:
            return dict(db.execute("SELECT name, values_json FROM attributes"))


def handbook(section: str, **change: str) -> str:
    """The file that the handbook shows, with what is different here."""
    text = HANDBOOK.read_text(encoding="utf-8").split(f"\n## {section}\n")[1].split("\n## ")[0]
    found = re.search(r"^```toml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert found is not None
    file = found[1]
    for old, new in change.items():
        file, count = re.subn(rf'^{old} = ".*"$', f'{old} = "{new}"', file, flags=re.MULTILINE)
        assert count == 1, old
    return file


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    place = tmp_path_factory.mktemp("postroom")
    secret = place / "oidc-secret"
    secret.write_text(SECRET + "\n")
    with served(place, smtp_port=free_port()) as postroom:
        own = f"{postroom.url}/auth/{DOMAIN}"
        with (
            openid_op(tmp_path_factory.mktemp("op"), f"{own}/openid") as op,
            cas_server(tmp_path_factory.mktemp("cas"), f"{own}/cas") as cas,
        ):
            postroom.command("robot", "create", DOMAIN)
            file = place / "providers.toml"
            openid = handbook(
                "Signing in with OpenID Connect",
                key="openid",
                issuer=op.issuer,
                client_secret=f"file:{secret}",
            )
            by_cas = handbook("Signing in with CAS", key="cas", server_url=cas.url)
            link = '[[provider]]\nkey = "ticket"\nkind = "ticket"\n'
            file.write_text(f"{openid}\n{by_cas}\n{link}")
            postroom.command("provider", "set", DOMAIN, str(file))
            yield Service(postroom, op, cas, place)


@pytest.fixture(autouse=True)
def as_it_was(service: Service) -> Iterator[None]:
    yield
    service.op.control()


@asynccontextmanager
async def browser(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """A browser, which sends along what pages of ours send."""
    headers = {"GraphQL-Require-Preflight": "1", "Sec-Fetch-Site": "same-origin"}
    async with httpx.AsyncClient(
        base_url=service.postroom.url, headers=headers, timeout=20, trust_env=False
    ) as client:
        yield client


async def chosen(client: httpx.AsyncClient, key: str) -> httpx.Response:
    """The page after the button of one way to sign in was pressed."""
    page = await client.get(f"/auth/{DOMAIN}")
    for form in re.findall(r"<form.*?</form>", page.text, re.DOTALL):
        fields = {
            html.unescape(name): html.unescape(value)
            for name, value in re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', form)
        }
        if fields.get("provider") == key:
            return await client.post(f"/auth/{DOMAIN}", data=fields)
    raise AssertionError(f"there is no button for {key}: {page.text}")


async def sign_in(service: Service, client: httpx.AsyncClient, key: str, person: str) -> httpx.Response:
    """Go there, prove to be somebody, come back; where that ends."""
    leaving = await chosen(client, key)
    back = await WALKS[key](client, onward(leaving), person, f"{service.own(key)}/callback")
    return await client.get(back)


def onward(leaving: httpx.Response) -> str:
    """Where a page of ours leads."""
    return leaving.headers["refresh"].partition("url=")[2]


def addresses_of(viewer: Any) -> dict[str, str]:
    """Addresses and how each stands."""
    return {each["email"]: each["status"] for each in viewer["user"]["emailAddresses"]}


async def ask(client: httpx.AsyncClient, document: str) -> Any:
    answer = (await client.post("/graphql", json={"query": document})).json()
    assert "errors" not in answer, answer["errors"]
    return answer["data"]


async def who(client: httpx.AsyncClient) -> Any:
    return (await ask(client, WHO))["viewer"]


async def until_signed_out(client: httpx.AsyncClient) -> None:
    for _ in range(200):
        if (await who(client))["user"] is None:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the session is still there")


async def test_somebody_signs_in_with_openid_connect_and_brings_addresses_and_attributes(
    service: Service,
) -> None:
    async with browser(service) as client:
        end = await sign_in(service, client, "openid", "alice")
        assert (end.status_code, end.headers["location"]) == (303, "/"), end.text
        found = await who(client)
    assert (found["session"]["method"], found["user"]["displayName"]) == ("OIDC", "Alice Liddell")
    assert addresses_of(found) == {
        "alice@example.edu": "VERIFIED",
        "a.liddell@example.edu": "VERIFIED",
        "alice@elsewhere.example": "PENDING",
    }
    assert service.attributes()["groups"] == '["staff","readers"]'


async def test_somebody_signs_in_with_cas_and_brings_addresses_and_attributes(service: Service) -> None:
    async with browser(service) as client:
        end = await sign_in(service, client, "cas", "dora")
        assert (end.status_code, end.headers["location"]) == (303, "/"), end.text
        found = await who(client)
    assert (found["session"]["method"], found["user"]["displayName"]) == ("CAS", "Dora Long")
    assert addresses_of(found) == {
        "dora@example.edu": "VERIFIED",
        "d.long@example.edu": "VERIFIED",
        "dora@elsewhere.example": "PENDING",
    }
    assert service.attributes()["affiliation"] == '["member","staff"]'


async def test_an_unverified_address_of_somebody_else_opens_nothing(service: Service) -> None:
    """Pitfalls 2 and 5: mallory's account says that alice's address is hers."""
    async with browser(service) as client:
        await sign_in(service, client, "openid", "alice")
        client.cookies.clear()
        end = await sign_in(service, client, "openid", "mallory")
        assert end.status_code == 200
        assert (await who(client))["user"] is None


async def test_the_same_address_from_another_provider_links_nothing_by_itself(service: Service) -> None:
    """Pitfall 5: the CAS server says alice@example.edu, too; that is asked about by mail first."""
    async with browser(service) as client:
        await sign_in(service, client, "openid", "alice")
        client.cookies.clear()
        end = await sign_in(service, client, "cas", "alice")
        assert "code" in end.text
        assert (await who(client))["user"] is None


@pytest.mark.parametrize(("key", "person"), [("openid", "bob"), ("cas", "dora")])
async def test_what_came_back_once_works_once_and_only_where_it_was_begun(
    service: Service, key: str, person: str
) -> None:
    """Pitfalls 6, 15 and 41: neither another browser nor a second try gets in with the URL that came back."""
    async with browser(service) as client, browser(service) as stranger:
        leaving = await chosen(client, key)
        back = await WALKS[key](client, onward(leaving), person, f"{service.own(key)}/callback")
        assert (await stranger.get(back)).status_code == 403
        assert (await who(stranger))["user"] is None
        assert (await client.get(back)).status_code == 403, "the stranger's try has used it up"
    async with browser(service) as client:
        leaving = await chosen(client, key)
        back = await WALKS[key](client, onward(leaving), person, f"{service.own(key)}/callback")
        assert (await client.get(back)).status_code == 303
        client.cookies.delete("postroom_session")
        assert (await client.get(back)).status_code == 403
        assert (
            await client.get(f"{service.own(key)}/callback?state=x&code=y&ticket=ST-1")
        ).status_code == 403
        other = "cas" if key == "openid" else "openid"
        leaving = await chosen(client, key)
        back = await WALKS[key](client, onward(leaving), person, f"{service.own(key)}/callback")
        assert (await client.get(back.replace(f"/{key}/", f"/{other}/"))).status_code == 403


@pytest.mark.parametrize(("key", "person"), [("openid", "bob"), ("cas", "dora")])
async def test_signing_out_here_signs_out_there(service: Service, key: str, person: str) -> None:
    """Pitfall 24."""
    async with browser(service) as client:
        await sign_in(service, client, key, person)
        away = (await ask(client, SIGN_OUT))["signOut"]["redirectUrl"]
        assert (await who(client))["user"] is None
        if key == "openid":
            back = await walk(client, away, person, f"{service.own(key)}/logout")
            assert (await client.get(back)).status_code == 303
        else:
            await client.get(away)
        there = await client.get(onward(await chosen(client, key)), follow_redirects=True)
        assert 'name="password"' in there.text, "the provider asks who it is"


@pytest.mark.parametrize(("key", "person"), [("openid", "bob"), ("cas", "dora")])
async def test_signing_out_there_ends_the_session_here_and_no_other(
    service: Service, key: str, person: str
) -> None:
    """Pitfalls 13 and 24: the provider's own request ends the session of that sign-in."""
    async with browser(service) as client, browser(service) as elsewhere:
        await sign_in(service, client, key, person)
        await sign_in(service, elsewhere, key, person)
        if key == "openid":
            out = f"{service.op.issuer}/session/end"
            page = await client.get(out)
            secret = re.search(r'name="xsrf" value="([^"]+)"', page.text)
            assert secret is not None
            await client.post(f"{out}/confirm", data={"xsrf": secret[1], "logout": "yes"})
        else:
            await client.get(f"{service.cas.url}/logout")
        await until_signed_out(client)
        assert (await who(elsewhere))["user"] is not None


async def test_what_a_stranger_says_of_logouts_ends_nothing(service: Service) -> None:
    async with browser(service) as client, browser(service) as stranger:
        await sign_in(service, client, "cas", "dora")
        xml = (
            '<p:LogoutRequest xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol">'
            "<p:SessionIndex>ST-made-up</p:SessionIndex></p:LogoutRequest>"
        )
        for path in ("callback", "heard"):
            for said in (xml, xml.replace("ST-made-up", ""), "no XML"):
                await stranger.post(f"{service.own('cas')}/{path}", data={"logoutRequest": said})
        forged = {"logout_token": "e30.e30."}
        answer = await stranger.post(f"{service.own('openid')}/heard", data=forged)
        assert answer.status_code in {400, 403}
        assert (await who(client))["user"] is not None


async def test_a_slow_or_dead_provider_is_said_in_words_and_hinders_nobody_else(
    service: Service, tmp_path: Path
) -> None:
    """A new provider that does not answer; beside it, the others go on as before."""
    service.op.control(delay=8000)
    silent = handbook(
        "Signing in with OpenID Connect",
        key="openid",
        issuer=service.op.issuer,
        client_secret="env:PATH",
    ).replace('client_id = "lists"', 'client_id = "lists"\nother_origins = ["https://new.example"]')
    dead = silent.replace('key = "openid"', 'key = "dead"').replace(
        service.op.issuer, f"http://127.0.0.1:{free_port()}"
    )
    by_cas = handbook("Signing in with CAS", key="cas", server_url=service.cas.url)
    file = tmp_path / "providers.toml"
    before = (service.place / "providers.toml").read_text()
    file.write_text(f"{silent}\n{dead}\n{by_cas}")
    try:
        service.postroom.command("provider", "set", DOMAIN, str(file))
        async with browser(service) as client, browser(service) as other:
            waiting = asyncio.create_task(chosen(client, "openid"))
            await asyncio.sleep(0.2)
            assert (await sign_in(service, other, "cas", "dora")).status_code == 303
            assert not waiting.done(), "the slow one is still waited for"
            assert "does not answer" in (await waiting).text
            assert "does not answer" in (await chosen(client, "dead")).text
    finally:
        file.write_text(before)
        service.postroom.command("provider", "set", DOMAIN, str(file))


def test_the_check_names_what_is_there(service: Service) -> None:
    for key in ("openid", "cas"):
        said = service.postroom.command("provider", "check", DOMAIN, key)
        assert "PROBLEM" not in said
        assert f"{service.own(key)}/callback" in said


async def test_both_ways_in_work_in_a_real_browser_without_a_script(service: Service) -> None:
    """Our pages, their policy for content, and the way through two foreign servers and back."""
    async with async_playwright() as driver:
        chromium = await driver.chromium.launch(executable_path=program(), args=FLAGS)
        for key, person in (("openid", "bob"), ("cas", "dora")):
            context = await chromium.new_context(java_script_enabled=False)
            # the CAS server's page links fonts and styles of strangers
            await context.route(re.compile(r"^https?://(?!127\.0\.0\.1)"), lambda route: route.abort())
            page = await context.new_page()
            await page.goto(f"{service.postroom.url}/auth/{DOMAIN}")
            button = page.locator("form", has=page.locator(f'input[value="{key}"]')).get_by_role("button")
            await button.first.click()
            await page.locator('input[name="login"], input[name="username"]').first.fill(person)
            await page.locator('input[name="password"]').fill(f"{person}-pw")
            await page.locator('button[type="submit"], input[type="submit"]').first.click()
            if key == "openid":
                await page.locator('button[type="submit"]').first.click()
            await page.wait_for_url(f"{service.postroom.url}/")
            names = {each["name"] for each in await context.cookies() if "name" in each}
            assert "postroom_session" in names
            await context.close()
        await chromium.close()
