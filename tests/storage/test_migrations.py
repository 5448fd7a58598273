"""The migrations make the tables that the program declares, and can be undone."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, inspect, select, text

from storage import migrating, opening
from storage.database import Database
from storage.opening import migrate, schema_revisions
from storage.query import Query
from storage.tables.everything import metadata
from tests.databases import drop_postgresql, new_postgresql


@pytest.fixture(params=["sqlite", "postgresql"])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """A database without any tables."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path}/x.db"
        return
    server = request.getfixturevalue("postgresql")
    url = await new_postgresql(server)
    await at_revision(url, "base", down=True)
    yield url
    await drop_postgresql(server, url)


async def at_revision(url: str, revision: str, *, down: bool = False) -> None:
    """Bring a database to a revision."""
    go = command.downgrade if down else command.upgrade
    await opening.with_connection(url, lambda connection: go(migrating.configuration(connection), revision))


async def execute(url: str, *statements: str) -> None:
    """Run statements."""

    def run(connection: Connection) -> None:
        for statement in statements:
            connection.execute(text(statement))

    await opening.with_connection(url, run)


async def rows(url: str, statement: str) -> list[tuple[object, ...]]:
    """The rows of a statement."""
    return await opening.with_connection(
        url, lambda connection: [tuple(row) for row in connection.execute(text(statement))]
    )


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


async def test_processes_that_start_at_once_migrate_once(database_url: str) -> None:
    await asyncio.gather(*(migrate(database_url) for _ in range(3)))
    found, wanted = await schema_revisions(database_url)
    assert found == wanted


def test_the_first_migration_can_be_undone(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/x.db")
    with engine.begin() as connection:
        command.upgrade(migrating.configuration(connection), "head")
    with engine.begin() as connection:
        command.downgrade(migrating.configuration(connection), "base")
        assert inspect(connection).get_table_names() == ["alembic_version"]
    engine.dispose()


async def test_every_declared_table_can_be_read_on_both_databases(database: Database) -> None:
    async with database.read() as reader:
        for table in metadata.sorted_tables:
            assert await reader.all(Query(select(table), lambda *row: row)) == []


async def test_what_lists_said_before_the_third_migration_still_holds_after_it(database_url: str) -> None:
    await at_revision(database_url, "0002")
    await execute(
        database_url,
        "INSERT INTO robots (id, domain, created_at) VALUES (1, 'a.example', 0)",
        'INSERT INTO lists (id, robot_id, name, send, archive_web_access, strict_main_address, "add", del, created_at,'
        " updated_at) VALUES (1, 1, 'strict', 'owner', 'public', true, 'owner', 'closed', 0, 0),"
        " (2, 1, 'mild', 'private', 'owner', false, 'owner', 'owner', 0, 0)",
        "INSERT INTO scenario_texts (operation, name, text, updated_at) VALUES ('del', 'owner', 'true() -> reject', 0)",
        "INSERT INTO memberships (list_id, address, address_key, domain, subscribed_at, updated_at) VALUES"
        " (1, 'U+x@a.example', 'u+x@a.example', 'a.example', 0, 0), (1, '+@b.example', '+@b.example', 'b.example', 0, 0),"
        " (2, 'v@a.example', 'v@a.example', 'a.example', 0, 0)",
        "INSERT INTO roles (robot_id, list_id, kind, address, address_key, created_at) VALUES"
        " (1, 1, 'owner', 'o+x@a.example', 'o+x@a.example', 0)",
    )
    await migrate(database_url)
    assert await rows(
        database_url,
        'SELECT name, send, archive_web_access, archive_mail_access, alt_email_policy, "add", del, remind FROM lists'
        " ORDER BY id",
    ) == [
        ("strict", "owner", "public", "public", "MAIN_ONLY", "auth", "closed", "owner"),
        ("mild", "private", "owner", "owner", "ANY", "auth", "owner", "owner"),
    ]
    assert await rows(database_url, "SELECT address, base_key FROM memberships ORDER BY id") == [
        ("U+x@a.example", "u@a.example"),
        ("+@b.example", "+@b.example"),
        ("v@a.example", "v@a.example"),
    ]
    assert await rows(database_url, "SELECT base_key FROM roles") == [("o@a.example",)]
    assert await rows(database_url, "SELECT create_list, scenario_dialect FROM robots") == [
        ("listmaster", "postroom")
    ]
    await at_revision(database_url, "0002", down=True)
    assert await rows(database_url, "SELECT name, strict_main_address FROM lists ORDER BY id") == [
        ("strict", True),
        ("mild", False),
    ]


async def test_sessions_and_what_hangs_on_them_outlive_the_fourth_migration_and_its_undoing(
    database_url: str,
) -> None:
    await at_revision(database_url, "0003")
    await execute(
        database_url,
        "INSERT INTO robots (id, domain, created_at) VALUES (1, 'a.example', 0)",
        "INSERT INTO people (id, main_address, main_key, created_at) VALUES (1, 'u@a.example', 'u@a.example', 0)",
        "INSERT INTO sessions (id, token_hash, person_id, robot_id, method, strength, address, created_at,"
        " authenticated_at, last_seen_at, expires_at) VALUES (1, 'x', 1, 1, 'password', 3, 'u@a.example', 0, 0, 0, 9)",
        "INSERT INTO tickets (secret_hash, purpose, robot_id, session_id, address, created_at) VALUES"
        " ('y', 'sign_in', 1, 1, 'u@a.example', 0)",
    )
    await migrate(database_url)
    held = "SELECT sessions.address, tickets.purpose FROM sessions JOIN tickets ON tickets.session_id = sessions.id"
    assert await rows(database_url, held) == [("u@a.example", "sign_in")]
    assert await rows(database_url, "SELECT elevated_list_id, elevated_until FROM sessions") == [(None, None)]
    await at_revision(database_url, "0003", down=True)
    assert await rows(database_url, held) == [("u@a.example", "sign_in")]


async def test_people_keep_what_is_theirs_when_their_table_is_made_anew(database_url: str) -> None:
    await at_revision(database_url, "0011")
    await execute(
        database_url,
        "INSERT INTO people (id, main_address, main_key, created_at) VALUES (7, 'a@x.example', 'a@x.example', 0)",
        "INSERT INTO addresses (person_id, address, address_key, source, strength, created_at)"
        " VALUES (7, 'a@x.example', 'a@x.example', 'account', 3, 0)",
        "INSERT INTO credentials (person_id, kind, secret_hash, created_at, updated_at) VALUES (7, 'password', 'x', 0, 0)",
    )
    await migrate(database_url)
    assert await rows(
        database_url,
        "SELECT people.id, addresses.address, credentials.secret_hash FROM people"
        " JOIN addresses ON addresses.person_id = people.id JOIN credentials ON credentials.person_id = people.id",
    ) == [(7, "a@x.example", "x")]
