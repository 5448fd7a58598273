"""The page of one's lists on all servers is under the strict policy, and a hostile server's word is signed by no key of its own."""

import json

import httpx
from httpx import ASGITransport, AsyncClient
from joserfc import jws
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from federation import discovery, question
from federation.signatures import sign_request
from mail.instant import SECOND
from playground.app import STATIC, DemoPerson
from playground.demo_hostile import hostile
from playground.everywhere import PATH, everywhere_routes
from playground.headers import CONTENT_SECURITY_POLICY
from tests.federation.other_server import OtherServer, signing_now

LIAR = "http://127.0.0.4:8125"


async def test_the_page_runs_its_own_script_alone() -> None:
    routes = everywhere_routes([DemoPerson("ada@x.example", "demo", "<somebody>")])
    app = Starlette(routes=[*routes, Mount("/playground/static", StaticFiles(directory=STATIC))])
    async with AsyncClient(transport=ASGITransport(app), base_url="http://x.example") as browser:
        shown = await browser.get(PATH)
        script = await browser.get("/playground/static/everywhere.js")
    assert shown.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert shown.text.count("<script") == 1
    assert 'src="/playground/static/everywhere.js"' in shown.text
    assert 'data-email="ada@x.example"' in shown.text
    assert "<somebody>" not in shown.text
    assert script.status_code == 200
    assert "innerHTML" not in script.text


async def test_the_hostile_server_shows_one_key_and_signs_with_another() -> None:
    app, thumbprints = hostile(LIAR)
    asker = OtherServer("http://127.0.0.1:8125")
    async with AsyncClient(transport=ASGITransport(app), base_url=LIAR) as client:
        shown = await client.get(discovery.PATH)
        now = _time_of(shown)
        document = discovery.read(shown.content, LIAR, now)
        body = question.body_of(question.WHICH, {"subjects": [{"handle": "h", "statement": "s"}]})
        sent = sign_request(
            asker.keys, url=f"{LIAR}{discovery.QUESTIONS}", body=body, destination=LIAR, now=now
        )
        answer = await client.post(discovery.QUESTIONS, content=body, headers=dict(sent.headers))
    assert [document.kid] == thumbprints == signing_now(document, now)
    assert "phishing" in answer.text
    assert thumbprints[0] not in answer.headers["signature-input"]


def _time_of(shown: httpx.Response) -> int:
    """When it was issued, by its own word."""
    said = json.loads(jws.extract_compact(shown.content).payload)
    return int(said["iat"]) * SECOND
