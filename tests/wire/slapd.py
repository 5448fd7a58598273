"""A private OpenLDAP server on free ports: StartTLS and ldaps with a certificate of its own, a few awkward people in it."""

import base64
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ldap
import pytest

from tests.databases import free_port
from tests.wire.certificates import make_certificates

PASSWORD = "a secret of the service"
SERVICE = "cn=lists,dc=example,dc=edu"
SUFFIX = "dc=example,dc=edu"
PEOPLE = f"ou=people,{SUFFIX}"
_ADMIN = "cn=admin,dc=example,dc=edu"
_CONFIG = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include {schema}
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {place}/slapd.pid
TLSCertificateFile {place}/server.crt
TLSCertificateKeyFile {place}/server.key
{more}
database mdb
suffix "dc=example,dc=edu"
rootdn "cn=admin,dc=example,dc=edu"
rootpw {password}
directory {place}/db
maxsize 268435456
dbnosync
index objectClass,uid,mail,mailAlternateAddress eq
security simple_bind=128
limits dn.exact="cn=lists,dc=example,dc=edu" size.soft=50 size.hard=50 size.pr=1000 size.prtotal={paged}
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="cn=lists,dc=example,dc=edu" read by self read by anonymous auth by * none
"""
_TREE = """
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

dn: ou=people,dc=example,dc=edu
objectClass: organizationalUnit
ou: people

dn: ou=guests,ou=people,dc=example,dc=edu
objectClass: organizationalUnit
ou: guests

dn: ou=branch,ou=people,dc=example,dc=edu
objectClass: referral
objectClass: extensibleObject
ou: branch
ref: ldap://127.0.0.1:1/ou=branch

"""
# Everybody's password is their uid with "-pw" behind it; "nopw" has none, and "twin" is there twice.
ODD_LOGIN = "o,brien*(x)\\"
_PERSONS: Mapping[str, Mapping[str, Sequence[str]]] = {
    f"uid=ann,{PEOPLE}": {
        "cn": ["Ann Liddell"],
        "mail": ["ann@example.edu"],
        "mailAlternateAddress": ["a.liddell@example.edu", "ANN@Alumni.Example.EDU", "ann@elsewhere.example"],
        "eduPersonAffiliation": ["member", "staff"],
        "jpegPhoto": ["\x00\x01photo"],
    },
    f"uid=ben,{PEOPLE}": {"cn": ["Ben Søren Müller"], "mail": ["ben@example.edu", "b.muller@example.edu"]},
    f"uid=cleo,{PEOPLE}": {"cn": ["Cleo"]},
    f"uid=nopw,{PEOPLE}": {"cn": ["No Password"], "mail": ["nopw@example.edu"]},
    f"uid=twin,{PEOPLE}": {"cn": ["Twin One"], "mail": ["twin@example.edu"]},
    f"uid=twin,ou=guests,{PEOPLE}": {"cn": ["Twin Two"], "mail": ["twin@example.edu"]},
    f"uid=o\\2Cbrien*(x)\\5C,{PEOPLE}": {
        "uid": [ODD_LOGIN],
        "cn": ["Odd"],
        "mail": ["odd@example.edu"],
        "userPassword": [f"{ODD_LOGIN}-pw"],
    },
}


@dataclass(frozen=True, slots=True)
class Directory:
    """A running directory: `plain` takes StartTLS, `private` is ldaps; `certificate` is what to trust."""

    plain: int
    private: int
    certificate: Path

    def put(self, dn: str, **changes: Sequence[str]) -> None:
        """Replace attributes of an entry; an empty value takes one away."""
        link = self._as_admin()
        link.modify_s(
            dn, [(ldap.MOD_REPLACE, name, _bytes(values) or None) for name, values in changes.items()]
        )
        link.unbind_s()

    def add(self, uid: str, **values: Sequence[str]) -> str:
        """Another person; their DN."""
        dn = f"uid={uid},{PEOPLE}"
        link = self._as_admin()
        link.add_s(dn, [(name, _bytes(each)) for name, each in _person(dn, values).items()])
        link.unbind_s()
        return dn

    def remove(self, *dns: str) -> None:
        """Take entries away."""
        link = self._as_admin()
        for dn in dns:
            link.delete_s(dn)
        link.unbind_s()

    def _as_admin(self) -> Any:
        link = ldap.initialize(f"ldaps://127.0.0.1:{self.private}")
        link.set_option(ldap.OPT_X_TLS_CACERTFILE, str(self.certificate))
        link.set_option(ldap.OPT_X_TLS_NEWCTX, 0)
        link.simple_bind_s(_ADMIN, PASSWORD)
        return link


def need_slapd() -> None:
    """Skip the test where slapd is not installed; fail instead if everything is asked for."""
    if shutil.which("slapd", path=f"{os.environ.get('PATH', '')}:/usr/sbin"):
        return
    reason = "slapd is not installed: `make test` installs it"
    if os.environ.get("REQUIRE_EVERY_TEST"):
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def directory(
    place: Path, *, fillers: int = 0, more: str = "", paged: str = "unlimited"
) -> Iterator[Directory]:
    """Run one in a folder until the block ends; `fillers` more people, `more` lines of configuration.

    `paged` is how many entries it gives in all to who asks page by page; to others it gives 50.
    """
    need_slapd()
    make_certificates(place)
    (place / "db").mkdir()
    schema = Path(__file__).with_name("slapd.schema")
    (place / "slapd.conf").write_text(
        _CONFIG.format(place=place, schema=schema, more=more, paged=paged, password=f'"{PASSWORD}"')
    )
    people = place / "people.ldif"
    people.write_text(_TREE.format(password=PASSWORD) + "".join(_ldif(fillers)))
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


def _ldif(fillers: int) -> Iterator[str]:
    for dn, values in _PERSONS.items():
        yield _record(dn, _person(dn, values))
    for number in range(fillers):
        dn = f"uid=p{number:05},{PEOPLE}"
        mail = [f"p{number:05}@example.edu"]
        yield _record(
            dn, _person(dn, {"mail": mail, "mailAlternateAddress": [f"person.{number}@example.edu"]})
        )


def _person(dn: str, values: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    uid = dn.partition(",")[0].removeprefix("uid=")
    common: dict[str, Sequence[str]] = {"uid": [uid], "cn": [uid], "sn": [uid]}
    common |= {} if uid == "nopw" else {"userPassword": [f"{uid}-pw"]}
    return {"objectClass": ["inetOrgPerson", "eduPerson"], **common, **values}


def _record(dn: str, values: Mapping[str, Sequence[str]]) -> str:
    lines = [("dn", dn), *((name, each) for name, every in values.items() for each in every)]
    coded = ((name, base64.b64encode(text.encode()).decode()) for name, text in lines)
    return "".join(f"{name}:: {text}\n" for name, text in coded) + "\n"


def _bytes(values: Sequence[str]) -> list[bytes]:
    return [each.encode() for each in values]


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        if server.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("slapd did not start; its log is beside its configuration")
