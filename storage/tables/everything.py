"""All tables at once, for migrations."""

from storage.tables import access, lists, mail, people
from storage.tables.base import metadata

TABLES = (people, access, lists, mail)

__all__ = ["TABLES", "metadata"]
