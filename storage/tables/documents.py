"""The folders and files that a list shares, and the bytes of the files, cut into pieces."""

from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from storage.tables.base import Time, metadata, own_key, reference

document_contents = Table(
    "document_contents",
    metadata,
    own_key(),
    reference("list_id", "lists"),
    # The uploader's, as far as they have an account; an upload shows itself to nobody else.
    reference("person_id", "people", nullable=True, cascade=False),
    Column("media_type", Text, nullable=False),
    # As announced before the bytes come, and never more than that.
    Column("size", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False, server_default=""),
    # Each transfer has its number: one that was begun anew ends the one before.
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("created_at", Time, nullable=False),
    Column("expires_at", Time, nullable=False),
    # Not null: every byte is here.
    Column("completed_at", Time),
)

document_chunks = Table(
    "document_chunks",
    metadata,
    reference("content_id", "document_contents", index=False),
    Column("place", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
    PrimaryKeyConstraint("content_id", "place"),
)

documents = Table(
    "documents",
    metadata,
    own_key(),
    reference("list_id", "lists", index=False),
    # Null: it lies at the top.
    reference("parent_id", "documents", nullable=True),
    Column("is_folder", Boolean, nullable=False),
    Column("name", Text, nullable=False),
    # Folder and folded name, which makes names unique; null for what is in the trash or waits.
    Column("slot", Text),
    # Scenario names of its own; null: those of the folder around it.
    Column("d_read", Text),
    Column("d_edit", Text),
    # Everything below has exactly the rules of this folder (row 75).
    Column("binds", Boolean, nullable=False, server_default=text("false")),
    # Markdown, shown above and below the listing of a folder (row 67).
    Column("header", Text, nullable=False, server_default=""),
    Column("footer", Text, nullable=False, server_default=""),
    Column("author", Text, nullable=False),
    reference("content_id", "document_contents", nullable=True, cascade=False),
    # Waits for an owner's yes.
    Column("is_pending", Boolean, nullable=False, server_default=text("false")),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
    Column("trashed_at", Time),
    # The number of the item whose removal took this one along.
    Column("trashed_with", BigInteger),
    UniqueConstraint("list_id", "slot"),
    # Links and ids are kept: the number of a purged file is never given to another.
    sqlite_autoincrement=True,
)


@dataclass(frozen=True, slots=True)
class Document:
    """A folder or file, without what its folder's text says above and below; `size` and `media_type` are a file's."""

    id: int
    list_id: int
    parent_id: int | None
    is_folder: bool
    name: str
    d_read: str | None
    d_edit: str | None
    binds: bool
    author: str
    content_id: int | None
    is_pending: bool
    created_at: int
    updated_at: int
    trashed_at: int | None
    trashed_with: int | None
    size: int
    media_type: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of a file, or the room for them while they are on their way."""

    id: int
    list_id: int
    person_id: int | None
    media_type: str
    size: int
    sha256: str
    attempt: int
    created_at: int
    expires_at: int
    completed_at: int | None
