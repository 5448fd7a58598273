"""any(), none() and every(): what was meant where `!` stands before a set of addresses."""

import pytest

from tests.scenarios.world import World, answer, person, request

ALL = "smtp,dkim,md5,smime"
GOOGLE, CAMPUS = "a@google.com", "b@univ.fr"
SETS = {"g": (GOOGLE,), "u": (CAMPUS,), "gu": (GOOGLE, CAMPUS), "ug": (CAMPUS, GOOGLE), "nobody": ()}
TERM = r"match([user->email],/google\.com/)"

# condition; whether it holds for: google only, campus only, both, both the other way round, nobody
TABLE = [
    (TERM, "g gu ug"),
    (f"!{TERM}", "u gu ug nobody"),
    (f"any({TERM})", "g gu ug"),
    (f"any(!{TERM})", "u gu ug"),
    (f"none({TERM})", "u nobody"),
    (f"none(!{TERM})", "g nobody"),
    (f"every({TERM})", "g"),
    (f"every(!{TERM})", "u"),
    (f"!any({TERM})", "u nobody"),
    (f"!none({TERM})", "g gu ug"),
    (f"!every({TERM})", "u gu ug nobody"),
    ("any(equal([domain],'lists.example.org'))", "g u gu ug nobody"),
    ("every(equal([domain],'lists.example.org'))", "g u gu ug nobody"),
    ("none(equal([domain],'lists.example.org'))", ""),
    ("!none(equal([domain],'lists.example.org'))", "g u gu ug nobody"),
]


@pytest.mark.parametrize("who", SETS)
@pytest.mark.parametrize(("condition", "holds_for"), TABLE)
async def test_row_128_each_quantifier_has_its_truth_table(condition: str, holds_for: str, who: str) -> None:
    addresses = SETS[who]
    sender = addresses[0] if addresses else "nobody"
    asked = request(sender, identities=person(*addresses))
    decision = await answer(f"{condition} {ALL} -> do_it", asked)
    assert (decision.action == "do_it") is (who in holds_for.split())


async def test_row_121_every_is_as_strong_as_the_weakest_address() -> None:
    asked = request(GOOGLE, "smime", identities=(*person(GOOGLE), *person("b@google.com", strength="dkim")))
    assert (await answer(f"every({TERM}) smime,md5 -> do_it", asked)).action == "reject"
    decision = await answer(f"every({TERM}) dkim -> do_it", asked)
    assert (decision.action, decision.method, decision.element) == ("do_it", "dkim", None)


async def test_row_121_any_is_as_strong_as_the_address_that_made_it_true() -> None:
    asked = request(CAMPUS, "smime", identities=(*person(CAMPUS), *person(GOOGLE, strength="dkim")))
    assert (await answer(f"any({TERM}) smime -> do_it", asked)).action == "reject"
    decision = await answer(f"any({TERM}) dkim -> do_it", asked)
    assert (decision.method, decision.strength, decision.element) == ("dkim", "dkim", GOOGLE)


@pytest.mark.parametrize("condition", ["any", "none", "every"])
async def test_row_128_an_error_at_one_address_refuses_every_quantifier(condition: str) -> None:
    asked = request(GOOGLE, identities=person(GOOGLE, CAMPUS))
    world = World(broken=frozenset({GOOGLE}))
    decision = await answer(f"{condition}(is_owner([listname],[user->email])) {ALL} -> do_it", asked, world)
    assert (decision.action, decision.reason) == ("reject", "error-performing-condition")


async def test_row_123_the_strict_form_looks_at_the_presented_address_only() -> None:
    asked = request(CAMPUS, identities=person(CAMPUS, GOOGLE), records={"user": {"primary_email": GOOGLE}})
    for who, action in (("main_email", "reject"), ("primary_email", "do_it"), ("email", "do_it")):
        decision = await answer(rf"match([user->{who}],/google\.com/) {ALL} -> do_it", asked)
        assert decision.action == action
