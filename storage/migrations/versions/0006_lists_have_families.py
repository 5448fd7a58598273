"""lists have families."""

import sqlalchemy as sa
from alembic import op

from storage.tables.base import Key

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_REFERENCE = "fk_lists_family_id"
_TEXTS = (
    "description",
    "address",
    "prefix",
    "create_list",
    "automatic_list_creation",
    "family_signoff",
    "owners_list",
)


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "families",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        sa.Column("robot_id", Key, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), server_default="", nullable=False) for name in _TEXTS),
        sa.Column("idle_lifetime", sa.BigInteger(), nullable=False),
        sa.Column("most_lists", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["robot_id"], ["robots.id"], name="fk_families_robot_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_families"),
        sa.UniqueConstraint("robot_id", "name", name="uq_families_robot_id_name"),
    )
    op.create_table(
        "family_instances",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        sa.Column("list_id", Key, nullable=False),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("written", sa.Text(), nullable=False),
        sa.Column("is_automatic", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.ForeignKeyConstraint(
            ["list_id"], ["lists.id"], name="fk_family_instances_list_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_family_instances"),
        sa.UniqueConstraint("list_id", name="uq_family_instances_list_id"),
    )
    with op.batch_alter_table("lists") as lists:
        lists.add_column(sa.Column("family_id", Key, nullable=True))
        lists.create_foreign_key(_REFERENCE, "families", ["family_id"], ["id"], ondelete="SET NULL")
    op.create_index("ix_lists_family_id", "lists", ["family_id"])


def downgrade() -> None:
    """Back to the revision before."""
    op.drop_index("ix_lists_family_id", "lists")
    with op.batch_alter_table("lists") as lists:
        lists.drop_constraint(_REFERENCE, type_="foreignkey")
        lists.drop_column("family_id")
    op.drop_table("family_instances")
    op.drop_table("families")
