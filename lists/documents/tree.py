"""The documents of a list as a tree in hand: where everything lies and which rules hold for it, without asking anybody."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from lists.documents.names import name_key
from storage.tables.documents import Document
from storage.tables.lists import MailingList

DEEPEST = 30
_HIDDEN = "…"


@dataclass(frozen=True, slots=True)
class Rules:
    """The scenarios that decide on an item, and the number of the folder or file that names each; None for the list.

    `ignored` says that a folder above binds all below it, so that rules of the item's own do not count (row 75).
    """

    read: str
    edit: str
    read_from: int | None = None
    edit_from: int | None = None
    ignored: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """A folder or file in its tree; `row` is None for the top, which is the list's own."""

    tree: "Tree"
    row: Document | None
    rules: Rules

    @property
    def id(self) -> int:
        """A number for the top, even, or for a folder or file, odd: what global ids are made of."""
        return self.tree.mlist.id * 2 if self.row is None else self.row.id * 2 + 1

    @property
    def list_id(self) -> int:
        """The list that shares it."""
        return self.tree.mlist.id

    @property
    def name(self) -> str:
        """Its name; the list's for the top."""
        return self.tree.mlist.name if self.row is None else self.row.name

    @property
    def updated_at(self) -> int:
        """When it was last changed."""
        return self.tree.mlist.created_at if self.row is None else self.row.updated_at

    @property
    def parent(self) -> "Folder | None":
        """The folder around it; None for the top, and where that may not be read."""
        found = self.tree.parent(self)
        return found if found is not None and found.is_readable else None

    @property
    def is_readable(self) -> bool:
        """Whether whoever has this tree may read it: its own rules alone say so (row 74)."""
        return self.rules.read in self.tree.readable

    @property
    def path(self) -> str:
        """From the top, such as `/minutes/2026`, without the names of folders that may not be read."""
        around = [folder for folder in self.tree.around(self) if folder.row is not None]
        names = [self.name] if self.row is not None else []
        names += [folder.name if folder.is_readable else _HIDDEN for folder in around]
        return "/" + "/".join(reversed(names))

    @property
    def row_id(self) -> int | None:
        """The row's number; None for the top."""
        return None if self.row is None else self.row.id


@dataclass(frozen=True, slots=True)
class Folder(Item):
    """A folder, or the top."""


@dataclass(frozen=True, slots=True)
class File(Item):
    """A file."""


@dataclass(frozen=True, slots=True)
class Tree:
    """Everything that a list shares, as somebody meets it who may read by the scenarios `readable`."""

    mlist: MailingList
    readable: frozenset[str]
    rows_by_id: dict[int, Document]
    rows_below: dict[int | None, list[Document]]
    rules_by_id: dict[int | None, Rules]

    @property
    def top(self) -> Folder:
        """The list's own folder."""
        return Folder(self, None, self.rules_by_id[None])

    def item(self, row_id: int | None) -> Folder | File | None:
        """The folder or file with that number; None for what is not shared."""
        if row_id is None:
            return self.top
        row = self.rows_by_id.get(row_id)
        return None if row is None else self._item(row)

    def parent(self, item: Item) -> Folder | None:
        """The folder around an item; None for the top."""
        if item.row is None:
            return None
        found = self.item(item.row.parent_id)
        return found if isinstance(found, Folder) else None

    def around(self, item: Item) -> list[Folder]:
        """The folders around an item, the nearest first and the top last."""
        found: list[Folder] = []
        parent = self.parent(item)
        while parent is not None:
            found.append(parent)
            parent = self.parent(parent)
        return found

    def children(self, folder: Item) -> list[Folder | File]:
        """What lies in a folder, by name."""
        return [self._item(row) for row in self.rows_below.get(folder.row_id, [])]

    def shown(self, folder: Item, depth: int = DEEPEST) -> Iterator[Folder | File]:
        """What may be read below a folder to a depth, depth first; nothing is listed through a closed folder (row 74)."""
        for child in self.children(folder):
            if child.is_readable:
                yield child
                if depth > 1:
                    yield from self.shown(child, depth - 1)

    def below(self, folder: Item) -> Iterator[Folder | File]:
        """Everything below a folder, whoever may see it."""
        for child in self.children(folder):
            yield child
            yield from self.below(child)

    def at(self, path: str) -> Folder | File | None:
        """What lies at a path from the top, such as `minutes/2026`; the case of letters does not count."""
        found: Folder | File | None = self.top
        for part in [part for part in path.split("/") if part]:
            key = name_key(part)
            inside = [] if found is None else self.children(found)
            found = next((each for each in inside if name_key(each.name) == key), None)
        return found

    def rules_of(self, row: Document) -> Rules:
        """The rules that hold for a row that lies, or would lie, in this tree."""
        around = self.rules_by_id.get(row.parent_id, self.rules_by_id[None])
        holder = None if row.parent_id is None else self.rows_by_id.get(row.parent_id)
        return _rules(row, around, bound=around.ignored or (holder is not None and holder.binds))

    def policies(self) -> tuple[set[str], set[str]]:
        """The names of all scenarios that decide on reading, and on changing, anything here."""
        return {each.read for each in self.rules_by_id.values()}, {
            each.edit for each in self.rules_by_id.values()
        }

    def _item(self, row: Document) -> Folder | File:
        return (Folder if row.is_folder else File)(self, row, self.rules_by_id[row.id])


def tree_of(mlist: MailingList, rows: list[Document]) -> Tree:
    """The tree of a list out of its rows, for somebody who may read nothing."""
    by_id = {row.id: row for row in rows}
    below: dict[int | None, list[Document]] = {}
    for row in sorted(rows, key=lambda row: (name_key(row.name), row.id)):
        below.setdefault(row.parent_id, []).append(row)
    tree = Tree(mlist, frozenset(), by_id, below, {None: Rules(mlist.d_read, mlist.d_edit)})
    waiting = [*below.get(None, [])]
    while waiting:
        row = waiting.pop()
        tree.rules_by_id[row.id] = tree.rules_of(row)
        waiting += below.get(row.id, [])
    # A row whose folder is not here (it was just put in the trash) is not here either.
    for lost in by_id.keys() - tree.rules_by_id.keys():
        del by_id[lost]
    return tree


def _rules(row: Document, around: Rules, *, bound: bool) -> Rules:
    if bound:
        return replace(around, ignored=True)
    rules = around
    if row.d_read is not None:
        rules = replace(rules, read=row.d_read, read_from=row.id)
    if row.d_edit is not None:
        rules = replace(rules, edit=row.d_edit, edit_from=row.id)
    return rules
