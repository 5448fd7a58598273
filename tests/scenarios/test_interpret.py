"""What the rules mean: order, methods, errors, and what holds before any rule."""

import pytest

from scenarios.decision import reject
from scenarios.grammar import parse_scenario
from scenarios.interpret import decide
from scenarios.request import Identity
from tests.scenarios.world import LIST, World, answer, person, request

ALL = "smtp,dkim,md5,smime"
NOBODIES = frozenset({"nobody"})


async def test_the_first_rule_that_applies_speaks() -> None:
    text = f"equal([sender],'b@x') {ALL} -> do_it\nall() {ALL} -> editorkey,quiet\ntrue() {ALL} -> do_it"
    decision = await answer(text, request())
    assert (decision.action, decision.quiet, decision.line, decision.condition) == (
        "editorkey",
        True,
        2,
        "all()",
    )
    assert (decision.operation, decision.scenario, decision.method) == ("send", "trial", "md5")
    assert len(decision.text_hash) == 64


async def test_no_rule_means_no() -> None:
    for text in ("", "true() smtp -> do_it"):
        decision = await answer(text, request())
        assert (decision.action, decision.reason, decision.line) == ("reject", "no-rule-match", None)


@pytest.mark.parametrize("written", ["smtp", "dkim", "md5", "smime"])
@pytest.mark.parametrize("used", ["smtp", "dkim", "md5", "smime"])
async def test_methods_are_a_set_and_not_a_minimum(written: str, used: str) -> None:
    decision = await answer(f"true() {written} -> do_it", request(method=used))
    assert (decision.action == "do_it") is (written == used)


@pytest.mark.parametrize("method", ["pgp", "", "password"])
async def test_an_unknown_method_is_refused(method: str) -> None:
    decision = await answer(f"true() {ALL},pgp -> do_it", request(method=method))
    assert (decision.action, decision.reason) == ("reject", "unknown-auth-method")


@pytest.mark.parametrize(
    ("operation", "status", "action"),
    [
        ("send", "open", "do_it"),
        ("send", "closed", "reject"),
        ("visibility", "pending", "reject"),
        ("review", "closed", "do_it"),
    ],
)
async def test_a_list_that_is_not_open_neither_distributes_nor_shows_itself(
    operation: str, status: str, action: str
) -> None:
    decision = await answer(f"true() {ALL} -> do_it", request(operation=operation, list_status=status))
    assert decision.action == action
    assert (decision.reason == "list-no-open") is (action == "reject")


@pytest.mark.parametrize(
    ("operation", "action", "allowed"),
    [
        ("send", "editorkey", True),
        ("subscribe", "editorkey", False),
        ("subscribe", "owner", True),
        ("send", "owner", False),
        ("info", "request_auth", False),
        ("create_list", "listmaster", True),
        ("add", "listmaster", False),
        ("archive.web_access", "do_it", True),
        ("no_such_operation", "do_it", False),
        ("no_such_operation", "reject", True),
    ],
)
async def test_an_action_the_operation_cannot_carry_out_is_a_refusal(
    operation: str, action: str, allowed: bool
) -> None:
    decision = await answer(f"true() {ALL} -> {action}", request(operation=operation))
    assert decision.action == (action if allowed else "reject")
    assert (decision.reason == "action-not-permitted") is not allowed
    assert decision.line == 1


async def test_an_include_that_nobody_expanded_closes_the_scenario() -> None:
    decision = await answer(f"true() {ALL} -> do_it\ninclude more", request())
    assert (decision.action, decision.reason) == ("reject", "include-not-expanded")


# term, its value in the world below (None: undefined or failing), by 4.8.6 and decision 7.1
NEGATION = [
    ("true()", True),
    ("equal([sender],'A@EXAMPLE.ORG')", True),
    ("equal([sender],[email])", True),
    ("equal([nothing],'')", True),
    ("equal([sender],'b@example.org')", False),
    ("equal([msg_header->To],'second')", True),
    ("equal([msg_header->to][-1],'second')", True),
    ("equal([msg_header->To][0],'second')", False),
    ("equal([msg_header->To][7],'')", True),
    ("equal([msg_header->Cc][-1],'')", True),
    ("match([msg_header->To],/^SEC/)", True),
    ("match([sender],//)", False),
    ("match([broken_bytes],/a.b/)", True),
    ("match([address],/@[domain]$/)", True),
    ("match([similar],/@[host]$/)", False),
    ("is_subscriber([listname],[sender])", True),
    ("is_subscriber(other,[sender])", False),
    ("is_subscriber([listname],'Ann <a@example.org>')", True),
    ("is_owner([listname],[sender])", False),
    ("is_listmaster([empty])", False),
    ("is_listmaster('nobody')", False),
    ("equal([subscriber->reception],'')", True),
    ("equal([conf->unknown],'x')", None),
    ("equal([list->subject],'x')", None),
    ("match([msg_body],/x/)", None),
    ("is_owner([listname],'broken@example.org')", None),
    ("is_subscriber([listname],[conf->unknown])", None),
    ("match([sender],/x{1[domain]}/)", False),
]


@pytest.mark.parametrize("negated", [False, True])
@pytest.mark.parametrize(("term", "value"), NEGATION)
async def test_negation_turns_true_and_false_round_and_never_an_error(
    term: str, value: bool | None, negated: bool
) -> None:
    asked = request(
        variables={
            "broken_bytes": "a\udcffb",
            "address": "x@lists.example.org",
            "similar": "x@listsXexample.org",
        },
        records={"msg_header": {"To": ("first", "second")}},
    )
    world = World(subscribers=frozenset({"a@example.org"}), broken=frozenset({"broken@example.org"}))
    decision = await answer(f"{'!' if negated else ''}{term} {ALL} -> do_it", asked, world)
    if value is None:
        assert (decision.action, decision.reason, decision.line) == (
            "reject",
            "error-performing-condition",
            1,
        )
        assert decision.error in {"UndefinedValue", "Outage"}
    else:
        assert decision.action == ("do_it" if value is not negated else "reject")
        assert decision.reason in {None, "no-rule-match"}
        assert decision.error is None


async def test_an_error_in_a_rule_for_another_method_is_never_reached() -> None:
    decision = await answer(f"equal([conf->unknown],x) smtp -> reject\ntrue() {ALL} -> do_it", request())
    assert decision.action == "do_it"


@pytest.mark.parametrize("term", ["is_subscriber", "is_owner", "is_editor"])
async def test_nobody_has_no_role(term: str) -> None:
    world = World(NOBODIES, NOBODIES, NOBODIES, NOBODIES)
    for who in ("[sender]", "[user->email]", "[user->main_email]"):
        decision = await answer(f"{term}([listname],{who}) {ALL} -> do_it", request("nobody"), world)
        assert decision.action == "reject"
        decision = await answer(f"is_listmaster({who}) {ALL} -> do_it", request("nobody"), world)
        assert decision.action == "reject"
    assert world.asked == []


async def test_the_list_reference_reaches_the_facts_as_written() -> None:
    world = World()
    text = f"is_subscriber([listname],[sender]) {ALL} -> do_it\nis_owner('x@other.example',[sender]) {ALL} -> do_it"
    await answer(text, request(), world)
    assert world.asked == [
        ("subscriber", LIST, "a@example.org"),
        ("owner", "x@other.example", "a@example.org"),
    ]


async def test_a_list_of_addresses_is_asked_about_one_by_one_until_a_hit() -> None:
    world = World(owners=frozenset({"b@x.org"}))
    asked = request(records={"msg_header": {"From": ("A <a@x.org>, nobody, b@x.org", "c@x.org")}})
    decision = await answer(f"is_owner([listname],[msg_header->From]) {ALL} -> do_it", asked, world)
    assert decision.action == "do_it"
    assert [address for _, _, address in world.asked] == ["a@x.org", "b@x.org"]


async def test_a_pattern_that_would_run_away_elsewhere_takes_no_time() -> None:
    asked = request(variables={"subject": "a" * 50_000 + "!"})
    decision = await answer(f"match([subject],/^(a+)+$/) {ALL} -> do_it", asked)
    assert decision.reason == "no-rule-match"


def test_an_identity_has_a_known_strength() -> None:
    with pytest.raises(ValueError, match="pgp"):
        Identity("a@example.org", "pgp")


async def test_nothing_else_decides_for_a_request_that_a_scenario_does_not_fit() -> None:
    scenario = parse_scenario(f"true() {ALL} -> editorkey", operation="send", name="held")
    decision = await decide(scenario, request(operation="info", identities=person("a@example.org")), World())
    assert (decision.action, decision.reason) == ("reject", "action-not-permitted")


def test_a_closed_default_is_a_refusal_with_its_reason() -> None:
    decision = reject("send", "no-such-scenario")
    assert (decision.action, decision.operation, decision.reason) == ("reject", "send", "no-such-scenario")
    assert (decision.line, decision.quiet, decision.notify) == (None, False, False)
