"""What an operator says about an OpenID provider."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from identity.bounded_http import checked_url, origin_of
from identity.provider import ProviderSettings
from identity.secrets_by_reference import SecretReference

# RFC 8725 section 3.2: signatures with a public key only. What is made with a shared secret, or not at all, is not here.
Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]


def _issuer(url: str) -> str:
    if "?" in checked_url(url):
        raise ValueError("an issuer has no query")
    return url


def _origin(url: str) -> str:
    if origin_of(checked_url(url)) != url.lower():
        raise ValueError(f"{url!r} is no origin; write https://keys.example.edu")
    return url.lower()


def _scopes(names: tuple[str, ...]) -> tuple[str, ...]:
    if "openid" not in names:
        raise ValueError("the scope openid is needed")
    return names


Url = Annotated[str, AfterValidator(_issuer)]
Origin = Annotated[str, AfterValidator(_origin)]


class OpenIDSettings(ProviderSettings):
    """An OpenID provider and our client there."""

    issuer: Annotated[Url, Field(description="Its name, exactly as it gives it: https://id.example.edu.")]
    client_id: Annotated[str, Field(min_length=1, description="What it calls us.")]
    client_authentication: Annotated[
        Literal["client_secret_basic", "client_secret_post", "private_key_jwt"],
        Field(description="How we prove to it who we are."),
    ] = "client_secret_basic"
    client_secret: Annotated[
        SecretReference | None, Field(description="Our password there: env:NAME or file:/PATH.")
    ] = None
    client_key: Annotated[
        SecretReference | None,
        Field(description="Our private key (PEM) for private_key_jwt: env:NAME or file:/PATH."),
    ] = None
    client_key_id: Annotated[str, Field(description="What it calls that key (kid).")] = ""
    client_key_algorithm: Annotated[Algorithm, Field(description="What we sign with that key.")] = "RS256"
    client_assertion_audience: Annotated[
        Literal["issuer", "token_endpoint"], Field(description="Whom private_key_jwt is addressed to.")
    ] = "issuer"
    other_origins: Annotated[
        tuple[Origin, ...],
        Field(
            description="Where its endpoints may be besides the issuer's own origin: https://keys.example.edu."
        ),
    ] = ()
    ca_file: Annotated[
        str, Field(description="Certificates (PEM) to believe instead of the usual ones; a path.")
    ] = ""
    algorithms: Annotated[
        tuple[Algorithm, ...],
        Field(min_length=1, description="Signatures that are believed, if its key fits."),
    ] = ("RS256", "PS256", "ES256", "EdDSA")
    clock_skew: Annotated[
        int, Field(ge=0, le=120, description="By how many seconds its clock may differ from ours.")
    ] = 60
    scopes: Annotated[
        tuple[str, ...], AfterValidator(_scopes), Field(description="What it is asked to tell us.")
    ] = ("openid", "email", "profile")
    acr_values: Annotated[
        tuple[str, ...],
        Field(description="Kinds of authentication to ask for; a sign-in of any other kind is refused."),
    ] = ()
    require_claims: Annotated[
        dict[str, str],
        Field(
            default_factory=dict,
            description='Claims that must have this value, or hold it in a list: { tid = "…" }.',
        ),
    ]
    ask_userinfo: Annotated[
        bool, Field(description="Ask its userinfo endpoint for what the token lacks.")
    ] = True
    email_claim: Annotated[str, Field(description="Claim with the address.")] = "email"
    email_verified_claim: Annotated[
        str, Field(description="Claim that is true when the provider has verified that address.")
    ] = "email_verified"
    alternates_claim: Annotated[str, Field(description="Claim with further addresses, one or a list.")] = ""
    alternates_are_verified: Annotated[
        bool, Field(description="The provider has verified every one of those.")
    ] = False
    display_name_claim: Annotated[str, Field(description="Claim with the person's name.")] = "name"
    attributes: Annotated[
        dict[str, str],
        Field(
            default_factory=dict,
            description='Attributes to keep, by their name here: { groups = "groups" } takes the claim groups.',
        ),
    ]
    elsewhere: Annotated[
        Literal["refuse", "leave_out"],
        Field(
            description="A claim we need that the provider only points to, because it is too long (_claim_names): "
            "refuse the sign-in, or leave the attribute out."
        ),
    ] = "refuse"
    logs_out: Annotated[bool, Field(description="Signing out here offers to sign out there, too.")] = True

    @model_validator(mode="after")
    def _has_its_secret(self) -> Self:
        if self.client_authentication == "private_key_jwt":
            if self.client_key is None:
                raise ValueError("private_key_jwt needs client_key")
        elif self.client_secret is None:
            raise ValueError(f"{self.client_authentication} needs client_secret")
        return self

    @property
    def origins(self) -> frozenset[str]:
        """Where its endpoints may be."""
        return frozenset({origin_of(self.issuer), *self.other_origins})

    @property
    def claims_we_need(self) -> frozenset[str]:
        """The names of all claims that something is made of."""
        named = {self.email_claim, self.alternates_claim, *self.require_claims, *self.attributes.values()}
        return frozenset(named - {""})
