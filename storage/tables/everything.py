"""All tables at once, for migrations."""

from storage.tables import (
    access,
    account_life,
    applications,
    decisions,
    documents,
    families,
    lists,
    mail,
    people,
    providers,
    second_factors,
    syncing,
    topics,
)
from storage.tables.base import metadata

TABLES = (
    people,
    applications,
    access,
    account_life,
    decisions,
    documents,
    families,
    lists,
    mail,
    providers,
    second_factors,
    syncing,
    topics,
)

__all__ = ["TABLES", "metadata"]
