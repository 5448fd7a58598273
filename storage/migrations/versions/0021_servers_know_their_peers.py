"""servers know their peers."""

import sqlalchemy as sa
from alembic import op

from storage.tables.base import Key

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "peers",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("trust", sa.Text(), nullable=False),
        sa.Column("said", sa.Text(), server_default="{}", nullable=False),
        sa.Column("keys", sa.Text(), server_default="[]", nullable=False),
        sa.Column("pinned", sa.Text(), server_default="", nullable=False),
        sa.Column("alert", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("fetched_at", sa.BigInteger(), nullable=False),
        sa.Column("last_success_at", sa.BigInteger(), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("retry_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_peers"),
        sa.UniqueConstraint("domain", name="uq_peers_domain"),
        sa.UniqueConstraint("issuer", name="uq_peers_issuer"),
    )
    op.create_table(
        "federation_keys",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("curve", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("not_after", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_federation_keys"),
        sa.UniqueConstraint("kid", name="uq_federation_keys_kid"),
    )


def downgrade() -> None:
    """Back to the one before."""
    op.drop_table("federation_keys")
    op.drop_table("peers")
