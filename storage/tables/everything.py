"""All tables at once, for migrations."""

from storage.tables import (
    access,
    applications,
    decisions,
    documents,
    families,
    lists,
    mail,
    people,
    providers,
)
from storage.tables.base import metadata

TABLES = (people, applications, access, decisions, documents, families, lists, mail, providers)

__all__ = ["TABLES", "metadata"]
