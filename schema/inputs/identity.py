"""What the mutations about people, sign-in and tokens take."""

import strawberry

from schema.enums.identity import SessionTransport, TokenScope
from schema.enums.lists import ReceptionMode
from schema.inputs.common import MutationInput, optional, wanted
from schema.scalars import DateTime, EmailAddress, Locale, Url


@strawberry.input(description="A field of a sign-in form.")
class SignInFieldInput:
    """A field of a sign-in form."""

    name: str = wanted("Key.")
    value: str = wanted("Value.")


@strawberry.input(description="Input of signInStart.")
class SignInStartInput(MutationInput):
    """Input of signInStart."""

    provider: str = wanted("Key of the identity provider: one of `robot.identityProviders`.")
    identifier: EmailAddress | None = optional("For a ticket: whom.")
    transport: SessionTransport | None = optional("How the session is kept; COOKIE when left out.")
    return_to: Url | None = optional("Where to go at the end; must be of an allowed origin.")
    is_reset: bool | None = optional("For a ticket: the person means to choose a new password.")
    organization: str | None = optional("For a provider with several home organizations: which one.")
    is_fresh: bool | None = optional(
        "The person proves themselves anew, even where the provider has a session; the session goes on under another token."
    )


@strawberry.input(description="Input of signInFinish.")
class SignInFinishInput(MutationInput):
    """Input of signInFinish."""

    attempt_id: strawberry.ID = wanted("From the step.")
    fields: list[SignInFieldInput] | None = optional("Of a form.")
    code: str | None = optional("Code or ticket.")


@strawberry.input(description="Input of identityLink.")
class IdentityLinkInput(MutationInput):
    """Input of identityLink."""

    provider: str = wanted("Key of the identity provider: one of `robot.identityProviders`.")
    return_to: Url | None = optional("Where to go at the end; must be of an allowed origin.")


@strawberry.input(description="Input of identityUnlink.")
class IdentityUnlinkInput(MutationInput):
    """Input of identityUnlink."""

    identity_id: strawberry.ID = wanted("Which.")


@strawberry.input(description="Input of signOut.")
class SignOutInput(MutationInput):
    """Input of signOut."""

    session_id: strawberry.ID | None = optional("Which; this one when left out.")
    is_everywhere: bool | None = optional("All of them.")


@strawberry.input(description="Input of sessionDebug.")
class SessionDebugInput(MutationInput):
    """Input of sessionDebug."""

    minutes: int = wanted("For how long, at most 60 minutes; 0 ends it.")


@strawberry.input(description="Input of listElevate.")
class ListElevateInput(MutationInput):
    """Input of listElevate."""

    mailing_list_id: strawberry.ID = wanted("Which.")
    reason: str | None = optional(
        "Why, in 10 to 500 characters, for the owners to read; not needed to end it."
    )
    minutes: int | None = optional("For how long, at most 60 minutes; 15 when left out, 0 ends it.")


@strawberry.input(description="Input of passwordChange.")
class PasswordChangeInput(MutationInput):
    """Input of passwordChange."""

    current_password: str | None = optional("Old.")
    new_password: str = wanted("New.")


@strawberry.input(description="Input of apiTokenCreate.")
class ApiTokenCreateInput(MutationInput):
    """Input of apiTokenCreate."""

    label: str = wanted("Name.")
    scopes: list[TokenScope] = wanted("What it may do.")
    expires_at: DateTime | None = optional("Until; 90 days when left out.")


@strawberry.input(description="Input of apiTokenRevoke.")
class ApiTokenRevokeInput(MutationInput):
    """Input of apiTokenRevoke."""

    api_token_id: strawberry.ID = wanted("Which.")


@strawberry.input(description="Input of emailLink.")
class EmailLinkInput(MutationInput):
    """Input of emailLink."""

    email: EmailAddress = wanted("The address.")


@strawberry.input(description="Input of emailConfirm.")
class EmailConfirmInput(MutationInput):
    """Input of emailConfirm."""

    email: EmailAddress = wanted("The address.")
    code: str = wanted("From the mail.")


@strawberry.input(description="Input of emailUnlink.")
class EmailUnlinkInput(MutationInput):
    """Input of emailUnlink."""

    user_email_id: strawberry.ID = wanted("Which.")


@strawberry.input(description="Input of emailEvidenceRevoke.")
class EmailEvidenceRevokeInput(MutationInput):
    """Input of emailEvidenceRevoke."""

    evidence_id: strawberry.ID = wanted("Which.")


@strawberry.input(description="Input of emailSetMain.")
class EmailSetMainInput(MutationInput):
    """Input of emailSetMain."""

    user_email_id: strawberry.ID = wanted("Which; must be VERIFIED.")


@strawberry.input(description="Input of profileUpdate.")
class ProfileUpdateInput(MutationInput):
    """Input of profileUpdate."""

    display_name: str | None = optional("Name; null takes it away.")
    locale: Locale | None = optional("Language.")
    time_zone: str | None = optional(
        "Name in the IANA time zone database, such as `Europe/Vienna`; null takes it away."
    )
    page_size: int | None = optional("How many entries pages have, 5 to 100, for applications that ask.")
    default_reception: ReceptionMode | None = optional(
        "How mail comes of lists joined from now on, where nothing else is said."
    )
    each_address_gets_a_copy: bool | None = optional(
        "A copy at each address that is on a list, instead of one for the person."
    )
    skips_addressed_copies: bool | None = optional(
        "No copy of messages that name the person in To or Cc, on lists where they chose nothing else."
    )
