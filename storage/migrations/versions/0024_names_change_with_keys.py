"""names change with keys."""

import sqlalchemy as sa
from alembic import op

from storage.tables.base import Key

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "federation_pairs",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        sa.Column("peer_id", Key, nullable=False),
        sa.Column("theirs", sa.Text(), nullable=False),
        sa.Column("ours", sa.Text(), nullable=False),
        sa.Column("first_day", sa.Integer(), nullable=False),
        sa.Column("allowance", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["peer_id"], ["peers.id"], name="fk_federation_pairs_peer_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_federation_pairs"),
        sa.UniqueConstraint("peer_id", "theirs", "ours", name="uq_federation_pairs_peer_id_theirs_ours"),
    )
    op.add_column("peers", sa.Column("last_latency_ms", sa.Integer(), nullable=True))
    op.add_column("peers", sa.Column("last_failure_at", sa.BigInteger(), nullable=True))
    op.add_column("peers", sa.Column("last_failure", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    """Back to the one before."""
    op.drop_table("federation_pairs")
    with op.batch_alter_table("peers") as batch:
        for name in ("last_failure", "last_failure_at", "last_latency_ms"):
            batch.drop_column(name)
