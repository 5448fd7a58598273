"""Signing in as a row of steps, as the API shows them, so that one loop serves every provider."""

from typing import Annotated

import strawberry

from identity import steps
from resolvers import sign_in
from schema.binding import computed, mirrors, resolved, shown
from schema.foundations import Payload
from schema.people import User
from schema.refs import SessionRef
from schema.scalars import DateTime, Url


@strawberry.type(description="One field of a form.")
@mirrors(steps.FormField)
class SignInField:
    """One field of a form."""

    name: str = shown("Key to send back.")
    label: str = shown("Label.")
    is_secret: bool = shown("Hide what is typed.")
    choices: list[str] = computed(
        lambda root, _: [*root.choices], "All that may be answered; empty for free text; bounded."
    )


@strawberry.type(description="Show a form.")
@mirrors(steps.Form)
class SignInForm:
    """Show a form."""

    attempt_id: strawberry.ID = computed(sign_in.attempt_id, "Hand it back.")
    fields: list[SignInField] = shown("What to ask; empty where a button is enough.")
    text: str | None = computed(lambda root, _: root.text or None, "What it is for, in a sentence.")
    passkey_options: str | None = computed(
        lambda root, _: root.passkey_options or None,
        "Where a passkey may answer instead, in the field `passkey`: options for `navigator.credentials.get`, as JSON.",
    )


@strawberry.type(description="A code was sent, if the address is known; the answer is the same if not.")
@mirrors(steps.Code)
class SignInCode:
    """A code was sent."""

    attempt_id: strawberry.ID = computed(sign_in.attempt_id, "Hand it back.")
    masked_destination: str = shown("Such as `a•••@example.org`.")
    expires_at: DateTime = shown("When it stops working.")


@strawberry.type(description="Send the browser there.")
@mirrors(steps.Elsewhere)
class SignInRedirect:
    """Send the browser there."""

    attempt_id: strawberry.ID = computed(sign_in.attempt_id, "Hand it back.")
    url: Url = computed(sign_in.place_to_go, "Where to.")
    expires_at: DateTime = shown("When the attempt lapses.")


@strawberry.type(description="Signed in; the cookie is set for a browser.")
@mirrors(sign_in.SignedIn)
class SignInDone:
    """Signed in."""

    session: SessionRef = shown("The new session.")
    token: str | None = shown("Bearer token, only where `transport: BEARER` was asked; shown once.")
    return_to: Url | None = shown("Where the person wanted to go; always of an allowed origin.")
    needs_password_change: bool = shown("A ticket was used: offer to choose a password.")


SignInStep = Annotated[
    SignInForm | SignInCode | SignInRedirect | SignInDone,
    strawberry.union("SignInStep", description="What to do next. New kinds may be added."),
]


@strawberry.type(description="Result of signInStart.")
class SignInStartPayload(Payload):
    """Result of signInStart."""

    step: SignInStep | None = shown("What to do next.")


@strawberry.type(description="Result of signInFinish.")
class SignInFinishPayload(Payload):
    """Result of signInFinish."""

    step: SignInStep | None = shown("Done, or one more.")


@strawberry.type(description="Result of passwordChange.")
class PasswordChangePayload(Payload):
    """Result of passwordChange."""

    user: User | None = shown("The account.")


@strawberry.type
class SignInMutations:
    """Ways in."""

    sign_in_start: SignInStartPayload = resolved(
        sign_in.sign_in_start,
        "Begins signing in; the answer says what to show next and never whether an account exists.",
    )
    sign_in_finish: SignInFinishPayload = resolved(
        sign_in.sign_in_finish, "Ends signing in with what the person gave."
    )
    password_change: PasswordChangePayload = resolved(
        sign_in.password_change_mutation, "Sets a password; wants the old one or a ticket session."
    )
