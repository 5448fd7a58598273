"""a person sees everything at once."""

import sqlalchemy as sa
from alembic import op

from storage.tables.base import Key

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_HOLDER = "fk_memberships_person_id"


def upgrade() -> None:
    """To this revision."""
    numbered = _last_number()
    with op.batch_alter_table("memberships", table_kwargs={"sqlite_autoincrement": True}) as memberships:
        memberships.add_column(sa.Column("person_id", Key, nullable=True))
        memberships.add_column(
            sa.Column("is_preferred", sa.Boolean(), server_default=sa.text("false"), nullable=False)
        )
        memberships.add_column(sa.Column("away_from", sa.BigInteger(), nullable=True))
        memberships.add_column(sa.Column("away_until", sa.BigInteger(), nullable=True))
        memberships.create_foreign_key(_HOLDER, "people", ["person_id"], ["id"], ondelete="SET NULL")
        memberships.create_index("ix_memberships_person_id", ["person_id"])
    _go_on_from(numbered)
    op.add_column("people", sa.Column("time_zone", sa.Text(), server_default="", nullable=False))
    op.add_column("people", sa.Column("page_size", sa.Integer(), server_default="20", nullable=False))
    op.add_column("people", sa.Column("default_reception", sa.Text(), server_default="mail", nullable=False))
    op.add_column(
        "people",
        sa.Column("each_address_gets_a_copy", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.create_index("ix_tickets_address", "tickets", ["address"])
    op.create_index(
        "ix_moderation_waiting",
        "moderation",
        ["author"],
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "bouncing_addresses",
        sa.Column("address_key", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("enhanced_status", sa.Text(), server_default="", nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("address_key", name="pk_bouncing_addresses"),
    )


def downgrade() -> None:
    """Back to the revision before."""
    numbered = _last_number()
    op.drop_table("bouncing_addresses")
    op.drop_index("ix_moderation_waiting", "moderation")
    op.drop_index("ix_tickets_address", "tickets")
    for name in ("each_address_gets_a_copy", "default_reception", "page_size", "time_zone"):
        op.drop_column("people", name)
    with op.batch_alter_table("memberships", table_kwargs={"sqlite_autoincrement": True}) as memberships:
        memberships.drop_index("ix_memberships_person_id")
        memberships.drop_constraint(_HOLDER, type_="foreignkey")
        for name in ("away_until", "away_from", "is_preferred", "person_id"):
            memberships.drop_column(name)
    _go_on_from(numbered)


def _last_number() -> int:
    """The highest number that a membership ever had; a copied table would forget those of people who left."""
    if op.get_bind().dialect.name != "sqlite":
        return 0
    return op.get_bind().scalar(sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'memberships'")) or 0


def _go_on_from(numbered: int) -> None:
    """Let no number be given twice: links to leave with one click never expire."""
    if numbered:
        op.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = 'memberships'"))
        again = sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES ('memberships', :seq)")
        op.execute(again.bindparams(seq=numbered))
