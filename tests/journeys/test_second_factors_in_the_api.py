"""Second factors and fresh sign-ins through the API, as a frontend of one's own meets them."""

from typing import Any

import pytest

from identity.totp import STEP, code_at
from server.asking import COOKIE
from tests.conftest import Clock
from tests.journeys.hostile_world import Hostile, cookie
from tests.server.pages_world import BASE, PASSWORD

A = "alice@example.edu"
START = """mutation ($input: SignInStartInput!) { signInStart(input: $input) {
  step { ... on SignInForm { attemptId } } userErrors { code } } }"""
FINISH = """mutation ($input: SignInFinishInput!) { signInFinish(input: $input) {
  step { __typename ... on SignInForm { attemptId text passkeyOptions fields { name } } ... on SignInDone { token session { id } } }
  userErrors { code path } } }"""
ERRORS = "userErrors { code acr maxAge requiredStrength }"


async def sign_in(hostile: Hostile, token: str | None = None, **more: Any) -> dict[str, Any]:
    """The step after the password, for a client that keeps its token."""
    wish = {"provider": "password", "transport": "BEARER", **more}
    begun = await hostile.ask(START, token, input=wish)
    return await answer(
        hostile, begun["data"]["signInStart"]["step"]["attemptId"], token, identifier=A, password=PASSWORD
    )


async def answer(hostile: Hostile, attempt: str, token: str | None = None, **fields: str) -> dict[str, Any]:
    """The next step."""
    sent = [{"name": name, "value": value} for name, value in fields.items()]
    found = await hostile.ask(FINISH, token, input={"attemptId": attempt, "fields": sent})
    payload: dict[str, Any] = found["data"]["signInFinish"]
    return payload


async def enrol(hostile: Hostile, token: str) -> tuple[str, list[str]]:
    """An authenticator for whoever has the session; its secret, and the recovery codes."""
    begun = await hostile.do(
        "secondFactorBegin", token, {"kind": "TOTP"}, "enrolment { attemptId secret uri }"
    )
    secret = begun["enrolment"]["secret"]
    code = code_at(secret, hostile.world.db.site.clock() // STEP)
    made = await hostile.do(
        "secondFactorConfirm",
        token,
        {"attemptId": begun["enrolment"]["attemptId"], "code": code, "label": "Phone"},
        "secondFactor { id kind label host } recoveryCodes",
    )
    assert made["secondFactor"]["kind"] == "TOTP"
    return secret, made["recoveryCodes"]


async def test_the_steps_of_signing_in_go_on_with_the_second_factor(hostile: Hostile, clock: Clock) -> None:
    first = (await sign_in(hostile))["step"]["token"]
    secret, codes = await enrol(hostile, first)
    assert len(codes) == 10
    clock.advance(seconds=90)
    asked = (await sign_in(hostile))["step"]
    assert asked["__typename"] == "SignInForm"
    assert asked["passkeyOptions"] is None
    wrong = await answer(hostile, asked["attemptId"], code="000000")
    assert wrong["userErrors"] == [{"code": "WRONG_CREDENTIALS", "path": ["input", "code"]}]
    done = await answer(
        hostile, asked["attemptId"], code=code_at(secret, hostile.world.db.site.clock() // STEP)
    )
    token = done["step"]["token"]
    mine = await hostile.ask(
        "{ viewer { session { needsSecondFactor secondFactorAt } user { secondFactors { id label } recoveryCodesLeft } } }",
        token,
    )
    session = mine["data"]["viewer"]["session"]
    assert (session["needsSecondFactor"], session["secondFactorAt"] is None) == (False, False)
    user = mine["data"]["viewer"]["user"]
    assert [each["label"] for each in user["secondFactors"]] == ["Phone"]
    assert user["recoveryCodesLeft"] == 10
    renewed = await hostile.do("recoveryCodesRenew", token, {}, "recoveryCodes")
    assert not {*renewed["recoveryCodes"]} & {*codes}
    gone = {"secondFactorId": user["secondFactors"][0]["id"]}
    assert await hostile.codes("secondFactorRemove", token, gone) == []
    assert (await sign_in(hostile))["step"]["__typename"] == "SignInDone"


async def test_a_browser_gets_another_cookie_with_its_second_factor(hostile: Hostile) -> None:
    token = await hostile.session(hostile.world.alice)
    begun = await hostile.do("secondFactorBegin", token, {"kind": "TOTP"}, "enrolment { attemptId secret }")
    code = code_at(begun["enrolment"]["secret"], hostile.world.db.site.clock() // STEP)
    document = """mutation ($input: SecondFactorConfirmInput!) { secondFactorConfirm(input: $input) {
      recoveryCodes userErrors { code } query { viewer { session { id } } } } }"""
    body = {
        "query": document,
        "variables": {"input": {"attemptId": begun["enrolment"]["attemptId"], "code": code}},
    }
    found = await hostile.browser.post("/graphql", json=body, headers=cookie(token))
    payload = found.json()["data"]["secondFactorConfirm"]
    assert payload["query"]["viewer"]["session"] is not None
    assert found.cookies[COOKIE] != token
    old = await hostile.browser.post(
        "/graphql", json={"query": "{ viewer { session { id } } }"}, headers=cookie(token)
    )
    assert old.json()["data"]["viewer"]["session"] is None


async def test_nobody_sees_anothers_second_factors(hostile: Hostile) -> None:
    await enrol(hostile, await hostile.session(hostile.world.alice))
    lena = await hostile.session(hostile.lena)
    found = await hostile.ask(
        "query ($a: EmailAddress!) { user(email: $a) { secondFactors { id } recoveryCodesLeft } }", lena, a=A
    )
    assert found["data"]["user"] == {"secondFactors": [], "recoveryCodesLeft": None}


@pytest.mark.parametrize("has_factor", [False, True])
async def test_an_old_sign_in_is_told_which_one_would_do(
    hostile: Hostile, clock: Clock, *, has_factor: bool
) -> None:
    """Pitfall 54, RFC 9470."""
    token = (await sign_in(hostile))["step"]["token"]
    secret = (await enrol(hostile, token))[0] if has_factor else ""
    clock.advance(hours=13)
    document = f"mutation ($input: EmailLinkInput!) {{ emailLink(input: $input) {{ {ERRORS} }} }}"
    refused = await hostile.ask(document, token, input={"email": "x@home.example"})
    profile = "mfa" if has_factor else "sfa"
    assert refused["data"]["emailLink"]["userErrors"] == [
        {
            "code": "REAUTHENTICATION_REQUIRED",
            "acr": f"https://refeds.org/profile/{profile}",
            "maxAge": 43_200,
            "requiredStrength": "CHALLENGED",
        }
    ]
    session = (await hostile.ask("{ viewer { session { id } } }", token))["data"]["viewer"]["session"]["id"]
    again = await sign_in(hostile, token, isFresh=True)
    if has_factor:
        code = code_at(secret, hostile.world.db.site.clock() // STEP)
        again = await answer(hostile, again["step"]["attemptId"], token, code=code)
    assert again["step"]["session"]["id"] == session
    renewed = again["step"]["token"]
    assert renewed != token
    assert (
        await hostile.browser.post(
            "/graphql",
            json={"query": "{ viewer { session { id } } }"},
            headers={"Authorization": f"Bearer {token}", "Origin": BASE},
        )
    ).status_code == 401
    done = await hostile.ask(document, renewed, input={"email": "x@home.example"})
    assert done["data"]["emailLink"]["userErrors"] == []
