"""Questions as data: the shapes that context and facts may have, the answer's keys, and what no line can do."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.batch import answer
from scenarios.dialect import Dialect

KEYS = ["action", "reason", "tt2", "quiet", "notify", "line", "condition", "element"]
PRIVATE = "title x\nis_subscriber([listname],[user->email]) smtp,dkim,md5,smime -> do_it\ntrue() smtp,dkim,md5,smime -> reject(reason='no')\n"
HERE = {"listname": "staff", "domain": "lists.example"}
MAIL = "From: Ann <ann@x.example>\nTo: staff@lists.example\nSubject: =?utf-8?q?caf=C3=A9?=\n\nhello\n"


def ask(question: dict[str, Any], *, compat: str = "postroom") -> dict[str, Any]:
    """The answer to a question, of which only what it is about has to be said."""
    full = {"operation": "send", "method": "smtp", "context": {}, "facts": {}, **question}
    full["context"] = {**HERE, **full["context"]} if isinstance(full["context"], dict) else full["context"]
    return answer(full, dialect=Dialect(compat), now=1_700_000_000)


def rule(condition: str, **question: Any) -> bool:
    """Whether a condition holds; False also when it cannot be read."""
    compat = question.pop("compat", "postroom")
    text = f"title x\n{condition} smtp,dkim,md5,smime -> do_it\n"
    return bool(ask({"text": text, **question}, compat=compat)["action"] == "do_it")


def test_the_answer_has_the_keys_of_the_contract_first() -> None:
    said = ask(
        {"text": PRIVATE, "context": {"sender": "a@x.example"}, "facts": {"subscribers": ["A@X.example"]}}
    )
    assert [*said][:8] == KEYS
    assert [said[key] for key in KEYS] == [
        "do_it",
        None,
        None,
        False,
        False,
        2,
        "is_subscriber([listname],[user->email])",
        "a@x.example",
    ]


def test_reason_template_and_modifiers_are_told() -> None:
    text = "true() smtp -> reject(reason='send_closed'),quiet\ntrue() md5 -> reject(tt2='away'),notify\n"
    one, other = ask({"text": text}), ask({"text": text, "method": "md5"})
    assert (one["reason"], one["tt2"], one["quiet"], one["notify"], one["line"]) == (
        "send_closed",
        None,
        True,
        False,
        1,
    )
    assert (other["reason"], other["tt2"], other["quiet"], other["notify"]) == (None, "away", False, True)
    assert ask({"text": text, "method": "smime"})["reason"] == "no-rule-match"


@pytest.mark.parametrize(
    "facts",
    [
        {"subscribers": ["a@x.example"]},
        {"members": ["a@x.example"]},
        {"is_subscriber": ["A@x.example"]},
        {"is_subscriber": True},
        {"subscribers": {"staff": ["a@x.example"]}},
        {"subscribers": {"staff@lists.example": [{"email": "a@x.example", "reception": "mail"}]}},
    ],
)
def test_facts_come_as_lists_as_objects_by_list_or_as_a_word_for_all(facts: dict[str, Any]) -> None:
    who = {"sender": "a@x.example"}
    assert ask({"text": PRIVATE, "context": who, "facts": facts})["action"] == "do_it"
    assert ask({"text": PRIVATE, "context": who, "facts": {"owners": ["a@x.example"]}})["action"] == "reject"


def test_unknown_lists_have_nobody_and_other_lists_are_named() -> None:
    facts = {"subscribers": {"other@else.example": ["a@x.example"]}, "listmasters": ["l@x.example"]}
    who = {"sender": "a@x.example"}
    assert rule("is_subscriber('other@else.example',[sender])", context=who, facts=facts)
    assert not rule("is_subscriber(other,[sender])", context=who, facts=facts)
    assert not rule("is_subscriber([listname],[sender])", context=who, facts=facts)
    master = {"sender": "l@x.example"}
    assert rule("is_owner([listname],[sender])", context=master, facts=facts)
    assert not rule("is_owner(nowhere,[sender])", context=master, facts=facts)
    assert not rule(
        "is_owner([listname],[sender])", context={**master, "listmasters_are_owners": False}, facts=facts
    )


def test_owners_moderate_where_no_editor_is_named() -> None:
    text, who = "is_editor([listname],[sender])", {"sender": "o@x.example"}
    assert rule(text, context=who, facts={"owners": ["o@x.example"]})
    assert rule(text, context=who, facts={"owners": ["o@x.example"], "editors": []})
    assert not rule(text, context=who, facts={"owners": ["o@x.example"], "editors": ["e@x.example"]})


@pytest.mark.parametrize("word", ["identities", "emails", "alternates"])
def test_rows_121_and_127_further_addresses_come_with_their_strength(word: str) -> None:
    facts = {"subscribers": ["b@x.example"]}
    others = [{"address": "b@x.example", "strength": "md5"}]
    said = ask(
        {
            "text": PRIVATE,
            "method": "smime",
            "context": {"sender": "a@x.example", word: others},
            "facts": facts,
        }
    )
    assert (said["action"], said["element"], said["strength"]) == ("do_it", "b@x.example", "md5")
    assert (
        ask({"text": PRIVATE, "context": {"sender": "a@x.example"}, word: ["b@x.example"], "facts": facts})[
            "action"
        ]
        == "do_it"
    )


def test_records_come_nested_or_under_flat_keys() -> None:
    for context in (
        {"user": {"gecos": "Ann"}},
        {"user->gecos": "Ann"},
        {"[user->gecos]": "Ann"},
    ):
        assert rule("equal([user->gecos],'Ann')", context=context)
    for context in (
        {"msg_header": {"Subject": "Hi"}},
        {"header": {"SUBJECT": ["Hi"]}},
        {"headers": [["subject", "Hi"], ["Subject", "Ho"]]},
        {"msg_header->subject": "Hi"},
    ):
        assert rule("equal([msg_header->Subject],'Hi')", context=context)
    assert rule("equal([custom_vars->x],'1')", context={"custom_vars": {"x": 1}})
    assert rule("equal([remote_addr],'192.0.2.1')", context={"[remote_addr]": "192.0.2.1"})


def test_a_message_is_read_as_its_dialect_reads_it() -> None:
    context = {"message": MAIL}
    assert rule("equal([sender],'ann@x.example')", context=context)
    assert rule("equal([msg_header->Subject],'café')", context=context)
    assert rule("match([msg_header->Subject],/utf-8/)", context=context, compat="sympa")
    assert rule("equal([is_bcc],'1')", context={**context, "listname": "announce"})
    assert not rule("equal([is_bcc],'1')", context=context)
    assert rule("match([msg_body],/hello/)", context=context)


def test_the_parts_of_a_message_are_those_of_its_first_level() -> None:
    mail = (
        'From: a@x.example\nContent-Type: multipart/mixed; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\none\n--b\nContent-Type: application/pdf\n\ntwo\n--b--\n"
    )
    assert rule("equal([msg_part->type],'application/pdf')", context={"message": mail})
    assert not rule("equal([msg_part->type],'text/html')", context={"message": mail})


def test_fragments_filters_and_the_blocklist_come_along() -> None:
    text, who = "include common\ntrue() smtp -> reject\n", {"sender": "a@x.example"}
    includes = {"common": "is_listmaster([sender]) smtp -> do_it"}
    facts = {"listmasters": ["a@x.example"]}
    said = ask({"text": text, "context": {**who, "includes": includes}, "facts": facts})
    assert (said["action"], said["origin"], said["line"]) == ("do_it", "include.common", 1)
    header = ask({"text": PRIVATE, "context": {**who, "header": "true() smtp -> reject(reason='first')"}})
    assert (header["reason"], header["origin"]) == ("first", "include.send.header")
    for context in ({"files": {"vip.txt": "*@x.example"}}, {"filters": {"vip.txt": ["A@X.example"]}}):
        assert rule("search(vip.txt)", context={**who, **context})
    for told in (True, ["a@x.example"]):
        for name in ("vip.txt", "vip.sql", "vip.ldap"):
            assert rule(f"search({name})", context=who, facts={"search": {name: told}}), name
    assert not rule("search(vip.sql)", context=who, facts={"search": {"vip.sql": ["b@x.example"]}})
    blocked = ask({"text": PRIVATE, "context": {**who, "blocklist": ["*@x.example"]}})
    assert (blocked["action"], blocked["quiet"], blocked["origin"]) == ("reject", True, "blocklist")
    elsewhere = {"blocklist_operations": ["subscribe"], "files": {"blocklist.txt": "*"}}
    assert ask({"text": PRIVATE, "context": {**who, **elsewhere}})["origin"] == ""


def test_plugins_answer_what_is_given_for_them() -> None:
    text = "CustomCondition::vip([sender])"
    assert rule(text, facts={"custom_conditions": {"vip": True}})
    assert not rule(text, facts={"custom_conditions": {"vip": False}})
    said = ask({"text": f"!{text} smtp -> do_it"})
    assert (said["action"], said["reason"]) == ("reject", "error-performing-condition")


def test_a_shipped_text_is_asked_by_its_name_and_a_missing_one_refuses() -> None:
    member = {"context": {"sender": "a@x.example"}, "facts": {"subscribers": ["a@x.example"]}}
    assert ask({"name": "private", **member})["action"] == "do_it"
    assert ask({"name": "nothing", **member})["reason"] == "scenario-missing"
    said = ask({"name": "nothing", **member}, compat="sympa")
    assert (said["action"], said["condition"]) == ("reject", "true()")


def test_further_texts_come_along_by_name_the_nearest_first() -> None:
    scenarios = {"send.house": "true() smtp -> reject", "list:send.house": "true() smtp -> do_it"}
    assert ask({"name": "house", "scenarios": scenarios})["action"] == "do_it"
    assert ask({"name": "private", "scenarios": scenarios})["reason"] == "send_subscriber"


def test_an_operation_that_nobody_knows_is_refused_in_both_dialects() -> None:
    question = {"text": "true() smtp -> do_it", "operation": "sned"}
    assert ask(question)["action"] == ask(question, compat="sympa")["action"] == "reject"


def test_a_list_that_is_not_open_takes_no_message() -> None:
    said = ask({"text": "true() smtp -> do_it", "context": {"list_status": "closed"}})
    assert (said["action"], said["reason"]) == ("reject", "list-no-open")
    assert ask({"text": "true() smtp -> do_it", "context": {"list_status": ""}})["reason"] == "list-no-open"
    assert ask({"text": "true() smtp -> do_it", "method": ""})["reason"] == "unknown-auth-method"


def test_a_malformed_text_refuses_with_line_and_column() -> None:
    said = ask({"text": "title x\n\nfoo() smtp -> do_it"})
    assert (said["action"], said["reason"]) == ("reject", "scenario-malformed")
    assert (said["line"], said["column"]) == (3, 1)
    assert "foo" in said["error"]


def test_a_question_names_its_own_dialect() -> None:
    assert ask({"name": "nothing", "compat": "sympa"})["condition"] == "true()"
    assert ask({"name": "nothing", "compat": "postroom"}, compat="sympa")["reason"] == "scenario-missing"
    assert ask({"name": "private", "compat": "other"})["reason"] == "bad-input"


@pytest.mark.parametrize(
    "question",
    [
        None,
        [],
        1,
        "x",
        {},
        {"operation": "send"},
        {"text": "true() smtp -> do_it"},
        {"operation": 1, "text": ""},
        {"operation": "send", "text": 1},
        {"operation": "send", "name": "private", "context": []},
        {"operation": "send", "name": "private", "context": {"sender": 1}},
        {
            "operation": "send",
            "name": "private",
            "context": {"identities": [{"address": "a", "strength": "x"}]},
        },
        {"operation": "send", "name": "private", "facts": {"subscribers": 1}},
        {"operation": "send", "name": "private", "facts": {"subscribers": [{}]}},
        {"operation": "send", "name": "private", "facts": {"lists": 1}},
        {"operation": "send", "name": "private", "context": {"message_b64": "é"}},
    ],
)
def test_what_is_no_question_is_refused_with_a_sentence(question: Any) -> None:
    said = answer(question, dialect=Dialect.POSTROOM, now=0)
    assert (said["action"], said["reason"]) == ("reject", "bad-input")
    assert said["error"]


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_WORDS = (
    "sender",
    "email",
    "user",
    "header",
    "files",
    "identities",
    "message",
    "blocklist",
    "search",
    "list",
)


@given(
    st.dictionaries(st.sampled_from(("text", "name", "method", "now", *_WORDS)), _json),
    st.dictionaries(st.sampled_from(_WORDS), _json),
    st.dictionaries(
        st.sampled_from(("subscribers", "owners", "editors", "listmasters", "lists", "users")), _json
    ),
    st.sampled_from(Dialect),
)
def test_no_question_makes_it_raise(
    top: dict[str, Any], context: dict[str, Any], facts: dict[str, Any], dialect: Dialect
) -> None:
    question = {"operation": "send", "name": "private", **top, "context": context, "facts": facts}
    said = answer(question, dialect=dialect, now=0)
    assert [*said][:8] == KEYS
    assert said["action"] in {"do_it", "reject"} or said["condition"]


@pytest.mark.parametrize(
    "persons",
    [
        {"user": {"email": ["a@google.example", "b@univ.example"]}},
        {"user->email": ["a@google.example", "b@univ.example"]},
        {"[user->email]": ["b@univ.example"]},
        {"user": {"emails": ["b@univ.example"]}},
        {"user": {"alternates": [{"address": "b@univ.example", "strength": "md5"}]}},
    ],
)
def test_the_addresses_of_a_person_may_come_as_the_set_that_rules_range_over(persons: dict[str, Any]) -> None:
    context = {"sender": "a@google.example", **persons}
    for condition in ("match", "!match"):
        assert rule(f"{condition}([user->email],/google\\.example$/)", context=context, method="md5")
    assert not rule("none(match([user->email],/google/))", context=context, method="md5")


@pytest.mark.parametrize("term", ["is_subscriber", "is_owner", "is_editor"])
@pytest.mark.parametrize(
    ("owners_list", "compat", "family", "action"),
    [
        ("fam-owners", "sympa", "fam", "reject"),
        ("fam-owners@lists.example", "sympa", "fam", "do_it"),
        ("", "sympa", "fam", "reject"),
        ("fam-owners", "sympa", None, "do_it"),
        ("fam-owners", "postroom", "fam", "do_it"),
    ],
)
def test_a_question_about_a_family_finds_lists_as_sympa_does(
    term: str, owners_list: str, compat: str, family: str | None, action: str
) -> None:
    people = {"fam-owners": ["ann@univ.example"]}
    said = answer(
        {
            "text": f"{term}([family->family_owners_list],[sender]) smtp -> do_it\ntrue() smtp -> reject,quiet",
            "operation": "automatic_list_creation",
            "compat": compat,
            "context": {
                "sender": "ann@univ.example",
                "domain": "lists.example",
                "family": {"name": "fam", "family_owners_list": owners_list},
            },
            "facts": {"subscribers": people, "owners": people, "editors": people},
            "family_context": family,
        },
        dialect=Dialect.POSTROOM,
        now=1,
    )
    assert said["action"] == action
