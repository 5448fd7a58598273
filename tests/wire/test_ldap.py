"""Signing in at a real directory, by the provider module itself: who gets in, who does not, and how soon we give up."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from identity import directories
from identity.directories import AWAY_SECONDS, Away
from identity.directory_line import Server
from identity.provider import (
    Ask,
    Claimed,
    Evidence,
    Inbound,
    NotProved,
    Place,
    ProviderAway,
    Wish,
    WrongSecret,
)
from identity.providers import ldap as provider
from identity.providers.ldap import Settings
from tests.conftest import Clock
from tests.wire.certificates import make_certificates
from tests.wire.holding import relay
from tests.wire.slapd import ODD_LOGIN, PASSWORD, PEOPLE, SERVICE, SUFFIX, Directory, directory

pytestmark = pytest.mark.system
PLACE = Place("https://l.example", "https://l.example/auth/l.example/campus", "campus", 1_900_000_000_000_000)
MAIL = ["mail", "mailAlternateAddress"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Directory]:
    # As old servers do it: a name with an empty password binds with success, as nobody.
    with directory(tmp_path_factory.mktemp("ldap"), fillers=120, more="allow bind_anon_dn") as running:
        yield running


@pytest.fixture(autouse=True)
def away(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Away:
    """What is remembered of silent servers is each test's own, and its time is the test's."""
    own = Away(lambda: clock.now / 1_000_000)
    monkeypatch.setattr(directories, "AWAY", own)
    monkeypatch.setenv("LDAP_SECRET", PASSWORD)
    return own


def settings(server: Directory, **more: Any) -> Settings:
    words: dict[str, Any] = {
        "hosts": [f"127.0.0.1:{server.plain}"],
        "ca_file": str(server.certificate),
        "bind_dn": SERVICE,
        "bind_password": "env:LDAP_SECRET",
        "base": PEOPLE,
        "mail": MAIL,
    }
    return Settings.model_validate(words | more)


def typed(login: object, password: object) -> Inbound:
    return Inbound("POST", PLACE.callback_url, form={"identifier": login, "password": password})  # type: ignore[dict-item]


async def signed_in(server: Directory, login: str, password: str = "", **more: Any) -> Evidence:
    given = password or f"{login}-pw"
    return await provider.complete(settings(server, **more), PLACE, typed(login, given), {})


async def test_somebody_comes_in_with_all_addresses_in_order_and_the_attributes_that_are_wanted(
    server: Directory,
) -> None:
    begun = await provider.begin(settings(server), PLACE, Wish("s"))
    assert isinstance(begun, Ask)
    assert [(each.name, each.is_secret) for each in begun.fields] == [
        ("identifier", False),
        ("password", True),
    ]
    found = await signed_in(
        server,
        "ann",
        attributes={"affiliation": "eduPersonAffiliation", "photo": "jpegPhoto"},
        user_writable=["mailAlternateAddress"],
    )
    assert found.addresses == (
        Claimed("ann@example.edu"),
        Claimed("a.liddell@example.edu", is_verified=False),
        Claimed("ANN@alumni.example.edu", is_verified=False),
        Claimed("ann@elsewhere.example", is_verified=False),
    )
    assert found.attributes == {"affiliation": ("member", "staff")}
    assert (found.display_name, found.issuer) == ("Ann Liddell", f"ldap:{PEOPLE}")
    assert found.authenticated_at == PLACE.now
    assert len(found.subject) == 36


async def test_names_of_every_alphabet_two_main_addresses_and_none(server: Directory) -> None:
    ben = await signed_in(server, "ben")
    assert ben.display_name == "Ben Søren Müller"
    assert ben.addresses == (Claimed("ben@example.edu"), Claimed("b.muller@example.edu"))
    assert (await signed_in(server, "cleo")).addresses == ()


async def test_ldaps_and_a_login_that_is_an_address(server: Directory) -> None:
    found = await signed_in(
        server,
        "ANN@Alumni.example.edu",
        "ann-pw",
        hosts=[f"127.0.0.1:{server.private}"],
        use_tls="ldaps",
        filter="(|(uid={login})(mailAlternateAddress={login}))",
    )
    assert found.addresses[0] == Claimed("ann@example.edu")


async def test_the_certificate_may_name_this_machine(server: Directory) -> None:
    found = await signed_in(server, "ben", hosts=[f"ldaps://localhost:{server.private}"])
    assert found.addresses


async def test_the_subject_stays_when_everything_else_changes(server: Directory) -> None:
    dn = server.add("dora", mail=["dora@example.edu"])
    before = await signed_in(server, "dora")
    server.put(dn, mail=["new@example.edu"], cn=["Another Name"])
    after = await signed_in(server, "dora")
    assert after.subject == before.subject
    assert after.addresses == (Claimed("new@example.edu"),)
    server.remove(dn)
    again = server.add("dora", mail=["dora@example.edu"])
    # Somebody new under an old name is somebody else (decision 14).
    assert (await signed_in(server, "dora")).subject != before.subject
    server.remove(again)


async def test_a_name_of_signs_that_mean_something_elsewhere_is_a_name(server: Directory) -> None:
    """Pitfalls 36 and 37: in the filter and in the DN."""
    found = await signed_in(server, ODD_LOGIN, f"{ODD_LOGIN}-pw")
    assert found.addresses == (Claimed("odd@example.edu"),)
    ours = await signed_in(
        server,
        ODD_LOGIN,
        f"{ODD_LOGIN}-pw",
        user_dn=f"uid={{login}},{PEOPLE}",
        bind_dn="",
        bind_password=None,
    )
    assert ours.subject == found.subject


@pytest.mark.parametrize(
    "login", ["*", "a*", "ann)(uid=*", "*)(|(uid=ann", "ann\x00", "ann)(!(uid=x", "\\61nn", f"ann,{PEOPLE}"]
)
@pytest.mark.parametrize("more", [{}, {"user_dn": f"uid={{login}},{PEOPLE}"}])
async def test_a_login_never_becomes_part_of_the_question(
    server: Directory, login: str, more: dict[str, Any]
) -> None:
    """Pitfalls 36 and 37."""
    with pytest.raises(WrongSecret):
        await signed_in(server, login, "ann-pw", **more)


@pytest.mark.parametrize("login", [["ann"], {"ann": 1}, None, b"ann", "", " ", "a" * 257, "ann\n"])
async def test_what_is_no_name_is_refused_before_anybody_is_asked(away: Away, login: object) -> None:
    """Pitfall 36: lists and dictionaries pass through python-ldap's own escaping before 3.4.5."""
    nowhere = Directory(1, 1, Path("/nowhere"))
    with pytest.raises(WrongSecret):
        await provider.complete(settings(nowhere), PLACE, typed(login, "x"), {})
    assert not away._until


@pytest.mark.parametrize("password", ["", " ", "\t\n", "\0", "ann-pw\0", "x" * 1025, None, ["ann-pw"]])
async def test_an_empty_password_is_refused_though_this_directory_takes_it(
    server: Directory, password: object
) -> None:
    """Pitfall 38: this slapd answers success to a name with an empty password."""
    with pytest.raises(WrongSecret):
        await provider.complete(settings(server), PLACE, typed("ann", password), {})


async def test_a_wrong_name_and_a_wrong_password_are_answered_alike(server: Directory) -> None:
    """Pitfall 47, and pitfall 39 for twins: the person reads the same words."""
    words = set()
    for login, password in (("ann", "wrong"), ("nobody", "ann-pw"), ("twin", "twin-pw"), ("nopw", "nopw-pw")):
        with pytest.raises(NotProved) as told:
            await signed_in(server, login, password)
        words.add((type(told.value), told.value.code, told.value.message))
    assert len(words) == 1


async def test_an_unknown_name_costs_as_many_questions_as_a_wrong_password(server: Directory) -> None:
    """Pitfall 47: counted in bytes that the directory answers, a search and a bind each."""
    with relay(server.plain) as one, relay(server.plain) as other:
        for line, login in ((one, "ann"), (other, "nobody")):
            with pytest.raises(WrongSecret) as told:
                await signed_in(server, login, "wrong", hosts=[f"127.0.0.1:{line.port}"])
            assert told.value.detail.startswith("Invalid credentials")
        assert one.calls == other.calls == 1


async def test_two_entries_for_a_name_let_nobody_in(server: Directory) -> None:
    """Pitfall 39."""
    with pytest.raises(WrongSecret):
        await signed_in(server, "twin")
    one = await signed_in(server, "twin", scope="one")
    assert one.display_name == "Twin One"


async def test_a_referral_is_not_followed(server: Directory) -> None:
    """Pitfall 40: the search meets two referrals to a server that nobody configured."""
    assert (await signed_in(server, "ann", base=SUFFIX)).addresses
    with pytest.raises(ProviderAway):
        await signed_in(server, "ann", base=f"ou=branch,{PEOPLE}")


async def test_a_certificate_that_nobody_vouches_for_or_for_another_name_is_refused(
    server: Directory, tmp_path: Path
) -> None:
    """Pitfall 40: and no password is sent."""
    make_certificates(tmp_path)
    for more in (
        {"ca_file": str(tmp_path / "server.crt")},
        {"ca_file": ""},
        {"hosts": [f"127.0.0.2:{server.plain}"]},
    ):
        with pytest.raises(ProviderAway) as told:
            await signed_in(server, "ann", **more)
        assert "certificate" in told.value.detail or "connections" in told.value.detail
        assert PASSWORD not in told.value.detail


async def test_a_directory_that_does_not_encrypt_gets_no_password(tmp_path: Path) -> None:
    """Pitfall 40: StartTLS is not optional."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(1000))
        writer.write(bytes.fromhex("300c02010178070a013504000400"))
        heard.append(await reader.read(1000))
        writer.close()
        is_over.set()

    heard: list[bytes] = []
    is_over = asyncio.Event()
    make_certificates(tmp_path)
    listening = await asyncio.start_server(refuse, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    with pytest.raises(ProviderAway) as told:
        await signed_in(Directory(port, port, tmp_path / "server.crt"), "ann")
    assert "TLS" in told.value.detail
    await is_over.wait()
    listening.close()
    await listening.wait_closed()
    assert b"1.3.6.1.4.1.1466.20037" in heard[0]
    assert heard[1:] == [b""]


async def test_the_next_server_answers_where_the_first_is_away(server: Directory, away: Away) -> None:
    found = await signed_in(server, "ann", hosts=["127.0.0.1:1", f"127.0.0.1:{server.plain}"])
    assert found.addresses
    assert away.is_silent(Server("127.0.0.1", 1, "starttls"), str(server.certificate))


@pytest.mark.parametrize("let_through", [0, 14, 40, 1200])
async def test_a_server_that_falls_silent_is_given_up_at_whichever_point_it_does(
    server: Directory, monkeypatch: pytest.MonkeyPatch, let_through: int
) -> None:
    """A handshake that never ends, too: libldap itself would wait for ever."""
    monkeypatch.setattr(directories, "ask", _impatient)
    monkeypatch.setattr(provider, "ask", _impatient)
    with relay(server.plain) as slow:
        slow.let_through = let_through
        hosts = [f"127.0.0.1:{slow.port}"]
        with pytest.raises(ProviderAway) as told:
            await signed_in(server, "ann", hosts=hosts)
        assert "did not answer" in told.value.detail
        # Then it is left alone for half a minute, and nobody waits.
        with pytest.raises(ProviderAway) as told:
            await signed_in(server, "ann", hosts=hosts)
        assert "a moment ago" in told.value.detail
        assert slow.calls == 1


async def _impatient(directory: directories.Directory, question: Any) -> Any:
    return await _ASK(directory, question, seconds=0.5)


_ASK = directories.ask


async def test_half_a_minute_later_one_tries_and_the_others_do_not_wait(
    server: Directory, away: Away, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider, "ask", _impatient)
    with relay(server.plain) as slow:
        slow.let_through = 0
        hosts = [f"127.0.0.1:{slow.port}"]
        with pytest.raises(ProviderAway):
            await signed_in(server, "ann", hosts=hosts)
        clock.advance(seconds=AWAY_SECONDS)
        tries = [signed_in(server, "ann", hosts=hosts) for _ in range(5)]
        answers = await asyncio.gather(*tries, return_exceptions=True)
        assert [type(each) for each in answers] == [ProviderAway] * 5
        assert slow.calls == 2
        slow.let_through = None
        clock.advance(seconds=AWAY_SECONDS)
        assert (await signed_in(server, "ann", hosts=hosts)).addresses
        tries = [signed_in(server, "ann", hosts=hosts) for _ in range(5)]
        answers = await asyncio.gather(*tries, return_exceptions=True)
        assert [type(each) for each in answers] == [Evidence] * 5


async def test_a_missing_secret_and_a_wrong_one_are_the_operators_business(
    server: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LDAP_SECRET", "another secret")
    with pytest.raises(ProviderAway) as told:
        await signed_in(server, "ann")
    assert "Invalid credentials" in told.value.detail
    assert "another secret" not in told.value.detail
    monkeypatch.delenv("LDAP_SECRET")
    with pytest.raises(ProviderAway) as told:
        await signed_in(server, "ann")
    assert "env:LDAP_SECRET" in told.value.detail


async def test_everybody_is_named_page_by_page_though_the_server_limits_a_search(server: Directory) -> None:
    found = [each async for each in provider.sync(settings(server, page_size=40))]
    logins = {each.display_name for each in found}
    assert len(found) == 120 + 7
    assert {"p00000", "p00119", "Ann Liddell", "Cleo"} <= logins


async def test_a_part_is_never_taken_for_the_whole(tmp_path: Path) -> None:
    """A directory that gives a part and then no more has not named everybody."""
    with directory(tmp_path, fillers=40, paged="20") as small:
        with pytest.raises(ProviderAway) as told:
            _ = [each async for each in provider.sync(settings(small, page_size=15))]
        assert "ended before everybody was named: Size limit exceeded" in told.value.detail


async def test_searching_finds_by_part_of_a_name_and_by_address(server: Directory) -> None:
    names = {each.display_name for each in await provider.search(settings(server), "lidd")}
    assert names == {"Ann Liddell"}
    assert len(await provider.search(settings(server), "a.liddell@example.edu")) == 1
    assert len(await provider.search(settings(server), "p0")) == 25
    assert await provider.search(settings(server), "*)(uid=*") == []
    assert await provider.search(settings(server), " ") == []


async def test_a_check_tells_each_step_in_words(server: Directory) -> None:
    findings = await provider.check(settings(server, attributes={"title": "title"}), PLACE)
    words = "\n".join(each.text for each in findings)
    for part in (
        "takes connections",
        "TLSv1",
        "the certificate is one for 127.0.0.1 and valid until",
        f"knows us as {SERVICE}",
        f"It says that we are dn:{SERVICE}",
        f"The base {PEOPLE} is there.",
        "(uid=*) finds 127 entries.",
        "entryUUID is in 127 of 127 entries",
        "mail is in 126 of 127 entries",
    ):
        assert part in words
    assert [each.text for each in findings if not each.is_good] == [
        "title is in 0 of 127 entries that were looked at."
    ]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"hosts": ["127.0.0.1:1"]}, "does not take connections"),
        ({"hosts": ["no-such-host.invalid"]}, "was not found"),
        ({"ca_file": ""}, "is not believed"),
        ({"ca_file": "/nowhere.pem"}, "cannot be read"),
        ({"bind_dn": f"cn=other,{SUFFIX}"}, "Invalid credentials"),
        ({"base": f"ou=nowhere,{SUFFIX}"}, "is not there"),
        ({"everybody": "(uid=nobody)"}, "finds 0 entries"),
        ({"everybody": "((uid=*"}, "Bad search filter"),
        ({"subject": "employeeNumber"}, "Whoever lacks it cannot sign in"),
    ],
)
async def test_a_check_says_which_step_failed(server: Directory, more: dict[str, Any], words: str) -> None:
    findings = await provider.check(settings(server, **more), PLACE)
    assert any(words in each.text and not each.is_good for each in findings), findings


async def test_nothing_is_left_open_by_many_questions(server: Directory) -> None:
    before = len([*Path("/proc/self/fd").iterdir()])
    for _ in range(20):
        tries = (signed_in(server, login) for login in ("ann", "nobody", "ben"))
        answers = await asyncio.gather(*tries, return_exceptions=True)
        assert [type(each) for each in answers] == [Evidence, WrongSecret, Evidence]
    assert len([*Path("/proc/self/fd").iterdir()]) <= before + 5
