"""Apache in front of Postroom as the handbook sets it up, with mod_shib and its daemon, unprivileged and on free ports."""

import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from urllib.parse import urljoin

import httpx
import pytest

from tests.wire.certificates import make_certificates

HANDBOOK = Path(__file__).parents[2] / "docs" / "handbook" / "operator.md"
SHIBBOLETH = "Signing in with Shibboleth"
CERTIFICATE = "Signing in with a client certificate"
SECRET = "the secret of the web server in front"
_APACHE, _SHIBD = "/usr/sbin/apache2", "/usr/sbin/shibd"
_MODULES = "mpm_event alias authn_core authz_core authz_host authz_user env headers proxy proxy_http ssl socache_shmcb"
_BEFORE = """
Listen 127.0.0.1:{port}
DefaultRuntimeDir {place}
PidFile {place}/apache.pid
Mutex file:{place}
ErrorLog {place}/apache.log
LogLevel warn
StartServers 1
ThreadsPerChild 8
MaxRequestWorkers 16
"""
_SP = """<SPConfig xmlns="urn:mace:shibboleth:3.0:native:sp:config" clockSkew="180">
  <OutOfProcess logger="{place}/shibd.logger"/>
  <InProcess logger="{place}/native.logger"/>
  <UnixListener address="{place}/shibd.sock"/>
  <ApplicationDefaults entityID="https://lists.example.org/shibboleth" signing="front" encryption="false">
    <Sessions lifetime="28800" timeout="3600" relayState="ss:mem" checkAddress="false" consistentAddress="false"
        handlerSSL="true" cookieProps="https" redirectLimit="exact">
      <SSO entityID="{idp}" NameIDFormat="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">SAML2</SSO>
      <Logout>SAML2 Local</Logout>
      <Handler type="MetadataGenerator" Location="/Metadata" signing="false"/>
    </Sessions>
    <Errors supportContact="root@localhost"/>
    {notify}
    <MetadataProvider type="XML" validate="false" path="{place}/idp.xml"/>
    <AttributeExtractor type="XML" validate="false" reloadChanges="false" path="{place}/attribute-map.xml"/>
    <AttributeFilter type="XML" validate="true" path="/etc/shibboleth/attribute-policy.xml"/>
    <CredentialResolver type="File" key="{place}/sp.key" certificate="{place}/sp.crt"/>
  </ApplicationDefaults>
  <SecurityPolicyProvider type="XML" validate="true" path="/etc/shibboleth/security-policy.xml"/>
  <ProtocolProvider type="XML" validate="true" reloadChanges="false" path="/etc/shibboleth/protocols.xml"/>
</SPConfig>
"""
_ATTRIBUTES = """<Attributes xmlns="urn:mace:shibboleth:2.0:attribute-map"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <Attribute name="urn:oid:0.9.2342.19200300.100.1.3" id="mail"/>
  <Attribute name="urn:oid:2.16.840.1.113730.3.1.241" id="displayName"/>
  <Attribute name="urn:oid:1.3.6.1.4.1.5923.1.1.1.9" id="affiliation">
    <AttributeDecoder xsi:type="ScopedAttributeDecoder" caseSensitive="false"/></Attribute>
  <Attribute name="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent" id="persistent-id">
    <AttributeDecoder xsi:type="NameIDAttributeDecoder" formatter="$NameQualifier!$SPNameQualifier!$Name"
        defaultQualifiers="true"/></Attribute>
</Attributes>
"""
_LOGGER = """log4j.rootCategory=WARN, out
log4j.appender.out=org.apache.log4j.FileAppender
log4j.appender.out.fileName={place}/{name}.log
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=%d %p %c: %m%n
"""


@dataclass(frozen=True, slots=True)
class Front:
    """A running web server: where it is, what to trust, the folder with its secret for Postroom's settings, and shibd."""

    url: str
    certificate: Path
    place: Path
    shibd: subprocess.Popen[bytes] | None

    @property
    def secret(self) -> str:
        """The reference that a file of providers names."""
        return f"file:{self.place}/apache-secret"


def need_apache() -> None:
    """Skip the test where Apache or Shibboleth is not installed; fail instead if everything is asked for."""
    if shutil.which(_APACHE) and shutil.which(_SHIBD):
        return
    reason = "apache2 and libapache2-mod-shib are not installed: `make test` installs them"
    if os.environ.get("REQUIRE_EVERY_TEST"):
        pytest.fail(reason)
    pytest.skip(reason)


def handbook(section: str, language: str) -> list[str]:
    """The blocks in a language of one section of the operators' handbook: what operators copy is what the tests run."""
    text = HANDBOOK.read_text(encoding="utf-8").split(f"\n## {section}\n")[1].split("\n## ")[0]
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@contextmanager
def front(
    *,
    port: int,
    app_port: int,
    idp_metadata: bytes = b"",
    more: Sequence[str] = (),
    files: Mapping[str, bytes] = MappingProxyType({}),
) -> Iterator[Front]:
    """Run Apache on `port` before Postroom on `app_port` with the handbook's site, and `more` in its VirtualHost.

    With `idp_metadata`, mod_shib signs people in there; without, the site is the handbook's less its mod_shib. `files` go
    into the folder that the handbook calls /etc/postroom.
    """
    need_apache()
    # pytest's own folders are closed to others, and these programs run as nobody.
    with TemporaryDirectory(prefix="front-") as folder:
        place = Path(folder)
        place.chmod(0o755)
        for name, content in files.items():
            (place / name).write_bytes(content)
        with _front(place, port, app_port, idp_metadata, more) as shibd:
            yield Front(f"https://localhost:{port}", place / "server.crt", place, shibd)


@contextmanager
def _front(
    place: Path, port: int, app_port: int, idp_metadata: bytes, more: Sequence[str]
) -> Iterator[subprocess.Popen[bytes] | None]:
    make_certificates(place)
    (place / "apache-secret").write_text(SECRET)
    (place / "apache-secret.conf").write_text(f'Define POSTROOM_SECRET "{SECRET}"\n')
    site = _site(place, port, app_port, more)
    modules = _MODULES.split()
    before = _BEFORE.format(place=place, port=port)
    if idp_metadata:
        before += f"LoadModule mod_shib modules/mod_shib.so\nShibConfig {place}/shibboleth2.xml\n"
    else:
        site = re.sub(
            r"<Location /(?:auth/\S+/campus/\S+|Shibboleth.sso)>.*?</Location>", "", site, flags=re.DOTALL
        )
    loaded = "".join(f"LoadModule {each}_module modules/mod_{each}.so\n" for each in modules)
    (place / "apache.conf").write_text("ServerRoot /usr/lib/apache2\n" + loaded + before + site)
    running = None
    with ExitStack() as stack:
        if idp_metadata:
            _write_sp(place, port, idp_metadata)
            words = [_SHIBD, "-F", "-f", "-c", f"{place}/shibboleth2.xml", "-p", f"{place}/shibd.pid"]
            running = stack.enter_context(_running(place, words, (place / "shibd.sock").is_socket))
        apache = [_APACHE, "-DFOREGROUND", "-f", f"{place}/apache.conf"]
        stack.enter_context(_running(place, apache, lambda: _is_open(port)))
        yield running


def sp_metadata(running: Front) -> str:
    """What mod_shib says of itself."""
    with browser(running) as client:
        answer = client.get("/Shibboleth.sso/Metadata")
        assert answer.status_code == 200, answer.text
        return answer.text


def browser(running: Front, certificate: Path | None = None) -> httpx.Client:
    """A browser that trusts the web server's certificate; it may have one of its own, with its key in the same file."""
    context = ssl.create_default_context(cafile=str(running.certificate))
    if certificate is not None:
        context.load_cert_chain(certificate)
    # What pages of our own send along, so that the API takes the session's cookie.
    headers = {"GraphQL-Require-Preflight": "1"}
    return httpx.Client(base_url=running.url, headers=headers, verify=context, timeout=20, trust_env=False)


def choose(client: httpx.Client, domain: str, key: str) -> httpx.Response:
    """Press the button of one way to sign in on a domain's page; the page that then leads on."""
    page = client.get(f"/auth/{domain}")
    for form in re.findall(r"<form.*?</form>", page.text, re.DOTALL):
        fields = fields_of(form)
        if fields.get("provider") == key:
            return client.post(f"/auth/{domain}", data=fields)
    raise AssertionError(f"there is no button for {key}: {page.text}")


def follow(client: httpx.Client, answer: httpx.Response, person: str = "") -> httpx.Response:
    """Go where pages lead, filling in the name and password of somebody where they are asked for; where that ends."""
    for _ in range(20):
        form = re.search(r"<form.*?</form>", answer.text, re.DOTALL)
        if answer.has_redirect_location:
            answer = client.get(urljoin(str(answer.url), answer.headers["location"]))
        elif "refresh" in answer.headers:
            answer = client.get(answer.headers["refresh"].partition("url=")[2])
        elif form is not None and 'name="SAML' in form[0]:
            answer = client.post(_action(answer, form[0]), data=fields_of(form[0]))
        elif form is not None and 'name="password"' in form[0] and person:
            filled = {"username": person, "password": f"{person}-pw"}
            answer, person = client.post(_action(answer, form[0]), data=fields_of(form[0]) | filled), ""
        else:
            return answer
    raise AssertionError(f"no end of redirects: {answer.url}")


def fields_of(form: str) -> dict[str, str]:
    """The hidden fields of a form."""
    found = re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', form)
    return {unescape(name): unescape(value) for name, value in found}


def _action(answer: httpx.Response, form: str) -> str:
    found = re.search(r'action="([^"]*)"', form)
    assert found is not None
    return urljoin(str(answer.url), unescape(found[1]))


def _site(place: Path, port: int, app_port: int, more: Sequence[str]) -> str:
    """The handbook's site with the addresses of this test."""
    inside = "\n".join([*more, "</VirtualHost>"])
    site = handbook(SHIBBOLETH, "apache")[0].replace("</VirtualHost>", inside)
    for theirs, ours in {
        "*:443": f"127.0.0.1:{port}",
        "ServerName lists.example.org": f"ServerName https://localhost:{port}",
        "/etc/ssl/certs/lists.pem": f"{place}/server.crt",
        "/etc/ssl/private/lists.key": f"{place}/server.key",
        "/etc/postroom/": f"{place}/",
        "127.0.0.1:8025": f"127.0.0.1:{app_port}",
    }.items():
        assert theirs in site, theirs
        site = site.replace(theirs, ours)
    return site


def _write_sp(place: Path, port: int, idp_metadata: bytes) -> None:
    (place / "idp.xml").write_bytes(idp_metadata)
    (place / "attribute-map.xml").write_text(_ATTRIBUTES)
    # mod_shib signs with RSA only.
    words = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=sp -keyout sp.key -out sp.crt"
    subprocess.run(words.split(), cwd=place, check=True, capture_output=True)
    for name in ("shibd", "native"):
        (place / f"{name}.logger").write_text(_LOGGER.format(place=place, name=name))
    found = re.search(rb'entityID="([^"]+)"', idp_metadata)
    assert found is not None
    notify = handbook(SHIBBOLETH, "xml")[0].replace(
        "https://lists.example.org/", f"https://localhost:{port}/"
    )
    (place / "shibboleth2.xml").write_text(_SP.format(place=place, idp=found[1].decode(), notify=notify))


@contextmanager
def _running(
    place: Path, words: list[str], is_ready: Callable[[], bool]
) -> Iterator[subprocess.Popen[bytes]]:
    """A program of the place, as nobody where we are root: neither wants to be root."""
    as_nobody = []
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", "nobody:nogroup", str(place)], check=True)
        as_nobody = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"]
    said = place / f"{Path(words[0]).name}.out"
    with said.open("wb") as log:
        process = subprocess.Popen([*as_nobody, *words], stdout=log, stderr=log)
        try:
            for _ in range(300):
                if is_ready() or process.poll() is not None:
                    break
                time.sleep(0.05)
            if process.poll() is not None or not is_ready():
                logs = "\n".join(
                    each.read_text(errors="replace")[-2000:] for each in [said, *place.glob("*.log")]
                )
                raise RuntimeError(f"{words[0]} did not start: {logs}")
            yield process
        finally:
            process.terminate()
            process.wait(10)


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
