"""Named filters that ask other databases, and conditions that installed packages bring."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from lists import filters
from lists.filters import FAILED_FOR, NO_FOR, YES_FOR, FailedLately, NoSuchCondition, ask_condition, ask_sql
from scenarios.filter_questions import SqlQuestion
from storage.foreign import ForeignDatabase
from tests.plugins import installed

_STATEMENT = "SELECT count(*) FROM people WHERE mail = :p0"
_PLUGIN = '''
"""A package that brings a condition."""

asked = []

def weekday(day, *others):
    asked.append(day)
    return {"monday": True, "tuesday": False, "wednesday": 1, "thursday": "yes"}.get(day[0])

async def later(day):
    return day == ("monday",)
'''


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    filters._ANSWERS.clear()


@pytest.fixture
def people(tmp_path: Path) -> Path:
    path = tmp_path / "people.db"
    with sqlite3.connect(path) as link:
        link.execute("CREATE TABLE people (mail TEXT)")
        link.execute("INSERT INTO people VALUES ('alice@univ.example')")
    return path


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with installed(tmp_path, monkeypatch, "a_plugin", _PLUGIN, ("weekday", "later")):
        yield


def _question(people: Path, who: str, statement: str = _STATEMENT) -> SqlQuestion:
    return SqlQuestion("people.sql", {"db_type": "SQLite", "db_name": str(people)}, statement, (who,))


async def test_a_database_says_who_is_in_it(people: Path) -> None:
    assert await ask_sql(_question(people, "alice@univ.example"), 0)
    assert not await ask_sql(_question(people, "bob@univ.example"), 0)


async def test_no_row_and_an_empty_column_are_a_no(people: Path) -> None:
    assert not await ask_sql(
        _question(people, "bob@univ.example", "SELECT 1 FROM people WHERE mail = :p0"), 0
    )
    assert not await ask_sql(_question(people, "x", "SELECT '' WHERE :p0 = 'x'"), 0)


async def test_a_value_cannot_become_part_of_the_statement(people: Path) -> None:
    """Pitfall 36, for SQL."""
    assert not await ask_sql(_question(people, "x' OR '1'='1"), 0)


async def test_an_answer_is_remembered_for_a_while_and_a_no_for_less(people: Path) -> None:
    alice, bob = _question(people, "alice@univ.example"), _question(people, "bob@univ.example")
    assert await ask_sql(alice, 0)
    assert not await ask_sql(bob, 0)
    with sqlite3.connect(people) as link:
        link.execute("UPDATE people SET mail = 'bob@univ.example'")
    assert await ask_sql(alice, YES_FOR - 1)
    assert not await ask_sql(bob, NO_FOR - 1)
    assert await ask_sql(bob, NO_FOR)
    assert not await ask_sql(alice, YES_FOR)


async def test_a_filter_writes_nothing_and_makes_no_database(people: Path) -> None:
    with pytest.raises(ForeignDatabase):
        await ask_sql(_question(people, "x", "DELETE FROM people WHERE mail <> :p0 RETURNING 1"), 0)
    with pytest.raises(ForeignDatabase):
        await ask_sql(_question(people.with_name("absent.db"), "x"), 0)
    assert not people.with_name("absent.db").exists()


async def test_a_failing_database_tells_neither_password_nor_person(tmp_path: Path) -> None:
    settings = {"db_type": "Pg", "db_name": "people", "db_host": "127.0.0.1", "db_port": "1"}
    question = SqlQuestion(
        "people.sql", {**settings, "db_user": "u", "db_passwd": "hush"}, _STATEMENT, ("alice@univ.example",)
    )
    with pytest.raises(ForeignDatabase) as told:
        await ask_sql(question, 0)
    assert "hush" not in str(told.value)
    assert "alice" not in str(told.value)


async def test_a_kind_of_database_that_nobody_speaks_to_is_named() -> None:
    question = SqlQuestion("x.sql", {"db_type": "Oracle", "db_name": "x"}, "SELECT 1", ())
    with pytest.raises(ForeignDatabase, match="oracle"):
        await ask_sql(question, 0)


@pytest.mark.usefixtures("plugin")
async def test_an_installed_package_brings_conditions() -> None:
    assert await ask_condition("weekday", (("monday",), ("x", "y")), 0) is True
    assert await ask_condition("weekday", (("tuesday",),), 0) is False
    assert await ask_condition("weekday", (("wednesday",),), 0) is True
    assert await ask_condition("weekday", (("thursday",),), 0) is False
    assert await ask_condition("weekday", (("friday",),), 0) is None
    assert await ask_condition("later", (("monday",),), 0) is True


@pytest.mark.usefixtures("plugin")
async def test_a_condition_gets_all_values_of_an_argument_and_is_asked_again_after_an_error() -> None:
    import a_plugin  # type: ignore[import-not-found]  # noqa: PLC0415  (it exists in this test alone)

    for _ in range(2):
        await ask_condition("weekday", (("monday",),), 0)
        await ask_condition("weekday", (("friday",),), 0)
    assert a_plugin.asked == [("monday",), ("friday",), ("friday",)]


async def test_a_condition_that_nobody_brings_is_an_error() -> None:
    with pytest.raises(NoSuchCondition):
        await ask_condition("absent", (), 0)


async def test_a_server_that_failed_is_left_alone_for_a_few_seconds(people: Path) -> None:
    absent = _question(people.with_name("absent.db"), "x")
    with pytest.raises(ForeignDatabase):
        await ask_sql(absent, 0)
    with pytest.raises(FailedLately):
        await ask_sql(absent, FAILED_FOR - 1)
    people.rename(people.with_name("absent.db"))
    assert not await ask_sql(absent, FAILED_FOR)
