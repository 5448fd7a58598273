"""bounces count."""

import sqlalchemy as sa
from alembic import op

from storage.tables.base import Key

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_SETTINGS = {
    "bounce_warn_score": "2000",
    "bounce_suspend_score": "5000",
    "bounce_decay_days": "14",
    "bounce_probe_days": "7",
}


def upgrade() -> None:
    """To this revision."""
    _scores()
    op.create_table(
        "bounce_waves",
        sa.Column("list_id", Key, nullable=False),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("members", sa.Integer(), server_default="0", nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("recognized_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["list_id"], ["lists.id"], name="fk_bounce_waves_list_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("list_id", "occasion", "domain", name="pk_bounce_waves"),
    )
    op.create_index("ix_bounce_waves_started_at", "bounce_waves", ["started_at"])
    with op.batch_alter_table("lists") as batch:
        for name, value in _SETTINGS.items():
            batch.add_column(sa.Column(name, sa.Integer(), server_default=value, nullable=False))
        batch.add_column(sa.Column("bounce_probe", sa.Boolean(), server_default=sa.true(), nullable=False))
        batch.add_column(sa.Column("bounce_complaint", sa.Text(), server_default="leave", nullable=False))
        batch.add_column(sa.Column("bounce_digest", sa.Text(), server_default="daily", nullable=False))
        batch.add_column(sa.Column("bounce_digest_at", sa.BigInteger(), nullable=True))
    op.add_column("memberships", sa.Column("bounce_suspended_at", sa.BigInteger(), nullable=True))


def _scores() -> None:
    op.create_table(
        "membership_bounces",
        sa.Column("membership_id", Key, autoincrement=False, nullable=False),
        sa.Column("list_id", Key, nullable=False),
        sa.Column("address_key", sa.Text(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("enhanced_status", sa.Text(), server_default="", nullable=False),
        sa.Column("diagnostic", sa.Text(), server_default="", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("score", sa.Integer(), server_default="0", nullable=False),
        sa.Column("proved_score", sa.Integer(), server_default="0", nullable=False),
        sa.Column("scored_at", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Integer(), server_default="0", nullable=False),
        sa.Column("day_score", sa.Integer(), server_default="0", nullable=False),
        sa.Column("day_proved", sa.Integer(), server_default="0", nullable=False),
        sa.Column("occasion", sa.Text(), server_default="", nullable=False),
        sa.Column("probe_number", sa.BigInteger(), nullable=True),
        sa.Column("probed_at", sa.BigInteger(), nullable=True),
        sa.Column("probe_failed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["list_id"], ["lists.id"], name="fk_membership_bounces_list_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["membership_id"],
            ["memberships.id"],
            name="fk_membership_bounces_membership_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("membership_id", name="pk_membership_bounces"),
    )
    op.create_index("ix_membership_bounces_address_key", "membership_bounces", ["address_key"])
    op.create_index("ix_membership_bounces_list_id_score", "membership_bounces", ["list_id", "score"])


def downgrade() -> None:
    """Back to the one before."""
    with op.batch_alter_table("memberships", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.drop_column("bounce_suspended_at")
    with op.batch_alter_table("lists") as batch:
        for name in (*_SETTINGS, "bounce_probe", "bounce_complaint", "bounce_digest", "bounce_digest_at"):
            batch.drop_column(name)
    op.drop_table("bounce_waves")
    op.drop_table("membership_bounces")
