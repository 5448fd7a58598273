"""applications act for people."""

import sqlalchemy as sa
from alembic import op

from storage.tables.base import Key

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_REFERENCE = "fk_sessions_application_id"
_WORDS = ("operations", "scopes", "assertable", "domains", "networks")


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "applications",
        _key(),
        _reference("robot_id", "robots", "applications"),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), server_default="", nullable=False) for name in _WORDS),
        sa.Column("fixed", sa.Text(), server_default="{}", nullable=False),
        sa.Column("requires_grant", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_applications"),
        sa.UniqueConstraint("client_id", name="uq_applications_client_id"),
        sa.UniqueConstraint("robot_id", "name", name="uq_applications_robot_id_name"),
    )
    op.create_table(
        "application_keys",
        _key(),
        _reference("application_id", "applications", "application_keys"),
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("algorithm", sa.Text(), nullable=False),
        sa.Column("jwk", sa.Text(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=True),
        sa.Column("not_after", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_application_keys"),
        sa.UniqueConstraint("application_id", "kid", name="uq_application_keys_application_id_kid"),
    )
    op.create_table(
        "application_grants",
        _key(),
        _reference("application_id", "applications", "application_grants"),
        _reference("person_id", "people", "application_grants"),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("granted_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_application_grants"),
        sa.UniqueConstraint(
            "application_id", "person_id", name="uq_application_grants_application_id_person_id"
        ),
    )
    op.create_index("ix_application_grants_person_id", "application_grants", ["person_id"])
    op.create_table(
        "seen_assertions",
        _key(),
        sa.Column("namespace", sa.Text(), nullable=False),
        sa.Column("id_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_seen_assertions"),
        sa.UniqueConstraint("namespace", "id_hash", name="uq_seen_assertions_namespace_id_hash"),
    )
    op.create_index("ix_seen_assertions_expires_at", "seen_assertions", ["expires_at"])
    with op.batch_alter_table("sessions") as sessions:
        sessions.add_column(sa.Column("application_id", Key, nullable=True))
        sessions.add_column(sa.Column("scopes", sa.Text(), server_default="", nullable=False))
        sessions.add_column(sa.Column("assertions", sa.Text(), server_default="{}", nullable=False))
        sessions.create_foreign_key(
            _REFERENCE, "applications", ["application_id"], ["id"], ondelete="CASCADE"
        )
        sessions.create_index("ix_sessions_application_id", ["application_id"])


def downgrade() -> None:
    """Back to the revision before."""
    # What applications have open is nobody's own sign-in, and would pass for one without the column.
    op.execute("DELETE FROM sessions WHERE application_id IS NOT NULL")
    with op.batch_alter_table("sessions") as sessions:
        sessions.drop_index("ix_sessions_application_id")
        sessions.drop_constraint(_REFERENCE, type_="foreignkey")
        for name in ("assertions", "scopes", "application_id"):
            sessions.drop_column(name)
    for table in ("seen_assertions", "application_grants", "application_keys", "applications"):
        op.drop_table(table)


def _key() -> sa.Column[int]:
    return sa.Column("id", Key, autoincrement=True, nullable=False)


def _reference(name: str, target: str, table: str) -> sa.Column[int]:
    return sa.Column(
        name,
        Key,
        sa.ForeignKey(f"{target}.id", name=f"fk_{table}_{name}", ondelete="CASCADE"),
        nullable=False,
    )
