"""providers prove people."""

import sqlalchemy as sa
from alembic import op

from storage.tables.base import Key

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "auth_configs",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("robot_id", Key, nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["robot_id"], ["robots.id"], name="fk_auth_configs_robot_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("scope", name="pk_auth_configs"),
    )
    op.create_index("ix_auth_configs_robot_id", "auth_configs", ["robot_id"])
    op.create_table(
        "sign_ins",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        sa.Column("handle_hash", sa.LargeBinary(), nullable=False),
        sa.Column("browser_hash", sa.LargeBinary(), nullable=False),
        sa.Column("robot_id", Key, nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("session_id", Key, nullable=True),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("kept", sa.Text(), server_default="", nullable=False),
        sa.Column("return_to", sa.Text(), server_default="", nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["robot_id"], ["robots.id"], name="fk_sign_ins_robot_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name="fk_sign_ins_session_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_sign_ins"),
        sa.UniqueConstraint("handle_hash", name="uq_sign_ins_handle_hash"),
    )
    for column in ("robot_id", "session_id", "expires_at"):
        op.create_index(f"ix_sign_ins_{column}", "sign_ins", [column])
    op.create_table(
        "attributes",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        sa.Column("person_id", Key, nullable=False),
        sa.Column("robot_id", Key, nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("values_json", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_ref", sa.Text(), server_default="", nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_attributes_person_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["robot_id"], ["robots.id"], name="fk_attributes_robot_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_attributes"),
        sa.UniqueConstraint(
            "person_id", "name", "source", "source_ref", name="uq_attributes_person_id_name_source_source_ref"
        ),
    )
    op.create_index("ix_attributes_robot_id", "attributes", ["robot_id"])
    with op.batch_alter_table("sessions") as sessions:
        for name in ("provider", "provider_subject", "provider_session", "provider_kept", "acr"):
            sessions.add_column(sa.Column(name, sa.Text(), server_default="", nullable=False))
        sessions.add_column(sa.Column("second_factor_at", sa.BigInteger(), nullable=True))
        sessions.create_index("ix_sessions_provider_subject", ["provider", "provider_subject"])


def downgrade() -> None:
    """Back to the revision before."""
    with op.batch_alter_table("sessions") as sessions:
        sessions.drop_index("ix_sessions_provider_subject")
        for name in (
            "second_factor_at",
            "acr",
            "provider_kept",
            "provider_session",
            "provider_subject",
            "provider",
        ):
            sessions.drop_column(name)
    op.drop_table("attributes")
    op.drop_table("sign_ins")
    op.drop_table("auth_configs")
