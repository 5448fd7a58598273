"""Posts whose author's domain has failing mail rejected, through the door of the program to other people's mail servers (row 49)."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import authheaders
import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from identity.actor import founder, operator
from lists.mailing_lists import create_list
from lists.robots import create_robot
from mail.message import author, parse_message
from storage import memberships
from storage.opening import open_database
from storage.site import Site
from tests.databases import free_port
from tests.delivery.authentication.signing import Zone, record_of, rsa_key, signed
from tests.wire.lmtp_desk import say
from tests.wire.nsd import name_server
from tests.wire.postroom import Running, served
from tests.wire.sink import Sink, Taken

pytestmark = pytest.mark.system

# One list for each way of protecting, with and without something that breaks signatures.
LISTS: dict[str, dict[str, str]] = {
    "plain": {},
    "tagged": {"subject_tag": "tag"},
    "footed": {"footer": "Bye"},
    "wrapping": {"subject_tag": "tag", "dmarc_protection": "wrap"},
    "refusing": {"subject_tag": "tag", "dmarc_protection": "reject"},
    "dropping": {"subject_tag": "tag", "dmarc_protection": "discard"},
    "unwilling": {"subject_tag": "tag", "dmarc_protection": "none"},
    "personal": {"personalization": "always"},
    "answering": {"reply_to_list": "true"},
}
READER = "reader@elsewhere.example"
REJECT = b"v=DMARC1; p=reject"


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa_key()


@pytest.fixture(scope="module")
def zone(key: rsa.RSAPrivateKey) -> Zone:
    """What the DNS says, for those who verify here."""
    zone = Zone()
    zone.publish("example.edu", record_of(key))
    zone.records["_dmarc.example.edu."] = (REJECT,)
    return zone


@pytest.fixture(scope="module")
def dns_port(tmp_path_factory: pytest.TempPathFactory, key: rsa.RSAPrivateKey) -> Iterator[int]:
    records = {"s1._domainkey": record_of(key), "_dmarc": REJECT}
    zones = {"example.edu": records, "mild.example": {"_dmarc": b"v=DMARC1; p=none"}, "lists.example.org": {}}
    with name_server(tmp_path_factory.mktemp("nsd"), zones) as port:
        yield port


@pytest.fixture
def sink_port() -> int:
    return free_port()


@pytest.fixture
def running(tmp_path: Path, dns_port: int, sink_port: int, sqlite_template: Path) -> Iterator[Running]:
    shutil.copy(sqlite_template, tmp_path / "postroom.db")
    asyncio.run(_build(tmp_path / "postroom.db"))
    with served(
        tmp_path, smtp_port=sink_port, lmtp_port=free_port(), dns_servers=f"127.0.0.1:{dns_port}"
    ) as server:
        yield server


async def _build(path: Path) -> None:
    """The lists, before anybody serves them."""
    site = Site(public_url="http://lists.example.org", secret=b"s" * 32)
    database = await open_database(f"sqlite+aiosqlite:///{path}", site)
    async with database.write() as uow:
        robot = await create_robot(uow, founder(), "lists.example.org", "Lists")
        for name, settings in LISTS.items():
            given = {"send": "public"} | settings
            mlist = await create_list(
                uow, operator(robot), robot, name, name, given, owners=["o@example.org"]
            )
            await memberships.add(uow, mlist.id, address=READER, address_key=READER)
    await database.close()


async def posted(server: Running, name: str, raw: bytes) -> str:
    envelope = f"MAIL FROM:<ann@example.edu>\r\nRCPT TO:<{name}@lists.example.org>\r\nDATA\r\n".encode()
    port = int(server.environment["POSTROOM_LMTP_PORT"])
    lines = await say(port, b"LHLO mta.example.org\r\n", envelope, raw + b".\r\n", b"QUIT\r\n", pause=0.2)
    return next(line for line in reversed(lines) if not line.startswith("221"))


def written(name: str, domain: str = "example.edu") -> bytes:
    return (
        f"From: Ann <ann@{domain}>\r\nTo: {name}@lists.example.org\r\nSubject: Hello\r\n"
        f"Message-ID: <{name}.{domain}@x>\r\nDate: Mon, 18 Mar 2030 12:00:00 +0000\r\n\r\nA line.\r\n"
    ).encode()


def dmarc_of(zone: Zone, raw: bytes) -> str:
    """What another's verifier says of a message that came from us."""

    def answer(name: bytes | str, qtype: str = "TXT", timeout: int = 5) -> bytes | str | None:
        asked = name.decode() if isinstance(name, bytes) else name
        found = zone.records.get(f"{asked.rstrip('.')}.")
        if found is None:
            return None
        return found[0] if isinstance(name, bytes) else found[0].decode()

    header = authheaders.authenticate_message(raw, "reader.example", dnsfunc=answer)
    return str(header).partition("dmarc=")[2].partition(" ")[0] or "none"


def by_list(taken: list[Taken]) -> dict[str, bytes]:
    found = {}
    for each in taken:
        listed = parse_message(each.data).first("List-Id") or ""
        found[listed.partition("<")[2].partition(".")[0]] = each.data
    return found


async def test_row_49_nothing_leaves_that_fails_its_authors_policy(
    running: Running, zone: Zone, sink_port: int, key: rsa.RSAPrivateKey
) -> None:
    async with Sink(port=sink_port) as sink:
        for name in LISTS:
            said = await posted(running, name, signed(written(name), key))
            expected = "550 5.7.1" if name == "refusing" else "250"
            assert said.startswith(expected), (name, said)
            assert name != "refusing" or "p=reject" in said
        out = by_list(await sink.wait_for(len(LISTS) - 2))
        await asyncio.sleep(0.3)
        assert set(by_list(sink.taken)) == set(LISTS) - {"refusing", "dropping"}
    for name, raw in out.items():
        message = parse_message(raw)
        shown = str(author(message))
        assert dmarc_of(zone, raw) in ("pass", "none"), (name, raw)
        if name in ("plain", "personal", "answering"):
            assert shown == "Ann <ann@example.edu>", name
            assert dkim.verify(_from_first_signature(raw), dnsfunc=lambda _name, timeout: record_of(key))
        else:
            assert shown == f"Ann via {name} <{name}@lists.example.org>"
            assert message.first("Reply-To") == "Ann <ann@example.edu>"
    inside = parse_message(out["wrapping"]).body
    assert inside == signed(written("wrapping"), key)
    assert dmarc_of(zone, inside) == "pass"


def _from_first_signature(raw: bytes) -> bytes:
    """The message without what stands above its author's signature."""
    return raw[raw.index(b"DKIM-Signature: v=1") :]


async def test_unsigned_mail_comes_from_the_list_only_where_its_domain_wants_it(
    running: Running, zone: Zone, sink_port: int
) -> None:
    async with Sink(port=sink_port) as sink:
        for domain in ("example.edu", "mild.example", "nobody-answers.example"):
            assert (await posted(running, "plain", written("plain", domain))).startswith("250")
        taken = await sink.wait_for(3)
    shown = sorted(str(author(parse_message(each.data))) for each in taken)
    via = "Ann via plain <plain@lists.example.org>"
    # Of a domain that nobody tells anything of, nobody has it that its mail is signed.
    assert shown == ["Ann <ann@mild.example>", "Ann <ann@nobody-answers.example>", via]
