"""Pages of other sites that would act for whoever is signed in."""

import json

import pytest

from server.asking import COOKIE
from tests.journeys.hostile_world import ELSEWHERE, Hostile, cookie
from tests.server.pages_world import BASE, HOST
from tests.server.sockets import Closed, connected

MUTATION = {"query": 'mutation { profileUpdate(input: { displayName: "Forged" }) { user { displayName } } }'}


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/x-www-form-urlencoded", 415),
        ("text/plain", 415),
        ("text/plain;charset=UTF-8", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/json; charset=latin1", 415),
        ("", 415),
    ],
)
async def test_no_form_of_another_site_is_a_request(hostile: Hostile, kind: str, status: int) -> None:
    """Pitfall 50."""
    token = await hostile.session(hostile.world.alice)
    answer = await hostile.browser.post(
        "/graphql", content=json.dumps(MUTATION), headers={**cookie(token), "Content-Type": kind}
    )
    assert answer.status_code == status
    assert "access-control-allow-origin" not in answer.headers
    found = await hostile.ask("{ viewer { user { displayName } } }", token)
    assert found["data"]["viewer"]["user"]["displayName"] == "Alice"


async def test_no_page_of_another_site_rides_on_a_session(hostile: Hostile) -> None:
    """Pitfalls 49 and 50: nor do several requests come as one."""
    token = await hostile.session(hostile.world.alice)
    for wrong in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": f"http://{HOST}"},
        {"Origin": f"{BASE}:444"},
        {"Origin": f"{BASE}.evil.example"},
        {"Origin": f"https://{ELSEWHERE}"},
    ):
        answer = await hostile.browser.post("/graphql", json=MUTATION, headers=cookie(token, **wrong))
        assert answer.status_code == 403, wrong
    bare = {name: value for name, value in cookie(token).items() if name != "X-CSRF-Token"}
    assert (await hostile.browser.post("/graphql", json=MUTATION, headers=bare)).status_code == 403
    got = await hostile.browser.get("/graphql", params=MUTATION, headers=cookie(token))
    assert got.status_code in {403, 405}
    preflight = await hostile.browser.options(
        "/graphql", headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    )
    assert "access-control-allow-origin" not in preflight.headers
    assert (await hostile.browser.post("/graphql", json=[MUTATION], headers=cookie(token))).status_code == 400
    assert (await hostile.browser.post("/graphql", json=MUTATION, headers=cookie(token))).status_code == 200


async def test_no_page_of_another_site_opens_a_socket(hostile: Hostile) -> None:
    """Pitfall 51."""
    token = await hostile.session(hostile.world.alice)
    app = hostile.browser._transport.app  # type: ignore[attr-defined]
    for origin in ("https://evil.example", "null", f"{BASE}.evil.example"):
        fields = {"Cookie": f"{COOKIE}={token}", "Origin": origin}
        with pytest.raises(Closed):
            async with connected(app, headers=fields):
                pass
    async with connected(app, headers={"Cookie": f"{COOKIE}={token}", "Origin": BASE}) as socket:
        await socket.begin()
        await socket.subscribe("1", "{ viewer { user { displayName } } }")
        assert "Alice" in str(await socket.receive())
    with pytest.raises(Closed):
        async with connected(app, headers={"Cookie": f"{COOKIE}={token}"}, scheme="ws"):
            pass
