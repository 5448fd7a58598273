"""sessions can be elevated."""

import sqlalchemy as sa
from alembic import op

from storage.tables.base import Key

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_REFERENCE = "fk_sessions_elevated_list_id"


def upgrade() -> None:
    """To this revision."""
    with op.batch_alter_table("sessions") as sessions:
        sessions.add_column(sa.Column("elevated_list_id", Key, nullable=True))
        sessions.add_column(sa.Column("elevated_until", sa.BigInteger(), nullable=True))
        sessions.create_foreign_key(_REFERENCE, "lists", ["elevated_list_id"], ["id"], ondelete="SET NULL")


def downgrade() -> None:
    """Back to the revision before."""
    with op.batch_alter_table("sessions") as sessions:
        sessions.drop_constraint(_REFERENCE, type_="foreignkey")
        sessions.drop_column("elevated_until")
        sessions.drop_column("elevated_list_id")
