"""The program that brings a database's schema to this version: its URL comes on standard input, where nobody else reads it.

It is a process of its own, so that what it needs is gone when it ends: servers run for months, and this is done once.
"""

import asyncio
import sys
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from storage.opening import with_connection

# One key that all versions of this program share and no other is likely to take.
_LOCK = 0x506F7374726F6F6D


def configuration(connection: Connection) -> Config:
    """What alembic works with, on a connection that is open."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    made.attributes["connection"] = connection
    return made


def _upgrade(connection: Connection) -> None:
    """Whoever comes second waits until the first has committed, and finds that there is nothing left to do."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    else:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    command.upgrade(configuration(connection), "head")


if __name__ == "__main__":
    asyncio.run(with_connection(sys.stdin.read(), _upgrade))
