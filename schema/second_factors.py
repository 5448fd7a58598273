"""Second factors, as the API shows them."""

import strawberry

from identity import factor_changes
from resolvers import second_factors
from schema.binding import computed, mirrors, resolved, shown
from schema.enums.second_factors import SecondFactorKind
from schema.foundations import Node, Payload, node_id
from schema.refs import SessionRef, UserRef
from schema.scalars import DateTime
from storage.tables import second_factors as stored


@strawberry.type(description="An authenticator or a passkey of a person.")
@mirrors(stored.SecondFactor)
class SecondFactor(Node):
    """An authenticator or a passkey of a person."""

    id: strawberry.ID = node_id("SecondFactor")
    kind: SecondFactorKind = shown("What it is.")
    label: str = shown("The person's name for it.")
    host: str | None = computed(
        lambda root, _: root.host or None, "Of a passkey: the host that it is good for."
    )
    created_at: DateTime = shown("Since when.")
    last_used_at: DateTime | None = shown("Last sign-in with it.")


@strawberry.type(description="A second factor that waits for its first proof.")
@mirrors(factor_changes.Begun)
class SecondFactorEnrolment:
    """A second factor that waits for its first proof."""

    attempt_id: strawberry.ID = computed(
        second_factors.attempt_id, "Hand it back within half an hour, in the same session."
    )
    secret: str | None = computed(
        lambda root, _: root.secret or None, "Of an authenticator: what it is to know, in base32."
    )
    uri: str | None = computed(
        lambda root, _: root.uri or None, "The same as an `otpauth:` link, to show as a picture."
    )
    passkey_options: str | None = computed(
        lambda root, _: root.passkey_options or None,
        "Of a passkey: the options for `navigator.credentials.create`, as JSON.",
    )


@strawberry.type(description="Result of secondFactorBegin.")
class SecondFactorBeginPayload(Payload):
    """Result of secondFactorBegin."""

    enrolment: SecondFactorEnrolment | None = shown("What to show; nothing has changed yet.")


@strawberry.type(description="Result of secondFactorConfirm.")
class SecondFactorConfirmPayload(Payload):
    """Result of secondFactorConfirm."""

    second_factor: SecondFactor | None = shown("It.")
    recovery_codes: list[str] | None = shown(
        "With the first one: ten codes that work once each, shown this once; bounded."
    )
    session: SessionRef | None = shown("The session, whose cookie is a new one.")


@strawberry.type(description="Result of secondFactorRemove.")
class SecondFactorRemovePayload(Payload):
    """Result of secondFactorRemove."""

    user: UserRef | None = shown("The person.")


@strawberry.type(description="Result of recoveryCodesRenew.")
class RecoveryCodesRenewPayload(Payload):
    """Result of recoveryCodesRenew."""

    recovery_codes: list[str] | None = shown("Ten, shown this once; those before are over.")


@strawberry.type
class SecondFactorMutations:
    """Second factors of the person who is signed in."""

    second_factor_begin: SecondFactorBeginPayload = resolved(
        second_factors.second_factor_begin, "Begins to set up an authenticator or a passkey."
    )
    second_factor_confirm: SecondFactorConfirmPayload = resolved(
        second_factors.second_factor_confirm,
        "Keeps it, once it has proved itself; with the first one, all other sessions end.",
    )
    second_factor_remove: SecondFactorRemovePayload = resolved(
        second_factors.second_factor_remove,
        "Takes one away, unless the domain asks for it and it is the last.",
    )
    recovery_codes_renew: RecoveryCodesRenewPayload = resolved(
        second_factors.recovery_codes_renew, "Makes new recovery codes instead of those before."
    )
