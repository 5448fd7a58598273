"""A folder as a zip file, written while it is read: what its reader may see and nothing else, never held whole (row 66)."""

import zipfile
from collections.abc import AsyncIterator

from lists.documents.tree import File, Folder
from mail.instant import to_datetime
from storage.database import Database
from storage.document_contents import chunks

_EARLIEST = 1980
_FILE_MODE = 0o644 << 16
_FOLDER_MODE = (0o40755 << 16) | 0x10


class _Outlet:
    """What ZipFile writes to, emptied after each piece; not seekable, so sizes follow the bytes (APPNOTE 4.3.9)."""

    def __init__(self) -> None:
        self._written = bytearray()

    def write(self, data: bytes) -> int:
        """Take some bytes."""
        self._written += data
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Nothing is open."""

    def taken(self) -> bytes:
        """What was written since the last time."""
        found = bytes(self._written)
        self._written.clear()
        return found


async def zipped(db: Database, folder: Folder) -> AsyncIterator[bytes]:
    """The pieces of a zip file with all that may be read below a folder; memory does not grow with it.

    Names are made of checked ones alone, under the name of the folder, so no entry leads elsewhere.
    """
    outlet = _Outlet()
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_STORED, allowZip64=True) as made:
        for item, name in named(folder):
            entry = zipfile.ZipInfo(name, _date(item.updated_at))
            if isinstance(item, Folder):
                entry.external_attr = _FOLDER_MODE
                made.writestr(entry, b"")
                yield outlet.taken()
                continue
            entry.external_attr = _FILE_MODE
            with made.open(entry, "w", force_zip64=True) as file:
                async for piece in _bytes_of(db, item):
                    file.write(piece)
                    yield outlet.taken()
    yield outlet.taken()


def named(folder: Folder) -> list[tuple[Folder | File, str]]:
    """What goes into the zip file of a folder, and under which names."""
    return [*_named(folder, f"{folder.name}/")]


def _named(folder: Folder, before: str) -> list[tuple[Folder | File, str]]:
    found: list[tuple[Folder | File, str]] = []
    for item in folder.tree.children(folder):
        if not item.is_readable:
            continue
        if isinstance(item, Folder):
            found += [(item, f"{before}{item.name}/"), *_named(item, f"{before}{item.name}/")]
        else:
            found.append((item, before + item.name))
    return found


async def _bytes_of(db: Database, file: File) -> AsyncIterator[bytes]:
    if file.row is not None and file.row.content_id is not None:
        async for piece in chunks(db, file.row.content_id, file.row.size):
            yield piece


def _date(instant: int) -> tuple[int, int, int, int, int, int]:
    at = to_datetime(instant)
    return max(at.year, _EARLIEST), at.month, at.day, at.hour, at.minute, at.second
