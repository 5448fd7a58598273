"""Somebody hostile in what pages show and where they are served: markup in names, plain HTTP, forged proxies, sizes."""

import re
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from delivery import reception
from identity.actor import operator
from lists import mailing_lists
from playground.app import playground_routes
from server.app import web_application
from server.asking import COOKIE
from server.forms import LARGEST
from server.metrics import Metrics
from server.middleware import Surroundings
from tests.journeys.hostile_world import Hostile, cookie
from tests.server.pages_world import BASE, HOST, PASSWORD

MARKUP = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'{{7*7}}$subject"
LIVE = re.compile(r"<script>alert|<img src=x|onerror=alert\(2\)>(?!')|=\"\"><", re.IGNORECASE)
REFUSED = {400, 403, 404, 405, 410, 413, 422}


async def poisoned(hostile: Hostile) -> list[str]:
    """Places that show what somebody hostile wrote into every text there is."""
    world = hostile.world
    async with world.db.write() as uow:
        for mlist in (hostile.talk, world.announce, world.welcome):
            changes = {"subject": MARKUP[:200], "description": MARKUP, "subject_tag": MARKUP[:50]}
            await mailing_lists.update_settings(uow, operator(world.robot), mlist, changes)
    for mlist in (hostile.talk, world.announce):
        raw = (
            f'From: "{MARKUP.replace(chr(34), "")}" <alice@example.edu>\r\nTo: x@y.example\r\n'
            f"Subject: {MARKUP}\r\nMessage-ID: <{mlist.id}@x>\r\nMIME-Version: 1.0\r\n"
            f'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n{MARKUP}\r\n'
            f'--b\r\nContent-Type: text/html; name="{MARKUP.replace(chr(34), "")}"\r\n'
            f'Content-Disposition: attachment; filename="{MARKUP.replace(chr(34), "")}"\r\n\r\n{MARKUP}\r\n--b--\r\n'
        )
        reply = await reception.receive(world.db, "alice@example.edu", mlist.address, raw.encode())
        assert reply.code == 250
    archive = (await hostile.browser.get("/lists/talk/archive")).text
    link = re.search(r"/lists/talk/archive/[\w-]+", archive)
    assert link
    tickets = [
        await world.newest_link("carol@example.edu"),
        await world.subscription_link("dora@example.edu"),
        await world.sign_in_link("alice@example.edu"),
    ]
    return ["/lists/talk", "/lists/talk/archive", link[0], *(f"/t/{each}" for each in tickets)]


async def test_nothing_that_somebody_wrote_is_live_on_a_page(hostile: Hostile) -> None:
    world = hostile.world
    headers = cookie(await hostile.session(world.alice))
    for place in await poisoned(hostile):
        for fields in ({}, headers):
            shown = await hostile.browser.get(place, headers=fields)
            assert shown.status_code == 200, place
            assert not LIVE.search(shown.text), place
            policy = shown.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "script-src" not in policy
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert shown.headers["x-content-type-options"] == "nosniff"
    # Nor in what a refusal says of a request.
    for place in (
        f"/t/{MARKUP}",
        f"/u/{MARKUP}",
        f"/lists/{MARKUP}",
        f"/lists/talk/archive?after={MARKUP}",
        f"/{MARKUP}",
    ):
        assert not LIVE.search((await hostile.browser.get(place)).text), place
    refused = await hostile.browser.post("/graphql", json={"query": f"{{ {MARKUP} }}"}, headers=headers)
    assert refused.headers["content-type"].startswith("application/")


async def test_a_reason_that_was_typed_is_shown_to_nobody_as_markup(hostile: Hostile) -> None:
    world = hostile.world
    assert await world.mail_in(world.announce.address, "alice@example.edu", "held") == 250
    link = await world.newest_link("carol@example.edu")
    answer = await world.press(link, "rejected", reason=MARKUP)
    assert not LIVE.search(answer.text)
    weak = await world.press(
        await world.sign_in_link("alice@example.edu", is_reset=True), password=MARKUP, again="x"
    )
    assert weak.status_code == 422
    assert MARKUP not in weak.text
    assert not LIVE.search(weak.text)


async def test_what_may_carry_a_secret_is_not_taken_in_the_clear(hostile: Hostile) -> None:
    clear = f"http://{HOST}"
    link = await hostile.world.sign_in_link("alice@example.edu")
    token = await hostile.session(hostile.world.alice)
    body = {"query": "{ viewer { user { displayName } } }"}
    for answer in (
        await hostile.browser.post(
            f"{clear}/graphql", json=body, headers={"Authorization": f"Bearer {token}"}
        ),
        await hostile.browser.post(f"{clear}/graphql", json=body, headers=cookie(token)),
        await hostile.browser.post(f"{clear}/graphql", json=body),
        await hostile.browser.post(f"{clear}/t/{link}", data={"act": "yes"}),
        await hostile.browser.get(f"{clear}/lists/talk", headers={"Cookie": f"{COOKIE}={token}"}),
    ):
        assert answer.status_code == 400
        assert "Alice" not in answer.text
        assert "set-cookie" not in answer.headers
    # A probe of the load balancer is no secret.
    assert (await hostile.browser.get(f"{clear}/healthz")).status_code == 200


async def test_a_body_in_the_clear_is_not_even_read() -> None:
    read = []

    async def inner(request: Request) -> PlainTextResponse:
        read.append(await request.body())
        return PlainTextResponse("ok")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        response = await inner(Request(scope, receive))
        await response(scope, receive, send)

    guarded = Surroundings(app, metrics=Metrics(), secure=True)
    transport = httpx.ASGITransport(app=guarded)
    async with httpx.AsyncClient(transport=transport) as client:
        assert (await client.post("http://x/graphql", content=PASSWORD)).status_code == 400
        assert read == []
        assert (await client.post("https://x/graphql", content=PASSWORD)).status_code == 200


@pytest.mark.parametrize(
    ("fields", "address"),
    [
        ({"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=1.2.3.4;proto=https"}, "10.0.0.1"),
        ({"X-Forwarded-Proto": "https", "Forwarded": "for=1.2.3.4"}, "10.0.0.1"),
        ({"X-Forwarded-For": "203.0.113.9"}, "203.0.113.9"),
        ({"Forwarded": "for=203.0.113.9;proto=https"}, "203.0.113.9"),
        ({"X-Forwarded-For": "1.2.3.4, 203.0.113.9"}, "203.0.113.9"),
    ],
)
async def test_a_client_behind_our_proxy_cannot_choose_its_address(
    fields: dict[str, str], address: str
) -> None:
    """Pitfall 42."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen = Request(scope).client
        await PlainTextResponse(seen.host if seen else "")(scope, receive, send)

    guarded = Surroundings(app, metrics=Metrics(), trusted_proxies=["10.0.0.0/8"])
    transport = httpx.ASGITransport(app=guarded, client=("10.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        assert (await client.get("/", headers=fields)).text == address


async def test_what_is_oversized_is_refused_before_it_is_held(hostile: Hostile) -> None:
    link = await hostile.world.sign_in_link("alice@example.edu")
    huge = b"a=" + b"x" * (LARGEST + 1)
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    for place in (f"/t/{link}", "/u/x"):
        answer = await hostile.browser.post(place, content=huge, headers=kind)
        assert answer.status_code in {413, 422}, place
    many = "&".join(f"f{number}=x" for number in range(1_000))
    assert (await hostile.browser.post(f"/t/{link}", content=many, headers=kind)).status_code in REFUSED
    token = await hostile.session(hostile.world.alice)
    body = b'{"query": "{ __typename }", "variables": {"x": "' + b"x" * 20_000_000 + b'"}}'
    answer = await hostile.browser.post(
        "/graphql", content=body, headers={**cookie(token), "Content-Type": "application/json"}
    )
    assert answer.status_code == 413
    for name, input in (
        ("passwordChange", {"newPassword": "x" * 100_000, "currentPassword": PASSWORD}),
        ("profileUpdate", {"displayName": "x" * 100_000}),
        ("apiTokenCreate", {"label": "x" * 100_000, "scopes": ["READ"]}),
        ("emailConfirm", {"email": "x@example.edu", "code": "2" * 100_000}),
    ):
        assert await hostile.codes(name, token, input), name
    for place in ("/t/" + "x" * 60_000, "/u/" + "x" * 60_000, "/lists/" + "x" * 60_000):
        assert (await hostile.browser.get(place)).status_code < 500, place
    session = await hostile.browser.get("/lists/talk", headers={"Cookie": f"{COOKIE}={'x' * 60_000}"})
    assert session.status_code == 200


async def test_no_demo_page_is_served_by_a_server_in_earnest(hostile: Hostile, tmp_path: Path) -> None:
    for place in ("/playground/mailbox", "/playground/mailbox/messages.json", "/playground/mailbox.json"):
        assert (await hostile.browser.get(place)).status_code == 404
    routes = playground_routes(version="1", robot=HOST, docs_folder=tmp_path)
    app = web_application(hostile.world.state, lambda _: routes)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=BASE) as browser:
        assert (await browser.get("/playground")).status_code == 200
        assert (await browser.get("/playground/mailbox")).status_code == 404
        assert (await browser.get("/playground/mailbox/messages")).status_code == 404
