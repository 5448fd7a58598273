"""The milter with a real Postfix: refused while the sender is connected, and nothing of ours bounces (row 102)."""

import asyncio
import re
import smtplib
import struct
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from delivery.door.milter import MilterDoor
from tests.databases import free_port
from tests.wire.milter_client import packet
from tests.wire.postfix import Postfix, private_postfix
from tests.wire.postroom import Running, served
from tests.wire.sink import Sink
from tests.wire.test_milter_door import Porter

pytestmark = pytest.mark.system
LIST = "club@lists.example.org"
MEMBER, STRANGER = "member@example.edu", "stranger@example.net"


PLAN = """
robots:
  lists.example.org:
    title: Lists
    lists:
      club: {send: private, owners: [carol@example.edu]}
      all: {send: public, owners: [carol@example.edu]}
      drop: {send: confidential, owners: [carol@example.edu]}
"""


@dataclass(frozen=True)
class Scene:
    """Postfix, the program and what leaves it."""

    postfix: Postfix
    server: Running
    sink: Sink

    async def mail(
        self, sender: str, recipients: Sequence[str], raw: bytes, options: Sequence[str] = ()
    ) -> dict[str, tuple[int, str]]:
        """Send as a stranger's server would; the refusals by recipient, or under "" that of the whole message."""
        return await asyncio.to_thread(_mail, self.postfix.mx_port, sender, recipients, raw, options)

    async def arrived(self, count: int) -> None:
        """Wait for so many deliveries beyond Postfix."""
        async with asyncio.timeout(20):
            while len(self.sink.taken) < count:
                await asyncio.sleep(0.05)

    async def nothing_waits(self) -> None:
        """Wait until Postfix has nothing in its queue: no mail, no bounce."""
        async with asyncio.timeout(20):
            while "Mail queue is empty" not in self.postfix.command("postqueue", "-p"):
                await asyncio.sleep(0.1)


def _mail(
    port: int, sender: str, recipients: Sequence[str], raw: bytes, options: Sequence[str]
) -> dict[str, tuple[int, str]]:
    with smtplib.SMTP("127.0.0.1", port, local_hostname="sender.example.net") as client:
        try:
            refused = client.sendmail(sender, recipients, raw, options)
        except smtplib.SMTPRecipientsRefused as all_refused:
            refused = all_refused.recipients
        except smtplib.SMTPDataError as refusal:
            refused = {"": (refusal.smtp_code, refusal.smtp_error)}
    return {who: (code, text.decode()) for who, (code, text) in refused.items()}


def message(sender: str, subject: str = "Hello", more: str = "") -> bytes:
    return (
        f"From: <{sender}>\r\nTo: {LIST}\r\nSubject: {subject}\r\nDate: Fri, 20 Nov 2026 12:00:00 +0000\r\nMessage-ID: <{subject}.{sender}>\r\n{more}\r\n"
        "A line.\r\n"
    ).encode()


@asynccontextmanager
async def scene(place: Path, **more: str) -> AsyncIterator[Scene]:
    """Everything up, with a list for members and one for everybody."""
    lmtp_port, milter_port = free_port(), free_port()
    async with Sink() as sink:
        with (
            private_postfix(lmtp_port=lmtp_port, sink_port=sink.port, milter_ports=[milter_port]) as postfix,
            served(
                place,
                smtp_port=postfix.submission_port,
                lmtp_port=lmtp_port,
                milter_port=str(milter_port),
                **more,
            ) as server,
        ):
            server.command("apply", "-", given=PLAN)
            for name in ("club", "all"):
                address = f"{name}@lists.example.org"
                server.command("membership", "import", address, "-", "--quiet", given=f"email\n{MEMBER}\n")
            yield Scene(postfix, server, sink)


async def test_a_stranger_is_refused_with_the_reason_while_connected_and_nothing_bounces(
    tmp_path: Path,
) -> None:
    """Pitfall 60."""
    async with scene(tmp_path) as here:
        doctor = here.server.command("doctor")
        refused = await here.mail(STRANGER, [LIST], message(STRANGER))
        unknown = await here.mail(STRANGER, ["nowhere@lists.example.org"], message(STRANGER))
        one_unknown = await here.mail(MEMBER, [LIST, "nowhere@lists.example.org"], message(MEMBER, "one"))
        loop = await here.mail(
            MEMBER, [LIST], message(MEMBER, "loop", "List-Id: <club.lists.example.org>\r\n")
        )
        quiet = await here.mail(STRANGER, ["drop@lists.example.org"], message(STRANGER, "quiet"))
        await here.arrived(1)
        await here.nothing_waits()
        assert "status=sent" in here.postfix.log
        assert "status=bounced" not in here.postfix.log
    assert re.search(r"milter door.*It is open at 127\.0\.0\.1 port", doctor)
    assert list(refused) == [""]
    assert refused[""][0] == 550
    assert refused[""][1].startswith("5.7.1 ")
    assert "send.private, line" in refused[""][1]
    assert unknown == one_unknown == {"nowhere@lists.example.org": (550, "5.1.1 no such list here")}
    assert loop[""][0] == 554
    assert quiet == {}
    # The one post of the member is all that ever left.
    assert [(taken.reverse_path, list(taken.recipients)) for taken in here.sink.taken] == [
        ("club-bounce@lists.example.org", [MEMBER])
    ]


async def test_what_the_list_takes_is_delivered_and_strange_envelopes_pass(tmp_path: Path) -> None:
    async with scene(tmp_path) as here:
        answers = [
            await here.mail(MEMBER, [LIST], message(MEMBER, "plain")),
            await here.mail("grüße@exämple.net", [LIST], message(MEMBER, "utf8"), ["SMTPUTF8", "BODY=8BITMIME"]),
            await here.mail(MEMBER, [LIST], message(MEMBER, "folded", "X-A: a\r\n  b\r\n\tc\r\n")),
            await here.mail(MEMBER, [LIST], message(MEMBER, "name", "Tést: x\r\n")),
            await here.mail(MEMBER, [LIST], message(MEMBER, "long", "X-B: " + "\r\n ".join(["y" * 900] * 200) + "\r\n")),
            await here.mail(MEMBER, [LIST], message(MEMBER, "large") + b"x" * 70 + b"\r\n" + (b"y" * 70 + b"\r\n") * 30_000),
            # One list takes it and one refuses: LMTP answers for each.
            await here.mail(STRANGER, ["all@lists.example.org", LIST], message(STRANGER, "both")),
        ]  # fmt: skip
        await here.arrived(8)
        assert here.postfix.log.count("status=bounced") == 1
    assert answers == [{}] * 7
    left = Counter((taken.reverse_path, taken.recipients[0]) for taken in here.sink.taken)
    assert left == {
        ("club-bounce@lists.example.org", MEMBER): 6,
        ("all-bounce@lists.example.org", MEMBER): 1,
        ("", STRANGER): 1,
    }


async def test_while_postroom_is_away_its_mail_is_to_be_tried_again(tmp_path: Path) -> None:
    async with scene(tmp_path) as here:
        here.server.process.terminate()
        await asyncio.to_thread(here.server.process.wait, 15)
        answer = await asyncio.to_thread(_first_answer, here.postfix.mx_port)
    assert answer[0] == 451


def _first_answer(port: int) -> tuple[int, bytes]:
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.ehlo()
        answered = client.mail(STRANGER)
        return answered if answered[0] >= 400 else client.rcpt(LIST)


async def test_postfix_tells_the_client_and_reads_replies_as_they_were_meant() -> None:
    porter = Porter()
    door = MilterDoor(porter, size_limit=100_000)
    port = (await door.listen("127.0.0.1", 0)).sockets[0].getsockname()[1]
    with private_postfix(lmtp_port=free_port(), sink_port=free_port(), milter_ports=[port]) as postfix:
        answer = await asyncio.to_thread(_as_another, postfix.mx_port, message(STRANGER, "no"))
    await door.close(1)
    assert answer == (550, b"5.7.1 100% no: %s %n??250 yes")
    [seen] = porter.seen
    assert seen.client_address == "192.0.2.77"
    assert seen.raw == message(STRANGER, "no")


def _as_another(port: int, raw: bytes) -> tuple[int, bytes]:
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.ehlo()
        client.docmd("XCLIENT", "ADDR=192.0.2.77 NAME=[UNAVAILABLE]")
        client.ehlo()
        client.mail(STRANGER)
        client.rcpt(LIST)
        return client.data(raw)


async def test_the_last_milter_sees_what_those_before_it_found_out() -> None:
    porter = Porter()
    door = MilterDoor(porter, size_limit=100_000)
    port = (await door.listen("127.0.0.1", 0)).sockets[0].getsockname()[1]
    adder = await asyncio.start_server(_add_a_field, "127.0.0.1", 0)
    first = adder.sockets[0].getsockname()[1]
    with private_postfix(lmtp_port=free_port(), sink_port=free_port(), milter_ports=[first, port]) as postfix:
        await asyncio.to_thread(_as_another, postfix.mx_port, message(STRANGER, "no"))
    await door.close(1)
    adder.close()
    [seen] = porter.seen
    assert b"\r\nAuthentication-Results: mx.example.test; dkim=pass\r\n" in seen.raw


async def _add_a_field(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A milter that does nothing but add a field, as one that checks signatures does."""
    while (head := await reader.read(4)) and (
        letter := (await reader.readexactly(struct.unpack("!L", head)[0]))[:1]
    ):
        if letter == b"O":
            writer.write(packet(b"O", struct.pack("!LLL", 6, 1, 0)))
        elif letter == b"E":
            writer.write(packet(b"h", b"Authentication-Results\0mx.example.test; dkim=pass\0") + packet(b"c"))
        elif letter not in b"DAQK":
            writer.write(packet(b"c"))
    writer.close()
