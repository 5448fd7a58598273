"""The API's levels of certainty, out of the domain's strength and the way somebody came in."""

from identity.actor import Actor
from storage.tables.words import AddressSource, SignInMethod, Strength

_BY_METHOD = {
    SignInMethod.PASSWORD: "PASSWORD",
    SignInMethod.LDAP: "PASSWORD",
    SignInMethod.TICKET: "CHALLENGED",
    SignInMethod.SAML: "FEDERATED",
    SignInMethod.OIDC: "FEDERATED",
    SignInMethod.CAS: "FEDERATED",
    SignInMethod.TRUSTED_APPLICATION: "FEDERATED",
    SignInMethod.API_TOKEN: "PASSWORD",
}
_BY_SOURCE = {
    AddressSource.ACCOUNT: "CHALLENGED",
    AddressSource.CHALLENGE: "CHALLENGED",
    AddressSource.SUBADDRESS: "CHALLENGED",
    AddressSource.ADMIN: "CHALLENGED",
    AddressSource.LDAP: "PASSWORD",
    AddressSource.OIDC: "FEDERATED",
    AddressSource.SAML: "FEDERATED",
    AddressSource.CAS: "FEDERATED",
    AddressSource.TRUSTED_APP: "FEDERATED",
    AddressSource.X509_SAN: "SIGNED",
}


def _level(strength: Strength, otherwise: str) -> str:
    if strength is Strength.NONE:
        return "ANONYMOUS"
    if strength is Strength.SMTP:
        return "CLAIMED"
    return "SIGNED" if strength in {Strength.SMIME, Strength.DKIM} else otherwise


def strength_of_method(strength: Strength, method: SignInMethod) -> str:
    """The level of a session."""
    return _level(strength, _BY_METHOD[method])


def strength_of_address(strength: Strength, source: AddressSource) -> str:
    """The level that an address gives to requests under it."""
    return _level(strength, _BY_SOURCE[source])


def strength_of_actor(actor: Actor) -> str:
    """The level of a request."""
    if actor.session is not None:
        return strength_of_method(actor.session.strength, actor.session.method)
    return _level(actor.strength, "PASSWORD" if actor.token is not None else "CHALLENGED")
