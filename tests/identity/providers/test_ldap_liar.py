"""A directory's yes to a password is not enough: it has to say that we are that entry (pitfall 38, RFC 4532)."""

import pytest

from identity.provider import Inbound, Place, ProviderAway, WrongSecret
from tests.identity.providers.liar import liar

# Native, and not there in every environment.
provider = pytest.importorskip("identity.providers.ldap")
DN = "uid=ann,ou=people,dc=example,dc=edu"
PLACE = Place("https://l.example", "https://l.example/auth/l.example/campus", "campus", 1_900_000_000_000_000)


async def subject(identity: str | None, *, confirms_as: str = "dn") -> str:
    """Sign in as ann; who it was."""
    form = {"identifier": "ann", "password": "any"}
    async with liar(identity, DN) as server:
        words = {"hosts": [f"127.0.0.1:{server.port}"], "use_tls": "none", "base": "dc=example,dc=edu"}
        settings = provider.Settings.model_validate({**words, "confirms_as": confirms_as})
        try:
            evidence = await provider.complete(settings, PLACE, Inbound("POST", "", form=form), {})
        finally:
            assert server.binds == 1
    return str(evidence.subject)


async def test_who_is_named_is_let_in_however_the_dn_is_written() -> None:
    assert await subject(f"dn:{DN}") == "5f2c7a1e"
    assert await subject("dn:UID=Ann, OU=People,dc=example, dc=EDU") == "5f2c7a1e"
    assert await subject("u:EXAMPLE\\ann", confirms_as="name") == "5f2c7a1e"
    assert await subject(f"dn:{DN}", confirms_as="name") == "5f2c7a1e"


@pytest.mark.parametrize(
    ("identity", "confirms_as"),
    [
        ("", "dn"),
        ("", "name"),
        ("dn:", "dn"),
        ("dn:", "name"),
        ("u:", "name"),
        ("u: ", "name"),
        ("u:EXAMPLE\\ann", "dn"),
        ("dn:uid=other,ou=people,dc=example,dc=edu", "dn"),
        ("dn:uid=other,ou=people,dc=example,dc=edu", "name"),
        (f"dn:{DN},dc=more", "dn"),
        (f"dn:cn=x+{DN}", "dn"),
        ("anonymous", "dn"),
        ("anonymous", "name"),
    ],
)
async def test_a_bind_without_the_right_identity_is_no_proof(identity: str, confirms_as: str) -> None:
    with pytest.raises(WrongSecret):
        await subject(identity, confirms_as=confirms_as)


async def test_a_directory_that_cannot_say_who_we_are_is_no_directory_to_sign_in_at() -> None:
    with pytest.raises(ProviderAway):
        await subject(None)
