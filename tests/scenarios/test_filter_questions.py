"""Files of named filters are read as written, and no value can become part of the question."""

import pytest

from scenarios.filter_questions import BadFilter, directory_question, escaped, sql_question

_WHO = {"sender": "o'brien@univ.example", "user->email": "x@univ.example"}.__getitem__
_SQL = """
sql_named_filter_query
db_type SQLite
db_name /srv/people.db
statement SELECT count(*) FROM people WHERE mail = '[sender]' AND other <> [user->email] AND at > '12:30'
"""
_LDAP = """
# who works here
host ldap.univ.example, ldap2.univ.example:1389
suffix dc=univ,dc=example
filter (&(mail=[sender])(objectClass=person))
scope one
use_tls starttls
"""


def test_variables_of_a_statement_are_bound_and_never_written_into_it() -> None:
    question = sql_question("people.sql", _SQL, _WHO)
    assert question.parameters == ("o'brien@univ.example", "x@univ.example")
    assert "mail = :p0 AND other <> :p1" in question.statement
    assert r"12\:30" in question.statement
    assert question.connection == {"db_type": "SQLite", "db_name": "/srv/people.db"}


def test_a_directory_question_has_its_values_escaped() -> None:
    question = directory_question("people.ldap", _LDAP, {"sender": "a*)(b\\"}.__getitem__)
    assert question.filter == r"(&(mail=a\2a\29\28b\5c)(objectClass=person))"
    assert (question.suffix, question.scope) == ("dc=univ,dc=example", "one")
    assert question.settings == {
        "host": "ldap.univ.example, ldap2.univ.example:1389",
        "use_tls": "starttls",
    }


def test_what_has_no_meaning_in_a_filter_stays_as_it_is() -> None:
    assert escaped("Zoë+x@univ.example, = & |") == "Zoë+x@univ.example, = & |"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "db_type SQLite\ndb_name x",
        "statement SELECT 1",
        "db_type SQLite\nstatement SELECT 1",
        "db_type SQLite\ndb_name x\nstatement SELECT 1\nstatement SELECT 2",
        "db_type SQLite\ndb_name x\n!? y\nstatement SELECT 1",
    ],
)
def test_a_statement_without_its_settings_is_refused(text: str) -> None:
    with pytest.raises(BadFilter):
        sql_question("people.sql", text, _WHO)


@pytest.mark.parametrize(
    "text",
    ["", "host a\nsuffix b", "host a\nfilter (x=y)", "suffix b\nfilter (x=y)", _LDAP.replace("one", "all")],
)
def test_a_search_without_its_settings_is_refused(text: str) -> None:
    with pytest.raises(BadFilter):
        directory_question("people.ldap", text, _WHO)


def test_a_value_that_the_request_does_not_have_is_no_empty_one() -> None:
    with pytest.raises(KeyError):
        sql_question("people.sql", _SQL.replace("[sender]", "[conf->x]"), _WHO)


def test_a_value_with_a_nul_is_not_asked_for() -> None:
    with pytest.raises(BadFilter):
        escaped("alice@univ.example\0")
