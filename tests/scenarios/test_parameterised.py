"""Policies with parameters let through whom their parameters name, and nothing written in a parameter becomes a rule."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.cache import compiled
from scenarios.decision import Decision
from scenarios.dialect import Dialect
from scenarios.grammar import parse_scenario
from scenarios.interpret import decide
from scenarios.library import is_name, shipped_text
from scenarios.operations import OPERATIONS, permitted_actions
from scenarios.parameterised import (
    LONGEST_NAME,
    MOST_PARAMETERS,
    BadParameters,
    is_parameterised,
    parameterised_text,
)
from scenarios.policy_shapes import SHAPES
from tests.scenarios.world import World, person, request

LANGUAGES = {"default", "fr", "de", "es"}
FORMS = {
    "domains": "domains(univ.example,*.univ.example)",
    "addresses": "addresses(o'neill@univ.example,a#b@univ.example)",
    "lists": "lists(staff,students@other.example)",
    "ips": "ips(10.0.0.0/8,2001:db8::/32)",
}
EVERY = [
    (operation, form)
    for operation in SHAPES
    for form in FORMS
    if is_name(operation, FORMS[form])
]  # fmt: skip
CROWD = World(
    subscribers=frozenset({"member@x.example"}),
    editors=frozenset({"editor@x.example"}),
    owners=frozenset({"owner@x.example"}),
    listmasters=frozenset({"master@x.example"}),
)


async def asked(
    operation: str, name: str, sender: str, method: str = "md5", email: str | None = None, *alternates: str
) -> Decision:
    text = parameterised_text(operation, name)
    question = request(
        sender, method, operation=operation, email=email, identities=person(sender, *alternates)
    )
    return await decide(compiled(text, operation=operation, name=name), question, CROWD)


async def verdict(operation: str, name: str, *rest: str) -> str:
    return (await asked(operation, name, *rest)).action


@pytest.mark.parametrize(("operation", "form"), EVERY)
def test_each_form_makes_a_sound_text_with_titles_in_every_language(operation: str, form: str) -> None:
    text = parameterised_text(operation, FORMS[form])
    scenario = parse_scenario(text, operation=operation, name=form)
    assert scenario.titles.keys() == LANGUAGES
    assert {rule.action.base for rule in scenario.rules} <= permitted_actions(operation)
    assert scenario.rules[-1].condition.text == "true()"
    assert shipped_text(operation, FORMS[form]) == text


def test_the_common_operations_take_the_common_forms() -> None:
    wanted = set(OPERATIONS) - {"automatic_list_creation", "del", "family_signoff", "global_remind"}
    assert set(SHAPES) == wanted - {"move_user", "remind", "spam_status", "stats", "unsubscribe"}
    assert {operation for operation, form in EVERY if form == "domains"} == set(SHAPES)
    assert not is_name("send", "ips(10.0.0.0/8)")
    assert not is_name("spam_status", "domains(univ.example)")
    assert is_name("web_archive.access", "domains(univ.example)")


@pytest.mark.parametrize(
    ("sender", "expected"),
    [
        ("a@univ.example", "do_it"),
        ("A@UNIV.Example", "do_it"),
        ("a@sub.univ.example", "reject"),
        ("a@xuniv.example", "reject"),
        ("a@univxexample", "reject"),
        ("a@univ.example.org", "reject"),
        ("univ.example@evil.example", "reject"),
        ("nobody", "reject"),
        ("member@x.example", "do_it"),
        ("owner@x.example", "do_it"),
    ],
)
async def test_a_domain_is_that_domain_and_no_other(sender: str, expected: str) -> None:
    assert await verdict("visibility", "domains(univ.example)", sender) == expected


async def test_a_star_stands_for_what_lies_below() -> None:
    name = "domains(*.univ.example)"
    assert await verdict("send", name, "a@sub.univ.example") == "do_it"
    assert await verdict("send", name, "a@deep.sub.univ.example") == "do_it"
    assert await verdict("send", name, "a@univ.example") == "reject"
    assert await verdict("send", name, '"a@b.univ.example"@evil.example') == "reject"


async def test_a_domain_may_be_written_in_letters_of_its_own() -> None:
    assert await verdict("send", "domains(Université.example)", "a@xn--universit-j4a.example") == "do_it"


async def test_an_alternate_in_the_domain_is_enough() -> None:
    name = "domains(univ.example)"
    assert (
        await verdict("send", name, "me@home.example", "md5", "me@home.example", "me@univ.example") == "do_it"
    )


async def test_an_address_is_the_whole_address() -> None:
    name = "addresses(a.b+c@univ.example, o'neill@univ.example, x#y@univ.example)"
    for address in ("a.b+c@univ.example", "O'Neill@univ.example", "x#y@univ.example"):
        assert await verdict("send", name, address) == "do_it"
    for address in ("axb+c@univ.example", "a.bbc@univ.example", "xa.b+c@univ.example", "x@univ.example"):
        assert await verdict("send", name, address) == "reject"


async def test_the_subscribers_of_another_list_are_let_through() -> None:
    name = "lists(talk)"
    assert await verdict("send", name, "member@x.example") == "do_it"
    assert (await asked("send", name, "stranger@x.example")).reason == "lists_only"
    assert await verdict("send", "lists(other)", "member@x.example") == "reject"


async def test_only_addresses_of_the_domain_can_be_subscribed_and_each_is_proved() -> None:
    name = "domains(univ.example)"
    assert await verdict("subscribe", name, "a@univ.example") == "do_it"
    assert await verdict("subscribe", name, "a@univ.example", "smtp") == "request_auth"
    assert await verdict("subscribe", name, "a@univ.example", "md5", "b@univ.example") == "request_auth"
    assert await verdict("subscribe", name, "a@univ.example", "md5", "a@home.example") == "reject"
    # a colleague's right does not make an outsider's address one of the domain
    mine = ("md5", "me@home.example", "me@univ.example")
    assert await verdict("subscribe", name, "me@univ.example", *mine) == "reject"


async def test_only_oneself_can_be_subscribed_as_a_subscriber_of_another_list() -> None:
    name = "lists(talk)"
    assert await verdict("subscribe", name, "member@x.example") == "do_it"
    assert await verdict("subscribe", name, "member@x.example", "smtp") == "request_auth"
    assert (
        await asked("subscribe", name, "a@x.example", "md5", "member@x.example")
    ).reason == "subscribe_self"
    assert await verdict("subscribe", name, "stranger@x.example") == "reject"


async def test_mail_of_the_circle_is_confirmed_before_it_adds_or_creates() -> None:
    assert await verdict("add", "domains(univ.example)", "a@univ.example", "smtp") == "request_auth"
    assert await verdict("add", "domains(univ.example)", "a@univ.example") == "do_it"
    assert await verdict("create_list", "domains(univ.example)", "a@univ.example", "smtp") == "reject"
    assert await verdict("create_list", "domains(univ.example)", "a@univ.example") == "do_it"


BAD = [
    "domains()",
    "domains",
    "domains(univ.example",
    "domains(univ.example)x",
    "domains(univ.example))",
    "domains(univ.example,)",
    "domains(.*)",
    "domains(*)",
    "domains(*.*.example)",
    "domains(univ.example') smtp -> do_it)",
    "domains(univ.example/) smtp -> do_it\ntrue()",
    "domains(univ.example\ntrue() smtp -> do_it)",
    "domains(a\nb)",
    "domains(a|b)",
    "domains(a#b)",
    "domains([sender])",
    "domains(\u202euniv.example)",
    "domains(univ\u2028example)",
    "domains(10.0.0.1)",
    "addresses(univ.example)",
    "addresses(a@b@c)",
    "addresses(a b@univ.example)",
    "addresses(a\n@univ.example)",
    "lists([listname])",
    "lists(x'),true() -> do_it)",
    "lists(staff@)",
    "lists(a b)",
    "lists(../x)",
    "ips(10.0.0.1/8)",
    "ips(any)",
    "ips(10.0.0.0:255.0.0.0)",
    "ips(10.0.0.0/33)",
    "people(a)",
    "(a)",
    "domains(" + ",".join(f"d{n}.example" for n in range(MOST_PARAMETERS + 1)) + ")",
    "addresses(" + ",".join("a" * 60 + f"{n}@univ.example" for n in range(40)) + ")",
]


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_parameter_is_refused_in_a_sentence(name: str) -> None:
    with pytest.raises(BadParameters) as refused:
        parameterised_text("visibility", name)
    assert refused.value.code == "SCENARIO_PARAMETERS"
    assert re.fullmatch(r"\S.*\.", str(refused.value))
    assert str(refused.value).isprintable()
    assert not is_name("visibility", name)
    assert shipped_text("visibility", name) is None


def test_an_operation_without_such_policies_says_so() -> None:
    with pytest.raises(BadParameters, match="The operation unsubscribe takes no policy of the form domains"):
        parameterised_text("unsubscribe", "domains(univ.example)")


@given(
    st.sampled_from(sorted(SHAPES)),
    st.sampled_from(sorted(FORMS)),
    st.lists(
        st.one_of(
            st.text(max_size=30),
            st.text(alphabet="a.@*'\"\\/()[]{}|$^#,\n !>-é", max_size=30),
            st.from_regex(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,9}@[a-z]{1,5}\.example", fullmatch=True),
        ),
        min_size=1,
        max_size=3,
    ),
)
@settings(max_examples=300, deadline=None)
def test_whatever_is_written_there_the_rules_keep_their_shape(
    operation: str, form: str, parameters: list[str]
) -> None:
    name = f"{form}({','.join(parameters)})"
    assert is_parameterised(name)
    for dialect in Dialect:
        text = shipped_text(operation, name, dialect=dialect)
        if text is None:
            continue
        scenario = parse_scenario(text, operation=operation, name="trial")
        sample = parse_scenario(
            parameterised_text(operation, FORMS[form]), operation=operation, name="sample"
        )
        assert scenario.titles.keys() == LANGUAGES
        assert scenario.includes == ()
        assert "include" not in text or form == "lists"
        assert {rule.action for rule in scenario.rules} == {rule.action for rule in sample.rules}
        assert {rule.condition.term for rule in scenario.rules} == {
            rule.condition.term for rule in sample.rules
        }
        assert len(text.splitlines()) == 5 + len(scenario.rules)


@given(st.from_regex(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,9}(\.[a-z]{1,3})?@[a-z]{1,5}\.example", fullmatch=True))
@settings(max_examples=100, deadline=None)
async def test_any_address_lets_exactly_itself_through(address: str) -> None:
    name = f"addresses({address})"
    assert await verdict("send", name, address) == "do_it"
    assert await verdict("send", name, "x" + address) == "reject"
    assert await verdict("send", name, address + "x") == "reject"


def test_the_longest_name_still_makes_a_text_that_compiles() -> None:
    address = "😀" * 15 + "@a.example"
    name = "addresses(" + ",".join(f"{n}{address}" for n in range(64)) + ")"
    assert len(name) <= LONGEST_NAME
    parse_scenario(parameterised_text("add", name), operation="add", name="long")
