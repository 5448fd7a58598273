"""Signing in to a running Postroom with a directory, as the handbook says; the directory changes, is slow, goes away and is read."""

import html
import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.databases import free_port
from tests.wire.holding import Relay, relay
from tests.wire.postroom import Running, ask, served
from tests.wire.slapd import PASSWORD, PEOPLE, Directory, directory

pytestmark = pytest.mark.system
DOMAIN = "lists.example.org"
HANDBOOK = Path(__file__).parents[2] / "docs" / "handbook" / "operator.md"
WHO = "{ viewer { session { method } user { displayName emailAddresses { email status source } } } }"


@dataclass(frozen=True, slots=True)
class Service:
    """A running Postroom and its directory, which is behind a relay that can fall silent."""

    postroom: Running
    directory: Directory
    line: Relay
    place: Path

    def attributes(self, name: str) -> list[str]:
        """The values that are kept of an attribute and have not ended."""
        with sqlite3.connect(self.place / "postroom.db") as db:
            live = "SELECT values_json FROM attributes WHERE name = ? AND expires_at > unixepoch() * 1000000"
            return [values for (values,) in db.execute(live, (name,))]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    place = tmp_path_factory.mktemp("postroom")
    (place / "ldap-password").write_text(PASSWORD + "\n")
    with (
        directory(tmp_path_factory.mktemp("ldap"), fillers=60) as running,
        relay(running.plain) as line,
        served(place, smtp_port=free_port()) as postroom,
    ):
        postroom.command("robot", "create", DOMAIN, "--listmaster", "boss@example.net")
        file = place / "providers.toml"
        file.write_text(_handbook(running, line, place) + '[[provider]]\nkey = "ticket"\nkind = "ticket"\n')
        postroom.command("provider", "set", DOMAIN, str(file))
        yield Service(postroom, running, line, place)


def _handbook(running: Directory, line: Relay, place: Path) -> str:
    """The file that the handbook shows, with what is different here."""
    section = HANDBOOK.read_text(encoding="utf-8").split("\n## Signing in with a directory (LDAP)\n")[1]
    found = re.search(r"^```toml\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    assert found is not None
    file = found[1]
    for old, new in {
        "hosts": f'["127.0.0.1:{line.port}"]',
        "ca_file": f'"{running.certificate}"',
        "bind_password": f'"file:{place}/ldap-password"',
    }.items():
        file, count = re.subn(rf"^{old} = .*$", f"{old} = {new}", file, flags=re.MULTILINE)
        assert count == 1, old
    return file


@contextmanager
def browser(service: Service) -> Iterator[httpx.Client]:
    headers = {"GraphQL-Require-Preflight": "1", "Sec-Fetch-Site": "same-origin"}
    with httpx.Client(base_url=service.postroom.url, headers=headers, timeout=20, trust_env=False) as client:
        yield client


def sign_in(client: httpx.Client, login: str, password: str) -> httpx.Response:
    """Fill in the form on the page of ways in."""
    page = client.get(f"/auth/{DOMAIN}")
    assert page.status_code == 200
    for form in re.findall(r"<form.*?</form>", page.text, re.DOTALL):
        fields = {
            html.unescape(name): html.unescape(value)
            for name, value in re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', form)
        }
        if fields.get("provider") == "campus":
            assert "User name" in form
            assert 'type="password"' in form
            return client.post(f"/auth/{DOMAIN}", data={**fields, "identifier": login, "password": password})
    raise AssertionError(page.text)


def addresses(client: httpx.Client) -> dict[str, str] | None:
    user = ask(client, WHO)["viewer"]["user"]
    return None if user is None else {each["email"]: each["status"] for each in user["emailAddresses"]}


def test_a_check_finds_the_directory_as_the_handbook_describes_it(service: Service) -> None:
    said = service.postroom.command("provider", "check", DOMAIN, "campus")
    assert "(uid=*) finds 67 entries." in said
    assert "PROBLEM" not in said


def test_an_operator_looks_up_what_the_directory_would_say_of_somebody(service: Service) -> None:
    search = ("provider", "search", DOMAIN)
    (ann,) = json.loads(service.postroom.command(*search, "campus", "Ann", "Lidd", "--json"))
    assert ann["name"] == "Ann Liddell"
    assert {each["address"]: each["counts"] for each in ann["addresses"]} == {
        "ann@example.edu": True,
        "a.liddell@example.edu": True,
        "ANN@alumni.example.edu": True,
        "ann@elsewhere.example": False,
    }
    assert ann["attributes"]["affiliation"] == ["member", "staff"]
    said = service.postroom.command(*search, "campus", "a.liddell@example.edu")
    assert ann["subject"] in said
    assert "ann@elsewhere.example (claimed)" in said
    assert service.postroom.command(*search, "campus", "*)(uid=*").strip() == "Nobody."
    for key, refusal in (("ticket", "cannot be searched"), ("other", "no provider with that key")):
        with pytest.raises(AssertionError, match=refusal):
            service.postroom.command(*search, key, "Ann")


def test_a_directory_that_cannot_be_searched_is_said_to_be_away(service: Service) -> None:
    service.line.let_through = 0
    with pytest.raises(AssertionError, match="did not answer"):
        service.postroom.command("provider", "search", DOMAIN, "campus", "Ann")
    service.line.let_through = None


def test_somebody_signs_in_and_brings_addresses_and_attributes(service: Service) -> None:
    with browser(service) as client:
        end = sign_in(client, "ann", "ann-pw")
        assert (end.status_code, end.headers["location"]) == (303, "/"), end.text
        found = ask(client, WHO)["viewer"]
        assert (found["session"]["method"], found["user"]["displayName"]) == ("LDAP", "Ann Liddell")
        # Row 51: alternates count where the directory may vouch for their domain.
        assert addresses(client) == {
            "ann@example.edu": "VERIFIED",
            "a.liddell@example.edu": "VERIFIED",
            "ANN@alumni.example.edu": "VERIFIED",
            "ann@elsewhere.example": "PENDING",
        }
        assert '["member","staff"]' in service.attributes("affiliation")


def test_names_of_every_alphabet(service: Service) -> None:
    with browser(service) as client:
        sign_in(client, "ben", "ben-pw")
        assert ask(client, WHO)["viewer"]["user"]["displayName"] == "Ben Søren Müller"


def test_wrong_name_and_wrong_password_are_the_same_page(service: Service) -> None:
    """Pitfall 47."""
    pages = []
    for login, password in (("ann", "wrong"), ("nobody", "ann-pw"), ("twin", "twin-pw"), ("ann", "")):
        with browser(service) as client:
            answer = sign_in(client, login, password)
            pages.append((answer.status_code, re.sub(r'value="[^"]*"', "", answer.text)))
            assert addresses(client) is None
    assert len(set(pages[:3])) == 1


def test_who_has_no_address_there_is_asked_for_one(service: Service) -> None:
    with browser(service) as client:
        assert "Mail address" in sign_in(client, "cleo", "cleo-pw").text
        assert addresses(client) is None


def test_a_value_that_is_gone_expires_with_the_next_sync_and_whoever_is_gone_is_signed_out(
    service: Service,
) -> None:
    """Row 51, pitfall 13."""
    dn = service.directory.add("dora", mail=["dora@example.edu"], mailAlternateAddress=["d@example.edu"])
    with browser(service) as client:
        sign_in(client, "dora", "dora-pw")
        assert addresses(client) == {"dora@example.edu": "VERIFIED", "d@example.edu": "VERIFIED"}
        service.directory.put(dn, mailAlternateAddress=["new@example.edu"])
        dry = json.loads(
            service.postroom.command("provider", "sync", DOMAIN, "campus", "--dry-run", "--json")
        )
        assert (dry["dry_run"], dry["changed"], dry["seen"]) == (True, 1, 68)
        assert "new@example.edu" not in (addresses(client) or {})
        said = service.postroom.command("provider", "sync", DOMAIN, "campus")
        assert "1 changed" in said
        found = addresses(client)
        assert found is not None
        assert found["new@example.edu"] == "VERIFIED"
        assert found.get("d@example.edu") != "VERIFIED"
        service.directory.remove(dn)
        tally = json.loads(service.postroom.command("provider", "sync", DOMAIN, "campus", "--json"))
        assert (tally["removed"], tally["signed_out"]) == (1, 1)
        assert addresses(client) is None


def test_a_directory_that_forgets_nearly_everybody_changes_nothing(service: Service) -> None:
    with browser(service) as client:
        sign_in(client, "ann", "ann-pw")
        names = [f"uid=p{number:05},{PEOPLE}" for number in range(60)]
        service.directory.remove(*names)
        with pytest.raises(AssertionError, match="SYNC_REFUSED"):
            service.postroom.command("provider", "sync", DOMAIN, "campus")
        assert addresses(client)
        with sqlite3.connect(service.place / "postroom.db") as db:
            told = db.execute("SELECT count(*) FROM packets WHERE address = 'boss@example.net'").fetchone()
            audited = db.execute("SELECT count(*) FROM audit WHERE event = 'sync_refused'").fetchone()
        assert (told, audited) == ((1,), (1,))


def test_a_silent_directory_says_so_while_everything_else_goes_on(service: Service) -> None:
    """What it told before still counts, and another way in answers at once."""
    with browser(service) as inside, browser(service) as client:
        sign_in(inside, "ann", "ann-pw")
        service.line.let_through = 0
        answer = sign_in(client, "ann", "ann-pw")
        assert answer.status_code == 503
        assert "does not answer" in answer.text
        calls = service.line.calls
        # Nobody waits for it now, and it is not asked.
        answer = sign_in(client, "ann", "ann-pw")
        assert "does not answer" in answer.text
        assert service.line.calls == calls
        assert addresses(inside)
        assert service.attributes("affiliation")
        page = client.get(f"/auth/{DOMAIN}")
        assert "ticket" in page.text
        service.line.let_through = None
