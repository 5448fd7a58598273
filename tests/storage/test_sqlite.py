"""A SQLite file that others have had in their hands."""

import sqlite3
from contextlib import closing

import pytest

from storage import takers
from storage.database import Database
from storage.sqlite import SqliteDatabase
from tests.storage.queued import MEMBER, a_list, member


def plan_of_expansion(database: SqliteDatabase) -> list[str]:
    """How it would be found who of a chunk has several addresses on the list."""
    made = takers._SEVERAL.compiled("sqlite")
    names = ("delivery_id", "list_id", "robot_id", "instant", "after", "upto", "last")
    with closing(sqlite3.connect(database.path)) as connection:
        rows = connection.execute(f"EXPLAIN QUERY PLAN {made.sql}", made.constants | dict.fromkeys(names, 1))
        return [str(row[3]) for row in rows]


async def test_statistics_that_mislead_are_forgotten_at_the_start(database: Database) -> None:
    """After ANALYZE an average says that all who are nobody's are one person's, and a list is walked for each of them."""
    if not isinstance(database, SqliteDatabase):
        pytest.skip("PostgreSQL knows which values are frequent")
    async with database.write() as uow:
        _, list_id = await a_list(uow)
        await uow.run_many(MEMBER, [member(list_id, number) for number in range(5_000)])
    with closing(sqlite3.connect(database.path)) as somebody:
        somebody.execute("ANALYZE")
    assert "SCAN m" in plan_of_expansion(database)
    await SqliteDatabase(database.path, database.site).close()
    assert "SCAN m" not in plan_of_expansion(database)
