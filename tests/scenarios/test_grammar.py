"""What can be written in a scenario, and where exactly the rest is refused."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.errors import MalformedScenario
from scenarios.evaluate import EVALUATORS
from scenarios.grammar import LONGEST_TEXT, Condition, Pattern, Scenario, Text, Variable, parse_scenario
from scenarios.terms import QUANTIFIERS, SIGNATURES


def parsed(text: str) -> Scenario:
    return parse_scenario(text, operation="send", name="trial")


def condition(text: str) -> Condition:
    return parsed(f"{text} smtp -> do_it").rules[0].condition


MALFORMED = [
    ("true() smtp do_it", 1, 13, "commas"),
    ("\ntrue() smtp", 2, 12, "->"),
    ("true() smtp => do_it", 1, 13, "->"),
    ("true()-> do_it", 1, 7, "space"),
    ("true()smtp -> do_it", 1, 7, "space"),
    ("true() ssmtp -> do_it", 1, 8, "not a method"),
    ("true() smtp,SMTP -> do_it", 1, 13, "not a method"),
    ("true smtp -> do_it", 1, 6, "parentheses"),
    ("true( smtp -> do_it", 1, 12, "comma"),
    ("true(1) smtp -> do_it", 1, 6, "0 argument"),
    ("# first\r\n\r\nequal([sender]) smtp -> do_it", 3, 7, "2 argument"),
    ("is_subscriber([listname],[sender],1) smtp -> do_it", 1, 35, "2 argument"),
    ("search(a.txt,[sender],1) smtp -> do_it", 1, 23, "1 to 2 argument"),
    ("is_member([listname],[sender]) smtp -> do_it", 1, 1, "no term is_member"),
    ("!!true() smtp -> do_it", 1, 2, "a term"),
    ("true() and true() smtp -> do_it", 1, 8, "not a method"),
    ("equal(,x) smtp -> do_it", 1, 7, "an argument"),
    ("equal([sender],) smtp -> do_it", 1, 16, "an argument"),
    ("equal([sender] x) smtp -> do_it", 1, 16, "comma"),
    ("equal([sender,x) smtp -> do_it", 1, 7, "a variable"),
    ("equal([usr->email],x) smtp -> do_it", 1, 7, "no record"),
    ("equal([user->email][0],x) smtp -> do_it", 1, 20, "no index"),
    ("equal([msg_header->From][one],x) smtp -> do_it", 1, 25, "whole number"),
    ("equal([sender],'x) smtp -> do_it", 1, 16, "closing quote"),
    ("equal([sender],'a,b') smtp -> do_it", 1, 16, "comma"),
    ("equal([sender],'a)') smtp -> do_it", 1, 16, "parenthesis"),
    ("equal([sender],/x/) smtp -> do_it", 1, 16, "or a text"),
    ("match([sender],'x') smtp -> do_it", 1, 16, "regular expression"),
    ("match([sender],/x) smtp -> do_it", 1, 16, "closing /"),
    ("match([sender],/a(b/) smtp -> do_it", 1, 16, "does not compile"),
    ("match([sender],/(?=a)b/) smtp -> do_it", 1, 16, "does not compile"),
    (r"match([sender],/(a)\1/) smtp -> do_it", 1, 16, "does not compile"),
    ("match([sender],/a#b/) smtp -> do_it", 1, 16, "closing /"),
    ("true() smtp md5 -> do_it", 1, 13, "commas"),
    ("equal([sender],a@x.org) smtp -> do_it", 1, 17, "quotes"),
    ("verify_netmask(10.0.0.0/8) smtp -> do_it", 1, 24, "quotes"),
    ("verify_netmask('10.0.0.1/8') smtp -> do_it", 1, 16, "192.0.2.0/24"),
    ("equal([sender],'a [domain]') smtp -> do_it", 1, 16, "stands alone"),
    ("equal('x',[msg_header->From]) smtp -> do_it", 1, 11, "one value"),
    ("equal([list->owner],'x') smtp -> do_it", 1, 7, "no setting owner"),
    ("match([sender],/it's/) smtp -> do_it", 1, 16, "x27"),
    (r"match([sender],/a\\d/) smtp -> do_it", 1, 16, "x5c"),
    ("two # words", 1, 1, "no term"),
    ("\ufefftrue() smtp -> do_it", 1, 1, "a term"),
    ("search('blocklist',[sender]) smtp -> do_it", 1, 8, ".txt"),
    ("true() smtp -> ", 1, 15, "an action"),
    ("true() smtp -> dispatch", 1, 16, "an action"),
    ("true() smtp -> do_it now", 1, 22, "nothing may follow"),
    ("true() smtp -> do_it,loud", 1, 22, "notify or quiet"),
    ("true() smtp -> do_it('x')", 1, 21, "no parameters"),
    ("true() smtp -> request_auth([sender])", 1, 29, "[email]"),
    ("true() smtp -> reject(why='x')", 1, 23, "reason="),
    ("true() smtp -> reject(reason=)", 1, 23, "reason="),
    ("true() smtp -> reject(reason='../x')", 1, 23, "reason="),
    ("two words", 1, 1, "no term two()"),
    ("include one two", 1, 1, "no term include()"),
    ("any(every(true())) smtp -> do_it", 1, 5, "cannot stand here"),
    ("true() smtp -> do_it\ntrue() smtp -> \ud800", 2, 16, "Unicode"),
    ("true() smtp -> do_it\x0b\ntrue)", 2, 5, "parentheses"),
]


@pytest.mark.parametrize(("text", "line", "column", "told"), MALFORMED)
def test_a_mistake_is_refused_with_its_line_and_column(text: str, line: int, column: int, told: str) -> None:
    with pytest.raises(MalformedScenario) as caught:
        parsed(text)
    assert (caught.value.line, caught.value.column) == (line, column), caught.value.reason
    assert told in caught.value.reason
    assert caught.value.code == "SCENARIO_MALFORMED"


def test_the_reserved_word_has_no_meaning() -> None:
    with pytest.raises(MalformedScenario, match="reserved") as caught:
        parsed("true() smtp -> reject\n!message() smtp -> do_it")
    assert (caught.value.line, caught.value.column) == (2, 2)


def test_a_custom_condition_is_named_after_its_plug_in_and_takes_any_arguments() -> None:
    read = condition("customCondition::Our::Check(1,[sender],/x/)")
    assert read.term == "customcondition::Our::Check"
    assert read.args == (Text("1"), Variable(None, "sender"), Pattern("x"))


def test_every_term_with_a_signature_can_be_evaluated() -> None:
    assert set(SIGNATURES) - QUANTIFIERS <= set(EVALUATORS)


def test_a_rule_without_methods_holds_for_smtp_only() -> None:
    assert parsed("true() -> do_it").rules[0].methods == {"smtp"}


def test_methods_are_separated_by_commas() -> None:
    assert parsed("true() smtp, md5 ,smime,dkim , pgp, -> do_it").rules[0].methods == {
        "smtp", "md5", "smime", "dkim", "pgp",
    }  # fmt: skip


def test_term_names_ignore_letter_case() -> None:
    assert condition("! Is_Listmaster ( [sender]  )") == Condition(
        True, "is_listmaster", (Variable(None, "sender"),), "! Is_Listmaster ( [sender]  )"
    )


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("[sender]", Variable(None, "sender")),
        ("[host]", Variable(None, "domain")),
        ("[user->email]", Variable("user", "email")),
        ("[custom_vars->a.b-c]", Variable("custom_vars", "a.b-c")),
        ("[msg_header->X-Spam][-1]", Variable("msg_header", "X-Spam", -1)),
        ("[header->Subject][0]", Variable("msg_header", "Subject", 0)),
        ("'two words'", Text("two words")),
        ('"it is"', Text("it is")),
        ("''", Text("")),
        ("bare-word.example_1", Text("bare-word.example_1")),
        ("'[sender]'", Variable(None, "sender")),
        ("[conf->host]", Variable("conf", "domain")),
    ],
)
def test_arguments_are_variables_or_texts(written: str, read: Variable | Text) -> None:
    assert condition(f"equal({written},x)").args[0] == read


def test_a_pattern_may_hold_commas_parentheses_arrows_and_escaped_slashes() -> None:
    assert condition(r"match([sender],/^(a|b){1,2}->\/\d/)").args[1] == Pattern(r"^(a|b){1,2}->/\d")


@pytest.mark.parametrize(
    ("written", "base", "argument", "reason", "template", "quiet", "notify"),
    [
        ("do_it", "do_it", None, None, None, False, False),
        ("do_it,notify,quiet", "do_it", None, None, None, True, True),
        ("do_it , notify", "do_it", None, None, None, False, True),
        ("reject", "reject", None, None, None, False, False),
        ("reject()", "reject", None, None, None, False, False),
        ("reject,quiet", "reject", None, None, None, True, False),
        ("reject(reason='send_closed')", "reject", None, "send_closed", None, False, False),
        ('reject(tt2="sorry"),quiet', "reject", None, None, "sorry", True, False),
        ("reject('sorry')", "reject", None, None, "sorry", False, False),
        ("reject(reason=why, tt2='sorry')", "reject", None, "why", "sorry", False, False),
        ("request_auth([email])", "request_auth", "[email]", None, None, False, False),
        ("request_auth", "request_auth", None, None, None, False, False),
        ("editorkey,quiet", "editorkey", None, None, None, True, False),
    ],
)
def test_actions_carry_their_parameters_and_modifiers(
    written: str,
    base: str,
    argument: str | None,
    reason: str | None,
    template: str | None,
    quiet: bool,
    notify: bool,
) -> None:
    action = parsed(f"true() smtp -> {written}").rules[0].action
    assert (action.base, action.argument, action.reason, action.template, action.quiet, action.notify) == (
        base, argument, reason, template, quiet, notify,
    )  # fmt: skip


def test_comments_blank_lines_and_lone_words_say_nothing() -> None:
    scenario = parsed("# a title\n\nsend\n\t\nTrue() smtp -> do_it # and so on\r# end")
    assert [(rule.line, rule.source) for rule in scenario.rules] == [(5, "True() smtp -> do_it")]


def test_titles_are_chosen_by_language_then_catalogue_then_default_then_name() -> None:
    scenario = parsed("title Open\ntitle.fr Ouvert\ntitle.pt_BR Aberto\n")
    assert [scenario.title(tag) for tag in ("fr", "fr-CA", "pt-BR", "de")] == [
        "Ouvert",
        "Ouvert",
        "Aberto",
        "Open",
    ]
    assert parsed("title.gettext open\ntitle Open").title("de") == "open"
    assert parsed("true() -> do_it").title("de") == "trial"


def test_include_lines_are_recognised_only_as_a_whole_line() -> None:
    scenario = parsed(
        "true() md5 -> do_it\ninclude one\ninclude('two.header')\nmatch([msg_header->X-include],/x/) -> reject"
    )
    assert [(one.line, one.name, one.before) for one in scenario.includes] == [
        (2, "one", 1),
        (3, "two.header", 1),
    ]
    assert [rule.line for rule in scenario.rules] == [1, 4]


def test_a_policy_that_lets_nobody_through_can_be_told() -> None:
    assert parsed("true() smtp -> reject\nall() md5 -> reject,quiet").purely_closed
    assert not parsed("!true() smtp -> reject").purely_closed
    assert not parsed("true() smtp -> do_it").purely_closed


def test_the_hash_is_that_of_the_text() -> None:
    text = "title é\ntrue() -> do_it"
    assert parsed(text).text_hash == hashlib.sha256(text.encode()).hexdigest()


def test_an_endless_text_is_refused() -> None:
    with pytest.raises(MalformedScenario):
        parsed("#" * (LONGEST_TEXT + 1))


WORDS = "true() all() ! equal( match( is_owner( any( [ ] -> , ' / ( ) # title title.fr include smtp md5 do_it reject"
MORE = "request_auth([email]) [user->email] [listname] quiet reason= (a|b)+ {1000} x{2,}"
PIECES = st.sampled_from([*WORDS.split(), *MORE.split(), '"', "\\", "\n", "\r", " ", "\ud800"])


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.text(max_size=80), st.lists(PIECES, max_size=14).map(" ".join), st.lists(PIECES).map("".join)
    )
)
def test_any_text_is_either_read_or_refused(text: str) -> None:
    try:
        lines = [rule.line for rule in parsed(text).rules]
    except MalformedScenario as refused:
        lines = [refused.line]
    assert all(1 <= line <= text.count("\n") + text.count("\r") + 1 for line in lines)
