"""What the floors above plug into the server: commands and pages, declared as entry points of this very project."""

from importlib.metadata import EntryPoint, distributions

# Only our own distribution is asked: a package that happens to be installed cannot plug itself in.
_OWN = "postroom"
COMMANDS = "postroom.commands"
PAGES = "postroom.pages"


def plugged(group: str) -> dict[str, EntryPoint]:
    """The entry points of a group by name; nothing is loaded."""
    # A checkout may hold the traces of an older installation beside the present one.
    found = distributions(name=_OWN)
    return {point.name: point for each in found for point in each.entry_points.select(group=group)}
