"""One person, several addresses: the published truth tables of rows 121 to 128."""

import pytest

from tests.scenarios.world import LIST, World, answer, person, request

ALL = "smtp,dkim,md5,smime"
GOOGLE, CAMPUS = "a@google.com", "b@univ.fr"
SETS = {"g": (GOOGLE,), "u": (CAMPUS,), "gu": (GOOGLE, CAMPUS), "ug": (CAMPUS, GOOGLE)}


@pytest.mark.parametrize(("who", "expected"), [("g", True), ("u", False), ("gu", True), ("ug", True)])
async def test_row_128_match_is_true_if_any_address_matches(who: str, expected: bool) -> None:
    asked = request(SETS[who][0], identities=person(*SETS[who]))
    decision = await answer(rf"match([user->email],/google\.com/) {ALL} -> do_it", asked)
    assert (decision.action == "do_it") is expected
    assert decision.element == (GOOGLE if expected else None)


@pytest.mark.parametrize(("who", "expected"), [("g", False), ("u", True), ("gu", True), ("ug", True)])
async def test_row_128_negated_match_is_true_if_any_address_does_not_match(who: str, expected: bool) -> None:
    asked = request(SETS[who][0], identities=person(*SETS[who]))
    decision = await answer(rf"!match([user->email],/google\.com/) {ALL} -> do_it", asked)
    assert (decision.action == "do_it") is expected
    assert decision.element == (CAMPUS if expected else None)


async def test_row_128_an_error_at_one_address_refuses_whatever_the_negation_says() -> None:
    asked = request(GOOGLE, identities=person(GOOGLE, CAMPUS))
    world = World(broken=frozenset({GOOGLE}), subscribers=frozenset({CAMPUS}))
    for sign in ("", "!"):
        decision = await answer(f"{sign}is_subscriber([listname],[user->email]) {ALL} -> do_it", asked, world)
        assert (decision.reason, decision.element) == ("error-performing-condition", GOOGLE)


async def test_row_127_nobody_is_asked_about_after_the_first_hit() -> None:
    asked = request("a@x.org", identities=person("a@x.org", "b@x.org", "c@x.org"))
    world = World(subscribers=frozenset({"b@x.org", "c@x.org"}))
    decision = await answer(f"is_subscriber([listname],[user->email]) {ALL} -> do_it", asked, world)
    assert (decision.action, decision.element) == ("do_it", "b@x.org")
    assert [address for _, _, address in world.asked] == ["a@x.org", "b@x.org"]


async def test_row_127_each_address_is_asked_about_once_at_most() -> None:
    asked = request("a@x.org", identities=person("a@x.org", "A@X.org", "b@x.org"))
    world = World()
    await answer(f"is_subscriber([listname],[user->email]) {ALL} -> do_it", asked, world)
    assert [address for _, _, address in world.asked] == ["a@x.org", "b@x.org"]


async def test_row_127_two_occurrences_in_a_condition_take_the_same_address() -> None:
    asked = request(GOOGLE, identities=person(GOOGLE, CAMPUS))
    decision = await answer(f"!equal([user->email],[user->email]) {ALL} -> do_it", asked)
    assert decision.reason == "no-rule-match"


async def test_row_127_every_rule_starts_with_the_first_address_again() -> None:
    asked = request(GOOGLE, identities=person(GOOGLE, CAMPUS))
    text = f"match([user->email],/univ/) smtp -> do_it\nmatch([user->email],/@/) {ALL} -> do_it"
    assert (await answer(text, asked)).element == GOOGLE


# request's method, strength of the alternate that is subscribed, what the rule names, whether it applies
STRENGTH = [
    ("smtp", "md5", "smtp", True),
    ("smtp", "md5", "md5", False),
    ("smtp", "smime", "md5,smime", False),
    ("dkim", "md5", "dkim", True),
    ("dkim", "smtp", "dkim", False),
    ("md5", "md5", "md5", True),
    ("md5", "smtp", "md5", False),
    ("md5", "smtp", "smtp", True),
    ("md5", "smime", "md5", True),
    ("md5", "smime", "smime", False),
    ("smime", "md5", "smime", False),
    ("smime", "md5", "md5", True),
    ("smime", "smime", "smime", True),
]


@pytest.mark.parametrize(("method", "strength", "methods", "applies"), STRENGTH)
async def test_row_121_an_alternate_counts_as_the_weaker_of_request_and_link(
    method: str, strength: str, methods: str, applies: bool
) -> None:
    asked = request("a@x.org", method, identities=(*person("a@x.org"), *person("b@x.org", strength=strength)))
    world = World(subscribers=frozenset({"b@x.org"}))
    decision = await answer(f"is_subscriber([listname],[user->email]) {methods} -> do_it", asked, world)
    assert (decision.action == "do_it") is applies
    if applies:
        assert (decision.element, decision.method) == ("b@x.org", methods)


@pytest.mark.parametrize("method", ["smtp", "dkim", "md5", "smime"])
async def test_row_121_the_presented_address_keeps_the_method_of_the_request(method: str) -> None:
    asked = request("a@x.org", method, identities=person("a@x.org", strength="smtp"))
    decision = await answer(f"match([user->email],/a/) {method} -> do_it", asked)
    assert (decision.action, decision.method, decision.element) == ("do_it", method, "a@x.org")


async def test_row_121_a_signed_session_does_not_lift_a_challenged_alternate_over_a_signature_rule() -> None:
    asked = request("a@x.org", "smime", identities=(*person("a@x.org", strength="smime"), *person("b@x.org")))
    world = World(owners=frozenset({"b@x.org"}))
    text = "is_owner([listname],[user->email]) smime -> do_it"
    assert (await answer(text, asked, world)).action == "reject"
    assert (await answer(text, request("b@x.org", "smime"), world)).action == "do_it"


async def test_row_122_sender_stays_the_presented_address() -> None:
    asked = request("b@x.org", identities=person("b@x.org", "a@x.org"))
    world = World(subscribers=frozenset({"a@x.org"}))
    assert (
        await answer(f"is_subscriber([listname],[sender]) {ALL} -> do_it", asked, world)
    ).action == "reject"
    assert world.asked == [("subscriber", LIST, "b@x.org")]


async def test_row_123_main_is_the_presented_address_and_primary_that_of_the_account() -> None:
    asked = request(
        "b@x.org", identities=person("b@x.org", "a@x.org"), records={"user": {"primary_email": "a@x.org"}}
    )
    assert (await answer(f"equal([user->main_email],'b@x.org') {ALL} -> do_it", asked)).action == "do_it"
    assert (await answer(f"equal([user->primary_email],'a@x.org') {ALL} -> do_it", asked)).action == "do_it"


async def test_row_124_somebody_without_account_is_the_presented_address() -> None:
    decision = await answer(f"equal([user->email],'a@x.org') {ALL} -> do_it", request("a@x.org"))
    assert (decision.action, decision.element) == ("do_it", "a@x.org")


@pytest.mark.parametrize(("sign", "action"), [("", "reject"), ("!", "do_it")])
async def test_row_124_nobody_is_the_empty_set_and_false_before_negation(sign: str, action: str) -> None:
    asked = request("nobody", identities=person("a@x.org"))
    decision = await answer(f"{sign}match([user->email],/./) {ALL} -> do_it", asked)
    assert (decision.action, decision.element) == (action, None)


@pytest.mark.parametrize(
    ("who", "sender", "action"),
    [
        ("[user->email]", "a@x.org", "do_it"),
        ("[user->email]", "b@x.org", "do_it"),
        ("[user->main_email]", "a@x.org", "do_it"),
        ("[user->main_email]", "b@x.org", "reject"),
    ],
)
async def test_rows_125_and_126_the_basic_and_the_strict_private_list(
    who: str, sender: str, action: str
) -> None:
    """a@x.org is subscribed, b@x.org is an alternate of the same person."""
    asked = request(sender, "smtp", identities=person(sender, "a@x.org", "b@x.org"))
    world = World(subscribers=frozenset({"a@x.org"}))
    assert (
        await answer(f"is_subscriber([listname],{who}) smtp,md5,smime -> do_it", asked, world)
    ).action == action
