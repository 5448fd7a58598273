"""All tables at once, for migrations."""

from storage.tables import (
    access,
    account_life,
    applications,
    bounces,
    decisions,
    documents,
    expansion,
    families,
    federation,
    federation_consents,
    lists,
    mail,
    people,
    providers,
    queue,
    second_factors,
    signing,
    syncing,
    topics,
    webhooks,
)
from storage.tables.base import metadata

TABLES = (
    people,
    applications,
    bounces,
    access,
    account_life,
    decisions,
    documents,
    expansion,
    families,
    federation,
    federation_consents,
    lists,
    mail,
    providers,
    queue,
    second_factors,
    signing,
    syncing,
    topics,
    webhooks,
)

__all__ = ["TABLES", "metadata"]
