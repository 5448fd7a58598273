"""people let peers ask."""

import sqlalchemy as sa
from alembic import op

from storage.tables.base import Key

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def _of(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{target}.id"], name=f"fk_{table}_{column}", ondelete="CASCADE"
    )


def _id() -> sa.Column[int]:
    return sa.Column("id", Key, autoincrement=True, nullable=False)


def upgrade() -> None:
    """To this revision."""
    op.add_column("peers", sa.Column("evidence", sa.Text(), server_default="consent", nullable=False))
    op.add_column("peers", sa.Column("allows_acts", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column(
        "robots", sa.Column("federation_outgoing", sa.Text(), server_default="all_trusted", nullable=False)
    )
    op.add_column("robots", sa.Column("federation_incoming", sa.Text(), server_default="ask", nullable=False))
    op.add_column(
        "robots", sa.Column("federation_acts", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("lists", sa.Column("tells_peers", sa.Text(), server_default="open", nullable=False))
    _consents()
    _handles()
    op.create_table(
        "federation_tokens",
        _id(),
        sa.Column("person_id", Key, nullable=False),
        sa.Column("peer_id", Key, nullable=False),
        sa.Column("address_key", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        _of("federation_tokens", "person_id", "people"),
        _of("federation_tokens", "peer_id", "peers"),
        sa.PrimaryKeyConstraint("id", name="pk_federation_tokens"),
        sa.UniqueConstraint(
            "person_id", "peer_id", "address_key", name="uq_federation_tokens_person_id_peer_id_address_key"
        ),
    )
    op.create_index("ix_federation_tokens_peer_id", "federation_tokens", ["peer_id"])


def _consents() -> None:
    op.create_table(
        "federation_policies",
        _id(),
        sa.Column("person_id", Key, nullable=False),
        sa.Column("outgoing", sa.Text(), nullable=False),
        sa.Column("incoming", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        _of("federation_policies", "person_id", "people"),
        sa.PrimaryKeyConstraint("id", name="pk_federation_policies"),
        sa.UniqueConstraint("person_id", name="uq_federation_policies_person_id"),
    )
    op.create_table(
        "federation_choices",
        _id(),
        sa.Column("person_id", Key, nullable=False),
        sa.Column("peer_id", Key, nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("is_allowed", sa.Boolean(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        _of("federation_choices", "person_id", "people"),
        _of("federation_choices", "peer_id", "peers"),
        sa.PrimaryKeyConstraint("id", name="pk_federation_choices"),
        sa.UniqueConstraint(
            "person_id", "peer_id", "direction", name="uq_federation_choices_person_id_peer_id_direction"
        ),
    )
    op.create_index("ix_federation_choices_peer_id", "federation_choices", ["peer_id"])
    op.create_table(
        "federation_address_consents",
        _id(),
        sa.Column("peer_id", Key, nullable=False),
        sa.Column("address_key", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        _of("federation_address_consents", "peer_id", "peers"),
        sa.PrimaryKeyConstraint("id", name="pk_federation_address_consents"),
        sa.UniqueConstraint(
            "peer_id", "address_key", name="uq_federation_address_consents_peer_id_address_key"
        ),
    )
    op.create_index(
        "ix_federation_address_consents_address_key", "federation_address_consents", ["address_key"]
    )


def _handles() -> None:
    op.create_table(
        "federation_handles",
        _id(),
        sa.Column("peer_id", Key, nullable=False),
        sa.Column("pair", sa.Text(), nullable=False),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("address_key", sa.Text(), nullable=False),
        _of("federation_handles", "peer_id", "peers"),
        sa.PrimaryKeyConstraint("id", name="pk_federation_handles"),
        sa.UniqueConstraint("peer_id", "pair", "handle", name="uq_federation_handles_peer_id_pair_handle"),
    )
    op.create_index("ix_federation_handles_address", "federation_handles", ["peer_id", "pair", "address_key"])
    op.create_table(
        "federation_handle_marks",
        _id(),
        sa.Column("peer_id", Key, nullable=False),
        sa.Column("pair", sa.Text(), nullable=False),
        sa.Column("membership_id", sa.BigInteger(), nullable=False),
        _of("federation_handle_marks", "peer_id", "peers"),
        sa.PrimaryKeyConstraint("id", name="pk_federation_handle_marks"),
        sa.UniqueConstraint("peer_id", "pair", name="uq_federation_handle_marks_peer_id_pair"),
    )
    op.create_table(
        "federation_lookups",
        _id(),
        sa.Column("peer_id", Key, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("first_day", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        _of("federation_lookups", "peer_id", "peers"),
        sa.PrimaryKeyConstraint("id", name="pk_federation_lookups"),
        sa.UniqueConstraint("peer_id", "subject", name="uq_federation_lookups_peer_id_subject"),
    )


def downgrade() -> None:
    """Back to the one before."""
    for table in (
        "federation_tokens",
        "federation_lookups",
        "federation_handle_marks",
        "federation_handles",
        "federation_address_consents",
        "federation_choices",
        "federation_policies",
    ):
        op.drop_table(table)
    for table, names in (
        ("lists", ["tells_peers"]),
        ("robots", ["federation_acts", "federation_incoming", "federation_outgoing"]),
        ("peers", ["allows_acts", "evidence"]),
    ):
        with op.batch_alter_table(table) as batch:
            for name in names:
                batch.drop_column(name)
