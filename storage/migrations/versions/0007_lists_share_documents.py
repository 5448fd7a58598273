"""lists share documents."""

import sqlalchemy as sa
from alembic import op

from storage.tables.base import Key

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    with op.batch_alter_table("lists") as lists:
        lists.add_column(
            sa.Column("documents_quota", sa.BigInteger(), server_default="1073741824", nullable=False)
        )
        lists.add_column(
            sa.Column("document_size_limit", sa.BigInteger(), server_default="104857600", nullable=False)
        )
    _contents()
    _documents()


def downgrade() -> None:
    """Back to the revision before."""
    op.drop_table("documents")
    op.drop_table("document_chunks")
    op.drop_table("document_contents")
    with op.batch_alter_table("lists") as lists:
        lists.drop_column("document_size_limit")
        lists.drop_column("documents_quota")


def _contents() -> None:
    op.create_table(
        "document_contents",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        sa.Column("list_id", Key, nullable=False),
        sa.Column("person_id", Key, nullable=True),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), server_default="", nullable=False),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("completed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["list_id"], ["lists.id"], name="fk_document_contents_list_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_document_contents_person_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_document_contents"),
    )
    op.create_index("ix_document_contents_list_id", "document_contents", ["list_id"])
    op.create_index("ix_document_contents_person_id", "document_contents", ["person_id"])
    op.create_table(
        "document_chunks",
        sa.Column("content_id", Key, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["content_id"], ["document_contents.id"], name="fk_document_chunks_content_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("content_id", "place", name="pk_document_chunks"),
    )


def _documents() -> None:
    op.create_table(
        "documents",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        sa.Column("list_id", Key, nullable=False),
        sa.Column("parent_id", Key, nullable=True),
        sa.Column("is_folder", sa.Boolean(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=True),
        sa.Column("d_read", sa.Text(), nullable=True),
        sa.Column("d_edit", sa.Text(), nullable=True),
        sa.Column("binds", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("header", sa.Text(), server_default="", nullable=False),
        sa.Column("footer", sa.Text(), server_default="", nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("content_id", Key, nullable=True),
        sa.Column("is_pending", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("trashed_at", sa.BigInteger(), nullable=True),
        sa.Column("trashed_with", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["list_id"], ["lists.id"], name="fk_documents_list_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["documents.id"], name="fk_documents_parent_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["content_id"], ["document_contents.id"], name="fk_documents_content_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_documents"),
        sa.UniqueConstraint("list_id", "slot", name="uq_documents_list_id_slot"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_documents_content_id", "documents", ["content_id"])
    op.create_index("ix_documents_parent_id", "documents", ["parent_id"])
