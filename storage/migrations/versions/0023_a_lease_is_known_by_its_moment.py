"""a lease is known by its moment."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    _change(sa.Integer(), sa.BigInteger())


def downgrade() -> None:
    """Back to the one before."""
    # Numbers of that size have no place in the smaller column; no lease outlives the way back.
    op.execute("UPDATE packets SET fence = 0")
    _change(sa.BigInteger(), sa.Integer())


def _change(former: sa.Integer, wanted: sa.Integer) -> None:
    # An integer of SQLite has room for either.
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("packets", "fence", type_=wanted, existing_type=former, existing_nullable=False)
