"""Posts whose author's domain has failing mail rejected: what lists do, and what arrives (rows 48 and 49; anchors 38, 39)."""

from dataclasses import replace

import dkim
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlalchemy import select

from delivery.authentication.lookup import Records
from delivery.authentication.policies import Policies
from delivery.evidence import Checks, gather
from delivery.moderation import decide
from delivery.posts import ask_beforehand, post
from delivery.reception import receive
from identity.actor import Actor, operator
from lists.mailing_lists import update_settings
from mail.instant import SECOND
from mail.message import Message, author, parse_message
from mail.status import Reply
from storage import deliveries, moderation, robots
from storage.database import Database
from storage.query import Query
from storage.tables.lists import MailingList, Robot
from storage.tables.mail import audit
from storage.tables.words import ModerationState
from tests.conftest import Clock
from tests.delivery.authentication.sealing import chain_of
from tests.delivery.authentication.signing import NOW, Zone, record_of, rsa_key, signed
from tests.delivery.corpus import preview
from tests.delivery.test_decisions import someone
from tests.delivery.test_flow import a_list, posts_of

MAIL = (
    b"From: Ada Lovelace <m0@example.edu>\r\nTo: welcome@lists.example.org\r\nSubject: Hello\r\n"
    b"Message-ID: <1@example.edu>\r\nDate: Mon, 18 Mar 2030 12:00:00 +0000\r\n\r\nA line.\r\n"
)
VIA = "Ada Lovelace via welcome <welcome@lists.example.org>"


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa_key()


def zone_of(key: rsa.RSAPrivateKey, policy: str = "reject") -> Zone:
    zone = Zone()
    zone.publish("example.edu", record_of(key))
    if policy:
        zone.records["_dmarc.example.edu."] = (f"v=DMARC1; p={policy}".encode(),)
    return zone


async def posted(database: Database, mlist: MailingList, raw: bytes, zone: Zone) -> Reply:
    checks = Checks(lambda: NOW * SECOND, zone, "mx.example.org")
    evidence = await gather(parse_message(raw), checks)
    return await receive(database, "m0@example.edu", mlist.address, raw, evidence)


async def sent(database: Database, mlist: MailingList, raw: bytes, zone: Zone) -> Message:
    """What goes out of a post that is taken."""
    assert (await posted(database, mlist, raw, zone)).code == 250
    return await latest(database, mlist)


async def latest(database: Database, mlist: MailingList) -> Message:
    found = await posts_of(database, mlist)
    async with database.read() as reader:
        return parse_message(await deliveries.outgoing(reader, found[0].id) or b"")


def holds(message: Message, key: rsa.RSAPrivateKey) -> bool:
    """Whether dkimpy finds a signature of the author's domain that holds."""

    def answer(_name: bytes, timeout: int) -> Records | bytes:
        return record_of(key)

    verifier = dkim.DKIM(message.raw)
    for place, _ in enumerate(message.fields_named("DKIM-Signature")):
        try:
            if verifier.verify(place, dnsfunc=answer):
                return True
        except dkim.DKIMException:
            continue
    return False


async def test_row_49_what_keeps_its_signature_goes_out_under_its_authors_name(
    database: Database, key: rsa.RSAPrivateKey
) -> None:
    _, mlist = await a_list(database)
    out = await sent(database, mlist, signed(MAIL, key), zone_of(key))
    assert out.first("From") == "Ada Lovelace <m0@example.edu>"
    assert holds(out, key)
    assert out.count("X-Original-From") == 0


async def test_row_49_what_loses_it_comes_from_the_list(database: Database, key: rsa.RSAPrivateKey) -> None:
    _, mlist = await a_list(database, subject_tag="welcome")
    out = await sent(database, mlist, signed(MAIL, key), zone_of(key))
    assert str(author(out)) == VIA
    assert out.first("Reply-To") == "Ada Lovelace <m0@example.edu>"
    assert out.first("X-Original-From") == "Ada Lovelace <m0@example.edu>"
    assert out.first("Subject") == "[welcome] Hello"
    assert (out.count("DKIM-Signature"), out.count("X-Original-DKIM-Signature")) == (0, 1)
    assert out.body == b"A line.\r\n"


@pytest.mark.parametrize(
    ("settings", "policy", "raw", "is_munged"),
    [
        ({}, "reject", MAIL, True),
        ({}, "quarantine", MAIL, True),
        ({}, "none", MAIL, False),
        ({}, "", MAIL, False),
        ({"subject_tag": "x"}, "none", None, False),
        ({"subject_tag": "x", "dmarc_policies": "reject"}, "quarantine", None, False),
        ({"subject_tag": "x", "dmarc_policies": "always"}, "none", None, True),
        ({"subject_tag": "x", "dmarc_policies": "always"}, "", None, True),
        ({"subject_tag": "x", "dmarc_policies": "none"}, "none", None, True),
        # No setting leaves a post that will be lost.
        ({"subject_tag": "x", "dmarc_policies": "quarantine"}, "reject", None, True),
        ({"subject_tag": "x", "dmarc_protection": "none"}, "reject", None, True),
        ({"subject_tag": "x", "dmarc_protection": "none"}, "quarantine", None, False),
        ({"dmarc_protection": "none"}, "reject", None, False),
        ({"subject_tag": "x", "dmarc_exempt_domains": "example.edu"}, "reject", None, False),
        ({"subject_tag": "x", "dmarc_exempt_domains": "edu.example"}, "reject", None, True),
        ({"footer": "Bye"}, "reject", None, True),
        ({"footer": "Bye"}, "none", None, False),
        ({"reply_to_list": "true"}, "reject", None, False),
    ],
)
async def test_a_list_protects_where_its_settings_and_the_domain_want_it(
    settings: dict[str, str],
    policy: str,
    raw: bytes | None,
    is_munged: bool,
    sqlite: Database,
    key: rsa.RSAPrivateKey,
) -> None:
    _, mlist = await a_list(sqlite, **settings)
    out = await sent(sqlite, mlist, raw or signed(MAIL, key), zone_of(key, policy))
    assert (str(author(out)) == VIA) is is_munged
    if policy == "reject" and not is_munged and not settings.get("dmarc_exempt_domains"):
        assert holds(out, key)


async def test_a_policy_that_cannot_be_found_out_counts_as_the_strictest_for_mail_that_claims_to_be_signed(
    sqlite: Database, key: rsa.RSAPrivateKey
) -> None:
    """Whoever rejects mail signs it; and without a DNS the others keep their names."""
    _, mlist = await a_list(sqlite, subject_tag="x")
    zone = zone_of(key)
    zone.silent.add("_dmarc.example.edu.")
    for number, (change, is_munged) in enumerate(
        [
            (lambda raw: signed(raw, key), True),
            (lambda raw: signed(raw, key, bh="AAAA"), True),
            (lambda raw: signed(raw, key, domain="mail.example.edu"), True),
            (lambda raw: signed(raw, key, domain="elsewhere.example"), False),
            (lambda raw: raw, False),
        ]
    ):
        raw = change(MAIL.replace(b"<1@", b"<%d@" % number))
        assert (str(author(await sent(sqlite, mlist, raw, zone))) == VIA) is is_munged
        # Without a question to anybody it is the same.
        again = change(MAIL.replace(b"<1@", b"<again%d@" % number))
        assert (await receive(sqlite, "m0@example.edu", mlist.address, again)).code == 250
        assert (str(author(await latest(sqlite, mlist))) == VIA) is is_munged


@pytest.mark.parametrize(
    "tags",
    [
        {"covered": "from:to:subject:message-id:date:sender"},
        {"covered": "from:to:subject:message-id:date:reply-to:list-id"},
        {"covered": "from:to:subject:message-id:date:dkim-signature:dkim-signature"},
    ],
)
async def test_a_name_that_is_signed_to_be_absent_must_stay_absent(
    tags: dict[str, str], sqlite: Database, key: rsa.RSAPrivateKey
) -> None:
    _, mlist = await a_list(sqlite)
    raw = signed(MAIL, key, **tags)  # type: ignore[arg-type]
    assert str(author(await sent(sqlite, mlist, raw, zone_of(key)))) == VIA


async def test_a_signature_of_somebody_else_or_without_from_or_by_length_protects_nobody(
    sqlite: Database, key: rsa.RSAPrivateKey
) -> None:
    _, mlist = await a_list(sqlite)
    zone = zone_of(key)
    zone.publish("evil.example", record_of(key))
    for number, raw in enumerate(
        (
            signed(MAIL, key, "evil.example"),
            signed(MAIL, key, covered="to:subject:message-id"),
            signed(MAIL, key, body_length=3),
            signed(MAIL, key).replace(b"A line.", b"A lie."),
            signed(MAIL, key, x="1800000000"),
            # It would run out on the way.
            signed(MAIL, key, x=str(NOW + 3600)),
        )
    ):
        own = raw.replace(b"Message-ID: <1@", f"Message-ID: <{number}@".encode())
        assert str(author(await sent(sqlite, mlist, own, zone))) == VIA


async def test_strict_alignment_is_as_the_domain_wants_it(sqlite: Database, key: rsa.RSAPrivateKey) -> None:
    _, mlist = await a_list(sqlite)
    zone = zone_of(key)
    zone.publish("cs.example.edu", record_of(key))
    raw = signed(MAIL, key, "cs.example.edu")
    assert str(author(await sent(sqlite, mlist, raw, zone))) != VIA
    zone.records["_dmarc.example.edu."] = (b"v=DMARC1; p=reject; adkim=s",)
    again = signed(MAIL.replace(b"<1@", b"<2@"), key, "cs.example.edu")
    assert str(author(await sent(sqlite, mlist, again, zone))) == VIA


async def test_the_robots_own_people_keep_their_name(sqlite: Database, key: rsa.RSAPrivateKey) -> None:
    _, mlist = await a_list(sqlite, send="public", subject_tag="x")
    raw = MAIL.replace(b"m0@example.edu", b"ada@lists.example.org")
    out = await sent(sqlite, mlist, raw, zone_of(key))
    assert out.first("From") == "Ada Lovelace <ada@lists.example.org>"


async def test_where_the_list_wants_answers_the_author_is_in_cc(
    sqlite: Database, key: rsa.RSAPrivateKey
) -> None:
    _, mlist = await a_list(sqlite, subject_tag="x", reply_to_list="true")
    out = await sent(sqlite, mlist, MAIL, zone_of(key))
    assert (out.first("Reply-To"), out.count("Reply-To")) == (mlist.address, 1)
    assert out.first("Cc") == "Ada Lovelace <m0@example.edu>"


@pytest.mark.parametrize("reply_to_list", ["true", "false"])
async def test_a_senders_own_reply_to_stays(
    reply_to_list: str, sqlite: Database, key: rsa.RSAPrivateKey
) -> None:
    _, mlist = await a_list(sqlite, subject_tag="x", reply_to_list=reply_to_list)
    out = await sent(sqlite, mlist, b"Reply-To: desk@example.net\r\n" + MAIL, zone_of(key))
    assert out.all("Reply-To") == ["desk@example.net"]


async def test_anchor_39_a_wrapped_message_is_inside_to_the_octet(
    database: Database, key: rsa.RSAPrivateKey
) -> None:
    _, mlist = await a_list(database, dmarc_protection="wrap", subject_tag="x")
    raw = b"Received: from a by b; Mon, 18 Mar 2030 12:00:00 +0000\r\n" + signed(
        MAIL.replace(b"A line.", "Grüße".encode()), key
    )
    out = await sent(database, mlist, raw, zone_of(key))
    assert out.body == raw
    assert holds(parse_message(out.body), key)
    assert str(author(out)) == VIA
    assert out.first("Content-Type") == "message/rfc822"
    assert out.first("Content-Transfer-Encoding") == "8bit"
    assert (out.first("Subject"), out.first("Message-ID")) == ("[x] Hello", "<1@example.edu>")
    assert out.first("Reply-To") == "Ada Lovelace <m0@example.edu>"
    assert (out.count("DKIM-Signature"), out.count("Received"), out.count("List-Id")) == (0, 1, 1)
    for name in ("From", "To", "Subject", "Date", "Message-ID", "Reply-To", "MIME-Version", "Content-Type"):
        assert out.count(name) == 1, name


async def test_a_footer_leaves_a_wrapped_message_alone(sqlite: Database, key: rsa.RSAPrivateKey) -> None:
    _, mlist = await a_list(sqlite, dmarc_protection="wrap", footer="Bye")
    raw = signed(MAIL, key)
    out = await sent(sqlite, mlist, raw, zone_of(key))
    assert raw in out.body
    assert "message/rfc822" in out.raw.decode()


async def test_anchor_39_a_list_may_refuse_at_the_door_with_a_reason(
    database: Database, key: rsa.RSAPrivateKey
) -> None:
    robot, mlist = await a_list(database, dmarc_protection="reject")
    reply = await posted(database, mlist, MAIL, zone_of(key))
    assert (reply.code, reply.enhanced) == (550, "5.7.1")
    assert "example.edu publishes the DMARC policy p=reject" in reply.text
    assert await posts_of(database, mlist) == []
    # The same answer a second time, and to whoever asks beforehand.
    assert await posted(database, mlist, MAIL, zone_of(key)) == reply
    evidence = await gather(parse_message(MAIL), Checks(lambda: NOW * SECOND, zone_of(key)))
    async with database.read() as reader:
        asked = await preview(reader, robot, mlist, parse_message(MAIL), "m0@example.edu", evidence)
    assert asked.reply == reply
    event, detail = (await audited(database))[-1]
    assert (event, detail["dmarc"], detail["domain"]) == ("rejected", "reject", "example.edu")
    # Where the signature holds there is nothing to refuse.
    assert (await posted(database, mlist, signed(MAIL, key), zone_of(key))).code == 250


async def test_nobody_is_refused_for_good_because_the_dns_did_not_answer(
    sqlite: Database, key: rsa.RSAPrivateKey
) -> None:
    _, mlist = await a_list(sqlite, dmarc_protection="reject")
    zone = zone_of(key)
    zone.silent.add("_dmarc.example.edu.")
    raw = signed(MAIL, key, bh="AAAA")
    assert (await posted(sqlite, mlist, raw, zone)).code == 451
    async with sqlite.write() as uow:
        await update_settings(uow, operator(await _robot(sqlite)), mlist, {"dmarc_protection": "discard"})
    assert str(author(await sent(sqlite, mlist, raw, zone))) == VIA


async def _robot(database: Database) -> Robot:
    async with database.read() as reader:
        found = await robots.find(reader, "lists.example.org")
    assert found is not None
    return found


async def test_anchor_39_a_list_may_drop_what_would_fail(database: Database, key: rsa.RSAPrivateKey) -> None:
    _, mlist = await a_list(database, dmarc_protection="discard")
    assert (await posted(database, mlist, MAIL, zone_of(key))).code == 250
    assert await posts_of(database, mlist) == []
    event, detail = (await audited(database))[-1]
    assert (event, detail["message_id"]) == ("discarded", "<1@example.edu>")


async def test_what_was_found_out_protects_a_post_that_is_approved_later(
    database: Database, key: rsa.RSAPrivateKey, clock: Clock
) -> None:
    robot, mlist = await a_list(database, send="editorkey", subject_tag="x")
    for number, policy in enumerate(("reject", "none", "none")):
        raw = signed(MAIL.replace(b"<1@", f"<{number}@".encode()), key)
        assert (await posted(database, mlist, raw, zone_of(key, policy))).code == 250
    async with database.read() as reader:
        items = [await moderation.by_id(reader, number) for number in (1, 2, 3)]
    for days, item, is_munged in zip((2, 2, 30), items, (True, False, True), strict=True):
        clock.advance(days=days)
        assert item is not None
        async with database.write() as uow:
            await decide(uow, operator(robot), mlist, item, ModerationState.APPROVED)
        # The policy of a month ago may have become stricter.
        assert (str(author(await latest(database, mlist))) == VIA) is is_munged


async def test_what_an_editor_let_through_is_not_refused_any_more(
    sqlite: Database, key: rsa.RSAPrivateKey
) -> None:
    robot, mlist = await a_list(sqlite, send="editorkey", subject_tag="x")
    assert (await posted(sqlite, mlist, signed(MAIL, key), zone_of(key))).code == 250
    async with sqlite.write() as uow:
        changed = await update_settings(uow, operator(robot), mlist, {"dmarc_protection": "reject"})
        item = await moderation.by_id(uow, 1)
        assert item is not None
        await decide(uow, operator(robot), changed, item, ModerationState.APPROVED)
    assert str(author(await latest(sqlite, mlist))) == VIA


async def test_what_is_sealed_says_what_was_found_out(database: Database, key: rsa.RSAPrivateKey) -> None:
    _, mlist = await a_list(database)
    spf = b"Authentication-Results: mx.example.org; spf=pass smtp.mailfrom=m0@example.edu\r\n"
    assert (await posted(database, mlist, spf + signed(MAIL, key), zone_of(key))).code == 250
    (delivery,) = await posts_of(database, mlist)
    async with database.read() as reader:
        said = await deliveries.authentication_results(reader, delivery.id)
    assert said == (
        "mx.example.test; dkim=pass header.d=example.edu header.s=s1; spf=pass smtp.mailfrom=example.edu; "
        "dmarc=pass header.from=example.edu; arc=none"
    )


async def test_nothing_a_stranger_writes_gets_into_what_is_sealed(
    sqlite: Database, key: rsa.RSAPrivateKey
) -> None:
    _, mlist = await a_list(sqlite, send="public")
    forged = (
        b'Authentication-Results: mx.example.org; spf=pass smtp.mailfrom="x; dmarc=pass header.from=victim.example"\r\n'
        b'Authentication-Results: mx.example.org; dkim=pass header.d="a (b\\"; arc=pass"\r\n'
    )
    out = await sent(sqlite, mlist, forged + MAIL, zone_of(key))
    assert out.count("Authentication-Results") == 0
    (delivery,) = await posts_of(sqlite, mlist)
    async with sqlite.read() as reader:
        said = await deliveries.authentication_results(reader, delivery.id)
    assert said == "mx.example.test; dkim=pass; spf=pass; dmarc=fail header.from=example.edu; arc=none"


async def test_a_trusted_forwarder_vouches_for_dmarc_and_never_for_the_method(
    sqlite: Database, key: rsa.RSAPrivateKey
) -> None:
    zone = zone_of(key)
    zone.publish("alumni.example", record_of(key))
    results = "dkim=pass header.d=example.edu; dmarc=pass header.from=example.edu"
    raw = chain_of(MAIL, key, "alumni.example", results=results)
    evidence = await gather(parse_message(raw), Checks(lambda: NOW * SECOND, zone))
    assert (evidence.method, evidence.results["arc"], evidence.results["dmarc"]) == ("smtp", "pass", "fail")
    assert evidence.kept()["dmarc"] == evidence.kept("elsewhere.example")["dmarc"] == "fail"
    assert evidence.kept("alumni.example")["dmarc"] == "pass"
    broken = raw.replace(b"A line.", b"A lie.")
    evidence = await gather(parse_message(broken), Checks(lambda: NOW * SECOND, zone))
    assert (evidence.results["arc"], evidence.kept("alumni.example")["dmarc"]) == ("fail", "fail")


async def test_dmarc_passes_by_spf_that_our_own_server_states(
    sqlite: Database, key: rsa.RSAPrivateKey
) -> None:
    for stated, result in (
        ("spf=pass smtp.mailfrom=m0@bounces.example.edu", "pass"),
        ("spf=pass smtp.mailfrom=m0@evil.example", "fail"),
        ("spf=fail smtp.mailfrom=m0@example.edu", "fail"),
        ("dmarc=none; spf=pass smtp.mailfrom=x@example.edu", "pass"),
    ):
        raw = f"Authentication-Results: mx.example.org; {stated}\r\n".encode() + MAIL
        checks = Checks(lambda: NOW * SECOND, zone_of(key), "mx.example.org")
        assert (await gather(parse_message(raw), checks)).results["dmarc"] == result


async def test_a_post_without_a_mail_is_protected_by_what_was_asked_before(
    sqlite: Database, key: rsa.RSAPrivateKey
) -> None:
    robot, mlist = await a_list(sqlite, send="public")
    policies = Policies(zone_of(key, "reject"))
    sqlite.site = replace(sqlite.site, author_policies=policies)
    actor = await someone(sqlite, robot, "m0@example.edu")
    await write(sqlite, actor, mlist)
    # Nobody asked yet, and nobody signs.
    assert (await latest(sqlite, mlist)).first("From") == "m0@example.edu"
    await ask_beforehand(sqlite.site, actor, None)
    await write(sqlite, actor, mlist)
    assert (await latest(sqlite, mlist)).first("From") == "m0 via welcome <welcome@lists.example.org>"


async def write(database: Database, actor: Actor, mlist: MailingList) -> None:
    async with database.write() as uow:
        await post(uow, actor, mlist, subject="Hello", text="Hi")


AUDITED: Query[tuple[str, dict[str, str]]] = Query(
    select(audit.c.event, audit.c.detail).order_by(audit.c.id),
    lambda event, detail: (event, orjson.loads(detail)),
)


async def audited(database: Database) -> list[tuple[str, dict[str, str]]]:
    async with database.read() as reader:
        return await reader.all(AUDITED)
