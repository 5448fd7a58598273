"""All tables at once, for migrations."""

from storage.tables import access, decisions, documents, lists, mail, people
from storage.tables.base import metadata

TABLES = (people, applications, access, lists, mail, decisions, documents)

__all__ = ["TABLES", "metadata"]
