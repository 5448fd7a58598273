"""The one place where types name each other before they exist."""

from typing import TYPE_CHECKING, Annotated

import strawberry

if TYPE_CHECKING:
    from schema.people import User
    from schema.query import Query
    from schema.sessions import ApiToken, Session

QueryRef = Annotated["Query", strawberry.lazy("schema.query")]
UserRef = Annotated["User", strawberry.lazy("schema.people")]
SessionRef = Annotated["Session", strawberry.lazy("schema.sessions")]
ApiTokenRef = Annotated["ApiToken", strawberry.lazy("schema.sessions")]
