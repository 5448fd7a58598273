"""Whom a request to another server reaches, and whom it does not believe."""

from pathlib import Path

import pytest

from identity.bounded_http import checked_url, fetch, origin_of
from identity.provider import ProviderAway
from tests.databases import free_port
from tests.wire.certificates import make_certificates
from tests.wire.hostile_web import Says, hostile_web


async def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    """Pitfall 41: validation over TLS; its own authority can be named, and the name has to be right even then."""
    certificates = make_certificates(tmp_path)
    ca_file = str(tmp_path / "server.crt")
    with hostile_web(certificates.server) as web:
        web.says("/", Says(b"{}"))
        with pytest.raises(ProviderAway) as away:
            await fetch("GET", f"{web.url}/")
        assert "CERTIFICATE_VERIFY_FAILED" in away.value.detail
        assert (await fetch("GET", f"{web.url}/", ca_file=ca_file)).body == b"{}"
        with pytest.raises(ProviderAway) as away:
            await fetch("GET", f"{web.url}/".replace("127.0.0.1", "127.0.0.2"), ca_file=ca_file)
    assert web.count("/") == 1


async def test_certificates_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.pem", tmp_path):
        with pytest.raises(ProviderAway) as away:
            await fetch("GET", "https://127.0.0.1:1/", ca_file=str(path))
        assert str(path) in away.value.detail


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with hostile_web() as web, hostile_web() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        web.says("/", Says(b"{}"))
        assert (await fetch("GET", f"{web.url}/")).status == 200
        assert proxy.asked == []


async def test_a_server_that_is_not_there_is_away() -> None:
    with pytest.raises(ProviderAway):
        await fetch("GET", f"http://127.0.0.1:{free_port()}/")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://",
        "http://example.edu/",
        "https://a@example.edu/",
        "https://example.edu/#x",
        "https://example.edu:0/",
        "https://example.edu:99999/",
        "https://example.edu\\@evil.example/",
        "https://example.edu/ x",
        "https://example.edu/\n",
        "https://[::1/",
        "ftp://example.edu/",
        "file:///etc/passwd",
        "//example.edu/",
        "http://localhost.example.edu/",
        "http://127.0.0.1.example.edu/",
        "http://0.0.0.0/",
        "https://exämple.edu/",
    ],
)
def test_other_urls_are_not_asked(url: str) -> None:
    with pytest.raises(ValueError, match=r"http|URL|host"):
        checked_url(url)


def test_an_origin_is_scheme_host_and_port() -> None:
    assert origin_of(checked_url("https://EXAMPLE.edu:443/x?y")) == "https://example.edu"
    assert origin_of(checked_url("https://example.edu:8443")) == "https://example.edu:8443"
    assert origin_of(checked_url("http://[::1]:80/x")) == "http://[::1]"
    assert origin_of(checked_url("http://127.9.9.9:81")) == "http://127.9.9.9:81"
