"""Settings come from arguments, variables and one file, in that order, and a wrong one is named."""

import stat
from datetime import timedelta
from pathlib import Path

import pytest

from server.settings import (
    SecretKeyUnusable,
    Settings,
    SettingsRefused,
    load_settings,
    secret_key,
    unknown_variables,
)


@pytest.fixture(autouse=True)
def _an_empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"POSTROOM_{name.upper()}", raising=False)
    monkeypatch.delenv("POSTROOM_CONFIG", raising=False)


def test_the_defaults_run_everything_on_this_host_alone() -> None:
    settings = load_settings()
    assert settings.database_url == "sqlite+aiosqlite:///var/postroom.db"
    assert settings.redis_url == "embedded"
    assert (settings.http_host, settings.http_port) == ("127.0.0.1", 8025)
    assert (settings.lmtp_host, settings.lmtp_port) == ("127.0.0.1", 8024)
    assert settings.milter_port is None


def test_what_depends_on_another_setting_follows_it() -> None:
    settings = load_settings(data_dir="/srv/lists", http_port=9000, mail_hostname="mx.example.org")
    assert settings.database_url == "sqlite+aiosqlite:////srv/lists/postroom.db"
    assert settings.secret_key_file == Path("/srv/lists/secret.key")
    assert settings.public_url == "http://127.0.0.1:9000"
    assert settings.authserv_id == ""


def test_arguments_win_over_variables_and_variables_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("postroom.toml").write_text("http_port = 1\nlmtp_port = 1\nsmtp_port = 1\n")
    monkeypatch.setenv("POSTROOM_HTTP_PORT", "2")
    monkeypatch.setenv("POSTROOM_LMTP_PORT", "2")
    settings = load_settings(http_port=3)
    assert (settings.http_port, settings.lmtp_port, settings.smtp_port) == (3, 2, 1)


def test_postroom_config_names_another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "etc.toml"
    elsewhere.write_text('public_url = "https://lists.example.org/"\n')
    monkeypatch.setenv("POSTROOM_CONFIG", str(elsewhere))
    assert load_settings().public_url == "https://lists.example.org"


def test_a_named_file_that_is_missing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTROOM_CONFIG", "nowhere.toml")
    with pytest.raises(SettingsRefused, match=r"nowhere\.toml"):
        load_settings()


def test_every_wrong_setting_is_named_and_its_value_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTROOM_SMTP_PORT", "a-secret-pasted-here")
    monkeypatch.setenv("POSTROOM_REDIS_URL", "memcached://x")
    with pytest.raises(SettingsRefused) as refused:
        load_settings()
    assert "POSTROOM_SMTP_PORT" in str(refused.value)
    assert "POSTROOM_REDIS_URL" in str(refused.value)
    assert "a-secret-pasted-here" not in str(refused.value)


def test_an_unknown_name_in_the_file_is_refused() -> None:
    Path("postroom.toml").write_text("htp_port = 1\n")
    with pytest.raises(SettingsRefused, match="HTP_PORT"):
        load_settings()


def test_a_misspelt_variable_is_found() -> None:
    environ = {"POSTROOM_HTP_PORT": "1", "POSTROOM_HTTP_PORT": "1", "POSTROOM_CONFIG": "x", "PATH": "/bin"}
    assert unknown_variables(environ) == ["POSTROOM_HTP_PORT"]


def test_a_duration_is_seconds_or_a_number_with_its_unit_or_iso_8601(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTROOM_TICKET_LIFETIME", "90")
    monkeypatch.setenv("POSTROOM_RETRY_GIVE_UP_AFTER", "P2D")
    monkeypatch.setenv("POSTROOM_SESSION_LIFETIME", "12h")
    settings = load_settings()
    assert settings.ticket_lifetime == timedelta(seconds=90)
    assert settings.session_lifetime == timedelta(hours=12)
    assert settings.retry_give_up_after == timedelta(days=2)


@pytest.mark.parametrize("nothing", ["0", "0d", "-5", "soon"])
def test_a_duration_of_nothing_is_refused(nothing: str) -> None:
    with pytest.raises(SettingsRefused, match="POSTROOM_TICKET_LIFETIME"):
        load_settings(ticket_lifetime=nothing)


def test_trusted_proxies_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTROOM_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8")
    assert load_settings().trusted_proxies == ("127.0.0.1", "10.0.0.0/8")


def test_the_secret_key_is_made_once_and_readable_by_its_owner_alone() -> None:
    settings = load_settings(data_dir="state")
    first = secret_key(settings)
    assert len(first) == 64
    assert secret_key(settings) == first
    assert stat.S_IMODE(settings.secret_key_file.stat().st_mode) == 0o600
    assert [path.name for path in Path("state").iterdir()] == ["secret.key"]


def test_a_truncated_secret_key_is_refused() -> None:
    settings = load_settings()
    settings.secret_key_file.parent.mkdir()
    settings.secret_key_file.write_bytes(b"short")
    with pytest.raises(SecretKeyUnusable):
        secret_key(settings)
