"""who is named may want no copy."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    op.add_column("memberships", sa.Column("skips_addressed_copies", sa.Boolean(), nullable=True))
    op.add_column(
        "people",
        sa.Column("skips_addressed_copies", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column(
        "expansions", sa.Column("addressed_members", sa.Text(), server_default="[]", nullable=False)
    )


def downgrade() -> None:
    """Back to the one before."""
    op.drop_column("expansions", "addressed_members")
    op.drop_column("people", "skips_addressed_copies")
    op.drop_column("memberships", "skips_addressed_copies")
