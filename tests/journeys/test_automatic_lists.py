"""Lists that a mail brings into being: once, for those who may, and for everybody else as if no such address existed."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace

import pytest

from delivery.door.milter_gate import SeenMessage
from delivery.evidence import Evidence
from delivery.reception import check_recipient, receive
from delivery.screening import Screening
from identity.actor import operator
from lists import automatic_lists, mailing_lists
from lists.families import definition_of
from lists.family_instances import instantiate
from lists.family_rows import entries_of
from mail.status import Reply
from storage import families as kept
from storage import lists, scenario_texts
from storage.tables.words import ListStatus
from tests.conftest import Clock
from tests.journeys.families_world import DEFINITION, defined, made
from tests.journeys.hostile_world import ELSEWHERE, Hostile

HOST = "lists.example.test"
ALICE, STRANGER = "alice@example.edu", "stranger@example.net"
PUBLIC = "automatic_list_creation: public\n"
FITS = ("family+law+year1", "family+arts+year2")
FITS_NOT = (
    "family+law+year9",
    "family+law",
    "family+law+year1+more",
    "family++year1",
    "family+l!w+year1",
    "family+x+year1",
)
SERVICES = ("family+law+year1-request", "family+law+year1-owner", "family+law+year1-subscribe")


def raw(
    local: str, sender: str = ALICE, message_id: str = "m1", more: str = "", body: str = "Hello."
) -> bytes:
    """A message."""
    return (
        f"From: {sender}\r\nTo: {local}@{HOST}\r\nSubject: Hello\r\nMessage-ID: <{message_id}@x>\r\n{more}\r\n{body}\r\n"
    ).encode()


async def posted(
    hostile: Hostile, local: str, sender: str = ALICE, message_id: str = "m1", evidence: Evidence | None = None,
    more: str = "",
) -> Reply:  # fmt: skip
    """What LMTP answers to a message."""
    whole = raw(local, sender, message_id, more)
    return await receive(hostile.world.db, sender, f"{local}@{HOST}", whole, evidence)


async def asked(
    hostile: Hostile, local: str, sender: str = ALICE, message_id: str = "m1", more: str = ""
) -> Reply:
    """What the milter answers to it."""
    seen = SeenMessage(sender, (f"{local}@{HOST}",), raw(local, sender, message_id, more), "192.0.2.1")
    return await Screening(hostile.world.db).message(seen)


async def names(hostile: Hostile) -> list[str]:
    """The lists that begin as the family's do."""
    async with hostile.world.db.read() as reader:
        every = await lists.of_robot(reader, hostile.world.robot.id)
    return [mlist.name for mlist in every if mlist.name.startswith("family")]


async def test_a_mail_of_somebody_entitled_makes_the_list_and_goes_to_its_members(hostile: Hostile) -> None:
    await defined(hostile, PUBLIC)
    assert (await posted(hostile, "Family+Law+Year1")).code == 250
    mlist = await made(hostile, "family+law+year1")
    assert mlist is not None
    assert (mlist.subject, mlist.status, mlist.send) == ("law, year1", ListStatus.OPEN, "public")
    assert await hostile.world.members(mlist) == [ALICE]
    assert (await posted(hostile, "family+law+year1", message_id="m2")).code == 250
    assert await names(hostile) == ["family+law+year1"]
    assert mlist.latest_message_at is None or mlist.latest_message_at > 0
    async with hostile.world.db.read() as reader:
        assert (await kept.instances(reader, [mlist.id]))[mlist.id].is_automatic


@pytest.mark.parametrize("copies", [True, False])
async def test_twenty_messages_at_once_make_one_list(hostile: Hostile, copies: bool) -> None:
    await defined(hostile, PUBLIC)
    replies = await asyncio.gather(
        *(
            posted(hostile, "family+law+year1", f"a{n}@example.edu", "same" if copies else f"m{n}")
            for n in range(20)
        )
    )
    assert {reply.code for reply in replies} == {250}
    assert await names(hostile) == ["family+law+year1"]
    mlist = await made(hostile, "family+law+year1")
    assert mlist is not None
    carol = await hostile.session(hostile.lena)
    found = await hostile.ask(
        "query ($a: EmailAddress!) { mailingList(address: $a) { deliveries(first: 50) { edges { node { id } } } } }",
        carol,
        a=mlist.address,
    )
    assert len(found["data"]["mailingList"]["deliveries"]["edges"]) == (1 if copies else 20)


async def test_twenty_lists_at_once_are_no_more_than_the_family_may_have(hostile: Hostile) -> None:
    await defined(hostile, PUBLIC, DEFINITION.replace("most_lists: 30", "most_lists: 5"))
    replies = await asyncio.gather(
        *(posted(hostile, f"family+ab{n}+year1", f"a{n}@example.edu") for n in range(20))
    )
    assert sorted(reply.code for reply in replies) == [250] * 5 + [550] * 15
    assert len(await names(hostile)) == 5


async def test_whoever_may_not_make_lists_hears_of_every_address_that_there_is_none(hostile: Hostile) -> None:
    # The robot's own policy: listmasters, and only with a proof.
    await defined(hostile)
    heard = set()
    for local in (*FITS, *FITS_NOT, *SERVICES):
        for sender in (STRANGER, ALICE, "lena@example.edu"):
            heard.add(await posted(hostile, local, sender))
            heard.add(await asked(hostile, local, sender))
        # Nor do other mistakes tell which address might be one.
        heard.add(await posted(hostile, local, more="Auto-Submitted: auto-replied\r\n"))
        heard.add(await posted(hostile, local, more=f"From: {STRANGER}\r\n"))
    heard.add(await posted(hostile, "no-such-list", STRANGER))
    assert {(reply.code, reply.enhanced, reply.text) for reply in heard} == {
        (550, "5.1.1", "no such list here")
    }
    assert await names(hostile) == []


async def test_nobody_finds_out_by_recipients_which_lists_there_are_or_might_be(hostile: Hostile) -> None:
    await defined(hostile, PUBLIC)
    assert (await posted(hostile, "family+law+year1")).code == 250
    known = {await check_recipient(hostile.world.db, f"{local}@{HOST}") for local in (*FITS, *FITS_NOT[:3])}
    assert {reply.code for reply in known} == {250}
    screening = Screening(hostile.world.db)
    assert {(await screening.recipient(f"{local}@{HOST}")) for local in (*FITS, *FITS_NOT[:3])} == known
    assert (await check_recipient(hostile.world.db, f"familylaw@{HOST}")).code == 550
    for local in FITS:
        assert (await check_recipient(hostile.world.db, f"{local}@{ELSEWHERE}")).code == 550
        elsewhere = await receive(hostile.world.db, ALICE, f"{local}@{ELSEWHERE}", raw(local))
        assert elsewhere.code == 550


async def test_neither_machines_nor_mail_without_a_sender_nor_spam_make_lists(hostile: Hostile) -> None:
    await defined(hostile, PUBLIC)
    local = FITS[0]
    assert (await receive(hostile.world.db, "", f"{local}@{HOST}", raw(local))).code == 550
    for more in ("Auto-Submitted: auto-generated\r\n", "X-Spam-Status: Yes, score=9\r\n"):
        assert (await posted(hostile, local, more=more)).code == 550
        assert (await asked(hostile, local, more=more)).code == 550
    assert await names(hostile) == []


@pytest.mark.parametrize("send", ["closed", "owner", "private", "public", "editorkey", "privateorpublickey"])
@pytest.mark.parametrize("sender", [ALICE, STRANGER, "law-secretary@example.edu"])
async def test_the_milter_answers_as_lmtp_does_and_leaves_nothing(
    hostile: Hostile, send: str, sender: str
) -> None:
    text = DEFINITION.replace("send: public", f"send: {send}").replace(
        "send: [public, private]", f"send: {send}"
    )
    await defined(hostile, PUBLIC, text)
    before = len(await hostile.letters())
    answer = await asked(hostile, FITS[0], sender)
    assert await names(hostile) == []
    assert len(await hostile.letters()) == before
    told = await posted(hostile, FITS[0], sender)
    assert (answer.code, answer.enhanced) == (told.code, told.enhanced)
    # What its own rules refuse brings no list about either.
    assert await names(hostile) == ([FITS[0]] if told.is_positive else [])


async def test_one_sender_makes_only_so_many_lists_in_a_while(hostile: Hostile, clock: Clock) -> None:
    await defined(hostile, PUBLIC)
    codes = [(await posted(hostile, f"family+ab{n}+year1")).code for n in range(22)]
    assert codes == [250] * 20 + [450] * 2
    assert (await asked(hostile, "family+ab20+year1")).code == 450
    # A proof of one's own is counted apart from what anybody may write under one's address.
    proved = Evidence("smime")
    assert (await posted(hostile, "family+ab20+year1", evidence=proved)).code == 250
    # And posts to lists that are there are not counted at all.
    assert (await posted(hostile, "family+ab0+year1", message_id="m2")).code == 250
    clock.advance(hours=2)
    assert (await posted(hostile, "family+ab21+year1")).code == 250


async def test_a_rule_may_want_a_proof_and_reads_the_family(hostile: Hostile) -> None:
    robot = hostile.world.robot
    rule = (
        "equal([family->name],'courses') dkim,smime -> do_it\n"
        "is_subscriber([family->family_owners_list],[sender]) smtp -> do_it\n"
        "true() smtp,dkim,md5,smime -> reject"
    )
    async with hostile.world.db.write() as uow:
        await scenario_texts.put(
            uow,
            robot_id=robot.id,
            list_id=None,
            operation="automatic_list_creation",
            name="proved",
            text=rule,
        )
    await defined(hostile, "automatic_list_creation: proved\nowners_list: welcome\n")
    signed = Evidence("dkim", recipients=frozenset({f"{FITS[0]}@{HOST}"}))
    assert (await posted(hostile, FITS[0], STRANGER)).code == 550
    # A signature for another address proves nothing here.
    assert (await posted(hostile, FITS[1], STRANGER, evidence=signed)).code == 550
    assert await names(hostile) == []
    assert (await posted(hostile, FITS[0], STRANGER, evidence=signed)).code == 250
    # Alice is on the list of those who own the family.
    assert (await posted(hostile, FITS[1], ALICE)).code == 250


async def test_a_signature_that_cannot_be_checked_just_now_tells_nothing_either(hostile: Hostile) -> None:
    await defined(hostile)
    unsure = replace(Evidence(), is_unsure=True)
    heard = {await posted(hostile, local, evidence=unsure) for local in (*FITS, *FITS_NOT)}
    assert {reply.code for reply in heard} == {451}
    assert (await posted(hostile, "no-such-list", evidence=unsure)).code == 550


async def test_a_list_made_by_mail_goes_when_it_is_idle_and_comes_back_with_a_mail(
    hostile: Hostile, clock: Clock
) -> None:
    db = hostile.world.db
    await defined(hostile, PUBLIC)
    assert (await posted(hostile, FITS[0])).code == 250
    clock.advance(days=20)
    assert (await posted(hostile, FITS[0], message_id="m2")).code == 250
    clock.advance(days=20)
    assert await automatic_lists.expire(db) == 0
    clock.advance(days=11)
    assert await automatic_lists.expire(db) == 1
    assert await automatic_lists.expire(db) == 0
    over = await made(hostile, FITS[0])
    assert over is not None
    assert over.status is ListStatus.FAMILY_CLOSED
    assert (await posted(hostile, FITS[0], message_id="m3")).code == 250
    again = await made(hostile, FITS[0])
    assert again is not None
    assert (again.id, again.status) == (over.id, ListStatus.OPEN)
    assert await automatic_lists.expire(db) == 0


async def test_an_empty_list_goes_after_a_day_and_lists_made_of_data_stay(
    hostile: Hostile, clock: Clock
) -> None:
    family = await defined(hostile, PUBLIC, DEFINITION.replace("  members: [alice@example.edu]\n", ""))
    robot = hostile.world.robot
    data = "dept,year\narts,year2\n"
    report = await instantiate(
        hostile.world.db, operator(robot), robot, family, entries_of(data, is_yaml=False)
    )
    assert report.created == 1
    assert (await posted(hostile, FITS[0])).code == 250
    clock.advance(hours=23)
    assert await automatic_lists.expire(hostile.world.db) == 0
    clock.advance(hours=2)
    assert await automatic_lists.expire(hostile.world.db) == 1
    assert await statuses(hostile, FITS) == [ListStatus.FAMILY_CLOSED, ListStatus.OPEN]
    # Data leave alone what mail has made, and close what they made themselves: no mail opens that again.
    other = "dept,year\nmaths,year1\n"
    assert (await posted(hostile, FITS[0], message_id="m2")).code == 250
    report = await instantiate(
        hostile.world.db, operator(robot), robot, family, entries_of(other, is_yaml=False)
    )
    assert [(each.name, each.what) for each in report.changes] == [
        ("family+maths+year1", "created"), (FITS[1], "closed"),
    ]  # fmt: skip
    assert (await posted(hostile, FITS[1])).code == 550
    assert await statuses(hostile, FITS) == [ListStatus.OPEN, ListStatus.FAMILY_CLOSED]


async def statuses(hostile: Hostile, wanted: Iterable[str]) -> list[ListStatus]:
    """The states of lists that are there."""
    found = [await made(hostile, name) for name in wanted]
    return [each.status for each in found if each is not None]


async def test_what_a_listmaster_or_owner_has_closed_is_not_opened_by_a_mail(hostile: Hostile) -> None:
    await defined(hostile, PUBLIC)
    assert (await posted(hostile, FITS[0])).code == 250
    mlist = await made(hostile, FITS[0])
    assert mlist is not None
    async with hostile.world.db.write() as uow:
        await mailing_lists.close_list(uow, operator(hostile.world.robot), mlist)
    assert (await posted(hostile, FITS[0], message_id="m2")).code == 550
    assert await statuses(hostile, FITS[:1]) == [ListStatus.CLOSED]


async def test_a_family_that_takes_no_mail_makes_none(hostile: Hostile) -> None:
    family = await defined(hostile, f"{PUBLIC}by_mail: false\n")
    assert definition_of(family).parameters[0].name == "dept"
    assert (await check_recipient(hostile.world.db, f"{FITS[0]}@{HOST}")).code == 550
    assert (await posted(hostile, FITS[0])).code == 550
    assert await names(hostile) == []
