"""HTTP statuses in one table (graphql-over-http of 2025; its later draft says 422 where this says 400)."""

from server.graphql.errors import RequestRefused
from server.graphql.negotiation import GRAPHQL

EXECUTED = 200
METHOD_NOT_ALLOWED = 405
NOT_ACCEPTABLE = 406
UNSUPPORTED_MEDIA_TYPE = 415
BAD_DOCUMENT = 400


def status_of(refused: RequestRefused, media_type: str) -> int:
    """The status of a refusal: in application/json a bad document or variable is an answer like any other."""
    if refused.is_about_document:
        return BAD_DOCUMENT if media_type == GRAPHQL else EXECUTED
    return refused.status
