"""Sign-in with a real OpenID provider that others wrote, by the provider module itself."""

import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc.jwk import ECKey

from identity import bounded_http
from identity.provider import (
    Claimed,
    Ended,
    Evidence,
    Inbound,
    NotProved,
    Place,
    ProviderAway,
    Redirect,
    Wish,
)
from identity.providers import oidc
from tests.databases import free_port
from tests.wire.catcher import catcher
from tests.wire.openid_op import SECRET, OpenIDOp, openid_op, walk

pytestmark = pytest.mark.system
OWN = "http://127.0.0.1:1/auth/lists.example.org/campus"
KEY = ec.generate_private_key(ec.SECP256R1())


def place() -> Place:
    """Where the provider is plugged in, now."""
    return Place("http://127.0.0.1:1", OWN, "campus", int(time.time() * 1_000_000))


@pytest.fixture(scope="module")
def op(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenIDOp]:
    public = ECKey.import_key(KEY.public_key()).as_dict(private=False)
    clients: list[dict[str, Any]] = [
        {"client_id": "by post", "client_secret": SECRET, "token_endpoint_auth_method": "client_secret_post"},
        {
            "client_id": "by key",
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks": {"keys": [{**public, "kid": "ours", "use": "sig", "alg": "ES256"}]},
        },
        {
            "client_id": "a/b c%",
            "client_secret": "a:%+ &=/ of all sorts",
            "id_token_signed_response_alg": "ES256",
        },
    ]
    with openid_op(tmp_path_factory.mktemp("op"), OWN, clients=clients) as running:
        yield running


@pytest.fixture(autouse=True)
def as_it_was(op: OpenIDOp) -> Iterator[None]:
    yield
    op.control()


@pytest.fixture
async def browser() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


@pytest.fixture
def settings(op: OpenIDOp, monkeypatch: pytest.MonkeyPatch) -> oidc.Settings:
    monkeypatch.setenv("OP_SECRET", SECRET)
    return oidc.Settings.model_validate(
        {
            "issuer": op.issuer,
            "client_id": "lists",
            "client_secret": "env:OP_SECRET",
            "alternates_claim": "alternate_emails",
            "attributes": {"groups": "groups"},
        }
    )


def came_back(url: str) -> Inbound:
    """The request that a browser makes when it is sent back."""
    return Inbound("GET", url, query=dict(parse_qsl(urlsplit(url).query)))


async def there_and_back(
    settings: oidc.Settings, browser: httpx.AsyncClient, user: str = "alice", **wish: Any
) -> tuple[str, Mapping[str, str]]:
    """Begin, sign in there; the URL that the browser is sent back to, and what was kept."""
    begun = await oidc.begin(settings, place(), Wish("state-1", **wish))
    assert isinstance(begun, Redirect)
    return await walk(browser, begun.url, user, f"{OWN}/callback"), begun.kept


async def sign_in(
    settings: oidc.Settings, browser: httpx.AsyncClient, user: str = "alice", **wish: Any
) -> Evidence:
    url, kept = await there_and_back(settings, browser, user, **wish)
    assert oidc.state_of(settings, came_back(url)) == "state-1"
    return await oidc.complete(settings, place(), came_back(url), kept)


async def test_addresses_attributes_and_the_session_come_with_a_sign_in(
    settings: oidc.Settings, browser: httpx.AsyncClient
) -> None:
    found = await sign_in(settings, browser)
    assert (found.issuer, found.subject, found.display_name) == (settings.issuer, "alice", "Alice Liddell")
    assert found.addresses == (
        Claimed("alice@example.edu", True),
        Claimed("a.liddell@example.edu", False),
        Claimed("alice@elsewhere.example", False),
    )
    assert found.attributes == {"groups": ("staff", "readers")}
    assert found.session
    assert found.kept["id_token"].count(".") == 2


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "by post", "client_authentication": "client_secret_post"},
        {
            "client_id": "by key",
            "client_authentication": "private_key_jwt",
            "client_key": "env:OP_KEY",
            "client_key_id": "ours",
            "client_key_algorithm": "ES256",
        },
        {"client_id": "a/b c%", "client_secret": "env:OP_ODD_SECRET"},
    ],
    ids=["post", "private key", "odd letters"],
)
async def test_the_client_proves_itself_in_each_way(
    settings: oidc.Settings,
    browser: httpx.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, str],
) -> None:
    pem = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    monkeypatch.setenv("OP_KEY", pem)
    monkeypatch.setenv("OP_ODD_SECRET", "a:%+ &=/ of all sorts")
    changed = oidc.Settings.model_validate(settings.model_dump() | change)
    assert (await sign_in(changed, browser, "bob")).subject == "bob"


async def test_an_address_that_the_provider_has_not_verified_is_no_proof(
    settings: oidc.Settings, op: OpenIDOp, browser: httpx.AsyncClient
) -> None:
    """Pitfalls 2 and 3."""
    assert (await sign_in(settings, browser, "mallory")).addresses[0] == Claimed("alice@example.edu", False)
    for lie in ("true", 1, "false", None, ["true"]):
        op.control(claims={"email_verified": lie})
        assert not (await sign_in(settings, browser)).addresses[0].is_verified, lie
    op.control(without=["email_verified"])
    assert not (await sign_in(settings, browser)).addresses[0].is_verified


async def test_somebody_without_an_address_signs_in_all_the_same(
    settings: oidc.Settings, browser: httpx.AsyncClient
) -> None:
    found = await sign_in(settings, browser, "carol")
    assert (found.subject, found.addresses) == ("carol", ())


async def test_another_tenant_of_the_same_issuer_is_refused(
    settings: oidc.Settings, browser: httpx.AsyncClient
) -> None:
    """Pitfall 3."""
    pinned = settings.model_copy(update={"require_claims": {"tid": "tenant-1"}})
    assert (await sign_in(pinned, browser)).subject == "alice"
    browser.cookies.clear()
    with pytest.raises(NotProved) as refused:
        await sign_in(pinned, browser, "mallory")
    assert "tid" in refused.value.detail


async def test_groups_that_are_elsewhere_are_not_no_groups(
    settings: oidc.Settings, op: OpenIDOp, browser: httpx.AsyncClient
) -> None:
    """Pitfall 23."""
    op.control(claims={"_claim_names": {"groups": "src1"}}, without=["groups"])
    with pytest.raises(NotProved) as refused:
        await sign_in(settings, browser)
    assert "groups" in refused.value.detail
    found = await sign_in(settings.model_copy(update={"elsewhere": "leave_out"}), browser)
    assert "groups" not in found.attributes


async def test_a_fresh_proof_asks_the_person_again(
    settings: oidc.Settings, browser: httpx.AsyncClient
) -> None:
    began = int(time.time()) * 1_000_000
    await sign_in(settings, browser)
    url = (await oidc.begin(settings, place(), Wish("state-1", is_fresh=True))).url
    asked = dict(parse_qsl(urlsplit(url).query))
    assert (asked["prompt"], asked["max_age"]) == ("login", "0")
    found = await sign_in(settings, browser, is_fresh=True)
    assert found.authenticated_at is not None
    assert found.authenticated_at >= began


async def test_a_code_works_once_and_for_the_browser_that_began_only(
    settings: oidc.Settings, browser: httpx.AsyncClient
) -> None:
    """Pitfall 16: without the verifier of the same sign-in a code is worth nothing."""
    url, kept = await there_and_back(settings, browser)
    _, others = await there_and_back(settings, browser)
    with pytest.raises(NotProved):
        await oidc.complete(settings, place(), came_back(url), others)
    url, kept = await there_and_back(settings, browser)
    await oidc.complete(settings, place(), came_back(url), kept)
    with pytest.raises(NotProved):
        await oidc.complete(settings, place(), came_back(url), kept)


async def test_an_answer_of_another_issuer_is_refused(
    settings: oidc.Settings, browser: httpx.AsyncClient
) -> None:
    """Pitfall 18: this provider always names itself, so an answer that does not, or names another, is not its own."""
    url, kept = await there_and_back(settings, browser)
    inbound = came_back(url)
    for query in (
        {**inbound.query, "iss": "https://evil.example"},
        {name: value for name, value in inbound.query.items() if name != "iss"},
        {**inbound.query, "iss": ""},
    ):
        with pytest.raises(NotProved) as refused:
            await oidc.complete(settings, place(), replace(inbound, query=query), kept)
        assert "iss" in refused.value.detail


async def test_signing_out_there_ends_the_session_here(
    settings: oidc.Settings, browser: httpx.AsyncClient
) -> None:
    """Pitfall 24, RP-initiated: the provider ends its session, and sends the browser back with the state."""
    found = await sign_in(settings, browser)
    there = await oidc.logout(settings, place(), found.subject, found.kept, Wish("state-2"))
    assert there is not None
    back = await walk(browser, there.url, "alice", f"{OWN}/logout")
    assert dict(parse_qsl(urlsplit(back).query))["state"] == "state-2"
    begun = await oidc.begin(settings, place(), Wish("state-3"))
    assert 'name="prompt" value="login"' in (await browser.get(begun.url, follow_redirects=True)).text


async def test_a_provider_that_came_up_with_new_keys_is_believed_again(
    tmp_path: Path, settings: oidc.Settings, browser: httpx.AsyncClient
) -> None:
    port = free_port()
    moved = settings.model_copy(update={"issuer": f"http://127.0.0.1:{port}"})
    with openid_op(tmp_path, OWN, port=port):
        await sign_in(moved, browser)
    answer = Inbound("GET", "", query={"code": "x", "iss": moved.issuer})
    with pytest.raises(ProviderAway):
        await oidc.complete(moved, place(), answer, {"issuer": moved.issuer, "nonce": "n", "verifier": "v"})
    browser.cookies.clear()
    with openid_op(tmp_path, OWN, port=port):
        assert (await sign_in(moved, browser)).subject == "alice"


async def test_the_check_says_in_words_what_is_right_and_wrong(
    settings: oidc.Settings, op: OpenIDOp, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = await oidc.check(settings, place())
    assert [each.text for each in good if not each.is_good] == []
    assert any(f"{OWN}/heard" in each.text for each in good)
    monkeypatch.setenv("OP_SECRET", "another")
    assert ["secret" in each.text for each in await oidc.check(settings, place()) if not each.is_good] == [
        True
    ]
    nobody = settings.model_copy(update={"issuer": f"http://127.0.0.1:{free_port()}"})
    assert [each.is_good for each in await oidc.check(nobody, place())] == [False]


async def test_a_slow_provider_is_given_up(
    settings: oidc.Settings, op: OpenIDOp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded_http, "STEP_SECONDS", 0.5)
    # with another set of origins it is a provider that was never asked before
    strange = settings.model_copy(update={"other_origins": ("https://keys.example",)})
    op.control(delay=2000)
    with pytest.raises(ProviderAway) as away:
        await oidc.begin(strange, place(), Wish("state"))
    assert "did not answer within" in away.value.detail


async def test_back_channel_logout_is_heard(
    tmp_path: Path, settings: oidc.Settings, browser: httpx.AsyncClient
) -> None:
    """Pitfalls 13 and 24: a real logout token, caught on its way by a listener of this test's own."""
    client = {"client_id": "heard", "client_secret": SECRET}
    with (
        catcher() as caught,
        openid_op(tmp_path, OWN, clients=[client | {"backchannel_logout_uri": caught.url}]) as other,
    ):
        mine = settings.model_copy(update={"issuer": other.issuer, "client_id": "heard"})
        found = await sign_in(mine, browser)
        there = await oidc.logout(mine, place(), found.subject, found.kept, Wish("state-2"))
        assert there is not None
        await walk(browser, there.url, "alice", f"{OWN}/logout")
        form = caught.wait()
        said = await oidc.heard(mine, place(), Inbound("POST", f"{OWN}/heard", form=form))
        assert isinstance(said, Ended)
        assert (said.issuer, said.subject, said.session) == (other.issuer, "alice", found.session)
        assert len(said.once) == 1
