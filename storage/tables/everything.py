"""All tables at once, for migrations."""

from storage.tables import (
    access,
    account_life,
    applications,
    decisions,
    documents,
    expansion,
    families,
    lists,
    mail,
    people,
    providers,
    queue,
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
    expansion,
    families,
    lists,
    mail,
    providers,
    queue,
    second_factors,
    syncing,
    topics,
)

__all__ = ["TABLES", "metadata"]
