"""The linter: what it says about a rule's mistakes, where it says it, and that it is silent about good texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.library import shipped_names, shipped_text
from scenarios.lint import Finding, findings
from scenarios.operations import OPERATIONS

TITLE = "title Trial\n"
END = "\ntrue() smtp,dkim,md5,smime -> reject\n"


def found(text: str, operation: str = "send", **more: object) -> list[Finding]:
    """The findings of a text that has a title."""
    return [*findings(TITLE + text, operation, "trial", **more)]  # type: ignore[arg-type]


def codes(text: str, operation: str = "send", **more: object) -> set[str]:
    """The kinds of findings of a rule that stands before a closing one."""
    return {each.code for each in found(text + END, operation, **more)} - {"purely-closed"}


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_no_shipped_text_has_an_error(operation: str) -> None:
    for name in shipped_names(operation):
        text = shipped_text(operation, name)
        assert text is not None
        wrong = [each for each in findings(text, operation, name) if each.level == "error"]
        assert wrong == [], f"{operation}.{name}"


def test_a_good_text_has_no_finding() -> None:
    good = """is_subscriber([listname],[user->email]) smtp,dkim,md5,smime -> do_it
is_editor([listname],[user->email]) smtp,dkim,md5,smime -> do_it
match([sender],/[@.]univ\\.example$/) smtp,dkim,md5,smime -> editorkey"""
    assert found(good + END) == []


def test_a_rule_after_an_unconditional_one_never_speaks() -> None:
    [only] = found("true() smtp,dkim,md5,smime -> do_it\nis_owner([listname],[sender]) smtp,md5 -> reject\n")
    assert (only.line, only.column, only.code, only.level) == (3, 1, "unreachable", "warning")
    assert "line 2" in only.sentence


def test_a_rule_that_speaks_for_some_of_its_methods_only_is_told() -> None:
    [only] = found(
        "true() smtp -> request_auth\nis_owner([listname],[sender]) smtp,dkim,md5,smime -> do_it\n"
    )
    assert (only.code, only.line) == ("partly-unreachable", 3)
    assert "smtp" in only.sentence


def test_the_same_rule_twice_and_the_same_condition_twice_are_told_apart() -> None:
    rule = "is_owner([listname],[sender]) smtp,dkim,md5,smime -> "
    assert "duplicate" in codes(f"{rule}do_it\n{rule}do_it")
    assert "unreachable" in codes(f"{rule}do_it\n{rule}reject")
    assert codes(f"{rule}do_it\n!{rule}editorkey") == set()


def test_rules_of_fragments_can_make_a_rule_unreachable() -> None:
    text = "include.closed\nis_owner([listname],[sender]) smtp,dkim,md5,smime -> do_it"
    text = text.replace("include.closed", "include closed")
    told = found(text, includes={"closed": "true() smtp,dkim,md5,smime -> reject"})
    assert [(each.code, each.line) for each in told] == [("unreachable", 3)]
    assert "include.closed" in told[0].sentence


def test_a_fragment_that_is_not_there_is_an_error_where_fragments_are_known() -> None:
    [only] = [each for each in found("include nothing" + END, includes={}) if each.level == "error"]
    assert (only.line, only.code) == (2, "include")
    assert [each for each in found("include nothing" + END) if each.level == "error"] == []


def test_row_128_a_negated_set_is_warned_of() -> None:
    rule = "!match([user->email],/@google\\.com$/) smtp,dkim,md5,smime -> editorkey"
    [only] = found(rule + END)
    assert (only.code, only.level, only.line, only.column) == ("negated-set", "warning", 2, 1)
    assert "none(" in only.sentence
    assert codes("none(match([user->email],/@google\\.com$/)) smtp,dkim,md5,smime -> editorkey") == set()


@pytest.mark.parametrize(
    "variable",
    [
        "[subscriber->gecos]",
        "[subscriber->visibility]",
        "[subscriber->reception]",
        "[subscriber->department]",
        "[user->gecos]",
        "[user->lang]",
        "[msg_header->X-Department]",
    ],
)
def test_row_64_what_people_write_about_themselves_proves_nothing(variable: str) -> None:
    assert codes(f"equal({variable},'staff') smtp,dkim,md5,smime -> do_it") == {"self-writable"}


def test_what_the_server_writes_may_be_asked() -> None:
    assert codes("newer([subscriber->date],2020y) smtp,dkim,md5,smime -> do_it") == set()
    assert codes("equal([user->primary_email],'a@b.example') smtp,dkim,md5,smime -> do_it") == set()
    assert codes("match([msg_header->Subject],/spam/) smtp,dkim,md5,smime -> reject") == set()


def test_a_method_that_no_rule_is_for_is_told_and_dkim_by_its_name() -> None:
    told = found("true() smtp,md5 -> do_it\n")
    assert {each.code for each in told} == {"dkim-forgotten", "missing-method"}
    assert {each.code for each in found("true() md5,smime -> do_it\n", "archive_web_access")} == set()


def test_seed_b_reversed_arguments_are_an_error_with_the_right_form() -> None:
    [only] = found("is_subscriber([user->email],[listname]) smtp,dkim,md5,smime -> do_it" + END)
    assert (only.code, only.level) == ("reversed-arguments", "error")
    assert "is_subscriber([listname],[user->email])" in only.sentence


def test_seed_b_methods_after_the_arrow_are_an_error_with_the_right_form() -> None:
    told = found("is_subscriber([user->email],[list]) ->smtp,md5,smime do_it")
    by_code = {each.code: each for each in told}
    assert set(by_code) == {"reversed-arrow", "reversed-arguments", "unknown-variable"}
    arrow = by_code["reversed-arrow"]
    assert (arrow.line, arrow.level) == (2, "error")
    assert "is_subscriber([user->email],[list]) smtp,md5,smime -> do_it" in arrow.sentence
    assert "[listname]" in by_code["unknown-variable"].sentence


@pytest.mark.parametrize(
    "line",
    [
        "!match([user→email],/google\\.com$/) smtp,md5,smime → reject",
        "!match([user->email],/google\\.com$/) smtp,md5,smime → reject",
        "!match([user=>email],/google\\.com$/) smtp,md5,smime => reject",
    ],
)
def test_seed_b_arrows_of_word_processors_are_an_error_with_the_right_form(line: str) -> None:
    wrong = next(each for each in found(line) if each.code == "wrong-arrow")
    assert (wrong.line, wrong.level) == (2, "error")
    assert "!match([user->email],/google\\.com$/) smtp,md5,smime -> reject" in wrong.sentence


def test_an_unknown_variable_is_told_with_what_was_meant() -> None:
    [only] = found("equal([sendr],'a@b.example') smtp,dkim,md5,smime -> do_it" + END)
    assert (only.code, only.line, only.column) == ("unknown-variable", 2, 7)
    assert "[sender]" in only.sentence
    assert codes("equal(sender,[email]) smtp,dkim,md5,smime -> do_it") == {"missing-brackets"}


def test_an_action_that_the_operation_does_not_know_is_an_error() -> None:
    [only] = [each for each in found("true() smtp,dkim,md5,smime -> owner\n") if each.level == "error"]
    assert (only.code, only.column) == ("action-not-permitted", 31)


def test_an_imported_text_is_warned_of_a_word_that_is_wider_here() -> None:
    rule = "is_subscriber([listname],[user->email]) smtp,dkim,md5,smime -> do_it"
    assert codes(rule, is_imported=True) == {"wider-here"}
    assert codes(rule) == set()


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("/univ.fr$/", {"loose-dot", "unanchored-start"}),
        ("/@univ.fr$/", {"loose-dot"}),
        ("/@univ\\.fr/", {"unanchored-end"}),
        ("/univ\\.fr$/", {"unanchored-start"}),
        ("/@univ\\.fr$/", set()),
        ("/[@.]univ\\.fr$/", set()),
        ("/@([a-z]+\\.)?univ\\.fr$/", set()),
        ("/[domain]$/", {"unanchored-start"}),
        ("/@[domain]$/", set()),
        ("/^postmaster/", set()),
    ],
)
def test_patterns_that_an_attackers_domain_fits_are_told(pattern: str, expected: set[str]) -> None:
    assert codes(f"match([sender],{pattern}) smtp,dkim,md5,smime -> do_it") == expected


@pytest.mark.parametrize("pattern", ["/(?=a)b/", "/(?<!a)b/", "/(a)\\1/", "/a++/", "/(?>a)/", "/(?R)/"])
def test_what_only_perl_knows_is_an_error_at_its_line(pattern: str) -> None:
    wrong = [each for each in found(f"\n\nmatch([sender],{pattern}) smtp -> do_it") if each.level == "error"]
    assert [(each.line, each.code) for each in wrong] == [(4, "perl-only")]


def test_other_mistakes_are_told_by_their_kind() -> None:
    assert "search-argument" in codes("search(staff.txt,[email]) smtp,dkim,md5,smime -> do_it")
    assert codes("search(staff.txt,[sender]) smtp,dkim,md5,smime -> do_it") == set()
    assert "comment-in-pattern" in codes("match([sender],/a#b/) smtp -> do_it")
    assert "include-in-rule" in codes("match([msg_header->X-Include],/a/) smtp,dkim,md5,smime -> reject")
    assert "joined-conditions" in codes("true() and true() smtp -> do_it")
    assert "missing-arrow" in codes("true() smtp do_it")


def test_what_concerns_the_whole_text_is_told_once() -> None:
    told = {each.code for each in findings("true() smtp,dkim,md5,smime -> do_it", "send", "x")}
    assert told == {"title-missing"}
    refused = "is_owner([listname],[sender]) smtp,dkim,md5,smime -> reject"
    assert {each.code for each in found(refused + END)} == {"purely-closed"}
    assert {each.code for each in found("")} == {"no-rules"}
    assert "unknown-operation" in {each.code for each in found("true() smtp -> do_it", "sned")}
    assert {each.code for each in findings("true() smtp -> do_it", "include", "x")} == set()


def test_every_malformed_line_is_told_with_its_place() -> None:
    told = found("nonsense here\ntrue() smtp,dkim,md5,smime -> do_it\nfoo() smtp -> do_it\n")
    assert [(each.line, each.code, each.level) for each in told] == [
        (2, "malformed", "error"),
        (4, "malformed", "error"),
    ]


@given(st.text(), st.sampled_from(sorted(OPERATIONS)))
def test_no_text_makes_the_linter_raise(text: str, operation: str) -> None:
    for each in findings(text, operation, "x", includes={}, is_imported=True):
        assert each.line >= 1
        assert each.column >= 1
        assert each.sentence
