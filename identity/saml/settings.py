"""What a robot's file may say about signing in with SAML."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from identity.provider import ProviderSettings
from identity.secrets_by_reference import SecretReference

PERSISTENT = "persistent"
_EDUPERSON = (
    "eduPersonPrincipalName",
    "eduPersonAffiliation",
    "eduPersonScopedAffiliation",
    "eduPersonEntitlement",
    "displayName",
)


def _web_address(text: str) -> str:
    if text and not text.startswith(("https://", "http://")):
        raise ValueError("must begin with https:// or http://")
    return text.rstrip("/")


WebAddress = Annotated[str, AfterValidator(_web_address)]


class Settings(ProviderSettings):
    """One service provider, and the identity providers that it believes."""

    entity_id: str = Field(
        default="", max_length=1024, description="Our entityID; without it the address of our metadata."
    )
    key: SecretReference = Field(
        description="Our private key in PEM, RSA of 2048 bits or more: file:/PATH or env:NAME."
    )
    certificate: SecretReference = Field(
        description="The certificate of that key in PEM, self-signed will do: file:/PATH or env:NAME."
    )
    second_key: SecretReference | None = Field(
        default=None, description="While keys change: the other private key, used for reading only."
    )
    second_certificate: SecretReference | None = Field(
        default=None, description="While keys change: the other certificate, published beside the first."
    )

    metadata_files: tuple[str, ...] = Field(
        default=(),
        description="Files with the metadata of identity providers that this server's operator put there.",
    )
    metadata_url: WebAddress = Field(
        default="", description="Where a federation publishes its signed metadata."
    )
    mdq_url: WebAddress = Field(
        default="", description="A metadata query server (MDQ), asked for one identity provider at a time."
    )
    metadata_certificate: SecretReference | None = Field(
        default=None,
        description="The certificate that metadata from a URL is signed with; compare its fingerprint.",
    )
    metadata_copy: str = Field(
        default="",
        description="A file where the last good metadata from the URL is kept, for the next start.",
    )
    metadata_max_mb: int = Field(
        default=40, ge=1, le=500, description="Metadata that is larger is not read, in megabytes."
    )
    refresh_hours: int = Field(
        default=12,
        ge=1,
        le=168,
        description="Metadata that is older is fetched anew, behind the next sign-in.",
    )
    idps: tuple[str, ...] = Field(
        default=(),
        description="The entityIDs of the identity providers to believe; empty: all in the metadata.",
    )
    hidden_idps: tuple[str, ...] = Field(
        default=(), description="The entityIDs of identity providers that nobody may choose."
    )

    want_assertions_signed: bool = Field(
        default=True, description="Refuse an assertion without a signature of its own."
    )
    want_response_signed: bool = Field(
        default=False, description="Refuse a response without a signature of its own."
    )
    allow_unsolicited: bool = Field(
        default=False,
        description="Also accept sign-ins that began at the identity provider; they invite login CSRF.",
    )
    allow_sha1: bool = Field(
        default=False, description="Also accept signatures with SHA-1, which can be forged with money."
    )
    skew_seconds: int = Field(
        default=60, ge=0, le=120, description="How far the identity provider's clock may differ from ours."
    )

    name_id_format: Literal["persistent", "transient", "any"] = Field(
        default="persistent", description="The kind of NameID that is asked for."
    )
    requested_acr: tuple[str, ...] = Field(
        default=(),
        description="The ways to authenticate (AuthnContextClassRef) that are asked for, and accepted.",
    )
    fresh_acr: tuple[str, ...] = Field(
        default=(),
        description="The same where the person has to prove themselves anew, for example with two factors.",
    )
    subject: tuple[str, ...] = Field(
        default=("subject-id", "pairwise-id", PERSISTENT),
        min_length=1,
        description="What names an account for good, the first that is there: attributes, or persistent for the NameID.",
    )
    addresses: tuple[str, ...] = Field(
        default=("mail",), description="Attributes with addresses that the identity provider has verified."
    )
    unverified_addresses: tuple[str, ...] = Field(
        default=(), description="Attributes with addresses that people typed there themselves."
    )
    addresses_within_scope: bool | None = Field(
        default=None,
        description="Whether an address counts as verified only below a scope of the identity provider that names it; "
        "without it: wherever the metadata has more than one identity provider.",
    )
    names: tuple[str, ...] = Field(
        default=("displayName", "cn"), description="Attributes with the person's name as it is shown."
    )
    attributes: Mapping[str, str] = Field(
        default={name: name for name in _EDUPERSON},
        description="Attributes to keep: what they are called in rules, and their friendly name or OID.",
    )
    scoped_attributes: tuple[str, ...] = Field(
        default=(),
        description="Further attributes of the form value@scope, whose scope has to be the identity provider's.",
    )
    scopes: Mapping[str, tuple[str, ...]] = Field(
        default={}, description="Scopes by entityID, for identity providers whose metadata has none."
    )

    service_name: str = Field(
        default="", max_length=200, description="Our name, for people who choose us from a list."
    )
    organization_name: str = Field(
        default="", max_length=200, description="Who runs this service, for our metadata."
    )
    organization_url: WebAddress = Field(default="", description="Their website, for our metadata.")
    contact_name: str = Field(default="", max_length=200, description="Whom to ask when something breaks.")
    contact_address: str = Field(default="", max_length=320, description="Their address, for our metadata.")
    xmlsec1: str = Field(default="xmlsec1", description="The program xmlsec1, or its path.")

    @property
    def takes_unasked(self) -> bool:
        """Whether a sign-in may begin at the identity provider."""
        return self.allow_unsolicited

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if not (self.metadata_files or self.metadata_url or self.mdq_url):
            raise ValueError("name the identity providers' metadata: metadata_files, metadata_url or mdq_url")
        if (self.metadata_url or self.mdq_url) and self.metadata_certificate is None:
            raise ValueError(
                "metadata from a URL needs metadata_certificate, the certificate that it is signed with"
            )
        if (self.second_key is None) != (self.second_certificate is None):
            raise ValueError("second_key and second_certificate belong together")
        if {*self.subject} & {*self.addresses, *self.unverified_addresses}:
            raise ValueError("an address can change hands, so it cannot be the subject")
        return self
