"""A statement together with the record its rows become, compiled once for each dialect."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from enum import Enum
from typing import Any, Generic, Literal, TypeVar, cast, get_args, get_type_hints

from sqlalchemy import ColumnElement, Table, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import Select
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import NullType

T = TypeVar("T")
DialectName = Literal["sqlite", "postgresql"]
Converter = Callable[[Any], Any]

DIALECTS: Mapping[str, DefaultDialect] = {
    "sqlite": sqlite.dialect(paramstyle="named"),
    "postgresql": asyncpg.dialect(),  # type: ignore[no-untyped-call]
}
_MISSING = object()
INSERTS = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


@dataclass(frozen=True, slots=True)
class Compiled:
    """SQL text for one dialect, with the values that the statement itself carries and, for PostgreSQL, the order."""

    sql: str
    constants: Mapping[str, Any]
    order: tuple[str, ...]


@dataclass(slots=True)
class Query(Generic[T]):
    """A statement and what its rows become.

    `statement` is a SQLAlchemy Core construct, a function that makes one from the dialect's `insert` (for ON CONFLICT),
    or one for each dialect by its name; `record` is called with a row's columns in order. Keep queries as module constants: they compile once.
    """

    statement: Any
    record: Callable[..., T]
    _compiled: dict[str, Compiled] = field(default_factory=dict, repr=False)
    _load: Callable[[Iterable[Any]], T] | None = field(default=None, repr=False)

    def compiled(self, dialect: DialectName) -> Compiled:
        """The SQL for a dialect."""
        found = self._compiled.get(dialect)
        if found is None:
            found = self._compiled[dialect] = compile_statement(self.statement, dialect)
        return found

    @property
    def load(self) -> Callable[[Iterable[Any]], T]:
        """What makes a record of a row; got once for many rows, it costs a call less for each."""
        if self._load is None:
            self._load = row_loader(self.record)
        return self._load


def compile_statement(statement: Any, dialect: DialectName) -> Compiled:
    """SQL text of a Core statement; lists written in it are expanded in place."""
    if isinstance(statement, Mapping):
        statement = statement[dialect]
    if callable(statement) and not hasattr(statement, "compile"):
        statement = statement(INSERTS[dialect])
    made: SQLCompiler = statement.compile(
        dialect=DIALECTS[dialect], compile_kwargs={"render_postcompile": True}
    )
    constants = {name: value for name, value in made.params.items() if value is not _MISSING}
    return Compiled(str(made), constants, tuple(made.positiontup or ()))


def row_loader(record: Callable[..., T]) -> Callable[[Iterable[Any]], T]:
    """A function from a row to a record that turns texts into enums and SQLite's 0 and 1 into booleans."""
    converters = _converters(record)
    if not converters:
        return lambda row: record(*row)

    def load(row: Iterable[Any]) -> T:
        values = [*row]
        for place, convert in converters:
            if values[place] is not None:
                values[place] = convert(values[place])
        return record(*values)

    return load


def _converters(record: Callable[..., Any]) -> list[tuple[int, Converter]]:
    if not hasattr(record, "__dataclass_fields__"):
        return [(0, record)] if isinstance(record, type) and issubclass(record, (bool, Enum)) else []
    hints = get_type_hints(record)
    found: list[tuple[int, Converter]] = []
    for place, each in enumerate(fields(cast(Any, record))):
        kinds = (hints[each.name], *get_args(hints[each.name]))
        found.extend(
            (place, kind) for kind in kinds if isinstance(kind, type) and issubclass(kind, (bool, Enum))
        )
    return found


def columns_for(record: type, *tables: Table) -> list[ColumnElement[Any]]:
    """The columns that a record's fields name, found in the first table that has each; `del_` names column `del`."""
    wanted = [each.name.rstrip("_") for each in fields(record)]
    return [next(table.c[name] for table in tables if name in table.c) for name in wanted]


def query_for(
    record: type[T], *tables: Table, where: Callable[[Select[Any]], Select[Any]] = lambda s: s
) -> Query[T]:
    """A query whose rows are `record`, over the first table (join the others in `where`)."""
    return Query(where(select(*columns_for(record, *tables))), record)


def param(name: str) -> Any:
    """A named parameter; leaving it out of a call is an error, never NULL."""
    return bindparam(name, _MISSING, NullType())


class AnyOf(ColumnElement[Any]):
    """`column` is one of the values of the list parameter `name`: one statement for lists of any length."""

    inherit_cache = False
    type = NullType()

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        self.column = column
        self.parameter = param(name)


@compiles(AnyOf, "sqlite")
def _any_of_sqlite(element: AnyOf, compiler: SQLCompiler, **options: Any) -> str:
    column = compiler.process(element.column, **options)
    values = compiler.process(element.parameter, **options)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 (both parts are compiled SQL)


@compiles(AnyOf, "postgresql")
def _any_of_postgresql(element: AnyOf, compiler: SQLCompiler, **options: Any) -> str:
    column = compiler.process(element.column, **options)
    kind = "BIGINT" if element.column.type.python_type is int else "TEXT"
    return f"{column} = ANY(CAST({compiler.process(element.parameter, **options)} AS {kind}[]))"


def any_of(column: Any, name: str) -> AnyOf:
    """The condition that `column` is in the list parameter `name`."""
    return AnyOf(column, name)


class EachOf(AnyOf):
    """As AnyOf, for hundreds of values: PostgreSQL looks each one up instead of comparing every row with all of them."""

    inherit_cache = False


@compiles(EachOf, "postgresql")
def _each_of_postgresql(element: EachOf, compiler: SQLCompiler, **options: Any) -> str:
    column = compiler.process(element.column, **options)
    kind = "BIGINT" if element.column.type.python_type is int else "TEXT"
    return f"{column} IN (SELECT unnest(CAST({compiler.process(element.parameter, **options)} AS {kind}[])))"


def each_of(column: Any, name: str) -> EachOf:
    """The condition that `column` is in the long list parameter `name`."""
    return EachOf(column, name)


def values_of(dialect: str, name: str, kind: str) -> str:
    """A SELECT of the values of the list parameter `name`, one row each, for statements written as text; `kind` is their SQL type."""
    if dialect == "sqlite":
        return f"SELECT value FROM json_each(:{name})"  # noqa: S608 (a name written in a module)
    return f"SELECT unnest(CAST(:{name} AS {kind}[])) AS value"


class LikeAny(AnyOf):
    """`column` matches one of the LIKE patterns of the list parameter `name`; `!` is their escape."""

    inherit_cache = False


@compiles(LikeAny, "sqlite")
def _like_any_sqlite(element: LikeAny, compiler: SQLCompiler, **options: Any) -> str:
    column = compiler.process(element.column, **options)
    values = compiler.process(element.parameter, **options)
    return f"EXISTS (SELECT 1 FROM json_each({values}) WHERE {column} LIKE value ESCAPE '!')"  # noqa: S608 (as above)


@compiles(LikeAny, "postgresql")
def _like_any_postgresql(element: LikeAny, compiler: SQLCompiler, **options: Any) -> str:
    column = compiler.process(element.column, **options)
    values = f"unnest(CAST({compiler.process(element.parameter, **options)} AS TEXT[]))"
    return f"EXISTS (SELECT 1 FROM {values} AS pattern WHERE {column} LIKE pattern ESCAPE '!')"  # noqa: S608 (as above)


def like_any(column: Any, name: str) -> LikeAny:
    """The condition that `column` matches a LIKE pattern of the list parameter `name`."""
    return LikeAny(column, name)
