"""posts survive dmarc."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_OF_LISTS = (
    ("dmarc_protection", "munge"),
    ("dmarc_policies", "quarantine reject"),
    ("dmarc_exempt_domains", ""),
)


def upgrade() -> None:
    """To this revision."""
    with op.batch_alter_table("lists") as batch:
        for name, default in _OF_LISTS:
            batch.add_column(sa.Column(name, sa.Text(), server_default=default, nullable=False))
    with op.batch_alter_table("robots") as batch:
        batch.add_column(sa.Column("trusted_sealers", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    """Back to the one before."""
    with op.batch_alter_table("robots") as batch:
        batch.drop_column("trusted_sealers")
    with op.batch_alter_table("lists") as batch:
        for name, _ in reversed(_OF_LISTS):
            batch.drop_column(name)
