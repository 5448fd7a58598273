"""One place that runs GraphQL operations for every transport: limits, price, time and errors are the same on all of them."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from graphql import ExecutionResult, GraphQLError, GraphQLSchema, OperationDefinitionNode, OperationType
from strawberry.execution import optimized_is_awaitable

from delivery.authentication.lookup import Dns, Lookup
from identity.actor import Actor
from lists import debugging
from lists.decisions import watched
from resolvers.context import Context, Spending
from resolvers.limits import LIMITS, Limits
from resolvers.nodes import NODES
from schema.schema import schema as strawberry_schema
from server.asking import Asked, Asking
from server.graphql.body import Parameters
from server.graphql.budget import Budgets, asker_of
from server.graphql.cost import OperationCost
from server.graphql.debugging import Notes, TimedDatabase
from server.graphql.documents import Document, Documents
from server.graphql.errors import RequestRefused, before_execution, during_execution, unexpected
from server.graphql.executor import CompiledExecutor
from server.graphql.persisted import PersistedDocuments
from storage.database import Database
from storage.tables.words import TokenScope

Listen = Callable[[str], AsyncIterator[None]]
# Hears of every query and mutation: its kind, how many seconds it took, what it was priced at.
Measure = Callable[[str, float, int], None]


def core_schema(schema: Any = strawberry_schema) -> GraphQLSchema:
    """graphql-core's schema inside strawberry's."""
    found: GraphQLSchema = schema._schema  # noqa: SLF001 - strawberry has no public name for it
    return found


@dataclass(frozen=True, slots=True)
class Prepared:
    """An operation that may be run: read, measured, validated, priced and paid."""

    document: Document
    operation: OperationDefinitionNode
    parameters: Parameters
    context: Context

    @property
    def kind(self) -> OperationType:
        """Query, mutation or subscription."""
        return self.operation.operation


class Face:
    """Runs operations over one database."""

    def __init__(
        self,
        db: Database,
        *,
        version: str = "0",
        persisted: PersistedDocuments | None = None,
        allowed_origins: Sequence[str] = (),
        listen: Listen | None = None,
        limits: Limits = LIMITS,
        schema: GraphQLSchema | None = None,
        measure: Measure | None = None,
        lookup: Callable[[], Lookup] = Dns,
    ) -> None:
        """`allowed_origins` (such as https://app.example.org) may send cookies beside the server's own."""
        self.db = db
        self.version = version
        self.persisted = persisted or PersistedDocuments()
        self.allowed_origins = frozenset(allowed_origins)
        self.listen = listen
        self.limits = limits
        self.schema = schema or core_schema()
        self.documents = Documents(self.schema, limits)
        self.budgets = Budgets(limits)
        self.asking = Asking(db)
        self.measure = measure
        self.lookup = lookup

    def context(self, asked: Asked) -> Context:
        """The context of one request."""
        return Context(
            self.db,
            asked.actor,
            asked.facts,
            listen=self.listen,
            version=self.version,
            nodes=NODES,
            lookup=self.lookup,
        )

    def prepare(self, parameters: Parameters, context: Context) -> Prepared:
        """Check everything that can be checked before running, and charge the asker; raises RequestRefused."""
        limits = self.limits
        known = context.actor.person is not None
        document = self.documents.prepared(
            parameters.query, limits.max_tokens_signed_in if known else limits.max_tokens
        )
        operation = document.operation(parameters.operation_name)
        _check_scope(context.actor, operation.operation)
        name = operation.name.value if operation.name else None
        price = document.costs.get(name)
        if price is None:
            price = document.costs[name] = OperationCost(self.schema, document.node, operation)
        context.spending = self.charge(context, price.price(parameters.variables))
        return Prepared(document, operation, parameters, context)

    def charge(self, context: Context, cost: int) -> Spending:
        """Take the price out of the asker's budget; raises RequestRefused (429) when there is not enough left."""
        if cost > self.limits.max_cost:
            raise RequestRefused(
                "QUERY_TOO_COSTLY",
                f"This costs {cost} points; one request may cost {self.limits.max_cost}.",
                is_about_document=True,
            )
        now = self.db.site.clock()
        spending, enough = self.budgets.charge(asker_of(context.actor), cost, now)
        if not enough:
            wait = max(1, int((cost - spending.remaining) / self.limits.refill) + 1)
            raise RequestRefused(
                "RATE_LIMITED",
                "Your budget is spent; wait until it has filled up.",
                status=429,
                headers={"Retry-After": str(wait), **budget_headers(spending, now)},
            )
        return spending

    async def run(self, prepared: Prepared) -> dict[str, Any]:
        """Run a query or mutation; the answer as JSON values. Raises RequestRefused for unusable variables."""
        executor = self.executor(prepared)
        context = prepared.context
        if await self._is_debugged(context):
            return await self._debugged(executor, prepared)
        return await self._executed(executor, prepared)

    async def _is_debugged(self, context: Context) -> bool:
        session = context.actor.session
        if session is None or session.debug_until is None:
            return False
        async with self.db.read() as reader:
            return await debugging.is_on(reader, context.actor)

    async def _debugged(self, executor: Any, prepared: Prepared) -> dict[str, Any]:
        notes, actor = Notes(), prepared.context.actor
        prepared.context.db = cast(Database, TimedDatabase(prepared.context.db, notes))
        with watched(notes.watch):
            told = await self._executed(executor, prepared)
        told["extensions"]["debug"] = notes.told(actor)
        return told

    async def _executed(self, executor: Any, prepared: Prepared) -> dict[str, Any]:
        context = prepared.context
        began = time.perf_counter()
        try:
            async with asyncio.timeout(self.limits.timeout):
                result = executor.execute_operation()
                if optimized_is_awaitable(result):
                    result = await result
        except TimeoutError:
            raise RequestRefused(
                "QUERY_TOO_COSTLY", f"This took longer than {self.limits.timeout:g} seconds.", status=503
            ) from None
        finally:
            if self.measure is not None:
                seconds = time.perf_counter() - began
                self.measure(prepared.kind.value, seconds, context.spending.cost)
        return self.answer(result, context)

    def answer(self, result: ExecutionResult, context: Context) -> dict[str, Any]:
        """A result as the client gets it: every error told and coded."""
        told: dict[str, Any] = {}
        if result.errors:
            told["errors"] = during_execution(result.errors, context.facts.request_id)
        told["data"] = result.data
        told["extensions"] = {"cost": self.cost(context.spending)}
        return told

    def cost(self, spending: Spending) -> dict[str, Any]:
        """What a request cost, for `extensions.cost`."""
        return {
            "requestedQueryCost": spending.cost,
            "maximumAvailable": self.limits.max_cost,
            "throttleStatus": {
                "maximumAvailable": spending.limit,
                "currentlyAvailable": spending.remaining,
                "restoreRate": int(self.limits.refill),
            },
        }

    def broken(self, problem: BaseException, context: Context) -> dict[str, Any]:
        """The answer when something other than a field failed."""
        return {"errors": [unexpected(problem, context.facts.request_id)], "data": None}

    def failed(self, problem: Exception, context: Context) -> dict[str, Any]:
        """The answer when a stream of events failed: the domain's refusals in words, anything else masked."""
        error = GraphQLError("The stream failed.", original_error=problem)
        return {"errors": during_execution([error], context.facts.request_id), "data": None}

    def executor(self, prepared: Prepared) -> Any:
        """The executor of an operation; raises RequestRefused for unusable variables."""
        made = CompiledExecutor.build(
            self.schema,
            prepared.document.node,
            context_value=prepared.context,
            raw_variable_values=prepared.parameters.variables,
            operation_name=prepared.parameters.operation_name,
            max_coercion_errors=self.limits.max_errors_shown,
            is_awaitable=optimized_is_awaitable,
        )
        if isinstance(made, list):
            errors = before_execution(made, "BAD_USER_INPUT", self.limits.max_errors_shown)
            raise RequestRefused.with_errors(errors)
        return made


def budget_headers(spending: Spending, now: int) -> dict[str, str]:
    """RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers-10)."""
    full_in = max(0, (spending.reset_at - now) // 1_000_000)
    return {
        "RateLimit": f'"points";r={spending.remaining};t={full_in}',
        "RateLimit-Policy": f'"points";q={spending.limit};w=60',
    }


def _check_scope(actor: Actor, kind: OperationType) -> None:
    # Mutations ask for their own scopes.
    if kind is not OperationType.MUTATION and not actor.may(TokenScope.READ):
        raise RequestRefused("FORBIDDEN", "This API token may not read.", status=403)
