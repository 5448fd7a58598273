"""Somebody hostile at the entrance: guessing who has an account, riding along, leading people elsewhere."""

import asyncio
import re
from typing import Any

import pytest

from identity import passwords, sign_in
from identity.attempts import LINK_ADDRESS
from mail.message import parse_message
from mail.mime import text_part
from server.asking import COOKIE
from storage.tables.words import TokenScope
from tests.identity.world import Watched
from tests.journeys.hostile_world import Hostile, cookie
from tests.server.pages_world import BASE, HOST, PASSWORD

START = """mutation ($input: SignInStartInput!) { signInStart(input: $input) {
  step { __typename ... on SignInForm { attemptId } ... on SignInCode { attemptId maskedDestination expiresAt } }
  userErrors { code message path } } }"""
FINISH = """mutation ($input: SignInFinishInput!) { signInFinish(input: $input) {
  step { __typename ... on SignInDone { returnTo token } } userErrors { code message path } } }"""
PROOF = re.compile(r'name="proof" value="([0-9a-f]+)"')


async def start(hostile: Hostile, **input: Any) -> dict[str, Any]:
    """The answer to signInStart."""
    found: dict[str, Any] = (await hostile.ask(START, input=input))["data"]["signInStart"]
    return found


async def finish(hostile: Hostile, identifier: str, password: str, **more: Any) -> Any:
    """The whole response to a password."""
    begun = await start(hostile, provider="password")
    fields = [{"name": "identifier", "value": identifier}, {"name": "password", "value": password}]
    body = {
        "query": FINISH,
        "variables": {"input": {"attemptId": begun["step"]["attemptId"], "fields": fields}},
    }
    return await hostile.browser.post("/graphql", json=body, **more)


def shape(answer: Any) -> str:
    """An answer without what differs each time."""
    return re.sub(r"'attemptId': '[^']+'", "…", str(answer))


async def test_no_answer_at_the_entrance_tells_who_has_an_account(hostile: Hostile) -> None:
    """Pitfall 47."""
    for is_reset in (False, True):
        known = await start(hostile, provider="ticket", identifier="alice@example.edu", isReset=is_reset)
        unknown = await start(hostile, provider="ticket", identifier="alina@example.edu", isReset=is_reset)
        assert shape(known) == shape(unknown)
    answers = []
    for identifier, password in (
        ("alice@example.edu", "wrong wrong"),
        ("nobody@example.edu", "wrong wrong"),
        # Has an account and no password.
        ("carol@example.edu", PASSWORD),
    ):
        before = passwords.work.verified
        response = await finish(hostile, identifier, password)
        assert passwords.work.verified == before + 1
        assert COOKIE not in response.cookies
        answers.append((response.status_code, shape(response.json()["data"])))
    assert answers[0] == answers[1] == answers[2]


async def test_asking_for_somebody_else_costs_the_same_whether_or_not_they_are_known(
    hostile: Hostile,
) -> None:
    """Pitfall 47."""
    watched = Watched(hostile.world.db)
    asked = []
    for address in ("alice@example.edu", "alina@example.edu"):
        async with watched.write() as uow:
            await sign_in.start(uow, hostile.world.robot, "ticket", address)
        asked.append(watched.told())
    assert asked[0] == asked[1]
    letters = [(await hostile.letters(to))[-1] for to in ("alice@example.edu", "alina@example.edu")]
    plain = [
        re.sub(r"/t/\S+|[2-9A-Z]{4}-[2-9A-Z]{4}", "…", each.text).replace(each.to, "…") for each in letters
    ]
    assert plain[0] == plain[1]


async def test_failures_of_others_lock_nobody_out(hostile: Hostile) -> None:
    for _ in range(12):
        await finish(hostile, "alice@example.edu", "wrong wrong")
    assert "RATE_LIMITED" in (await finish(hostile, "alice@example.edu", PASSWORD)).text
    asked = await start(hostile, provider="ticket", identifier="alice@example.edu")
    assert asked["userErrors"] == []


async def test_requests_to_add_somebodys_address_leave_them_their_sign_in_mails(hostile: Hostile) -> None:
    refused: list[str] = []
    for number in range(LINK_ADDRESS.count // 5 + 1):
        token = await hostile.session(await hostile.person(f"m{number}@example.net"))
        for _ in range(5):
            refused += await hostile.codes("emailLink", token, {"email": "alice@example.edu"})
    assert refused == ["RATE_LIMITED"] * 5
    assert (await start(hostile, provider="ticket", identifier="alice@example.edu"))["userErrors"] == []


@pytest.mark.parametrize(
    "place",
    [
        "https://evil.example/",
        "https://lists.example.test@evil.example/",
        "https://lists.example.test:8443/",
        "https://lists.example.test.evil.example/",
        "http://lists.example.test/",
        "https://lists.example.test%2eevil.example/",
        "https://lists.example.test\\@evil.example/",
        "https:\\\\evil.example/",
        "https://other.example.test/",
        "javascript:alert(1)//",
        "//evil.example/",
        "/\\evil.example",
    ],
)
async def test_no_sign_in_leads_to_another_server(hostile: Hostile, place: str) -> None:
    """Pitfall 21."""
    answer = await hostile.ask(
        START, input={"provider": "ticket", "identifier": "alice@example.edu", "returnTo": place}
    )
    told = answer["errors"] if answer.get("errors") else answer["data"]["signInStart"]["userErrors"]
    assert told
    assert await hostile.letters("alice@example.edu") == []


async def test_mailed_links_do_not_follow_the_host_field(hostile: Hostile) -> None:
    """Pitfall 46."""
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    for identifier in ("alice@example.edu", "newcomer@example.edu"):
        body = {
            "query": START,
            "variables": {"input": {"provider": "ticket", "identifier": identifier, "isReset": True}},
        }
        await hostile.browser.post("/graphql", json=body, headers=headers)
        [letter] = await hostile.letters(identifier)
        assert b"evil" not in letter.raw
        assert f"{BASE}/t/{letter.secret}" in letter.text


async def test_the_session_cookie_is_new_guarded_and_opaque(hostile: Hostile) -> None:
    """Pitfall 48: fixation."""
    planted = await hostile.session(hostile.mallory)
    for before in (planted, "chosen-by-mallory"):
        response = await finish(hostile, "alice@example.edu", PASSWORD, headers=cookie(before))
        field = response.headers["set-cookie"]
        assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/"} <= {part.strip() for part in field.split(";")}
        assert "domain" not in field.lower()
        token = response.cookies[COOKIE]
        assert token != before
        assert len(token) == 43
        hostile.browser.cookies.clear()
    # The session that the browser came with has ended.
    assert (await hostile.ask("{ __typename }", None))["data"]
    stale = await hostile.browser.post(
        "/graphql", json={"query": "{ __typename }"}, headers={"Authorization": f"Bearer {planted}"}
    )
    assert stale.status_code == 401


async def test_no_other_site_signs_a_visitor_in_as_somebody(hostile: Hostile) -> None:
    """Pitfall 15: login CSRF, with a mailed link."""
    # Mallory has a link of her own and reads the page's proof; her site makes a visitor's browser send the form.
    link = await hostile.world.sign_in_link("mallory@example.net")
    proof = PROOF.search((await hostile.browser.get(f"/t/{link}")).text)
    assert proof
    for headers in (
        {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
        {"Sec-Fetch-Site": "same-site", "Origin": "https://evil.example.test"},
        {"Origin": "https://evil.example"},
        {"Origin": f"https://{HOST}.evil.example"},
    ):
        forged = await hostile.browser.post(
            f"/t/{link}", data={"proof": proof[1], "act": "yes"}, headers=headers
        )
        assert forged.status_code in {403, 422}
        assert COOKIE not in forged.cookies
    # What our own page sends, under its Referrer-Policy, is taken.
    taken = await hostile.browser.post(
        f"/t/{link}",
        data={"proof": proof[1], "act": "yes"},
        headers={"Sec-Fetch-Site": "same-origin", "Origin": "null"},
    )
    assert taken.status_code == 303
    assert COOKIE in taken.cookies


async def test_a_reset_link_opens_nothing_before_a_password_is_chosen(hostile: Hostile) -> None:
    asked = await start(
        hostile, provider="ticket", identifier="alice@example.edu", isReset=True, transport="BEARER"
    )
    code = (await hostile.letters("alice@example.edu"))[-1].code
    done = await hostile.ask(FINISH, input={"attemptId": asked["step"]["attemptId"], "code": code})
    token = done["data"]["signInFinish"]["step"]["token"]
    for name, input in (
        ("apiTokenCreate", {"label": "x", "scopes": ["READ"]}),
        ("emailLink", {"email": "mallory2@example.net"}),
        ("profileUpdate", {"displayName": "Mallory"}),
        ("mailingListSubscribe", {"mailingListId": await hostile.id_of(hostile.hers, token)}),
        (
            "messagePost",
            {"mailingListId": await hostile.id_of(hostile.talk, token), "subject": "x", "text": "y"},
        ),
    ):
        assert set(await hostile.codes(name, token, input)) <= {"FORBIDDEN", "REAUTHENTICATION_REQUIRED"}
        assert await hostile.codes(name, token, input) != []
    assert await hostile.codes("passwordChange", token, {"newPassword": "another good one"}) == []
    assert await hostile.codes("profileUpdate", token, {"displayName": "Alice L."}) == []


async def test_no_mail_and_no_answer_ever_holds_a_password(hostile: Hostile) -> None:
    chosen = "Quite-unguessable-7"
    link = await hostile.world.sign_in_link("alice@example.edu", is_reset=True)
    answer = await hostile.world.press(link, password=chosen, again=chosen)
    assert answer.status_code == 303
    assert chosen not in answer.text
    for letter in await hostile.letters():
        assert chosen not in letter.raw.decode("utf-8", "replace")
        assert chosen not in text_part(parse_message(letter.raw))


async def test_of_fifty_forms_sent_at_once_one_signs_in(hostile: Hostile) -> None:
    link = await hostile.world.sign_in_link("alice@example.edu")
    proof = PROOF.search((await hostile.browser.get(f"/t/{link}")).text)
    assert proof
    sent = [hostile.browser.post(f"/t/{link}", data={"proof": proof[1], "act": "yes"}) for _ in range(50)]
    statuses = sorted([each.status_code for each in await asyncio.gather(*sent)])
    assert statuses == [303] + [410] * 49


async def test_a_foreign_session_cannot_link_an_address(hostile: Hostile) -> None:
    """Pitfall 7."""
    alice, mallory = await hostile.session(hostile.world.alice), await hostile.session(hostile.mallory)
    assert await hostile.codes("emailLink", mallory, {"email": "victim@example.edu"}) == []
    [letter] = await hostile.letters("victim@example.edu")
    # The victim opens the link signed in as themselves, or types the code there: nothing is linked to anybody.
    hostile.browser.cookies.set(COOKIE, alice)
    page = await hostile.browser.get(f"/t/{letter.secret}")
    assert "Add the address" not in page.text
    assert (await hostile.world.press(letter.secret)).status_code == 410
    confirmed = {"email": "victim@example.edu", "code": letter.code}
    assert await hostile.codes("emailConfirm", alice, confirmed) == ["EXPIRED"]
    for token in (alice, mallory):
        found = await hostile.ask("{ viewer { user { emailAddresses { email status } } } }", token)
        assert "VERIFIED" not in str(
            [
                e
                for e in found["data"]["viewer"]["user"]["emailAddresses"]
                if e["email"] == "victim@example.edu"
            ]
        )


async def test_claiming_an_address_tells_nothing_and_grants_nothing(hostile: Hostile) -> None:
    """Pitfall 47."""
    token = await hostile.session(hostile.mallory)
    answers = []
    for address in ("alice@example.edu", "alina@example.edu"):
        answer = await hostile.do(
            "emailLink", token, {"email": address}, "userEmail { email status strength isMain verifiedAt }"
        )
        answers.append(str(answer).replace(address, "…"))
        wrong = {"email": address, "code": "AAAA-AAAA"}
        answers[-1] += str(await hostile.do("emailConfirm", token, wrong))
    assert answers[0] == answers[1]
    # A claim of a subscriber's address opens nothing that is the subscriber's.
    welcome = 'query { mailingList(address: "welcome@lists.example.test") { viewerMemberships { id } archive { messages(first: 1) { totalCount } } } }'
    found = (await hostile.ask(welcome, token))["data"]["mailingList"]
    assert found == {"viewerMemberships": [], "archive": None}


async def test_an_ended_token_or_session_opens_nothing(hostile: Hostile) -> None:
    """Pitfall 48."""
    session = await hostile.session(hostile.mallory)
    secret = await hostile.api_token(hostile.mallory, TokenScope.READ)
    found = await hostile.ask(
        "{ viewer { user { apiTokens(first: 9) { edges { node { id } } } } } }", session
    )
    [edge] = found["data"]["viewer"]["user"]["apiTokens"]["edges"]
    alice = await hostile.session(hostile.world.alice)
    taken = {"apiTokenId": edge["node"]["id"]}
    assert await hostile.codes("apiTokenRevoke", alice, taken) == ["NOT_FOUND"]
    assert await hostile.codes("apiTokenRevoke", secret, taken) == ["FORBIDDEN"]
    assert await hostile.codes("apiTokenRevoke", session, taken) == []
    assert await hostile.codes("signOut", session, {}) == []
    for token in (secret, session, "pr_", "", "pr_" + "A" * 43):
        answer = await hostile.browser.post(
            "/graphql", json={"query": "{ __typename }"}, headers={"Authorization": f"Bearer {token}"}
        )
        assert answer.status_code == 401, token


async def test_a_claim_looks_the_same_when_its_owner_signs_up(hostile: Hostile) -> None:
    """Pitfall 47."""
    token = await hostile.session(hostile.mallory)
    for address in ("newcomer@example.edu", "nobody@example.edu"):
        assert await hostile.codes("emailLink", token, {"email": address}) == []
    await hostile.world.press(await hostile.world.sign_in_link("newcomer@example.edu"))
    hostile.browser.cookies.clear()
    mine = await hostile.ask("{ viewer { user { emailAddresses { email status } } } }", token)
    told = {each["email"]: each["status"] for each in mine["data"]["viewer"]["user"]["emailAddresses"]}
    assert told["newcomer@example.edu"] == told["nobody@example.edu"] == "PENDING"
