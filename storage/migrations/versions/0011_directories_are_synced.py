"""directories are synced."""

import sqlalchemy as sa
from alembic import op

from storage.tables.base import Key

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "sync_runs",
        sa.Column("source_ref", sa.Text(), nullable=False),
        sa.Column("robot_id", Key, nullable=True),
        sa.Column("fence", sa.Integer(), server_default="0", nullable=False),
        sa.Column("worker", sa.Text(), server_default="", nullable=False),
        sa.Column("leased_until", sa.BigInteger(), nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.Text(), server_default="", nullable=False),
        sa.Column("seen", sa.Integer(), server_default="0", nullable=False),
        sa.Column("believed", sa.Integer(), nullable=True),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["robot_id"], ["robots.id"], name="fk_sync_runs_robot_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("source_ref", name="pk_sync_runs"),
    )
    op.create_index("ix_sync_runs_robot_id", "sync_runs", ["robot_id"])


def downgrade() -> None:
    """Back to the revision before."""
    op.drop_table("sync_runs")
