"""robots have topics."""

import sqlalchemy as sa
from alembic import op

from storage.tables.base import Key

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# What readers are let into is kept from here on too, and what was found out about a held message's origin.
_TEXTS = (
    ("robots", "decisions_of_reads", "all"),
    ("lists", "topics", ""),
    ("messages", "mail_results", "{}"),
)


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "topics",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        sa.Column("robot_id", Key, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("visibility", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["robot_id"], ["robots.id"], name="fk_topics_robot_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_topics"),
        sa.UniqueConstraint("robot_id", "name", name="uq_topics_robot_id_name"),
    )
    for table, name, usual in _TEXTS:
        op.add_column(table, sa.Column(name, sa.Text(), server_default=usual, nullable=False))
    op.add_column("decisions", sa.Column("times", sa.Integer(), server_default="1", nullable=False))
    op.add_column(
        "decisions",
        sa.Column("is_plain_read", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
    )


def downgrade() -> None:
    """Back to the revision before."""
    op.drop_column("decisions", "is_plain_read")
    op.drop_column("decisions", "times")
    for table, name, _ in _TEXTS:
        op.drop_column(table, name)
    op.drop_table("topics")
