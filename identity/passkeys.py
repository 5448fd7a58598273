"""Passkeys as second factors (WebAuthn Level 2): the questions put to a browser, and whether its answers are right.

Nothing is believed of a browser but its signature: host and origin are those of the robot's own address (pitfall 46).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

LONGEST_ANSWER = 16 * 1024


class PasskeyRefused(Exception):
    """This is not the answer of a passkey to our question."""

    code = "WRONG_CREDENTIALS"


@dataclass(frozen=True, slots=True)
class Question:
    """What is put to the browser (JSON), and the challenge that has to come back, in base64url."""

    options: str
    challenge: str


@dataclass(frozen=True, slots=True)
class Registered:
    """A new passkey: its own name and its public key, in base64url, and how often it says that it has signed."""

    credential: str
    public_key: str
    count: int


def _library() -> ModuleType:
    """webauthn, loaded when the first passkey is asked for: it brings 6 MB along."""
    return import_module("webauthn")


def host_of(base_url: str) -> str:
    """The host that passkeys of a robot are good for (the relying party's id)."""
    return urlsplit(base_url).hostname or ""


def ask_to_register(
    base_url: str, title: str, *, account: str, handle: bytes, known: Sequence[str]
) -> Question:
    """Have the browser make a passkey for an account; `known` are those that it already has."""
    web = _library()
    words = web.helpers.structs
    options = web.generate_registration_options(
        rp_id=host_of(base_url),
        rp_name=title,
        user_name=account,
        user_id=handle,
        exclude_credentials=_descriptors(known),
        authenticator_selection=words.AuthenticatorSelectionCriteria(
            resident_key=words.ResidentKeyRequirement.DISCOURAGED,
            user_verification=words.UserVerificationRequirement.PREFERRED,
        ),
    )
    return Question(web.options_to_json(options), web.helpers.bytes_to_base64url(options.challenge))


def registered(base_url: str, challenge: str, answer: str) -> Registered:
    """The passkey that a browser made; raises PasskeyRefused."""
    web = _library()
    try:
        found = web.verify_registration_response(
            credential=_bounded(answer),
            expected_challenge=web.helpers.base64url_to_bytes(challenge),
            expected_rp_id=host_of(base_url),
            expected_origin=_origin(base_url),
        )
    except (web.helpers.exceptions.WebAuthnException, ValueError, KeyError, TypeError) as problem:
        raise PasskeyRefused(type(problem).__name__) from problem
    return Registered(
        web.helpers.bytes_to_base64url(found.credential_id),
        web.helpers.bytes_to_base64url(found.credential_public_key),
        found.sign_count,
    )


def ask_to_sign(base_url: str, known: Sequence[str]) -> Question:
    """Have the browser sign with one of these passkeys."""
    web = _library()
    words = web.helpers.structs
    options = web.generate_authentication_options(
        rp_id=host_of(base_url),
        allow_credentials=_descriptors(known),
        user_verification=words.UserVerificationRequirement.PREFERRED,
    )
    return Question(web.options_to_json(options), web.helpers.bytes_to_base64url(options.challenge))


def credential_in(answer: str) -> str:
    """Which passkey answered, in base64url; raises PasskeyRefused."""
    web = _library()
    try:
        read = web.helpers.parse_authentication_credential_json(_bounded(answer))
        return str(web.helpers.bytes_to_base64url(read.raw_id))
    except (web.helpers.exceptions.WebAuthnException, ValueError, KeyError, TypeError) as problem:
        raise PasskeyRefused(type(problem).__name__) from problem


def signed_count(base_url: str, challenge: str, answer: str, *, public_key: str, count: int) -> int:
    """How often the passkey now says that it has signed; raises PasskeyRefused, also where the count went back."""
    web = _library()
    try:
        found = web.verify_authentication_response(
            credential=_bounded(answer),
            expected_challenge=web.helpers.base64url_to_bytes(challenge),
            expected_rp_id=host_of(base_url),
            expected_origin=_origin(base_url),
            credential_public_key=web.helpers.base64url_to_bytes(public_key),
            credential_current_sign_count=count,
        )
    except (web.helpers.exceptions.WebAuthnException, ValueError, KeyError, TypeError) as problem:
        raise PasskeyRefused(type(problem).__name__) from problem
    return int(found.new_sign_count)


def _bounded(answer: str) -> str:
    if len(answer) > LONGEST_ANSWER:
        raise PasskeyRefused("too long")
    return answer


def _descriptors(known: Sequence[str]) -> list[Any]:
    helpers = _library().helpers
    return [
        helpers.structs.PublicKeyCredentialDescriptor(id=helpers.base64url_to_bytes(each)) for each in known
    ]


def _origin(base_url: str) -> str:
    parts = urlsplit(base_url)
    return f"{parts.scheme}://{parts.netloc}"
