"""graphql-core's executor with a short cut: selections of plain fields run as one compiled loop over the records."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLObjectType,
    GraphQLOutputType,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from server.graphql.plain import Irregular, Read, each_of, is_record, leaf, nullable, short_cut

# mypy knows graphql-core's executor only as far as it is public.
_Stock: Any = StrawberryGraphQLCoreExecutionContext


@dataclass(frozen=True, slots=True)
class Plan:
    """How one selection on one type runs: the fields that have a short cut, and whether all of them have."""

    # Kept so that its identity stays taken while the plan is known by it.
    fields: Any
    quick: dict[str, Read]
    is_plain: bool


class CompiledExecutor(_Stock):  # type: ignore[misc]
    """Runs plain fields the short way and everything else, every error included, the stock way.

    A short cut that meets anything irregular (an exception, null where none may be, something to await) is abandoned for
    its field, which then runs the stock way from the start: reading a plain field twice does no harm.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._plans: dict[tuple[int, str], Plan] = {}

    def build_per_event_executor(self, payload: Any) -> "CompiledExecutor":
        """An executor for the next event of a subscription, with none of the last one's plans."""
        made: CompiledExecutor = super().build_per_event_executor(payload)
        made._plans = {}
        made._relevant_sub_fields = {}
        return made

    def execute_fields(
        self, parent_type: GraphQLObjectType, source_value: Any, path: Any, fields: Any, position: Any
    ) -> Any:
        """Run the fields of one object."""
        plan = self._plan(parent_type, fields)
        results: dict[str, Any] = dict.fromkeys(fields)
        rest: dict[str, Any] = {}
        for name, details in fields.items():
            quick = plan.quick.get(name)
            if quick is None:
                rest[name] = details
                continue
            try:
                results[name] = quick(source_value)
            except Exception:  # noqa: BLE001 - whatever it is, the stock way meets it again and reports it
                rest[name] = details
        if not rest:
            return results
        found = super().execute_fields(parent_type, source_value, path, rest, position)
        if self.is_awaitable(found):
            return _joined(results, found)
        results.update(found)
        return results

    def _plan(self, parent_type: GraphQLObjectType, fields: Any) -> Plan:
        key = (id(fields), parent_type.name)
        found = self._plans.get(key)
        if found is None:
            quick = {} if self.middleware_manager else self._short_cuts(parent_type, fields)
            found = self._plans[key] = Plan(fields, quick, len(quick) == len(fields))
        return found

    def _short_cuts(self, parent_type: GraphQLObjectType, fields: Any) -> dict[str, Read]:
        made = {}
        for name, details in fields.items():
            quick = self._short_cut(parent_type, details)
            if quick is not None:
                made[name] = quick
        return made

    def _short_cut(self, parent_type: GraphQLObjectType, details: Any) -> Read | None:
        node = details[0].node
        if node.name.value == "__typename":
            type_name = parent_type.name
            return lambda _record: type_name
        field = parent_type.fields.get(node.name.value)
        if field is None or node.arguments:
            return None
        write = self._writer(field.type, details)
        return None if write is None else short_cut(field, self.context_value, write)

    def _writer(self, kind: GraphQLOutputType, details: Any) -> Read | None:
        plain = leaf(kind)
        if plain is not None:
            return plain
        inner = kind.of_type if is_non_null_type(kind) else kind
        written: Read | None = None
        if is_list_type(inner):
            item = self._writer(inner.of_type, details)
            written = None if item is None else each_of(item)
        elif is_object_type(inner):
            written = self._object_writer(inner, details)
        if written is None:
            return None
        return written if is_non_null_type(kind) else nullable(written)

    def _object_writer(self, kind: GraphQLObjectType, details: Any) -> Read | None:
        fields = self.collect_subfields(kind, details)[0]
        plan = self._plan(kind, fields)
        if not plan.is_plain:
            return None
        steps = tuple(plan.quick.items())
        is_type_of: Callable[..., Any] | None = kind.is_type_of

        def write(record: Any) -> Any:
            if (
                record is None
                or not is_record(record)
                or (is_type_of is not None and is_type_of(record, None) is not True)
            ):
                raise Irregular
            return {name: step(record) for name, step in steps}

        return write


async def _joined(results: dict[str, Any], rest: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    results.update(await rest)
    return results
