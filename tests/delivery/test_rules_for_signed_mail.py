"""What a proof of the author changes at a list: its rules, its commands, and what comes again (rows 48 and 121)."""

import re

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from delivery.reception import receive
from identity.ledger import prove
from identity.people import create_person
from mail.message import parse_message
from storage import deliveries, memberships, robots
from storage.database import Database
from storage.tables.lists import MailingList
from storage.tables.words import AddressSource, Strength
from tests.delivery.authentication.authority import MIDDLE, certified, signed_by
from tests.delivery.authentication.signing import Zone, rsa_key, signed
from tests.delivery.evidence_world import MAIL, OURS, found, governed, posted, published, stated
from tests.delivery.test_flow import a_list, posts_of


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa_key()


@pytest.fixture
def zone(key: rsa.RSAPrivateKey) -> Zone:
    return published(key)


async def test_a_rule_for_signed_mail_takes_it_and_no_other(
    database: Database, key: rsa.RSAPrivateKey, zone: Zone
) -> None:
    mlist = await governed(database)
    broken = signed(MAIL, key).replace(b"A line.", b"A lie.")
    for raw in (MAIL, broken, signed(MAIL, key, "evil.example"), signed(MAIL, key, covered="to:subject")):
        assert (await posted(database, mlist, raw, zone)).code == 550
    assert (await receive(database, "m0@example.edu", mlist.address, signed(MAIL, key))).code == 550
    assert (await posted(database, mlist, signed(MAIL, key), zone)).code == 250
    assert len(await posts_of(database, mlist)) == 1


async def test_a_rule_for_smime_takes_what_is_signed_so_and_no_other(
    database: Database, key: rsa.RSAPrivateKey, zone: Zone
) -> None:
    mlist = await governed(database, "title Certified\ntrue() smime -> do_it\n")
    fields = MAIL.partition(b"\r\n\r\n")[0] + b"\r\n"
    own = certified(MIDDLE, "M", addresses=("m0@example.edu",))
    others = certified(MIDDLE, "X", addresses=("x@example.edu",))
    assert (await posted(database, mlist, signed(MAIL, key), zone)).code == 550
    assert (await posted(database, mlist, signed_by(others, fields=fields), zone)).code == 550
    assert (await posted(database, mlist, signed_by(own, fields=fields), zone)).code == 250


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"To: welcome@lists.example.org", b"To: friend@example.net"),
        (b"To: welcome@lists.example.org", b"To: other@lists.example.org"),
        (b"To: welcome@lists.example.org\r\n", b""),
    ],
)
async def test_pitfall_57_signed_mail_for_somebody_else_is_not_signed_for_the_list(
    old: bytes, new: bytes, database: Database, key: rsa.RSAPrivateKey, zone: Zone
) -> None:
    mlist = await governed(database)
    replayed = signed(MAIL.replace(old, new), key)
    assert (await found(replayed, zone)).method == "dkim"
    assert (await posted(database, mlist, replayed, zone)).code == 550
    named_later = replayed.replace(b"From:", b"Cc: welcome@lists.example.org\r\nFrom:")
    assert (await found(named_later, zone)).method == "dkim"
    assert (await posted(database, mlist, named_later, zone)).code == 550


async def test_pitfall_57_the_list_must_be_named_in_a_field_that_is_signed(
    database: Database, key: rsa.RSAPrivateKey, zone: Zone
) -> None:
    mlist = await governed(database)
    assert (
        await posted(database, mlist, signed(MAIL, key, covered="from:subject:message-id"), zone)
    ).code == 550
    copied = MAIL.replace(
        b"To: welcome@lists.example.org", b"To: a@x.example\r\nCc: Welcome@Lists.Example.ORG"
    )
    assert (
        await posted(database, mlist, signed(copied, key, covered="from:cc:subject:message-id"), zone)
    ).code == 250


@pytest.mark.parametrize("covered", ["from:to:subject:date", "from:to:subject:date:message-id"])
async def test_pitfall_57_signed_mail_comes_once(
    covered: str, database: Database, key: rsa.RSAPrivateKey, zone: Zone
) -> None:
    """Under another Message-ID, or under none, it would be as if it were new."""
    mlist = await governed(database)
    own = b"Message-ID: <1@example.edu>\r\n"
    for raw in (signed(MAIL, key, covered=covered), signed(MAIL.replace(own, b""), key, covered=covered)):
        for again in (
            raw,
            raw.replace(own, b"Message-ID: <2@example.edu>\r\n"),
            raw.replace(own, b""),
            own + raw,
        ):
            await posted(database, mlist, again, zone)
    assert len(await posts_of(database, mlist)) == (1 if "message-id" in covered else 0)


async def test_row_121_an_alternate_is_no_stronger_than_the_mail(
    database: Database, key: rsa.RSAPrivateKey, zone: Zone
) -> None:
    rules = (
        "title T\nis_subscriber([listname],[user->email]) md5,smime -> do_it\ntrue() dkim,smtp -> reject\n"
    )
    mlist = await governed(database, rules)
    async with database.write() as uow:
        person = await create_person(uow, "m0@example.edu", proved=True, strength=Strength.MD5)
        await prove(uow, person.id, "b@example.edu", source=AddressSource.CHALLENGE, strength=Strength.MD5)
    raw = signed(MAIL.replace(b"m0@example.edu>", b"b@example.edu>"), key)
    assert (await posted(database, mlist, raw, zone)).code == 550


async def test_a_robot_may_count_signed_mail_as_any_other(
    database: Database, key: rsa.RSAPrivateKey, zone: Zone
) -> None:
    mlist = await governed(database, "title Sympa\ntrue() smtp -> do_it\ntrue() dkim -> reject\n")
    assert (await posted(database, mlist, signed(MAIL, key), zone)).code == 550
    async with database.write() as uow:
        robot = await robots.by_id(uow, mlist.robot_id)
        assert robot is not None
        await robots.change(uow, robot, {"dkim_method": "as_smtp"})
    assert (await posted(database, mlist, signed(MAIL, key), zone)).code == 250


@pytest.mark.parametrize(
    ("condition", "more"),
    [
        ("equal([msg->dkim],'pass')", b""),
        ("equal([msg->dmarc],'pass')", b""),
        ("equal([msg->spf],'softfail')", stated("spf=softfail smtp.mailfrom=x@y.example")),
        ("equal([msg->arc],'none')", b""),
        ("equal([msg->spam_status],'spam')", b"X-Spam-Status: Yes, score=9\r\n"),
        ("equal([msg->spam_status],'ham')", b""),
        ("equal([msg_header->X-Two][0],'a')", b"X-Two: a\r\nX-Two: b\r\n"),
        ("equal([msg_header->x-two][-1],'b')", b"X-Two: a\r\nX-Two: b\r\n"),
        ("match([msg_header->X-Two],/^b$/)", b"X-Two: a\r\nX-Two: b\r\n"),
        ("match([msg_body],/line/)", b""),
        ("equal([is_bcc],'')", b""),
        ("equal([msg_encrypted],'')", b""),
        (
            "equal([msg_encrypted],'smime')",
            b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n",
        ),
    ],
)
async def test_rules_read_what_was_found_out_and_what_the_message_says(
    condition: str, more: bytes, sqlite: Database, key: rsa.RSAPrivateKey, zone: Zone
) -> None:
    mlist = await governed(sqlite, f"title T\n{condition} dkim -> do_it\ntrue() dkim,smtp -> reject\n")
    assert (await posted(sqlite, mlist, more + signed(MAIL, key), zone)).code == 250


async def test_rules_read_the_first_level_of_parts(sqlite: Database, zone: Zone) -> None:
    mlist = await governed(
        sqlite,
        "title T\nmatch([msg_part->type],/^image/) smtp -> reject\n"
        "match([msg_part->body],/café/) smtp -> do_it\ntrue() smtp -> reject\n",
    )

    def of(kind: bytes, message_id: bytes) -> bytes:
        return MAIL.partition(b"\r\n\r\n")[0].replace(b"<1@", b"<" + message_id + b"@") + (
            b'\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n'
            b"Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
            b"caf=E9\r\n--b\r\nContent-Type: " + kind + b"\r\n\r\nx\r\n--b--\r\n"
        )

    assert (await posted(sqlite, mlist, of(b"image/png", b"2"), zone)).code == 550
    assert (await posted(sqlite, mlist, of(b"text/html", b"3"), zone)).code == 250


async def test_commands_by_mail_come_with_the_same_proof(
    database: Database, key: rsa.RSAPrivateKey, zone: Zone
) -> None:
    rules = "title T\ntrue() dkim,smime -> do_it\ntrue() smtp,md5 -> reject\n"
    mlist = await governed(database, rules, "subscribe")
    to = "welcome-subscribe@lists.example.org"
    raw = MAIL.replace(b"m0@", b"new@").replace(b"welcome@lists.example.org", to.encode())
    await posted(database, mlist, raw, zone, to)
    async with database.read() as reader:
        assert await memberships.find(reader, mlist.id, "new@example.edu") is None
    assert (await posted(database, mlist, signed(raw, key), zone, to)).code == 250
    async with database.read() as reader:
        assert await memberships.find(reader, mlist.id, "new@example.edu") is not None


async def test_pitfall_57_a_signed_message_for_the_list_is_no_signed_command(
    database: Database, key: rsa.RSAPrivateKey, zone: Zone
) -> None:
    """Somebody sends on what its author wrote to the list, to the address where one word takes them off it."""
    mlist = await governed(
        database, "title T\ntrue() dkim,smime -> do_it\ntrue() smtp,md5 -> reject\n", "unsubscribe"
    )
    to = "welcome-unsubscribe@lists.example.org"
    await posted(database, mlist, signed(MAIL, key), zone, to)
    assert await is_on(database, mlist, "m0@example.edu")
    await posted(database, mlist, signed(MAIL.replace(mlist.address.encode(), to.encode()), key), zone, to)
    assert not await is_on(database, mlist, "m0@example.edu")


async def test_pitfall_57_a_command_counts_as_it_was_signed(
    database: Database, key: rsa.RSAPrivateKey, zone: Zone
) -> None:
    """Where the Subject is not signed, somebody who has a mail that asked for help has one that asks for anything."""
    mlist = await governed(
        database, "title T\ntrue() dkim,smime -> do_it\ntrue() smtp,md5 -> reject\n", "unsubscribe"
    )
    to = "welcome-request@lists.example.org"
    asked = MAIL.replace(mlist.address.encode(), to.encode()).replace(b"A line.", b"Thanks.")
    for covered in ("from:to:message-id:date", "from:to:subject:message-id:date"):
        raw = signed(asked, key, covered=covered).replace(b"Subject: Hello", b"Subject: unsubscribe")
        await posted(database, mlist, raw, zone, to)
        assert await is_on(database, mlist, "m0@example.edu")
    own = asked.replace(b"Subject: Hello", b"Subject: unsubscribe")
    await posted(database, mlist, signed(own, key), zone, to)
    assert not await is_on(database, mlist, "m0@example.edu")


async def test_pitfall_57_what_was_signed_by_smime_is_posted_as_signed_once(
    database: Database, zone: Zone
) -> None:
    """Another Subject and Message-ID around the same signed words, at this list or another one."""
    mlist = await governed(database, "title Certified\ntrue() smime -> do_it\n")
    fields = MAIL.partition(b"\r\n\r\n")[0] + b"\r\n"
    raw = signed_by(certified(MIDDLE, "M", addresses=("m0@example.edu",)), fields=fields)
    assert (await posted(database, mlist, raw, zone)).code == 250
    message_id = re.search(rb"Message-ID: <[^>]+>", raw)
    assert message_id is not None
    again = raw.replace(message_id[0], b"Message-ID: <again@evil.example>")
    again = again.replace(b"Subject: Hello", b"Subject: I resign")
    assert (await found(again, zone)).method == "smime"
    assert (await posted(database, mlist, again, zone)).code == 550
    # The message itself may come once more, as mail does, and to other lists.
    assert (await posted(database, mlist, raw, zone)).code == 250
    assert len(await posts_of(database, mlist)) == 1


async def test_pitfall_57_what_was_signed_by_smime_is_no_command(database: Database, zone: Zone) -> None:
    """Subject and recipient are outside of what S/MIME signs: an owner's mail about lunch would add anybody."""
    _, mlist = await a_list(database)
    owner, mallory = "carol@example.edu", "mallory@evil.example"
    lunch = f"From: {owner}\r\nTo: friend@x.example\r\nSubject: Lunch\r\nMessage-ID: <9@x>\r\n".encode()
    raw = signed_by(certified(MIDDLE, "C", addresses=(owner,)), fields=lunch)
    raw = raw.replace(b"Subject: Lunch", f"Subject: add {mallory}".encode())
    assert (await found(raw, zone, OURS)).method == "smime"
    await posted(database, mlist, raw, zone, "welcome-request@lists.example.org")
    assert not await is_on(database, mlist, mallory)


async def is_on(database: Database, mlist: MailingList, address: str) -> bool:
    async with database.read() as reader:
        return await memberships.find(reader, mlist.id, address) is not None


async def test_pitfall_56_no_findings_leave_with_the_lists_copies(
    database: Database, key: rsa.RSAPrivateKey, zone: Zone
) -> None:
    mlist = await governed(database)
    raw = stated("dkim=pass header.d=example.edu", "mx.elsewhere.example") + stated("dmarc=pass") + MAIL
    assert (await posted(database, mlist, signed(raw, key), zone)).code == 250
    (delivery,) = await posts_of(database, mlist)
    async with database.read() as reader:
        out = parse_message(await deliveries.outgoing(reader, delivery.id) or b"")
    assert out.count("Authentication-Results") == 0
    assert out.count("DKIM-Signature") == 1


async def test_a_refusal_is_not_final_while_the_signature_cannot_be_checked(
    database: Database, key: rsa.RSAPrivateKey, zone: Zone
) -> None:
    mlist = await governed(database, "title T\ntrue() dkim -> do_it\ntrue() smtp -> reject,quiet\n")
    evidence = await found(signed(MAIL, key), Zone(silent={"s1._domainkey.example.edu."}), OURS)
    reply = await receive(database, "m0@example.edu", mlist.address, signed(MAIL, key), evidence)
    assert (reply.code, reply.enhanced) == (451, "4.7.5")
    assert await posts_of(database, mlist) == []
    assert (await posted(database, mlist, signed(MAIL, key), zone)).code == 250
