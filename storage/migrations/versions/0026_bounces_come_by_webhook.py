"""bounces come by webhook."""

import sqlalchemy as sa
from alembic import op

from storage.tables.base import Key

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "webhook_sources",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        sa.Column("robot_id", Key, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("heard_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["robot_id"], ["robots.id"], name="fk_webhook_sources_robot_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_sources"),
        sa.UniqueConstraint("name", name="uq_webhook_sources_name"),
    )
    op.create_index("ix_webhook_sources_robot_id", "webhook_sources", ["robot_id"])
    op.create_index("ix_deliveries_internet_message_id", "deliveries", ["internet_message_id"])


def downgrade() -> None:
    """Back to the one before."""
    op.drop_index("ix_deliveries_internet_message_id", "deliveries")
    op.drop_table("webhook_sources")
