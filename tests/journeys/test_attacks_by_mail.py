"""Somebody hostile who writes mail: in other people's names, with poison in every field, far too often."""

import logging
import re

import pytest
import structlog

from delivery import reception
from identity.actor import operator
from lists import mailing_lists
from mail.message import parse_message
from storage.tables.words import TokenScope
from tests.journeys.hostile_world import Hostile
from tests.server.pages_world import HOST

PLACES = (
    "talk",
    "announce",
    "talk-request",
    "talk-owner",
    "talk-editor",
    "talk-subscribe",
    "talk-unsubscribe",
    "talk-bounce",
    "listmaster",
)
POISON = {
    "nul": b"a\0b",
    "lone return": b"a\rBcc: x@evil.example",
    "encoded break": b"=?utf-8?q?a=0D=0ABcc:_x@evil.example?=",
    "encoded nul": b"=?utf-8?b?YQBi?=",
    "no utf-8": b"\xff\xfe\xe9",
    "surrogate": b"\xed\xa0\x80",
    "endless": b"x" * 5_000,
    "folded": b"a\r\n\tBcc: x@evil.example",
    "separator": "a\u2028Bcc: x@evil.example\u2029".encode(),
    "emoji": "\U0001f642".encode(),
}
DSN = (
    b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n--b\r\n\r\nfailed\r\n'
    b"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; %(p)s\r\n\r\n"
    b"Final-Recipient: rfc822; alice@example.edu\r\nAction: failed\r\nStatus: 5.1.1%(p)s\r\n"
    b"Diagnostic-Code: smtp; 550 %(p)s\r\n\r\n--b--\r\n"
)


def letter(
    sender: bytes, subject: bytes, body: bytes = b"Words.\r\n", number: int = 0, more: bytes = b""
) -> bytes:
    """A message with these octets in it."""
    return (
        b"From: " + sender + b"\r\nTo: talk@lists.example.test\r\nSubject: " + subject
        + b"\r\nMessage-ID: <" + str(number).encode() + b"@example.edu>\r\n" + more + b"\r\n" + body
    )  # fmt: skip


@pytest.mark.parametrize("name", POISON)
async def test_no_poison_in_a_message_breaks_anything_or_becomes_a_field(hostile: Hostile, name: str) -> None:
    poison = POISON[name]
    async with hostile.world.db.write() as uow:
        await mailing_lists.update_settings(
            uow, operator(hostile.world.robot), hostile.talk, {"subject_tag": "talk"}
        )
    made = [
        letter(b"Alice <alice@example.edu>", poison, number=1),
        letter(b'"' + poison + b'" <alice@example.edu>', b"x", number=2),
        letter(b"alice@example.edu", b"x", number=3, more=b"In-Reply-To: <a" + poison + b"@x>\r\n"),
        letter(b"alice@example.edu", b"x", number=4, more=b"References: <a" + poison + b"@x>\r\n"),
        letter(b"alice@example.edu", b"x", poison + b"\r\n", number=5),
        b"From: alice@example.edu\r\nMessage-ID: <a" + poison + b"@x>\r\nSubject: x\r\n\r\nWords.\r\n",
        b"From: MAILER-DAEMON@example.edu\r\nMIME-Version: 1.0\r\n" + DSN % {b"p": poison},
    ]
    for place in PLACES:
        for raw in made:
            for path in ("alice@example.edu", ""):
                reply = await reception.receive(hostile.world.db, path, f"{place}@{HOST}", raw)
                # 451 would come back for days.
                assert reply.code != 451, (place, raw[:200], reply)
    for sent in await hostile.letters():
        # In mails of our own; what somebody writes into their own message is their own business.
        fields = {field.name.lower() for field in parse_message(sent.raw).fields}
        assert "auto-submitted" not in fields or "bcc" not in fields, sent.raw


@pytest.mark.parametrize("bad", ["a\r\nBcc: x@evil.example", "a\nb", "a\rb", "a\0b", "a\u2028b\x85c"])
async def test_no_text_typed_into_a_form_becomes_a_field(hostile: Hostile, bad: str) -> None:
    world = hostile.world
    owner, alice = await hostile.session(world.carol), await hostile.session(world.alice)
    talk = await hostile.id_of(hostile.talk, owner)
    for name, input in (
        ("messagePost", {"mailingListId": talk, "subject": bad, "text": bad, "html": bad}),
        ("mailingListUpdate", {"mailingListId": talk, "settings": {"subject": bad, "subjectTag": bad}}),
        ("mailingListUpdate", {"mailingListId": talk, "settings": {"description": bad}}),
        ("profileUpdate", {"displayName": bad}),
        ("mailingListSubscribe", {"mailingListId": talk, "displayName": bad}),
        ("apiTokenCreate", {"label": bad, "scopes": ["READ"]}),
    ):
        # Refused or made harmless, and never a server's error.
        await hostile.codes(name, alice if name == "profileUpdate" else owner, input)
    await hostile.codes("messagePost", alice, {"mailingListId": talk, "subject": "Plain", "text": bad})
    assert await world.mail_in(world.announce.address, "alice@example.edu", "held") == 250
    query = '{ mailingList(address: "announce@lists.example.test") { moderation(first: 9) { edges { node { id } } } } }'
    queue = (await hostile.ask(query, owner))["data"]["mailingList"]["moderation"]["edges"]
    decided = {"itemIds": [queue[0]["node"]["id"]], "verdict": "REJECT", "reason": bad}
    assert await hostile.codes("moderationDecide", owner, decided) == []
    assert await world.mail_in(world.announce.address, "alice@example.edu", "held too") == 250
    link = await world.newest_link("carol@example.edu")
    assert (await world.press(link, "rejected", reason=bad)).status_code == 200
    for search in (bad, "\0"):
        for query in (
            "query ($s: String) { mailingLists(first: 5, filter: { search: $s }) { totalCount } }",
            'query ($s: String) { mailingList(address: "talk@lists.example.test") { subscribers(first: 5, filter: { search: $s }) { totalCount } } }',
            'query ($s: String) { mailingList(address: "talk@lists.example.test") { archive { messages(first: 5, filter: { author: $s }) { totalCount } } } }',
        ):
            await hostile.ask(query, owner, s=search)
    for sent in await hostile.letters():
        head = sent.raw.partition(b"\r\n\r\n")[0]
        assert not re.search(rb"(?im)^bcc:", head), head
        assert re.fullmatch(rb"(?:[^\r\n\0]*\r\n)*[^\r\n\0]*", head)


async def test_nobody_is_flooded_with_our_answers_to_mail_in_their_name(hostile: Hostile) -> None:
    """Pitfall 60."""
    world = hostile.world
    async with world.db.write() as uow:
        await mailing_lists.update_settings(uow, operator(world.robot), hostile.talk, {"send": "publickey"})
    victim = b"victim@example.org"
    replies: dict[str, list[int]] = {}
    for place in ("talk", "talk-request", "talk-subscribe", "talk-unsubscribe", "announce"):
        for number in range(30):
            raw = letter(victim, b"help", number=number, more=b"X-Place: " + place.encode() + b"\r\n")
            reply = await reception.receive(world.db, "spammer@evil.example", f"{place}@{HOST}", raw)
            replies.setdefault(place, []).append(reply.code)
    assert len(await hostile.letters("victim@example.org")) <= 20 + 5 + 5 + 5
    # Those that were put off stay with the server that brought them; they are not taken and lost.
    assert replies["talk"] == [250] * 20 + [450] * 10


async def test_mail_in_somebodys_name_does_nothing_that_needs_proof(hostile: Hostile) -> None:
    """Pitfall 11: two authors are none."""
    world = hostile.world
    async with world.db.write() as uow:
        await mailing_lists.update_settings(
            uow, operator(world.robot), world.welcome, {"unsubscribe": "auth", "subscribe": "auth"}
        )
    before = await world.members(world.welcome)
    for place in ("welcome-unsubscribe", "welcome-request", "welcome-subscribe"):
        for sender in (b"alice@example.edu", b"carol@example.edu"):
            raw = letter(sender, b"unsubscribe", number=hash(place) % 1000)
            await reception.receive(world.db, "spammer@evil.example", f"{place}@{HOST}", raw)
    assert await world.members(world.welcome) == before
    # Two authors are none.
    for fields in (
        b"alice@example.edu, mallory@example.net",
        b"alice@example.edu\r\nFrom: mallory@example.net",
        b"group: alice@example.edu;",
        b"=?utf-8?q?alice=40example.edu?= <mallory@example.net>, alice@example.edu",
    ):
        reply = await reception.receive(
            world.db, "mallory@example.net", world.welcome.address, letter(fields, b"two", number=77)
        )
        assert reply.code == 550, fields


async def test_rcpt_tells_of_lists_and_of_nobody(hostile: Hostile) -> None:
    """Pitfall 47."""
    for known, unknown in (
        ("alice@example.edu", "nobody@example.edu"),
        (f"alice@{HOST}", f"nobody@{HOST}"),
        (f"talk+alice@{HOST}", f"talk+nobody@{HOST}"),
        (f"talk-bounce+1-1-abcdef@{HOST}", f"talk-bounce+9-9-abcdef@{HOST}"),
        (f"bounce+1-1-abcdef@{HOST}", f"bounce+9-9-abcdef@{HOST}"),
    ):
        answers = [await reception.check_recipient(hostile.world.db, each) for each in (known, unknown)]
        assert answers[0] == answers[1], known


async def test_no_line_of_the_log_names_anybody_or_any_secret(
    hostile: Hostile, caplog: pytest.LogCaptureFixture
) -> None:
    """Pitfall 45."""
    world = hostile.world
    caplog.set_level(logging.DEBUG)
    session = await hostile.session(world.alice)
    secret = await hostile.api_token(world.alice, TokenScope.READ)
    with structlog.testing.capture_logs() as lines:
        link = await world.sign_in_link("alice@example.edu")
        await hostile.browser.get(f"/t/{link}")
        await world.press(link)
        await hostile.browser.get("/t/spent")
        for token in (session, secret):
            await hostile.ask("{ viewer { user { emailAddresses { email } } } }", token)
        await hostile.codes("emailLink", session, {"email": "victim@example.org"})
        for number, place in enumerate(PLACES):
            raw = letter(b"alice@example.edu", b"x", number=number)
            await reception.receive(world.db, "alice@example.edu", f"{place}@{HOST}", raw)
        await reception.receive(world.db, "alice@example.edu", f"nolist@{HOST}", b"\0")
        await hostile.browser.post("/graphql", json={"query": '{ user(email: "alice@example.edu") { id } }'})
    # The client's own lines are not the server's.
    ours = [each.getMessage() for each in caplog.records if not each.name.startswith("http")]
    told = repr(lines) + repr(ours)
    for name in ("alice@", "victim@", "carol@", "mallory@", link, session, secret):
        assert name not in told, name
