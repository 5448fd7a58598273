"""big lists expand in chunks."""

import sqlalchemy as sa
from alembic import op

from storage.tables.base import Key

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    op.add_column("deliveries", sa.Column("expanded_to", sa.BigInteger(), nullable=True))
    op.add_column("deliveries", sa.Column("last_member", sa.BigInteger(), nullable=True))
    op.add_column("packets", sa.Column("domain", sa.Text(), server_default="", nullable=False))
    op.add_column(
        "packets", sa.Column("is_personal", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.execute(
        "UPDATE packets SET is_personal = true WHERE delivery_id IN"
        " (SELECT id FROM deliveries WHERE personalization = 'always' AND kind = 'post')"
    )
    op.add_column("lists", sa.Column("verp_every", sa.Integer(), server_default="10", nullable=False))
    op.add_column("lists", sa.Column("verp_count", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "expansions",
        sa.Column("delivery_id", Key, autoincrement=False, nullable=False),
        sa.Column("author_keys", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name="fk_expansions_delivery_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("delivery_id", name="pk_expansions"),
    )
    op.create_table(
        "decided_members",
        sa.Column("delivery_id", Key, autoincrement=False, nullable=False),
        sa.Column("membership_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["expansions.delivery_id"],
            name="fk_decided_members_delivery_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("delivery_id", "membership_id", name="pk_decided_members"),
    )
    # With the address in it, a packet's recipients are read from neighbouring pages of the index alone.
    op.drop_index("ix_memberships_list_id_domain_id", "memberships")
    op.create_index(
        "ix_memberships_list_id_domain_id_address", "memberships", ["list_id", "domain", "id", "address"]
    )


def downgrade() -> None:
    """Back to the one before."""
    op.drop_index("ix_memberships_list_id_domain_id_address", "memberships")
    op.create_index("ix_memberships_list_id_domain_id", "memberships", ["list_id", "domain", "id"])
    op.drop_table("decided_members")
    op.drop_table("expansions")
    op.drop_column("lists", "verp_count")
    op.drop_column("lists", "verp_every")
    op.drop_column("packets", "is_personal")
    op.drop_column("packets", "domain")
    op.drop_column("deliveries", "last_member")
    op.drop_column("deliveries", "expanded_to")
