"""accounts have a life."""

import sqlalchemy as sa
from alembic import op

from storage.tables.base import Key

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    _numbered_once(is_so=True)
    _alerts()
    _claims()
    _merges()
    op.create_table(
        "removals",
        sa.Column("person_id", Key, autoincrement=False, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_removals_person_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", name="pk_removals"),
    )
    op.create_index("ix_removals_due_at", "removals", ["due_at"])
    op.add_column("credentials", sa.Column("last_used_at", sa.BigInteger(), nullable=True))
    op.add_column(
        "robots", sa.Column("dkim_confirms", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )


def _numbered_once(*, is_so: bool) -> None:
    """On SQLite, whether the number of somebody who is gone is never given to another; PostgreSQL does so by itself."""
    if op.get_bind().dialect.name == "sqlite":
        options = {"sqlite_autoincrement": True} if is_so else {}
        with op.batch_alter_table("people", recreate="always", table_kwargs=options):
            pass


def _alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        sa.Column("person_id", Key, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("address_key", sa.Text(), server_default="", nullable=False),
        sa.Column("moment", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("detail", sa.Text(), server_default="{}", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("dismissed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_alerts_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_alerts"),
        sa.UniqueConstraint(
            "person_id", "kind", "address_key", "moment", name="uq_alerts_person_id_kind_address_key_moment"
        ),
    )


def _claims() -> None:
    keys = (("person_id", "people"), ("holder_id", "people"), ("robot_id", "robots"), ("counts_in", "robots"))
    op.create_table(
        "address_claims",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        sa.Column("person_id", Key, nullable=False),
        sa.Column("holder_id", Key, nullable=False),
        sa.Column("robot_id", Key, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("address_key", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_ref", sa.Text(), server_default="", nullable=False),
        sa.Column("strength", sa.Integer(), nullable=False),
        sa.Column("counts_in", Key, nullable=True),
        sa.Column("lasts", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("decision", sa.Text(), server_default="", nullable=False),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{target}.id"], name=f"fk_address_claims_{column}", ondelete="CASCADE"
            )
            for column, target in keys
        ),
        sa.PrimaryKeyConstraint("id", name="pk_address_claims"),
        sa.UniqueConstraint(
            "person_id", "holder_id", "address_key", name="uq_address_claims_person_id_holder_id_address_key"
        ),
    )
    for column in ("holder_id", "robot_id", "counts_in"):
        op.create_index(f"ix_address_claims_{column}", "address_claims", [column])


def _merges() -> None:
    op.create_table(
        "merges",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        sa.Column("keeper_id", Key, nullable=False),
        sa.Column("gone_id", Key, nullable=True),
        sa.Column("robot_id", Key, nullable=True),
        sa.Column("snapshot", sa.Text(), nullable=False),
        sa.Column("gone_address", sa.Text(), nullable=False),
        sa.Column("merged_at", sa.BigInteger(), nullable=False),
        sa.Column("undoable_until", sa.BigInteger(), nullable=False),
        sa.Column("undone_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["keeper_id"], ["people.id"], name="fk_merges_keeper_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["gone_id"], ["people.id"], name="fk_merges_gone_id", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["robot_id"], ["robots.id"], name="fk_merges_robot_id", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_merges"),
    )
    for column in ("keeper_id", "gone_id", "robot_id"):
        op.create_index(f"ix_merges_{column}", "merges", [column])


def downgrade() -> None:
    """Back to the revision before."""
    op.drop_column("robots", "dkim_confirms")
    op.drop_column("credentials", "last_used_at")
    for table in ("removals", "merges", "address_claims", "alerts"):
        op.drop_table(table)
    _numbered_once(is_so=False)
