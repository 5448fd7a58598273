"""every operation has a scenario."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_OF_LISTS = {
    "remind": "owner",
    "archive_mail_access": "private",
    "d_read": "private",
    "d_edit": "owner",
    "tracking": "owner",
    "alt_email_policy": "ANY",
    "custom_vars": "",
}
_OF_ROBOTS = {
    "create_list": "listmaster",
    "move_user": "auth",
    "topics_visibility": "noconceal",
    "automatic_list_creation": "listmaster",
    "family_signoff": "auth",
    "global_remind": "listmaster",
    "spam_status": "x-spam-status",
    "dkim_method": "own",
    "scenario_dialect": "postroom",
    "blocklist_operations": "",
    "subaddress_domains": "",
}
_MANY = 5_000
_RENAMED = """UPDATE lists SET "{name}" = 'auth' WHERE "{name}" = 'owner' AND NOT EXISTS (
    SELECT 1 FROM scenario_texts WHERE operation = '{name}' AND scenario_texts.name = 'owner')"""


def upgrade() -> None:
    """To this revision."""
    for table, columns in (("lists", _OF_LISTS), ("robots", _OF_ROBOTS)):
        for name, usual in columns.items():
            op.add_column(table, sa.Column(name, sa.Text(), server_default=usual, nullable=False))
    op.execute("UPDATE lists SET archive_mail_access = archive_web_access")
    op.execute("UPDATE lists SET alt_email_policy = 'MAIN_ONLY' WHERE strict_main_address")
    # What the shipped add.owner and del.owner said is what add.auth and del.auth say now.
    for name in ("add", "del"):
        op.execute(_RENAMED.format(name=name))
    with op.batch_alter_table("lists") as lists:
        lists.drop_column("strict_main_address")
        lists.alter_column("add", existing_type=sa.Text(), server_default="auth")
        lists.alter_column("del", existing_type=sa.Text(), server_default="auth")
    for table in ("memberships", "roles"):
        op.add_column(table, sa.Column("base_key", sa.Text(), server_default="", nullable=False))
        op.execute(f"UPDATE {table} SET base_key = address_key")  # noqa: S608 (a word of this file)
        _cut_tags(table)
    op.create_index("ix_memberships_list_id_base_key", "memberships", ["list_id", "base_key"])
    op.create_index("ix_roles_base_key", "roles", ["base_key"])


def downgrade() -> None:
    """Back to the revision before."""
    op.drop_index("ix_roles_base_key", "roles")
    op.drop_index("ix_memberships_list_id_base_key", "memberships")
    op.drop_column("roles", "base_key")
    op.drop_column("memberships", "base_key")
    op.add_column(
        "lists",
        sa.Column("strict_main_address", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
    )
    op.execute("UPDATE lists SET strict_main_address = true WHERE alt_email_policy = 'MAIN_ONLY'")
    with op.batch_alter_table("lists") as lists:
        lists.alter_column("add", existing_type=sa.Text(), server_default="owner")
        lists.alter_column("del", existing_type=sa.Text(), server_default="owner")
    for table, columns in (("robots", _OF_ROBOTS), ("lists", _OF_LISTS)):
        for name in columns:
            op.drop_column(table, name)


def _cut_tags(table: str) -> None:
    rows = sa.table(table, sa.column("id"), sa.column("address_key"), sa.column("base_key"))
    change = sa.update(rows).where(rows.c.id == sa.bindparam("row")).values(base_key=sa.bindparam("base"))
    after = 0
    while True:
        found = op.get_bind().execute(
            sa.select(rows.c.id, rows.c.address_key)
            .where(rows.c.id > after, rows.c.address_key.like("%+%"))
            .order_by(rows.c.id)
            .limit(_MANY)
        )
        tagged = found.all()
        if not tagged:
            return
        op.get_bind().execute(change, [{"row": row, "base": _base(key)} for row, key in tagged])
        after = tagged[-1][0]


def _base(address_key: str) -> str:
    local, at, domain = address_key.rpartition("@")
    base, plus, _ = local.partition("+")
    return f"{base}{at}{domain}" if plus and base else address_key
