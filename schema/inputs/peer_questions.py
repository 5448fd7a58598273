"""What other list servers give with a question."""

import strawberry


@strawberry.input(description="One address, unnamed.")
class PeerSubject:
    """One address, unnamed."""

    handle: str = strawberry.field(description="HMAC under the pair's key.")
    statement: str = strawberry.field(
        description="Address statement, a compact JWS for this peer, at most 60 seconds old."
    )
    consent_token: str | None = strawberry.field(
        default=None, description="Consent token of the pair, where the person gave one."
    )


@strawberry.input(description="One act about one subscription, as the statement's purpose and act say.")
class PeerAct:
    """One act."""

    handle: str = strawberry.field(description="HMAC under the pair's key.")
    statement: str = strawberry.field(
        description="Address statement of purpose leave or pause, whose act is the list's address."
    )
    consent_token: str = strawberry.field(
        description="Consent token of the pair; without one nothing is done."
    )
    until: str | None = strawberry.field(
        default=None, description="When a pause ends, as RFC 3339 writes it; nothing for leaving."
    )
