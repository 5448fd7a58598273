"""Deliveries of big lists that are still being cut into packets, and whom a chunk decided ahead of their turn."""

from sqlalchemy import BigInteger, Column, ForeignKey, Table, Text

from storage.tables.base import Key, metadata

# One row while members are left. It is what two expanders lock, so that nobody who counts a delivery's acceptances
# waits for a chunk.
expansions = Table(
    "expansions",
    metadata,
    Column(
        "delivery_id",
        Key,
        ForeignKey("deliveries.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    # A JSON array of the keys of the author's addresses.
    Column("author_keys", Text, nullable=False),
    # A JSON array of memberships that get no copy, since the message names their people and they asked for that (row 132).
    Column("addressed_members", Text, nullable=False, server_default="[]"),
)

# Somebody with several addresses on a list is decided whole by the first chunk that meets one of them; later chunks
# leave the others alone (row 132).
decided_members = Table(
    "decided_members",
    metadata,
    Column(
        "delivery_id",
        Key,
        ForeignKey("expansions.delivery_id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("membership_id", BigInteger, primary_key=True, autoincrement=False),
)
