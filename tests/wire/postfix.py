"""A private Postfix on free ports: mail for the lists goes to an LMTP port, everything else to a sink."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.databases import free_port

_MAIN = """
compatibility_level = 3.6
queue_directory = {place}/spool
data_directory = {place}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
sendmail_path = /usr/sbin/sendmail
newaliases_path = /usr/bin/newaliases
mailq_path = /usr/bin/mailq
meta_directory = /etc/postfix
shlib_directory = /usr/lib/postfix
maillog_file = {place}/log/mail.log
maillog_file_prefixes = {place}/log
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.example.test
myorigin = mx.example.test
mydestination =
mynetworks =
alias_maps =
alias_database =
local_recipient_maps =
local_transport = error:5.1.1 no local mailboxes
biff = no
disable_dns_lookups = yes
smtp_host_lookup = native
lmtp_host_lookup = native
relay_domains = {domain}
relay_recipient_maps =
transport_maps = inline:{{ {{ {domain} = lmtp:inet:127.0.0.1:{lmtp_port} }} }}
lmtp_send_xforward_command = yes
smtpd_recipient_restrictions = reject_unauth_destination, {verify}
unverified_recipient_reject_code = 550
address_verify_map =
address_verify_poll_delay = 1s
address_verify_poll_count = 10
smtpd_relay_restrictions = reject_unauth_destination
relayhost = [127.0.0.1]:{sink_port}
smtpd_milters = {milter}
milter_default_action = tempfail
smtpd_authorized_xclient_hosts = 127.0.0.0/8
smtpd_tls_security_level = {tls}
smtpd_tls_chain_files = {place}/server.pem
smtpd_client_connection_count_limit = 0
message_size_limit = {size_limit}
minimal_backoff_time = 1s
maximal_backoff_time = 5s
queue_run_delay = 1s
smtp_destination_concurrency_failed_cohort_limit = 0
lmtp_destination_concurrency_failed_cohort_limit = 0
"""

_MASTER = """
127.0.0.1:{mx_port} inet n - n - - smtpd
127.0.0.1:{submission_port} inet n - n - - smtpd
  -o smtpd_milters=
  -o mynetworks=127.0.0.0/8
  -o smtpd_relay_restrictions=permit_mynetworks,reject
  -o smtpd_recipient_restrictions=permit_mynetworks,reject
  -o smtpd_authorized_xclient_hosts=
pickup     unix  n - n 60 1 pickup
cleanup    unix  n - n - 0 cleanup
qmgr       unix  n - n 1 1 qmgr
tlsmgr     unix  - - n 1000? 1 tlsmgr
rewrite    unix  - - n - - trivial-rewrite
bounce     unix  - - n - 0 bounce
defer      unix  - - n - 0 bounce
trace      unix  - - n - 0 bounce
verify     unix  - - n - 1 verify
flush      unix  n - n 1000? 0 flush
proxymap   unix  - - n - - proxymap
smtp       unix  - - n - - smtp
relay      unix  - - n - - smtp
showq      unix  n - n - - showq
error      unix  - - n - - error
retry      unix  - - n - - error
discard    unix  - - n - - discard
lmtp       unix  - - n - - lmtp
anvil      unix  - - n - 1 anvil
scache     unix  - - n - 1 scache
postlog    unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True, slots=True)
class Postfix:
    """A running Postfix: `mx_port` takes mail for the lists from strangers, `submission_port` anything from us.

    `certificate` is its self-signed one, for localhost and 127.0.0.1.
    """

    place: Path
    mx_port: int
    submission_port: int
    certificate: Path

    @property
    def log(self) -> str:
        """What it has logged so far."""
        path = self.place / "log" / "mail.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def command(self, program: str, *arguments: str) -> str:
        """Run one of its programs (postqueue, postsuper, postconf) and return what it prints."""
        return subprocess.run(
            [program, "-c", str(self.place / "etc"), *arguments], capture_output=True, text=True, check=True
        ).stdout


def need_postfix() -> None:
    """Skip the test where Postfix cannot run; fail instead if everything is asked for."""
    reason = ""
    if shutil.which("postfix") is None:
        reason = "Postfix is not installed: `make test` installs it"
    elif os.geteuid() != 0:
        reason = "a private Postfix has to be started as root"
    if reason and os.environ.get("REQUIRE_EVERY_TEST"):
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)


@contextmanager
def private_postfix(
    *,
    lmtp_port: int,
    sink_port: int,
    domain: str = "lists.example.org",
    milter_ports: Sequence[int] = (),
    verify: bool = False,
    tls: bool = True,
    size_limit: int = 50_000_000,
) -> Iterator[Postfix]:
    """Start a Postfix of our own and stop it afterwards.

    `verify` makes the MX ask LMTP about each recipient while the sender waits. `milter_ports` plugs milters into
    the MX. Skips the test when there is no Postfix.
    """
    need_postfix()
    place = Path(tempfile.mkdtemp(prefix="postroom-mta-", dir="/tmp"))
    place.chmod(0o755)
    for name in ("etc", "spool", "data", "log"):
        (place / name).mkdir(mode=0o755)
    shutil.chown(place / "data", "postfix")
    certificate = _certificate(place)
    mx_port, submission_port = free_port(), free_port()
    main = _MAIN.format(
        place=place,
        domain=domain,
        lmtp_port=lmtp_port,
        sink_port=sink_port,
        verify="reject_unverified_recipient" if verify else "",
        milter=" ".join(f"inet:127.0.0.1:{port}" for port in milter_ports),
        tls="may" if tls else "none",
        size_limit=size_limit,
    )
    (place / "etc" / "main.cf").write_text(main)
    master = _MASTER.format(mx_port=mx_port, submission_port=submission_port)
    (place / "etc" / "master.cf").write_text(master)
    with (place / "log" / "start").open("wb") as said:
        process = subprocess.Popen(
            ["postfix", "-c", str(place / "etc"), "start-fg"],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
    postfix = Postfix(place, mx_port, submission_port, certificate)
    try:
        _wait_until_open(postfix, process)
        yield postfix
    finally:
        _stop(place, process)
        shutil.rmtree(place, ignore_errors=True)


def _certificate(place: Path) -> Path:
    key, certificate = place / "server.key", place / "server.crt"
    words = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*words, *names, *files], check=True, capture_output=True)
    (place / "server.pem").write_bytes(key.read_bytes() + certificate.read_bytes())
    return certificate


def _wait_until_open(postfix: Postfix, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    for port in (postfix.mx_port, postfix.submission_port):
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    said = (postfix.place / "log" / "start").read_text(errors="replace")
                    pytest.fail(f"Postfix did not start:\n{said}\n{postfix.log}")
                time.sleep(0.05)


def _stop(place: Path, process: subprocess.Popen[bytes]) -> None:
    # master has a session of its own: it is told to stop, the process we started only waits for it
    subprocess.run(["postfix", "-c", str(place / "etc"), "stop"], capture_output=True, check=False)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
