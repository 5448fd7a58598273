"""The migrations make the tables that the program declares, and can be undone."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, select

from storage import opening
from storage.database import Database
from storage.opening import migrate, schema_revisions
from storage.query import Query
from storage.tables.everything import metadata


def test_the_migrated_tables_are_the_declared_ones(sqlite_template: Path) -> None:
    engine = create_engine(f"sqlite:///{sqlite_template}")
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    engine.dispose()
    assert differences == []


async def test_migrating_twice_changes_nothing(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/x.db"
    await migrate(url)
    first = await schema_revisions(url)
    await migrate(url)
    assert first == await schema_revisions(url)
    assert first[0] == first[1]


def test_the_first_migration_can_be_undone(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/x.db")
    with engine.begin() as connection:
        command.upgrade(opening._configuration(connection), "head")
    with engine.begin() as connection:
        command.downgrade(opening._configuration(connection), "base")
        assert inspect(connection).get_table_names() == ["alembic_version"]
    engine.dispose()


async def test_every_declared_table_can_be_read_on_both_databases(database: Database) -> None:
    async with database.read() as reader:
        for table in metadata.sorted_tables:
            assert await reader.all(Query(select(table), lambda *row: row)) == []
