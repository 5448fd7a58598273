"""What we sign and seal is good for programs that others wrote, which ask a real DNS server for the keys."""

from pathlib import Path

import authheaders
import pytest
from dns import resolver

from delivery.signing.arc import Seal
from delivery.signing.keys import SigningKey, algorithm_of, public_part
from delivery.signing.published import record_of
from delivery.signing.signer import Signer
from storage.tables.signing import Algorithm, DkimKey, KeyState
from tests.delivery.signing.verifying import NOW, key, signed
from tests.wire.nsd import name_server, need_program, run_beside_dns

DOMAIN = "lists.example.org"
HEAD = (
    b"From: =?utf-8?q?Ren=C3=A9?= <rene@lists.example.org>\r\nTo: talk@lists.example.org,\r\n\tother@example.edu\r\n"
    b"Subject:  Rain \t and\r\n snow \r\nDate: Mon, 1 Jan 2024 10:00:00 +0000\r\nMessage-ID: <1@example.edu>\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
    b"List-Id: <talk.lists.example.org>\r\nList-Post: <mailto:talk@lists.example.org>\r\n"
)
OWN = (
    b"List-Unsubscribe: <https://lists.example.org/u/1>,\r\n <mailto:talk-unsubscribe@lists.example.org>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
)
BODIES = {
    "plain": b"hello\r\n",
    "empty": b"",
    "blank lines at the end": b"hello \t \r\n\r\n \r\n\r\n",
    "eight bits": "über  \tden Wolken\r\n\r\n.\r\n..\r\n".encode(),
    "long": b"x" * 900 + b"\r\n" + b"\t y" * 20_000 + b"\r\n",
}
RESULTS = "mx.lists.example.org; spf=pass smtp.mailfrom=rene@example.edu; dkim=none; arc={}"


def zones(*keys: SigningKey) -> dict[str, dict[str, bytes]]:
    """The zone that publishes these keys as `postroom dkim show` says."""
    return {DOMAIN: {f"{each.selector}._domainkey": text_of(each).encode() for each in keys}}


def text_of(each: SigningKey) -> str:
    """The text of a key's record."""
    kind, public = algorithm_of(each.private), public_part(each.private)
    row = DkimKey(1, 1, None, each.selector, kind, "", public, KeyState.ACTIVE, 0, 0, None, None)
    return record_of(row, DOMAIN).text


def post(body: bytes, *keys: SigningKey, hops: int = 1) -> bytes:
    """A post as it leaves the last of several lists, signed by these keys and sealed by the first."""
    raw = signed(_signer(keys, "none"), HEAD, body, OWN, ("List-Unsubscribe", "List-Unsubscribe-Post"))
    for _ in range(hops - 1):
        raw = signed(_signer(keys, "pass"), raw.partition(b"\r\n\r\n")[0] + b"\r\n", body)
    return raw


def _signer(keys: tuple[SigningKey, ...], status: str) -> Signer:
    return Signer(keys, lambda: NOW, Seal(keys[0], RESULTS.format(status)))


@pytest.mark.parametrize("body", list(BODIES))
def test_opendkim_finds_the_signature_good_and_a_changed_body_bad(tmp_path: Path, body: str) -> None:
    need_program("opendkim-testmsg", "opendkim-tools")
    raw = post(BODIES[body], key())
    good = run_beside_dns(tmp_path, zones(key()), ["opendkim-testmsg"], raw)
    assert (good.returncode, good.stderr) == (0, b"")
    bad = run_beside_dns(tmp_path, zones(key()), ["opendkim-testmsg"], raw + b"more\r\n")
    assert bad.returncode != 0


def test_opendkim_finds_nothing_good_under_another_key(tmp_path: Path) -> None:
    need_program("opendkim-testmsg", "opendkim-tools")
    other = key(Algorithm.ED25519)
    forged = SigningKey(DOMAIN, key().selector, other.private)
    answer = run_beside_dns(tmp_path, zones(forged), ["opendkim-testmsg"], post(b"hello\r\n", key()))
    assert answer.returncode != 0


@pytest.mark.parametrize("algorithm", list(Algorithm))
@pytest.mark.parametrize("body", ["plain", "empty", "eight bits"])
def test_dkimverify_of_debian_finds_either_kind_good(tmp_path: Path, algorithm: Algorithm, body: str) -> None:
    need_program("dkimverify", "python3-dkim")
    each = key(algorithm)
    raw = signed(
        Signer((each,), lambda: NOW), HEAD, BODIES[body], OWN, ("List-Unsubscribe", "List-Unsubscribe-Post")
    )
    good = run_beside_dns(tmp_path, zones(each), ["/usr/bin/dkimverify"], raw)
    assert b"signature ok" in good.stdout, good
    bad = run_beside_dns(tmp_path, zones(each), ["/usr/bin/dkimverify"], raw.replace(b"Rain", b"Fire"))
    assert b"signature ok" not in bad.stdout


@pytest.mark.parametrize("hops", [1, 2, 3])
def test_arcverify_of_debian_finds_the_chain_good(tmp_path: Path, hops: int) -> None:
    need_program("arcverify", "python3-dkim")
    raw = post(b"hello\r\n", key(), hops=hops)
    good = run_beside_dns(tmp_path, zones(key()), ["/usr/bin/arcverify"], raw)
    assert b"cv=b'pass'" in good.stdout, good
    bad = run_beside_dns(tmp_path, zones(key()), ["/usr/bin/arcverify"], raw.replace(b"Rain", b"Fire"))
    assert b"cv=b'fail'" in bad.stdout, bad


def test_authheaders_finds_dkim_dmarc_and_arc_good(tmp_path: Path) -> None:
    keys = (key(), key(Algorithm.ED25519))
    published = zones(*keys)
    published[DOMAIN]["_dmarc"] = b"v=DMARC1; p=reject; adkim=s"
    with name_server(tmp_path, published) as port:
        asked = resolver.Resolver(configure=False)
        asked.nameservers, asked.port = ["127.0.0.1"], port

        def txt(name: bytes | str, timeout: float = 5) -> bytes | str:
            # It asks for keys with octets and for policies with text, and wants to be answered likewise.
            wanted = name.decode() if isinstance(name, bytes) else name
            answer = asked.resolve(wanted, "TXT", raise_on_no_answer=False)
            text = b"".join(answer[0].strings) if answer.rrset else b""
            return text if isinstance(name, bytes) else text.decode()

        found = authheaders.authenticate_message(
            post(b"hello\r\n", *keys, hops=2),
            "verifier.example",
            spf=False,
            arc=True,
            dmarc=True,
            dnsfunc=txt,
        )
    said = " ".join(found.split())
    assert said.count("dkim=pass") >= 1, said
    assert "dmarc=pass" in said, said
    assert "arc=pass" in said, said
