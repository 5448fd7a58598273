"""the queue learns."""

import sqlalchemy as sa
from alembic import op

from storage.tables.base import Key

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "domain_paces",
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("most", sa.Integer(), nullable=False),
        sa.Column("pause", sa.BigInteger(), nullable=False),
        sa.Column("paused_until", sa.BigInteger(), nullable=False),
        sa.Column("reply", sa.Text(), server_default="", nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("domain", name="pk_domain_paces"),
    )
    op.create_table(
        "queue_stops",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        sa.Column("robot_id", Key, nullable=True),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["robot_id"], ["robots.id"], name="fk_queue_stops_robot_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_queue_stops"),
    )
    op.create_index("ix_queue_stops_robot_id", "queue_stops", ["robot_id"])
    op.create_table(
        "nodes",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("version", sa.Text(), server_default="", nullable=False),
        sa.Column("detail", sa.Text(), server_default="{}", nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_nodes"),
    )
    op.add_column("deliveries", sa.Column("queued_at", sa.BigInteger(), nullable=True))
    op.add_column("messages", sa.Column("content_hash", sa.Text(), server_default="", nullable=False))
    op.create_index(
        "ix_messages_list_received",
        "messages",
        ["list_id", "received_at", "state", "author", "content_hash"],
    )
    op.add_column(
        "lists", sa.Column("most_posts_per_hour", sa.Integer(), server_default="2000", nullable=False)
    )
    op.add_column(
        "lists",
        sa.Column("most_posts_per_author_per_hour", sa.Integer(), server_default="500", nullable=False),
    )


def downgrade() -> None:
    """Back to the one before."""
    op.drop_column("lists", "most_posts_per_author_per_hour")
    op.drop_column("lists", "most_posts_per_hour")
    op.drop_index("ix_messages_list_received", "messages")
    op.drop_column("messages", "content_hash")
    op.drop_column("deliveries", "queued_at")
    op.drop_table("nodes")
    op.drop_table("queue_stops")
    op.drop_table("domain_paces")
