"""posts are signed."""

import sqlalchemy as sa
from alembic import op

from storage.tables.base import Key

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "dkim_keys",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        sa.Column("robot_id", Key, nullable=False),
        sa.Column("list_id", Key, nullable=True),
        sa.Column("selector", sa.Text(), nullable=False),
        sa.Column("algorithm", sa.Text(), nullable=False),
        sa.Column("private_key", sa.Text(), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="new", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("activated_at", sa.BigInteger(), nullable=True),
        sa.Column("retired_at", sa.BigInteger(), nullable=True),
        sa.Column("published_until", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["robot_id"], ["robots.id"], name="fk_dkim_keys_robot_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["list_id"], ["lists.id"], name="fk_dkim_keys_list_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_dkim_keys"),
        sa.UniqueConstraint("robot_id", "selector", name="uq_dkim_keys_robot_id_selector"),
    )
    op.create_index("ix_dkim_keys_list_id", "dkim_keys", ["list_id"])
    op.add_column("deliveries", sa.Column("proofs", sa.Text(), server_default="", nullable=False))
    op.add_column(
        "outgoing_messages",
        sa.Column("authentication_results", sa.Text(), server_default="", nullable=False),
    )
    op.add_column("lists", sa.Column("dkim_sign_posts", sa.Text(), server_default="any", nullable=False))
    with op.batch_alter_table("robots") as batch:
        batch.add_column(
            sa.Column("dkim_sign_services", sa.Boolean(), server_default=sa.true(), nullable=False)
        )
        batch.add_column(sa.Column("arc_seal", sa.Boolean(), server_default=sa.true(), nullable=False))


def downgrade() -> None:
    """Back to the revision before."""
    with op.batch_alter_table("robots") as batch:
        batch.drop_column("arc_seal")
        batch.drop_column("dkim_sign_services")
    with op.batch_alter_table("lists") as batch:
        batch.drop_column("dkim_sign_posts")
    with op.batch_alter_table("outgoing_messages") as batch:
        batch.drop_column("authentication_results")
    with op.batch_alter_table("deliveries") as batch:
        batch.drop_column("proofs")
    op.drop_index("ix_dkim_keys_list_id", "dkim_keys")
    op.drop_table("dkim_keys")
