"""Somebody hostile who guesses many times in one request: what counts is each guess, not the request that it came in."""

import json

from identity import passwords
from tests.journeys.hostile_world import Hostile, cookie
from tests.server.pages_world import PASSWORD

START = """mutation { signInStart(input: { provider: "password" }) { step { ... on SignInForm { attemptId } } } }"""
GUESS = """g{n}: signInFinish(input: {{ attemptId: {attempt}, fields: [{{ name: "identifier", value: "{who}" }},
  {{ name: "password", value: "{guess}" }}] }}) {{ step {{ __typename }} userErrors {{ code }} }}"""


async def guesses(hostile: Hostile, who: list[str], guess: str = "a guess {n}") -> list[str]:
    """One request with a guess for each of these names; what each was answered."""
    begun = (await hostile.ask(START))["data"]["signInStart"]["step"]["attemptId"]
    tries = [
        GUESS.format(n=n, attempt=json.dumps(begun), who=each, guess=guess.format(n=n))
        for n, each in enumerate(who)
    ]
    answer = await hostile.ask("mutation { " + " ".join(tries) + " }")
    return [error["code"] for each in answer["data"].values() for error in each["userErrors"]]


async def test_guesses_in_one_request_are_as_many_as_in_several(hostile: Hostile) -> None:
    """Pitfall 49: aliases, for one account."""
    before = passwords.work.verified
    told = [code for _ in range(4) for code in await guesses(hostile, ["alice@example.edu"] * 10)]
    assert told == ["WRONG_CREDENTIALS"] * 10 + ["RATE_LIMITED"] * 30
    assert passwords.work.verified - before == 10
    # Not even the right one gets through then.
    assert await guesses(hostile, ["alice@example.edu"], PASSWORD) == ["RATE_LIMITED"]


async def test_guesses_for_many_accounts_in_one_request_are_counted_for_the_network(hostile: Hostile) -> None:
    """Pitfall 49: one password for everybody."""
    told: list[str] = []
    for each in range(12):
        told += await guesses(hostile, [f"p{each}.{n}@example.edu" for n in range(10)], "summer of love")
    assert told == ["WRONG_CREDENTIALS"] * 100 + ["RATE_LIMITED"] * 20


async def test_codes_in_one_request_are_five_tries(hostile: Hostile) -> None:
    """Pitfalls 7 and 49: the code of a mailed challenge."""
    token = await hostile.session(hostile.mallory)
    assert await hostile.codes("emailLink", token, {"email": "victim@example.edu"}) == []
    code = (await hostile.letters("victim@example.edu"))[-1].code
    wrong = [f"2222-22{n}{n}" for n in range(2, 10)]
    tries = [
        f'c{n}: emailConfirm(input: {{ email: "victim@example.edu", code: "{each}" }}) {{ userErrors {{ code }} }}'
        for n, each in enumerate([*wrong, code])
    ]
    answer = await hostile.ask("mutation { " + " ".join(tries) + " }", token)
    told = [error["code"] for each in answer["data"].values() for error in each["userErrors"]]
    assert told == ["WRONG_CREDENTIALS"] * 5 + ["EXPIRED"] * 4


async def test_several_requests_do_not_come_as_one(hostile: Hostile) -> None:
    """Pitfall 49: a batch is refused whole."""
    token = await hostile.session(hostile.mallory)
    rename = {
        "query": 'mutation { profileUpdate(input: { displayName: "Batched" }) { user { displayName } } }'
    }
    for body in ([rename], [rename, rename], []):
        answer = await hostile.browser.post("/graphql", json=body, headers=cookie(token))
        assert answer.status_code == 400
    found = await hostile.ask("{ viewer { user { displayName } } }", token)
    assert found["data"]["viewer"]["user"]["displayName"] != "Batched"
