"""What somebody may read below a folder: level by level, to a depth, or by part of a name."""

from itertools import islice

from lists.documents.names import folded
from lists.documents.tree import DEEPEST, File, Folder

MOST_AT_ONCE = 1000


def listed(folder: Folder, *, recursive: bool = False, name_contains: str = "") -> list[Folder | File]:
    """What lies in a folder, or anywhere below it, depth first and by name; hidden things are never among them (row 73)."""
    found = folder.tree.shown(folder, DEEPEST if recursive else 1)
    wanted = folded(name_contains)
    return [each for each in found if not wanted or wanted in folded(each.name)]


def tree_to(folder: Folder, depth: int) -> list[Folder | File]:
    """At most a thousand items below a folder to a depth, depth first (row 72)."""
    return [*islice(folder.tree.shown(folder, max(1, min(depth, DEEPEST))), MOST_AT_ONCE)]
