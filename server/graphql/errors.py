"""Every error that leaves the server: a message fit for strangers, a code of the published list, and a request id where we failed."""

import logging
from collections.abc import Iterable, Sequence
from typing import Any

from graphql import GraphQLError
from strawberry.exceptions import StrawberryInputCoercionError

from identity.refusal import Refused
from resolvers.payloads import decision_of
from resolvers.problems import Problem

log = logging.getLogger("postroom.graphql")

PUBLISHED = frozenset(
    {
        "GRAPHQL_PARSE_FAILED",
        "GRAPHQL_VALIDATION_FAILED",
        "BAD_USER_INPUT",
        "ID_INVALID",
        "CURSOR_INVALID",
        "UNAUTHENTICATED",
        "REAUTHENTICATION_REQUIRED",
        "FORBIDDEN",
        "NOT_FOUND",
        "RATE_LIMITED",
        "QUERY_TOO_COSTLY",
        "QUERY_TOO_DEEP",
        "PERSISTED_DOCUMENT_NOT_FOUND",
        "PERSISTED_QUERY_NOT_SUPPORTED",
        "CONFLICT",
        "FEATURE_DISABLED",
        "PEER_UNAVAILABLE",
        "INTERNAL_SERVER_ERROR",
    }
)
"""The codes that clients may rely on."""

_OF_REFUSALS = {
    "NOT_FOUND": "NOT_FOUND",
    "FORBIDDEN": "FORBIDDEN",
    "REAUTHENTICATION_REQUIRED": "REAUTHENTICATION_REQUIRED",
    "CHALLENGE_REQUIRED": "REAUTHENTICATION_REQUIRED",
    "WRONG_CREDENTIALS": "UNAUTHENTICATED",
    "RATE_LIMITED": "RATE_LIMITED",
    "LOCKED": "CONFLICT",
    "CONFLICT": "CONFLICT",
    "UNSUPPORTED": "FEATURE_DISABLED",
}
# What graphql-core says of arguments and variables whose values only execution knows.
_CLIENTS_OWN = ("Argument ", "Variable ", "Directive ", "Unknown operation", "Must provide")
_MASK = "Something went wrong here, not with you. Quote the request id when you report it."
_LONGEST_MESSAGE = 1000


class RequestRefused(Exception):
    """The request as a whole is not answered."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int = 400,
        headers: dict[str, str] | None = None,
        is_about_document: bool = False,
    ) -> None:
        """`code` is of the published list; `status` is the HTTP status where the transport has one.

        With `is_about_document` the request was well formed and only its document or variables cannot be used: clients
        of application/json expect status 200 then.
        """
        super().__init__(message)
        self.errors: Sequence[dict[str, Any]] = (coded(code, message),)
        self.status = status
        self.headers = headers or {}
        self.is_about_document = is_about_document

    @classmethod
    def with_errors(cls, errors: Sequence[dict[str, Any]]) -> "RequestRefused":
        """A refusal of the document or its variables for several reasons."""
        made = cls("GRAPHQL_VALIDATION_FAILED", "", is_about_document=True)
        made.errors = errors
        return made


def coded(code: str, message: str) -> dict[str, Any]:
    """An error without a place in the document."""
    return {"message": message, "extensions": {"code": code}}


def before_execution(errors: Iterable[GraphQLError], code: str, at_most: int) -> list[dict[str, Any]]:
    """Errors of a document or its variables; `code` where the error brings none of its own."""
    return [_formatted(each, _own_code(each) or code, each.message) for each in list(errors)[:at_most]]


def during_execution(errors: Iterable[GraphQLError], request_id: str) -> list[dict[str, Any]]:
    """Errors of resolvers: the domain's words are shown, anything unexpected is logged and masked."""
    return [_told(each, request_id) for each in errors]


def _told(error: GraphQLError, request_id: str) -> dict[str, Any]:
    original = error.original_error
    while isinstance(original, GraphQLError) and original.original_error is not None:
        original = original.original_error
    if isinstance(original, Refused):
        told = _formatted(error, _OF_REFUSALS.get(original.code, "BAD_USER_INPUT"), original.message)
        decision = decision_of(original)
        if decision is not None:
            told["extensions"]["decisionId"] = decision
        return told
    if isinstance(original, Problem):
        return _formatted(error, original.code, original.message)
    own = _own_code(error)
    # What the input types themselves cannot take, such as a @oneOf with two members or with null.
    if isinstance(original or error, StrawberryInputCoercionError):
        return _formatted(error, "BAD_USER_INPUT", error.message)
    if own or (original is None and error.message.startswith(_CLIENTS_OWN)):
        return _formatted(error, own or "BAD_USER_INPUT", error.message)
    log.error("request %s failed at %s", request_id, error.path, exc_info=original or error)
    masked = _formatted(error, "INTERNAL_SERVER_ERROR", _MASK)
    masked["extensions"]["requestId"] = request_id
    return masked


def unexpected(problem: BaseException, request_id: str) -> dict[str, Any]:
    """An exception that no field is to blame for; logged and masked."""
    log.error("request %s failed", request_id, exc_info=problem)
    error = coded("INTERNAL_SERVER_ERROR", _MASK)
    error["extensions"]["requestId"] = request_id
    return error


def _own_code(error: GraphQLError) -> str | None:
    code = (error.extensions or {}).get("code")
    return code if code in PUBLISHED else None


def _formatted(error: GraphQLError, code: str, message: str) -> dict[str, Any]:
    told: dict[str, Any] = {"message": message[:_LONGEST_MESSAGE]}
    if error.locations:
        told["locations"] = [{"line": each.line, "column": each.column} for each in error.locations]
    if error.path is not None:
        told["path"] = error.path
    told["extensions"] = {"code": code}
    return told
