"""`search(….ldap)` asks a real directory: over TLS, verified, with values that cannot change the question."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from identity.directories import DirectoryUnavailable, has_entry
from lists.filters import _ANSWERS, NO_FOR, YES_FOR, ask_directory
from scenarios.filter_questions import DirectoryQuestion, directory_question
from tests.wire.certificates import make_certificates
from tests.wire.slapd import PASSWORD, SERVICE, SUFFIX, Directory, directory

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Directory]:
    with directory(tmp_path_factory.mktemp("slapd")) as running:
        yield running


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    _ANSWERS.clear()


def _settings(server: Directory, **others: str) -> dict[str, str]:
    bound = {"bind_dn": SERVICE, "bind_password": PASSWORD, "ca_file": str(server.certificate)}
    return {"host": f"127.0.0.1:{server.plain}", "use_tls": "starttls", **bound, **others}


def _question(server: Directory, sender: str, **others: str) -> DirectoryQuestion:
    lines = {**_settings(server, **others), "suffix": SUFFIX, "filter": "(mail=[sender])"}
    text = "\n".join(f"{name} {value}" for name, value in lines.items())
    return directory_question("people.ldap", text, {"sender": sender}.__getitem__)


async def _asked(server: Directory, sender: str, **others: str) -> bool:
    return await ask_directory(_question(server, sender, **others), 0)


async def test_whoever_is_in_the_directory_is_found_and_nobody_else_is(server: Directory) -> None:
    assert await _asked(server, "alice@example.edu")
    assert not await _asked(server, "bob@example.edu")


async def test_ldaps_works_as_starttls_does(server: Directory) -> None:
    host = f"127.0.0.1:{server.private}"
    assert await _asked(server, "alice@example.edu", host=host, use_tls="ldaps")
    assert await _asked(server, "alice@example.edu", host=f"ldaps://{host}", use_tls="none")


@pytest.mark.parametrize(
    "sender",
    ["*", "alice@*", "*)(uid=*", "x)(|(mail=*", "alice@example.edu\x01", "\\2a", "a*(b)@example.ed*"],
)
async def test_an_address_cannot_become_part_of_the_filter(server: Directory, sender: str) -> None:
    """Pitfall 36."""
    assert not await _asked(server, sender)


async def test_signs_that_filters_use_may_stand_in_an_address(server: Directory) -> None:
    assert await _asked(server, "a*(b)@example.edu")


async def test_the_next_server_answers_where_the_first_is_away(server: Directory) -> None:
    hosts = f"127.0.0.1:1,127.0.0.1:{server.plain}"
    assert await _asked(server, "alice@example.edu", host=hosts)


async def test_a_referral_is_no_entry(server: Directory) -> None:
    """Pitfall 40."""
    assert not await has_entry(_settings(server), SUFFIX, "(ou=elsewhere)", "sub")


async def test_a_certificate_that_nobody_vouches_for_is_refused(server: Directory, tmp_path: Path) -> None:
    """Pitfall 40."""
    (tmp_path / "stranger").mkdir()

    make_certificates(tmp_path / "stranger")
    with pytest.raises(DirectoryUnavailable):
        await _asked(server, "alice@example.edu", ca_file=str(tmp_path / "stranger" / "server.crt"))


@pytest.mark.parametrize(
    ("setting", "value"),
    [("bind_password", "wrong"), ("bind_password", " "), ("ca_verify", "none"), ("use_tls", "sometimes")],
)
async def test_what_is_not_safe_or_not_right_is_an_error_and_no_answer(
    server: Directory, setting: str, value: str
) -> None:
    question = _question(server, "alice@example.edu")
    with pytest.raises(DirectoryUnavailable) as told:
        await has_entry({**question.settings, setting: value}, SUFFIX, question.filter, "sub")
    assert PASSWORD not in str(told.value)


async def test_a_password_never_leaves_the_machine_without_tls() -> None:
    """Pitfall 40."""
    settings = {"host": "ldap.example.edu", "bind_dn": SERVICE, "bind_password": PASSWORD}
    with pytest.raises(DirectoryUnavailable, match="TLS"):
        await has_entry(settings, SUFFIX, "(mail=x)", "sub")


async def test_a_yes_is_forgotten_after_a_minute_and_a_no_sooner(tmp_path: Path) -> None:
    with directory(tmp_path) as server:
        yes, no = _question(server, "alice@example.edu"), _question(server, "bob@example.edu")
        assert await ask_directory(yes, 0)
        assert not await ask_directory(no, 0)
    assert await ask_directory(yes, YES_FOR - 1)
    assert not await ask_directory(no, NO_FOR - 1)
    for question, late in ((yes, YES_FOR), (no, NO_FOR)):
        with pytest.raises(DirectoryUnavailable):
            await ask_directory(question, late)
