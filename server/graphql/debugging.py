"""What an answer says about itself while its session is debugged: statements with their times, decisions with their rules."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from identity.actor import Actor
from lists.decisions import Watch, Witnessed
from storage.database import Database, Reader, UnitOfWork
from storage.query import Query

MOST = 200
_LONGEST_SQL = 1_000
_TIMED = frozenset({"all", "first", "run", "run_many", "run_each"})


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, without any value that it was run with, and how long it took."""

    sql: str
    milliseconds: float


@dataclass(slots=True)
class Notes:
    """What is noted during one request."""

    statements: list[Statement] = field(default_factory=list)
    count: int = 0
    milliseconds: float = 0.0
    watch: Watch = field(default_factory=Watch)

    def note(self, statement: Statement) -> None:
        """One more statement; the first ones are kept."""
        self.count += 1
        self.milliseconds += statement.milliseconds
        if len(self.statements) < MOST:
            self.statements.append(statement)

    def told(self, actor: Actor) -> dict[str, Any]:
        """The notes for `extensions.debug`; the rules of another domain's lists are none of this listmaster's business."""
        own = f"@{actor.robot.domain}"
        return {
            "statements": {
                "count": self.count,
                "milliseconds": round(self.milliseconds, 3),
                "each": [{"sql": each.sql, "milliseconds": each.milliseconds} for each in self.statements],
            },
            "decisions": [
                _decision(each)
                for each in self.watch.seen[:MOST]
                if not each.list_address or each.list_address.endswith(own)
            ],
        }


class TimedDatabase:
    """A database that passes everything on to the real one and notes each statement."""

    def __init__(self, inner: Database, notes: Notes) -> None:
        self._inner = inner
        self._notes = notes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Reader]:
        """Read, timed."""
        async with self._inner.read() as reader:
            yield cast(Reader, _Timed(reader, self._notes))

    @asynccontextmanager
    async def write(self, *, durable: bool = True, brief: bool = False) -> AsyncIterator[UnitOfWork]:
        """Write, timed."""
        async with self._inner.write(durable=durable, brief=brief) as uow:
            yield cast(UnitOfWork, _Timed(uow, self._notes))


class _Timed:
    def __init__(self, inner: Reader, notes: Notes) -> None:
        self._inner = inner
        self._notes = notes

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in _TIMED:
            return found

        async def timed(query: Query[Any], *rows: Any, **params: Any) -> Any:
            began = time.perf_counter()
            try:
                return await found(query, *rows, **params)
            finally:
                took = round((time.perf_counter() - began) * 1_000, 3)
                sql = " ".join(query.compiled(self._inner.dialect).sql.split())
                self._notes.note(Statement(sql[:_LONGEST_SQL], took))

        return timed


def _decision(seen: Witnessed) -> dict[str, Any]:
    decision = seen.decision
    return {
        "operation": decision.operation,
        "list": seen.list_address or None,
        "action": decision.action,
        "scenario": decision.scenario,
        "origin": decision.origin or None,
        "line": decision.line,
        "trace": [
            {
                "origin": step.origin or None,
                "line": step.line,
                "condition": step.condition,
                "method": step.method,
                "outcome": step.outcome,
            }
            for step in seen.steps
        ],
    }
