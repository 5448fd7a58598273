"""What a text decides for whom, and who gains or loses when another takes its place."""

from scenarios.decision_table import Case, Text, changes, decision_table
from scenarios.dialect import Dialect

OWN = "title x\nis_subscriber([listname],[user->email]) smtp,dkim,md5,smime -> do_it\n"


def table(text: str | None, name: str = "trial", **more: object) -> dict[Case, str]:
    """The verdicts as they are written."""
    given = Text(text, {}, {}, **more)  # type: ignore[arg-type]
    return {case: str(verdict) for case, verdict in decision_table(given, "send", name).items()}


def test_each_role_has_its_verdict_by_each_method() -> None:
    found = table(OWN)
    assert found[Case("subscriber", "self", "smtp")] == "do_it"
    assert found[Case("alternate", "self", "smime")] == "do_it"
    assert found[Case("stranger", "self", "md5")] == "reject"
    assert len(found) == 7 * 4


def test_whoever_has_no_address_asks_for_others_only() -> None:
    found = decision_table(Text(None, {}, {}), "subscribe", "open")
    assert {case.target for case in found if case.role == "nobody"} == {"other"}
    assert {case.target for case in found if case.role == "owner"} == {"self", "other"}


def test_what_changes_is_put_together_by_role() -> None:
    before = decision_table(Text(OWN, {}, {}), "send", "x")
    after = decision_table(
        Text("title x\nis_subscriber([listname],[sender]) smtp,dkim,md5 -> do_it\n", {}, {}), "send", "x"
    )
    told = {(each.role, each.effect, each.methods) for each in changes(before, after)}
    assert told == {
        ("subscriber", "loses", ("smime",)),
        ("alternate", "loses", ("smtp", "dkim", "md5", "smime")),
    }
    assert {each.effect for each in changes(after, before)} == {"gains"}
    assert changes(before, before) == ()


def test_the_other_reading_of_the_same_text_is_another_table() -> None:
    assert table(OWN, dialect=Dialect.SYMPA)[Case("alternate", "self", "md5")] == "reject"


def test_what_nobody_can_know_without_asking_is_an_error_and_not_a_guess() -> None:
    found = table("title x\nsearch(staff.ldap) smtp,dkim,md5,smime -> do_it\n")
    assert all("error-performing" in each or "(" in each for each in found.values())
    listed = decision_table(
        Text("search(vip.txt) smtp,dkim,md5,smime -> do_it\n", {}, {"vip.txt": "stranger@*"}), "send", "x"
    )
    assert listed[Case("stranger", "self", "md5")].action == "do_it"
    assert listed[Case("owner", "self", "md5")].action == "reject"
