"""The metadata that all tables share, with names for every constraint so that migrations can find them."""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, MetaData

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only in a column declared INTEGER.
Key = BigInteger().with_variant(Integer, "sqlite")
Time = BigInteger


def own_key() -> Column[int]:
    """The row's own number."""
    return Column("id", Key, primary_key=True, autoincrement=True)


def reference(
    name: str, target: str, *, nullable: bool = False, index: bool = True, cascade: bool = True
) -> Column[int]:
    """A reference to another table's row; with `cascade`, the row goes when that one goes."""
    action = "CASCADE" if cascade else "SET NULL"
    return Column(name, Key, ForeignKey(f"{target}.id", ondelete=action), nullable=nullable, index=index)
