"""Words about people: how they prove who they are, how surely, and where their addresses stand."""

from enum import Enum

import strawberry

from schema.enums.words import word
from storage.tables.words import SignInMethod
from storage.tables.words import TokenScope as Scope


@strawberry.enum(description="Levels of certainty, weakest first. New values may be added.")
class AuthStrength(Enum):
    """Levels of certainty, weakest first."""

    ANONYMOUS = word("ANONYMOUS", "Nothing known.")
    CLAIMED = word("CLAIMED", "An address was named, as in a From header.")
    CHALLENGED = word("CHALLENGED", "A code or ticket sent to the address came back.")
    PASSWORD = word("PASSWORD", "A password or directory sign-in.")
    FEDERATED = word("FEDERATED", "An identity provider vouches.")
    SIGNED = word("SIGNED", "A signature by a certificate or key of the person.")


@strawberry.enum(description="Ways of proving who one is. New values may be added.")
class AuthMethod(Enum):
    """Ways of proving who one is."""

    PASSWORD = word(SignInMethod.PASSWORD, "Password kept here, hashed.")
    TICKET = word(SignInMethod.TICKET, "One-time ticket or code by mail.")
    LDAP = word(SignInMethod.LDAP, "A directory.")
    SAML = word(SignInMethod.SAML, "SAML 2.0, Shibboleth included.")
    OIDC = word(SignInMethod.OIDC, "OpenID Connect.")
    CAS = word(SignInMethod.CAS, "CAS.")
    CERTIFICATE = word(SignInMethod.CERTIFICATE, "A certificate of the person's own.")
    API_TOKEN = word(SignInMethod.API_TOKEN, "A token made by the person.")
    TRUSTED_APPLICATION = word(SignInMethod.TRUSTED_APPLICATION, "An application speaking for the person.")


@strawberry.enum(description="What a token may do. New values may be added.")
class TokenScope(Enum):
    """What a token may do."""

    READ = word(Scope.READ, "Read what the person can read.")
    SUBSCRIBE = word(Scope.SUBSCRIBE, "Change the person's subscriptions.")
    POST = word(Scope.POST, "Send messages.")
    OWN = word(Scope.OWN, "Run the person's lists.")
    ADMINISTRATE = word(Scope.ADMINISTRATE, "Everything, within the person's rights.")


@strawberry.enum(description="How the client keeps the session.")
class SessionTransport(Enum):
    """How the client keeps the session."""

    COOKIE = word("COOKIE", "HttpOnly, SameSite cookie; mutations need the CSRF header.")
    BEARER = word("BEARER", "A token in the Authorization header.")


@strawberry.enum(description="Where an address stands. New values may be added.")
class EmailStatus(Enum):
    """Where an address stands."""

    PENDING = word("PENDING", "Waits for its challenge.")
    VERIFIED = word("VERIFIED", "In force.")
    EXPIRED = word("EXPIRED", "Was in force; needs a fresh challenge.")


@strawberry.enum(description="How an address became known. New values may be added.")
class EmailSource(Enum):
    """How an address became known."""

    CHALLENGE = word("CHALLENGE", "A code by mail came back.")
    DIRECTORY = word("DIRECTORY", "An LDAP attribute.")
    CERTIFICATE = word("CERTIFICATE", "subjectAltName of a certificate.")
    IDENTITY_PROVIDER = word("IDENTITY_PROVIDER", "A claim marked verified.")
    ADMINISTRATOR = word("ADMINISTRATOR", "Set by hand.")
    ACCOUNT = word("ACCOUNT", "It made the account.")


@strawberry.enum(description="How something does. New values may be added.")
class HealthStatus(Enum):
    """How something does."""

    OK = word("OK", "Well.")
    DEGRADED = word("DEGRADED", "Not quite.")
    DOWN = word("DOWN", "Not at all.")
