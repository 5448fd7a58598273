"""The kit against our other providers: with a hostile other side that does whatever it takes, and as strangers to real ones."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ldap")
pytest.importorskip("saml2")

from identity.attacks import cas as cas_strangers
from identity.attacks import openid as openid_strangers
from identity.attacks.common import common, filled, returned
from identity.attacks.conformance import ProviderConformance
from identity.attacks.forgeries import FOREIGN_ADDRESS, Attempt, CannotForge, Forgery
from identity.attacks.live import attack
from identity.attacks.trials import Outcome, Result
from identity.auth_config import Entry
from identity.provider import Inbound, Place
from identity.providers import cas, ldap, oidc
from tests.identity.providers.openid_keys import OTHER_RSA, RSA, signed, signed_with_public_key, unsigned
from tests.identity.providers.saml_idp import new_pair
from tests.wire.cas_peer import cas_server
from tests.wire.hostile_web import Asked, HostileWeb, Says, hostile_web
from tests.wire.openid_op import SECRET, openid_op
from tests.wire.simplesaml import simplesaml
from tests.wire.slapd import PASSWORD, PEOPLE, SERVICE, Directory, directory

BASE = "http://127.0.0.1:1"
OWN = f"{BASE}/auth/lists.example.org/campus"
HOUR = 3600


@pytest.fixture(scope="module", autouse=True)
def secrets() -> Iterator[None]:
    """The secrets that settings point to."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OP_SECRET", SECRET)
        patch.setenv("LDAP_SECRET", PASSWORD)
        yield


@pytest.fixture
def web() -> Iterator[HostileWeb]:
    with hostile_web() as running:
        yield running


class TestOpenId(ProviderConformance):
    """The forger is the provider itself: each code is worth the ID token that was made for it."""

    provider = oidc

    @pytest.fixture(autouse=True)
    def _op(self, web: HostileWeb) -> None:
        self.web = web
        self.tokens: dict[str, str] = {}
        described = {
            "issuer": web.url,
            "authorization_endpoint": f"{web.url}/auth",
            "token_endpoint": f"{web.url}/token",
            "jwks_uri": f"{web.url}/keys",
        }
        web.says("/.well-known/openid-configuration", Says(json.dumps(described).encode()))
        web.says("/keys", Says(json.dumps({"keys": [RSA.as_dict(private=False)]}).encode()))
        web.answers["/token"] = self.redeem

    def redeem(self, asked: Asked) -> Says:
        token = self.tokens.get(asked.form["code"])
        if token is None:
            return Says(b'{"error": "invalid_grant"}', status=400)
        answer = {"id_token": token, "access_token": "a", "token_type": "Bearer"}
        return Says(json.dumps(answer).encode())

    def settings(self) -> oidc.OpenIDSettings:
        given = {"issuer": self.web.url, "client_id": "lists", "client_secret": "env:OP_SECRET"}
        return oidc.OpenIDSettings.model_validate(given)

    async def forge(self, forgery: Forgery, attempt: Attempt) -> Any:
        now = attempt.place.now // 1_000_000
        good = {
            "iss": self.web.url,
            "sub": "alice",
            "aud": "lists",
            "iat": now,
            "exp": now + 300,
            "nonce": attempt.kept["nonce"],
            "email": attempt.address,
            "email_verified": True,
        }
        tokens: dict[str, str]
        match forgery:
            case Forgery.GENUINE:
                return self.back(attempt, signed(good))
            case Forgery.UNVERIFIED_MAIL:
                tokens = {
                    str(how): signed(good | {"email_verified": how}) for how in (False, None, "true", 1)
                }
            case Forgery.FOREIGN_DOMAIN:
                tokens = {"": signed(good | {"email": FOREIGN_ADDRESS})}
            case Forgery.WRONG_AUDIENCE:
                audiences: tuple[Any, ...] = ("other", ["lists", "other"], [], "lists ")
                tokens = {str(each): signed(good | {"aud": each}) for each in audiences}
            case Forgery.KEY_IN_DOCUMENT:
                jwk = OTHER_RSA.as_dict(private=False)
                tokens = {
                    "jwk": signed(good, OTHER_RSA, jwk=jwk),
                    "jku": signed(good, OTHER_RSA, jku=self.web.url),
                }
            case Forgery.ALG_NONE:
                tokens = {"none": unsigned(good), "HS256": signed_with_public_key(good)}
            case Forgery.EXPIRED:
                tokens = {"": signed(good | {"iat": now - 2 * HOUR, "exp": now - HOUR})}
            case Forgery.FUTURE:
                tokens = {"": signed(good | {"iat": now + HOUR, "exp": now + 2 * HOUR})}
            case Forgery.TAMPERED:
                head, body, signature = signed(good).split(".")
                other = signed(good | {"sub": "victim"}).split(".")[1]
                tokens = {"another text": f"{head}.{other}.{signature}", "no signature": f"{head}.{body}."}
            case Forgery.MIX_UP:
                others = await openid_strangers.forged(self.settings(), forgery, attempt)
                inside = {"in the token": self.back(attempt, signed(good | {"iss": "https://other.example"}))}
                return {**dict(others), **inside} if isinstance(others, Mapping) else inside
            case _:
                return await openid_strangers.forged(self.settings(), forgery, attempt)
        return {title: self.back(attempt, token) for title, token in tokens.items()}

    def back(self, attempt: Attempt, token: str) -> Inbound:
        code = f"code-{len(self.tokens)}"
        self.tokens[code] = token
        return returned(attempt, code=code)


class TestCas(ProviderConformance):
    """A server that answers for a ticket and its service as CAS servers do, and writes what the forger wants."""

    provider = cas

    @pytest.fixture(autouse=True)
    def _server(self, web: HostileWeb) -> None:
        self.web = web
        self.tickets: dict[tuple[str, str], str] = {}
        web.answers["/cas/p3/serviceValidate"] = self.validate

    def validate(self, asked: Asked) -> Says:
        failed = '<cas:authenticationFailure code="INVALID_TICKET">no</cas:authenticationFailure>'
        inside = self.tickets.get((asked.query["ticket"], asked.query["service"]), failed)
        xml = f'<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas">{inside}</cas:serviceResponse>'
        return Says(xml.encode(), media_type="application/xml")

    def settings(self) -> cas.Settings:
        return cas.Settings.model_validate({"server_url": f"{self.web.url}/cas"})

    def forge(self, forgery: Forgery, attempt: Attempt) -> Any:
        service = attempt.kept["service"]
        match forgery:
            case Forgery.GENUINE:
                return self.back(attempt, service, success("alice", attempt.address))
            case Forgery.FOREIGN_DOMAIN:
                return self.back(attempt, service, success("alice", FOREIGN_ADDRESS))
            case Forgery.WRONG_AUDIENCE:
                return self.back(attempt, "https://other.example/", success("alice", attempt.address))
            case Forgery.SPLIT_TEXT:
                ways = ("al<!-- -->ice", "al<![CDATA[ice]]>", "al<?x y?>ice", "al<b/>ice")
                return {each: self.back(attempt, service, success(each, attempt.address)) for each in ways}
            case Forgery.UNVERIFIED_MAIL | Forgery.EXPIRED | Forgery.FUTURE:
                raise CannotForge(
                    "CAS has no word for it: its server is asked at once, and its word is its word"
                )
        return cas_strangers.forged(self.settings(), forgery, attempt)

    def back(self, attempt: Attempt, service: str, answer: str) -> Inbound:
        ticket = f"ST-{len(self.tickets)}-forged"
        self.tickets[ticket, service] = answer
        return returned(attempt, ticket=ticket)


def success(user: str, address: str) -> str:
    mail = f"<cas:attributes><cas:mail>{address}</cas:mail></cas:attributes>"
    return f"<cas:authenticationSuccess><cas:user>{user}</cas:user>{mail}</cas:authenticationSuccess>"


@pytest.fixture(scope="module")
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Directory]:
    """A directory that takes a name with an empty password for nobody, with success, as old ones do."""
    with directory(tmp_path_factory.mktemp("ldap"), more="allow bind_anon_dn") as running:
        yield running


def ldap_settings(running: Directory) -> dict[str, Any]:
    return {
        "hosts": [f"127.0.0.1:{running.plain}"],
        "ca_file": str(running.certificate),
        "bind_dn": SERVICE,
        "bind_password": "env:LDAP_SECRET",
        "base": PEOPLE,
        "mail": ["mail", "mailAlternateAddress"],
    }


@pytest.mark.system
class TestLdap(ProviderConformance):
    """Whatever can be typed, at a real directory."""

    provider = ldap
    person = "ann"

    @pytest.fixture(autouse=True)
    def _directory(self, slapd: Directory) -> None:
        self.running = slapd

    def settings(self) -> ldap.Settings:
        return ldap.Settings.model_validate(ldap_settings(self.running))

    def forge(self, forgery: Forgery, attempt: Attempt) -> Any:
        if forgery is Forgery.GENUINE:
            return filled(attempt, "ann", "ann-pw")
        return common(forgery, attempt)


# As `postroom provider attack`: strangers to real servers.


def here() -> Place:
    return TestOpenId().place()


async def stranger(
    kind: str, settings: dict[str, Any], vouches_for: tuple[str, ...] = ("example.edu",)
) -> list[Result]:
    entry = Entry("x", "campus", kind, "Campus", vouches_for=vouches_for, raw_settings=settings)
    found = [each async for each in attack(entry, lambda: Place(BASE, OWN, "campus", here().now), "ann")]
    assert [each for each in found if not each.is_good] == []
    return [each for each in found if each.outcome is not Outcome.NOT_RUN]


@pytest.mark.system
async def test_a_stranger_gets_nothing_from_a_real_directory(slapd: Directory) -> None:
    tried = await stranger("ldap", ldap_settings(slapd))
    assert {each.trial.forgery for each in tried} >= {Forgery.EMPTY_PASSWORD, Forgery.FILTER_INJECTION}


@pytest.mark.system
async def test_a_stranger_gets_nothing_from_a_real_openid_provider(tmp_path: Path) -> None:
    with openid_op(tmp_path, OWN) as op:
        settings = {"issuer": op.issuer, "client_id": "lists", "client_secret": "env:OP_SECRET"}
        tried = await stranger("oidc", settings)
    assert {each.detail for each in tried} >= {"alg none", "key in the header", "a code that nobody gave"}


@pytest.mark.system
async def test_a_stranger_gets_nothing_from_a_real_cas_server(tmp_path: Path) -> None:
    with cas_server(tmp_path, OWN) as server:
        tried = await stranger("cas", {"server_url": server.url})
    assert "a ticket that nobody gave" in {each.detail for each in tried}


@pytest.mark.system
async def test_a_stranger_gets_nothing_from_a_real_saml_identity_provider(tmp_path: Path) -> None:
    (tmp_path / "idp").mkdir()
    with simplesaml(tmp_path / "idp") as idp:
        (tmp_path / "idp.xml").write_bytes(idp.metadata())
        ours = new_pair("lists.example.org")
        (tmp_path / "sp.key").write_text(ours.key)
        (tmp_path / "sp.crt").write_text(ours.certificate)
        settings = {
            "key": f"file:{tmp_path}/sp.key",
            "certificate": f"file:{tmp_path}/sp.crt",
            "metadata_files": [f"{tmp_path}/idp.xml"],
        }
        tried = await stranger("saml", settings)
    assert {each.trial.forgery for each in tried} >= {
        Forgery.KEY_IN_DOCUMENT,
        Forgery.TAMPERED,
        Forgery.FORGED_LOGOUT,
    }
