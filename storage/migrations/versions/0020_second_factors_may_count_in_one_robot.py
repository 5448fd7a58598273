"""second factors may count in one robot."""

import sqlalchemy as sa
from alembic import op

from storage.tables.base import Key

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_NAME = "fk_second_factors_robot_id"


def upgrade() -> None:
    """To this revision."""
    with op.batch_alter_table("second_factors") as batch:
        batch.add_column(sa.Column("robot_id", Key, nullable=True))
        batch.create_foreign_key(_NAME, "robots", ["robot_id"], ["id"], ondelete="CASCADE")
        batch.create_index("ix_second_factors_robot_id", ["robot_id"])


def downgrade() -> None:
    """Back to the one before."""
    with op.batch_alter_table("second_factors") as batch:
        batch.drop_index("ix_second_factors_robot_id")
        batch.drop_constraint(_NAME, type_="foreignkey")
        batch.drop_column("robot_id")
