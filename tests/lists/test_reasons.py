"""Each reason that a decision can have is told in a sentence, in every language."""

import pytest

from lists.reasons import LANGUAGES, sentence, sentences
from scenarios.decision import reject
from scenarios.grammar import parse_scenario
from scenarios.library import shipped_names, shipped_text
from scenarios.operations import OPERATIONS
from scenarios.parameterised import parameterised_text
from scenarios.policy_shapes import SHAPES
from scenarios.syntax import Scenario

# What the interpreter, and whoever asks it, says where no rule speaks.
WITHOUT_A_RULE = {
    "action-not-permitted",
    "application-operation",
    "error-performing-condition",
    "include-not-expanded",
    "list-no-open",
    "no-rule-match",
    "scenario-malformed",
    "scenario-missing",
    "token-scope",
    "unknown-action",
    "unknown-auth-method",
}
ONE_OF_EACH_FORM = ("domains(x.example)", "addresses(a@x.example)", "lists(staff)", "ips(10.0.0.0/8)")


def reasons_of(scenario: Scenario) -> set[str]:
    return {word for rule in scenario.rules for word in (rule.action.reason, rule.action.template) if word}


def given_reasons() -> set[str]:
    found = set(WITHOUT_A_RULE)
    for operation in OPERATIONS:
        for name in shipped_names(operation):
            text = shipped_text(operation, name)
            assert text is not None
            found |= reasons_of(parse_scenario(text, operation=operation, name=name))
    for operation in SHAPES:
        for name in ONE_OF_EACH_FORM:
            text = shipped_text(operation, name)
            if text is not None:
                found |= reasons_of(parse_scenario(text, operation=operation, name=name))
    return found


def test_every_reason_has_a_sentence_in_every_language() -> None:
    given = given_reasons()
    assert len(given) > 50
    for language in LANGUAGES:
        assert given - sentences(language).keys() == set()


def test_no_language_lacks_what_another_has_and_none_leaves_english_standing() -> None:
    english = sentences("en")
    for language in LANGUAGES[1:]:
        assert sentences(language).keys() == english.keys()
        assert [key for key, told in sentences(language).items() if told == english[key]] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_is_one_that_ends(language: str) -> None:
    for told in sentences(language).values():
        assert told.endswith(".")
        assert told[0].isupper()
        assert told.isprintable()


@pytest.mark.parametrize(
    ("language", "begins"),
    [
        ("en", "Only subscribers may write"),
        ("fr", "Seuls les abonnés peuvent écrire"),
        ("de-AT", "An diese Liste dürfen nur Abonnenten"),
        ("es_MX", "Solo los suscriptores"),
        ("FR", "Seuls les abonnés"),
        ("tlh", "Only subscribers may write"),
        ("", "Only subscribers may write"),
        ("../en", "Only subscribers may write"),
    ],
)
def test_a_refusal_is_told_in_the_nearest_language(language: str, begins: str) -> None:
    assert sentence(reject("send", "send_subscriber"), language).startswith(begins)


def test_a_reason_of_the_lists_own_is_shown_as_it_is() -> None:
    assert sentence(reject("send", "ask_the_dean"), "fr") == "ask_the_dean"


def test_a_refusal_without_a_reason_says_at_least_that_it_is_one() -> None:
    assert sentence(reject("send", "")) == sentence(reject("send", "no-rule-match"))


async def test_a_text_that_is_named_where_a_reason_is_meant_is_read_as_one() -> None:
    text = parameterised_text("send", "domains(x.example)").replace("reason='domains_only'", "'add_closed'")
    action = parse_scenario(text, operation="send", name="x").rules[-1].action
    assert (action.reason, action.template) == (None, "add_closed")
    assert action.template in sentences("en")
