"""People, as they and administrators see them."""

from resolvers.context import Context
from storage.tables.people import Person


def display_name(root: Person, _context: Context) -> str | None:
    """Name as the person writes it."""
    return root.display_name or None
