"""copies are personal."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    with op.batch_alter_table("lists") as batch:
        batch.add_column(sa.Column("header", sa.Text(), server_default="", nullable=False))
        batch.add_column(sa.Column("footer", sa.Text(), server_default="", nullable=False))
        batch.add_column(sa.Column("footer_html", sa.Text(), server_default="", nullable=False))
        batch.add_column(sa.Column("merge", sa.Text(), server_default="never", nullable=False))
    with op.batch_alter_table("outgoing_messages") as batch:
        batch.add_column(sa.Column("slots", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    """Back to the revision before."""
    with op.batch_alter_table("outgoing_messages") as batch:
        batch.drop_column("slots")
    with op.batch_alter_table("lists") as batch:
        batch.drop_column("merge")
        batch.drop_column("footer_html")
        batch.drop_column("footer")
        batch.drop_column("header")
