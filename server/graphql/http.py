"""The GraphQL endpoint over HTTP: each request is checked in one fixed order, and refused at the first thing that is wrong."""

import hashlib
import logging
from typing import Any

import orjson
import structlog
from graphql import OperationType
from starlette.requests import Request
from starlette.responses import Response

from resolvers.context import Answering, Context
from server.asking import COOKIE, Asked, NoRobot, TokenUnknown
from server.cookies import set_browser_cookie
from server.graphql.body import Parameters, parameters, read_body, read_json
from server.graphql.encoding import encoded
from server.graphql.errors import RequestRefused
from server.graphql.face import Face, Prepared, budget_headers
from server.graphql.negotiation import EVENTS, GRAPHQL, JSON, answer_type, is_json
from server.graphql.origins import check_forgery
from server.graphql.sse import event_response
from server.graphql.status import METHOD_NOT_ALLOWED, NOT_ACCEPTABLE, UNSUPPORTED_MEDIA_TYPE, status_of

log = structlog.get_logger(__name__)


class Endpoint:
    """Answers requests to /graphql: method, Accept, Content-Type, asker, size, JSON, shape, document, price, answer."""

    def __init__(self, face: Face) -> None:
        self.face = face

    async def __call__(self, request: Request) -> Response:
        """One request."""
        media_type = answer_type(request.headers.get("accept"))
        try:
            return await self._answered(request, media_type)
        except RequestRefused as refused:
            return _refusal(refused, media_type or JSON)
        except TokenUnknown as unknown:
            headers = {"WWW-Authenticate": "Bearer"}
            failed = RequestRefused(unknown.code, str(unknown.__doc__), status=401, headers=headers)
            return _refusal(failed, media_type or JSON)
        except NoRobot as missing:
            return _refusal(
                RequestRefused(missing.code, str(missing.__doc__), status=503), media_type or JSON
            )

    async def _answered(self, request: Request, media_type: str | None) -> Response:
        if request.method not in {"POST", "GET"}:
            raise _method("Use POST, or GET with a documentId.")
        if media_type is None:
            raise RequestRefused(
                "BAD_USER_INPUT", f"Accept {GRAPHQL}, {JSON} or {EVENTS}.", status=NOT_ACCEPTABLE
            )
        if request.method == "POST" and not is_json(request.headers.get("content-type")):
            raise RequestRefused("BAD_USER_INPUT", f"Send {JSON} in UTF-8.", status=UNSUPPORTED_MEDIA_TYPE)
        asked = await self.face.asking.asked(request)
        if request.method == "POST":
            check_forgery(request, asked, self.face)
        elif asked.by == "cookie" and "query" in request.query_params:
            # A link on another site's page would carry the cookie along.
            raise RequestRefused(
                "FORBIDDEN", "With a session cookie, GET takes a documentId only.", status=403
            )
        wanted = await self._parameters(request)
        prepared = self.face.prepare(wanted, self.face.context(asked))
        if request.method == "GET" and prepared.kind is not OperationType.QUERY:
            raise _method("Only queries may be sent by GET.")
        return await self._run(request, prepared, asked, media_type)

    async def _parameters(self, request: Request) -> Parameters:
        if request.method == "POST":
            body = await read_body(request.stream(), self.face.limits.max_body_size)
            return parameters(read_json(body), self.face.persisted)
        return parameters(_from_query_string(request), self.face.persisted)

    async def _run(self, request: Request, prepared: Prepared, asked: Asked, media_type: str) -> Response:
        face = self.face
        chosen = answer_type(
            request.headers.get("accept"), is_subscription=prepared.kind is OperationType.SUBSCRIPTION
        )
        if chosen == EVENTS:
            return event_response(face, prepared, asked)
        if prepared.kind is OperationType.SUBSCRIPTION:
            raise RequestRefused(
                "BAD_USER_INPUT", f"Accept {EVENTS} for a subscription.", status=NOT_ACCEPTABLE
            )
        try:
            answer = await face.run(prepared)
            status = 200
        except RequestRefused:
            raise
        except Exception as problem:  # noqa: BLE001 - logged and masked, whatever it is
            answer, status = face.broken(problem, prepared.context), 500
        _note(request, prepared, answer)
        return self._response(answer, status, media_type, prepared.context)

    def _response(self, answer: dict[str, Any], status: int, media_type: str, context: Context) -> Response:
        body = encoded(answer)
        if len(body) > self.face.limits.max_response_size:
            raise RequestRefused("QUERY_TOO_COSTLY", "The answer is too large; ask for smaller pages.")
        headers = _headers(media_type) | budget_headers(context.spending, self.face.db.site.clock())
        response = Response(body, status, headers)
        set_cookies(response, context.answering, self.face, is_secure=context.facts.is_secure)
        return response


def set_cookies(response: Response, answering: Answering, face: Face, *, is_secure: bool) -> None:
    """Give the browser its session, or take it away, as a mutation decided."""
    secure = is_secure or face.db.site.public_url.startswith("https://")
    if answering.cookie is not None:
        seconds = face.db.site.session_lifetime // 1_000_000
        response.set_cookie(
            COOKIE, answering.cookie, max_age=seconds, path="/", secure=secure, httponly=True, samesite="lax"
        )
    elif answering.clears_cookie:
        response.delete_cookie(COOKIE, path="/", secure=secure, httponly=True, samesite="lax")
    if answering.browser is not None:
        set_browser_cookie(response, face.db.site, answering.browser, is_secure=is_secure)


def _note(request: Request, prepared: Prepared, answer: dict[str, Any]) -> None:
    """One line for an operation that met an error, at level debug for each: which document, at what cost, with which codes; never its variables."""
    codes = [each["extensions"]["code"] for each in answer.get("errors", ())]
    if not codes and not _wants_everything():
        return
    log.info(
        "graphql",
        document=hashlib.sha256(prepared.document.text.encode()).hexdigest()[:16],
        operation=prepared.operation.name.value if prepared.operation.name else None,
        cost=prepared.context.spending.cost,
        codes=codes,
        client=request.headers.get("graphql-client-name", "")[:60],
        client_version=request.headers.get("graphql-client-version", "")[:30],
    )


def _wants_everything() -> bool:
    return logging.getLogger(__name__).isEnabledFor(logging.DEBUG)


def _method(message: str) -> RequestRefused:
    return RequestRefused(
        "BAD_USER_INPUT", message, status=METHOD_NOT_ALLOWED, headers={"Allow": "GET, POST"}
    )


def _refusal(refused: RequestRefused, media_type: str) -> Response:
    body = encoded({"errors": list(refused.errors)})
    plain = JSON if media_type == EVENTS else media_type
    return Response(body, status_of(refused, plain), _headers(plain) | refused.headers)


def _headers(media_type: str) -> dict[str, str]:
    return {
        "Content-Type": f"{media_type}; charset=utf-8",
        "Cache-Control": "no-store",
        "Vary": "Accept, Cookie, Authorization",
    }


def _from_query_string(request: Request) -> dict[str, Any]:
    asked: dict[str, Any] = {}
    for name in ("query", "documentId", "operationName"):
        if name in request.query_params:
            asked[name] = request.query_params[name]
    for name in ("variables", "extensions"):
        if request.query_params.get(name):
            try:
                asked[name] = orjson.loads(request.query_params[name])
            except orjson.JSONDecodeError:
                raise RequestRefused("BAD_USER_INPUT", f"`{name}` is not JSON.") from None
    return asked
