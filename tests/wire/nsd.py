"""A private DNS server (nsd) on a free port of 127.0.0.1 that answers for a few zones."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.databases import free_port

_PROGRAM = "/usr/sbin/nsd"
_SERVER = """
server:
  ip-address: 127.0.0.1@{port}
  do-ip6: no
  username: ""
  chroot: ""
  zonesdir: "{place}"
  database: ""
  pidfile: "{place}/nsd.pid"
  xfrdfile: "{place}/xfrd.state"
  zonelistfile: "{place}/zone.list"
  xfrdir: "{place}"
  server-count: 1
remote-control:
  control-enable: no
"""
_ZONE = 'zone:\n  name: "{name}"\n  zonefile: "{name}.zone"\n'
_HEAD = (
    "$ORIGIN {name}.\n$TTL 60\n@ SOA ns.{name}. root.{name}. 1 60 60 60 60\n@ NS ns.{name}.\nns A 127.0.0.1\n"
)
_STRING_OCTETS = 200
_UNSHARE = ("unshare", "--mount", "--net", "--propagation", "private")
_BESIDE = """
ip link set lo up && mount --bind "$1/resolv.conf" /etc/resolv.conf || exit 99
nsd -d -c "$2" > "$1/nsd.log" 2>&1 & server=$!
for i in $(seq 100); do (exec 3<>/dev/tcp/127.0.0.1/53) 2>/dev/null && break; sleep .05; done
shift 2; "$@"; code=$?
kill $server; wait $server 2>/dev/null; exit $code
"""


def need_nsd() -> None:
    """Skip the test where nsd is not installed; fail instead if everything is asked for."""
    if shutil.which(_PROGRAM):
        return
    reason = "nsd is not installed: `make test` installs it"
    if os.environ.get("REQUIRE_EVERY_TEST"):
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def name_server(place: Path, zones: Mapping[str, Mapping[str, bytes]]) -> Iterator[int]:
    """Answer for zones of TXT records by their names within the zone until the block ends; the port."""
    need_nsd()
    port = free_port()
    configuration = _written(place, zones, port)
    with (place / "nsd.log").open("wb") as log:
        server = subprocess.Popen([_PROGRAM, "-d", "-c", str(configuration)], stdout=log, stderr=log)
        try:
            _wait_for(port, server, place / "nsd.log")
            yield port
        finally:
            server.terminate()
            server.wait(10)


def run_beside_dns(
    place: Path, zones: Mapping[str, Mapping[str, bytes]], command: list[str], given: bytes
) -> subprocess.CompletedProcess[bytes]:
    """Run a program where these zones are all of the DNS, at its usual port: for programs that ask nobody else.

    It runs in namespaces of its own, which the kernel gives to root, and on most systems to everybody.
    """
    need_nsd()
    configuration = _written(place, zones, 53)
    (place / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    own = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return subprocess.run(
        [*_UNSHARE, *own, "bash", "-c", _BESIDE, "_", str(place), str(configuration), *command],
        input=given,
        capture_output=True,
        timeout=60,
        check=False,
    )


def need_program(name: str, package: str) -> None:
    """Skip the test where another's program is not installed; fail instead if everything is asked for."""
    if shutil.which(name):
        return
    reason = f"{name} is not installed: `make test` installs {package}"
    if os.environ.get("REQUIRE_EVERY_TEST"):
        pytest.fail(reason)
    pytest.skip(reason)


def _written(place: Path, zones: Mapping[str, Mapping[str, bytes]], port: int) -> Path:
    place.mkdir(exist_ok=True)
    for name, records in zones.items():
        lines = [f"{label} TXT {_strings(text)}\n" for label, text in records.items()]
        (place / f"{name}.zone").write_text(_HEAD.format(name=name) + "".join(lines))
    configuration = place / "nsd.conf"
    configuration.write_text(
        _SERVER.format(port=port, place=place) + "".join(_ZONE.format(name=name) for name in zones)
    )
    return configuration


def _strings(text: bytes) -> str:
    """A TXT record's text in strings of at most 255 octets (RFC 1035, section 3.3.14)."""
    pieces = [text[start : start + _STRING_OCTETS] for start in range(0, len(text), _STRING_OCTETS)] or [b""]
    return " ".join(f'"{piece.decode()}"' for piece in pieces)


def _wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(200):
        if server.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"nsd did not start: {log.read_text()}")
