"""All tables at once, for migrations."""

from storage.tables import access, decisions, lists, mail, people
from storage.tables.base import metadata

TABLES = (people, access, lists, mail, decisions)

__all__ = ["TABLES", "metadata"]
