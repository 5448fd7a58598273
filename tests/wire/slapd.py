"""A private OpenLDAP server on free ports: StartTLS and ldaps with a certificate of its own, three people in it."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.databases import free_port
from tests.wire.certificates import make_certificates

PASSWORD = "a secret of the service"
SERVICE = "cn=lists,dc=example,dc=edu"
SUFFIX = "dc=example,dc=edu"
_CONFIG = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {place}/slapd.pid
TLSCertificateFile {place}/server.crt
TLSCertificateKeyFile {place}/server.key
database mdb
suffix "dc=example,dc=edu"
directory {place}/db
maxsize 16777216
security simple_bind=128
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="cn=lists,dc=example,dc=edu" read by anonymous auth by * none
"""
_PEOPLE = """
dn: dc=example,dc=edu
objectClass: dcObject
objectClass: organization
dc: example
o: Example University

dn: cn=lists,dc=example,dc=edu
objectClass: applicationProcess
objectClass: simpleSecurityObject
cn: lists
userPassword: {password}

dn: uid=alice,dc=example,dc=edu
objectClass: inetOrgPerson
uid: alice
cn: Alice
sn: Liddell
mail: alice@example.edu

dn: uid=star,dc=example,dc=edu
objectClass: inetOrgPerson
uid: star
cn: A Star
sn: Star
mail: a*(b)@example.edu

dn: ou=elsewhere,dc=example,dc=edu
objectClass: referral
objectClass: extensibleObject
ou: elsewhere
ref: ldap://127.0.0.1:1/ou=elsewhere
"""


@dataclass(frozen=True, slots=True)
class Directory:
    """A running directory: `plain` takes StartTLS, `private` is ldaps; `certificate` is what to trust."""

    plain: int
    private: int
    certificate: Path


def need_slapd() -> None:
    """Skip the test where slapd is not installed; fail instead if everything is asked for."""
    if shutil.which("slapd", path=f"{os.environ.get('PATH', '')}:/usr/sbin"):
        return
    reason = "slapd is not installed: `make test` installs it"
    if os.environ.get("REQUIRE_EVERY_TEST"):
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def directory(place: Path) -> Iterator[Directory]:
    """Run one in a folder until the block ends."""
    need_slapd()
    make_certificates(place)
    (place / "db").mkdir()
    (place / "slapd.conf").write_text(_CONFIG.format(place=place))
    people = place / "people.ldif"
    people.write_text(_PEOPLE.format(password=PASSWORD))
    files = ["-f", str(place / "slapd.conf")]
    subprocess.run(["/usr/sbin/slapadd", "-q", *files, "-l", str(people)], check=True, capture_output=True)
    plain, private = free_port(), free_port()
    urls = f"ldap://127.0.0.1:{plain} ldaps://127.0.0.1:{private}"
    with (place / "slapd.log").open("wb") as log:
        server = subprocess.Popen(["/usr/sbin/slapd", *files, "-h", urls, "-d", "0"], stdout=log, stderr=log)
        try:
            _wait_for(private, server)
            yield Directory(plain, private, place / "server.crt")
        finally:
            server.terminate()
            server.wait(10)


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        if server.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("slapd did not start; its log is beside its configuration")
