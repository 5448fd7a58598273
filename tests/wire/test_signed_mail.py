"""Signed mail and those who take part in it: a real DNS server, other people's signers, the door of the program itself."""

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import dkim
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from delivery.authentication.lookup import Dns, LookupFailed, Server
from delivery.authentication.signatures import check_signatures
from delivery.authentication.smime import signature_of_author
from identity.certificates import TrustedAuthorities
from mail.address import parse_address
from mail.message import parse_message
from tests.databases import free_port
from tests.delivery.authentication.authority import MIDDLE, ROOT, Holder, certified
from tests.delivery.authentication.signing import NOW, record_of, rsa_key, signed
from tests.wire.lmtp_desk import say
from tests.wire.nsd import name_server
from tests.wire.postroom import PROGRAM, Running, served

pytestmark = pytest.mark.system

MAIL = (
    b"From: Ann <ann@example.edu>\r\nTo: staff@lists.example.org\r\nSubject: Hello\r\n"
    b"Date: Mon, 18 Mar 2030 12:00:00 +0000\r\nMessage-ID: <%s@example.edu>\r\n\r\nA line.\r\n"
)
ONLY_SIGNED = "title Signed mail\n\ntrue() dkim,smime -> do_it\ntrue() smtp,md5 -> reject\n"


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa_key()


@pytest.fixture(scope="module")
def dns_port(tmp_path_factory: pytest.TempPathFactory, key: rsa.RSAPrivateKey) -> Iterator[int]:
    zone = {
        "s1._domainkey": record_of(key),
        "empty._domainkey": b"v=DKIM1; p=",
        "huge": b"x" * 6_000,
    }
    with name_server(tmp_path_factory.mktemp("nsd"), {"example.edu": zone}) as port:
        yield port


@pytest.fixture
async def names(dns_port: int) -> Dns:
    return Dns([Server("127.0.0.1", dns_port)], seconds=3)


# ---- the DNS


async def test_a_long_record_comes_in_one_piece_and_is_remembered(names: Dns, key: rsa.RSAPrivateKey) -> None:
    name = "s1._domainkey.example.edu."
    assert await names.txt(name) == (record_of(key),)
    # Nobody is asked any more: this one would not know.
    names._servers = ()
    assert await names.txt(name.upper()) == (record_of(key),)


async def test_no_record_is_an_answer_and_no_answer_is_a_failure(names: Dns) -> None:
    assert await names.txt("absent._domainkey.example.edu.") == ()
    assert await names.txt("ns.example.edu.") == ()
    for name in ("example.com.", "huge.example.edu.", "a..b", "x" * 80 + ".example.edu"):
        with pytest.raises(LookupFailed):
            await names.txt(name)


async def test_a_server_that_says_nothing_is_given_up() -> None:
    with pytest.raises(LookupFailed):
        await Dns([Server("127.0.0.1", free_port())], seconds=0.3).txt("s1._domainkey.example.edu.")


async def test_answers_are_forgotten_after_their_time(dns_port: int, key: rsa.RSAPrivateKey) -> None:
    now = [0.0]
    names = Dns([Server("127.0.0.1", dns_port)], seconds=0.3, clock=lambda: now[0])
    assert await names.txt("s1._domainkey.example.edu.")
    assert await names.txt("absent.example.edu.") == ()
    names._resolver.nameservers = ["127.0.0.2"]
    now[0] = 59
    assert await names.txt("s1._domainkey.example.edu.") == (record_of(key),)
    assert await names.txt("absent.example.edu.") == ()
    now[0] = 61
    for name in ("s1._domainkey.example.edu.", "absent.example.edu."):
        with pytest.raises(LookupFailed):
            await names.txt(name)


# ---- other people's signers


@pytest.mark.parametrize("form", [b"relaxed", b"simple"])
async def test_what_dkimpy_signs_is_verified(form: bytes, names: Dns, key: rsa.RSAPrivateKey) -> None:
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    raw = MAIL % b"1"
    made = dkim.sign(
        raw, b"s1", b"example.edu", pem, canonicalize=(form, form), include_headers=[b"from", b"to"]
    )
    (found,) = await check_signatures(parse_message(made + raw), names, now=NOW)
    assert (found.result, found.why) == ("pass", "")
    (broken,) = await check_signatures(parse_message(made + raw + b"more\r\n"), names, now=NOW)
    assert broken.result == "fail"


@pytest.mark.parametrize("options", [[], ["-nodetach"], ["-keyid"], ["-md", "sha512"]])
def test_what_openssl_signs_is_verified(options: list[str], tmp_path: Path) -> None:
    key = rsa.generate_private_key(65537, 2048)
    named = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    ann = certified(MIDDLE, "Ann", addresses=("ann@example.edu",), key=key, more=((named, False),))
    made = _by_openssl(ann, options, tmp_path)
    message, author = parse_message(made), parse_address("ann@example.edu")
    assert signature_of_author(message, author, TrustedAuthorities((ROOT.certificate,)), now=NOW)
    assert not signature_of_author(message, author, TrustedAuthorities((ann.certificate,)), now=NOW + 10**8)
    assert not signature_of_author(
        message, parse_address("bob@example.edu"), TrustedAuthorities((ROOT.certificate,)), now=NOW
    )


def _by_openssl(holder: Holder, options: list[str], place: Path) -> bytes:
    certificate, chain, key, text = (place / name for name in ("c.pem", "ca.pem", "k.pem", "text"))
    certificate.write_bytes(holder.certificate.public_bytes(Encoding.PEM))
    chain.write_bytes(MIDDLE.certificate.public_bytes(Encoding.PEM))
    key.write_bytes(holder.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    text.write_bytes(b"Content-Type: text/plain\n\nA line.\n.\nThe end.\n")
    files = ["-in", str(text), "-signer", str(certificate), "-inkey", str(key), "-certfile", str(chain)]
    who = ["-from", "ann@example.edu", "-to", "staff@lists.example.org", "-subject", "Hello"]
    done = subprocess.run(
        ["openssl", "cms", "-sign", *files, *who, *options], check=True, capture_output=True
    )
    return done.stdout


# ---- through the program


@pytest.fixture
def running(tmp_path: Path, dns_port: int) -> Iterator[Running]:
    roots = tmp_path / "roots.pem"
    roots.write_bytes(ROOT.certificate.public_bytes(Encoding.PEM))
    with served(
        tmp_path,
        smtp_port=free_port(),
        lmtp_port=free_port(),
        dns_servers=f"127.0.0.1:{dns_port}",
        authserv_id="mx.example.org",
        smime_trust_file=str(roots),
    ) as server:
        server.command("robot", "create", "lists.example.org", "--listmaster", "lm@example.org")
        server.command(
            "list", "create", "staff@lists.example.org", "--subject", "Staff", "--owner", "o@example.org"
        )
        server.command(
            "scenario", "set", "send.private", "-", "--list", "staff@lists.example.org", given=ONLY_SIGNED
        )
        yield server


async def _posted(server: Running, raw: bytes) -> str:
    envelope = b"MAIL FROM:<ann@example.edu>\r\nRCPT TO:<staff@lists.example.org>\r\nDATA\r\n"
    port = int(server.environment["POSTROOM_LMTP_PORT"])
    lines = await say(port, b"LHLO mta.example.org\r\n", envelope, raw + b".\r\n", b"QUIT\r\n", pause=0.2)
    return next(line for line in reversed(lines) if not line.startswith("221"))


async def test_a_list_for_signed_mail_takes_it_at_the_door_and_refuses_the_rest(
    running: Running, key: rsa.RSAPrivateKey
) -> None:
    forged = b"Authentication-Results: mx.evil.example; dkim=pass header.d=example.edu\r\n"
    refused = [
        MAIL % b"1",
        forged + MAIL % b"2",
        signed(MAIL % b"3", key, "example.com"),
        signed(MAIL % b"4", key).replace(b"A line.", b"A lie."),
        signed(MAIL % b"5", key, covered="to:subject"),
        signed(MAIL % b"6", key, body_length=3),
        signed(MAIL % b"7", key, s="absent"),
        signed((MAIL % b"8").replace(b"To: staff@", b"To: others@"), key),
    ]
    for raw in refused:
        said = await _posted(running, raw)
        assert said.startswith("550 5.7.1"), (raw, said)
    ours = b"Authentication-Results: mx.example.org; dkim=pass header.d=example.edu\r\n"
    for raw in (signed(MAIL % b"9", key), ours + MAIL % b"10"):
        said = await _posted(running, raw)
        assert said.startswith("250 2.0.0"), (raw, said)


async def test_the_doctor_tells_of_authorities_that_cannot_be_read(tmp_path: Path, running: Running) -> None:
    assert "names 1 authorities" in _examined(running, {})
    bad = tmp_path / "bad.pem"
    bad.write_text("nothing")
    said = _examined(running, {"POSTROOM_SMIME_TRUST_FILE": str(bad)})
    assert "bad.pem cannot be read as certificates" in said


def _examined(server: Running, changed: dict[str, str]) -> str:
    done = subprocess.run(
        [PROGRAM, "doctor"], env=server.environment | changed, check=False, capture_output=True, text=True
    )
    return " ".join((done.stdout + done.stderr).split())


async def test_a_dns_that_is_away_lets_mail_flow_as_unsigned(tmp_path: Path, key: rsa.RSAPrivateKey) -> None:
    with served(
        tmp_path,
        smtp_port=free_port(),
        lmtp_port=free_port(),
        dns_servers=f"127.0.0.1:{free_port()}",
        authentication_timeout="1s",
    ) as server:
        server.command("robot", "create", "lists.example.org", "--listmaster", "lm@example.org")
        server.command(
            "list",
            "create",
            "staff@lists.example.org",
            "--subject",
            "S",
            "--owner",
            "o@example.org",
            "--set",
            "send=public",
        )
        async with asyncio.timeout(20):
            assert (await _posted(server, signed(MAIL % b"1", key))).startswith("250")
