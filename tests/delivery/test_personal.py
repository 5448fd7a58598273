"""Each recipient's copy says what is theirs, proves it by its signature, and gives away nothing else (rows 55, 56, 58)."""

import email
import email.policy
import re
from email.message import EmailMessage

import pytest

from delivery.copies import Original, Originals
from delivery.personal.making import Making, octets_of
from delivery.posts import post
from delivery.reception import receive
from delivery.settling import member_ids
from identity.actor import operator
from identity.entrance import actor_for_mail
from identity.people import create_person
from identity.refusal import Invalid
from lists.mailing_lists import update_settings
from lists.one_click import unsubscribe_one_click
from mail.verp import verp_address
from storage import deliveries, memberships, packets
from storage.database import Database
from storage.tables.lists import MailingList, Robot
from storage.tables.mail import Delivery
from storage.tables.words import Strength
from tests.conftest import Clock
from tests.delivery.signing.keeping_world import Domain
from tests.delivery.signing.verifying import key, verdicts
from tests.delivery.test_bounces import a_report
from tests.delivery.test_flow import a_list, a_message, posts_of

FOOTER = "--\nFor {{ person.name|default('you') }} ({{ person.email }}), room {{ membership.attributes.room }}\nLeave: {{ unsubscribe_url }}"


async def with_settings(database: Database, robot: Robot, mlist: MailingList, **settings: str) -> MailingList:
    async with database.write() as uow:
        return await update_settings(uow, operator(robot), mlist, settings)


async def two_members(database: Database, mlist: MailingList, name: str = "Žofie") -> None:
    async with database.write() as uow:
        for number, (who, room) in enumerate(
            [(name, "{{ 7*7 }}"), ("<b>Bob</b> & Co\r\nBcc: x@evil.example", "")]
        ):
            address = f"p{number}@example.edu"
            await memberships.add(
                uow,
                mlist.id,
                address=address,
                address_key=address,
                display_name=who,
                attributes={"room": room},
            )


async def original_of(database: Database, delivery: Delivery) -> Original:
    async with database.read() as reader:
        found = await Originals().get(reader, delivery.id)
    assert found is not None
    return found


async def sent(database: Database, mlist: MailingList) -> dict[str, bytes]:
    """The copies of the latest post as they would go over the wire, by address; under "" the one that is shared."""
    delivery = (await posts_of(database, mlist))[0]
    original = await original_of(database, delivery)
    found: dict[str, bytes] = {}
    async with database.read() as reader:
        there = await packets.of_delivery(reader, delivery.id)
    for packet in there:
        keys = member_ids(packet)
        if not original.is_for_each(packet) or original.own is None:
            found[""] = original.data
            continue
        making = Making(database, original.own, delivery.id, keys)
        await making.reach(len(keys))
        await making.close()
        async with database.read() as reader:
            names = await packets.addresses_of(reader, keys)
        for number, own in zip(keys, making.made, strict=True):
            octets = octets_of(original.own, own)
            found[names[number]] = re.sub(rb"(?m)^\.\.", b".", octets[:])
    return found


def parsed(raw: bytes) -> EmailMessage:
    found = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    assert not found.defects
    return found


def words_of(raw: bytes) -> str:
    return str(parsed(raw).get_content()).replace("\r\n", "\n")


async def test_two_recipients_get_different_footers_and_different_links(database: Database) -> None:
    robot, mlist = await a_list(database, members=1)
    await two_members(database, mlist)
    await with_settings(database, robot, mlist, footer=FOOTER)
    assert (await receive(database, "m0@example.edu", mlist.address, a_message())).code == 250
    copies = await sent(database, mlist)
    assert set(copies) == {"m0@example.edu", "p0@example.edu", "p1@example.edu"}
    texts = {address: words_of(raw) for address, raw in copies.items()}
    assert "A line.\n.\n\n-- \nFor Žofie (p0@example.edu), room {{ 7*7 }}\n" in texts["p0@example.edu"]
    assert "For <b>Bob</b> & Co Bcc: x@evil.example (p1@example.edu), room \n" in texts["p1@example.edu"] or (
        "For <b>Bob</b> & Co Bcc: x@evil.example (p1@example.edu), room\n" in texts["p1@example.edu"]
    )
    assert "For you (m0@example.edu)" in texts["m0@example.edu"]
    links = {address: re.findall(r"Leave: (\S+)", text)[0] for address, text in texts.items()}
    assert len(set(links.values())) == 3
    for address, raw in copies.items():
        assert parsed(raw)["List-Unsubscribe"].startswith(f"<{links[address]}>")
        assert len(parsed(raw).get_all("List-Unsubscribe") or []) == 1
        assert parsed(raw)["Bcc"] is None


async def test_the_link_of_a_footer_ends_that_subscription_alone(database: Database) -> None:
    robot, mlist = await a_list(database, members=1)
    await two_members(database, mlist)
    await with_settings(database, robot, mlist, footer="{{ unsubscribe_url }}")
    await receive(database, "m0@example.edu", mlist.address, a_message())
    link = re.findall(r"https://\S+/u/(\S+)", words_of((await sent(database, mlist))["p0@example.edu"]))[0]
    async with database.write() as uow:
        assert await unsubscribe_one_click(uow, link) == "p0@example.edu"
    async with database.read() as reader:
        left = [await memberships.find(reader, mlist.id, f"p{n}@example.edu") for n in range(2)]
    assert left[0] is None
    assert left[1] is not None


async def test_a_footer_that_names_nobody_leaves_the_copy_shared_and_without_one_click_fields(
    database: Database,
) -> None:
    robot, mlist = await a_list(database, members=3)
    await with_settings(
        database, robot, mlist, footer="-- \n{{ list.name }}: {{ list.archive }}", header="Top"
    )
    await receive(database, "m0@example.edu", mlist.address, a_message())
    copies = await sent(database, mlist)
    assert set(copies) == {""}
    assert words_of(copies[""].replace(b"\r\n..", b"\r\n.")).startswith("Top\n\nA line.\n")
    assert words_of(copies[""]).rstrip().endswith("/lists/welcome/archive")
    assert parsed(copies[""])["List-Unsubscribe-Post"] is None
    assert "/u/" not in copies[""].decode()


async def test_in_html_every_value_is_text(database: Database) -> None:
    robot, mlist = await a_list(database, members=1)
    await two_members(database, mlist, name="</p><script>alert(1)</script>")
    await with_settings(
        database,
        robot,
        mlist,
        footer="{{ person.name }}",
        footer_html='<p title="{{ person.name }}">{{ person.name }}</p>',
    )
    raw = a_message(more="MIME-Version: 1.0\r\nContent-Type: text/html\r\n")
    await receive(database, "m0@example.edu", mlist.address, raw)
    text = words_of((await sent(database, mlist))["p0@example.edu"])
    escaped = "&lt;/p&gt;&lt;script&gt;alert(1)&lt;/script&gt;"
    assert f'<p title="{escaped}">{escaped}</p>' in text


@pytest.mark.parametrize(
    "text", ["{{ person.secret }}", "{{ ''.__class__ }}", "{% for a in list %}{% endfor %}"]
)
async def test_a_footer_that_cannot_be_is_refused_with_its_line(database: Database, text: str) -> None:
    robot, mlist = await a_list(database)
    with pytest.raises(Invalid, match="in line 2, "):
        await with_settings(database, robot, mlist, footer=f"one\n{text}")


async def test_a_body_is_no_template_unless_the_list_wants_it(database: Database) -> None:
    robot, mlist = await a_list(database, members=1)
    raw = a_message().replace(b"A line.", b"{{ 7*7 }} {{ person.email }}")
    await receive(database, "m0@example.edu", mlist.address, raw)
    assert "{{ 7*7 }} {{ person.email }}" in words_of((await sent(database, mlist))[""])
    await with_settings(database, robot, mlist, merge="owners", footer="F")
    again = raw.replace(b"<1@", b"<2@")
    assert (await receive(database, "m0@example.edu", mlist.address, again)).code == 250
    assert "{{ 7*7 }} {{ person.email }}" in words_of((await sent(database, mlist))[""])


@pytest.mark.parametrize("kind", ["text/plain; charset=utf-8", "text/html", "application/pdf"])
@pytest.mark.parametrize("header", ["", "For {{ person.email }}"])
async def test_each_copys_signature_is_good_and_covers_its_way_out(
    database: Database, clock: Clock, kind: str, header: str
) -> None:
    # dkimpy believes no signature of a time to come.
    clock.now = 1_700_000_000 * 1_000_000
    robot, mlist = await a_list(database, members=1, dkim_sign_posts="any")
    await Domain(database, robot, mlist).key(selector=key().selector)
    await two_members(database, mlist)
    await with_settings(database, robot, mlist, footer=FOOTER, header=header)
    raw = a_message(more=f"MIME-Version: 1.0\r\nContent-Type: {kind}\r\n")
    await receive(database, "m0@example.edu", mlist.address, raw)
    copies = await sent(database, mlist)
    assert len(copies) == 3
    for copy in copies.values():
        covered = parsed(copy)["DKIM-Signature"].replace(" ", "").lower()
        assert "list-unsubscribe:" in covered
        assert "list-unsubscribe-post" in covered
        assert verdicts(copy, key()) == [True]
        assert verdicts(copy.replace(b"/u/", b"/U/", 1), key()) == [False]


async def test_owners_may_post_templates_and_are_told_what_is_wrong_before_anything_is_kept(
    database: Database,
) -> None:
    robot, mlist = await a_list(database, members=1, send="public")
    await two_members(database, mlist)
    mlist = await with_settings(
        database, robot, mlist, merge="owners", header="Top", footer="-- \n{{ person.email }}"
    )
    async with database.write() as uow:
        await create_person(uow, "carol@example.edu", proved=True)
        carol = await actor_for_mail(uow, robot, "carol@example.edu", Strength.MD5)
        with pytest.raises(Invalid, match="in line 2, there is no variable"):
            await post(uow, carol, mlist, subject="Hi", text="Dear\n{{ person.nme }}")
    async with database.write() as uow:
        html = "<html><body><p>Dear {{ person.name }}</p></body></html>"
        outcome = await post(uow, carol, mlist, subject="Hi", text="Dear {{ person.name }}", html=html)
    assert outcome.delivery_id is not None
    copy = parsed((await sent(database, mlist))["p0@example.edu"])
    plain, rich = [str(part.get_content()).replace("\r\n", "\n") for part in copy.iter_parts()]
    assert plain == "Top\n\nDear Žofie\n\n-- \np0@example.edu\n"
    assert "Top<p>Dear Žofie</p>-- <br>\np0@example.edu</body>" in rich


async def test_a_member_who_has_left_meanwhile_gets_no_copy(database: Database) -> None:
    robot, mlist = await a_list(database, members=2)
    await with_settings(database, robot, mlist, footer=FOOTER)
    await receive(database, "m0@example.edu", mlist.address, a_message())
    delivery = (await posts_of(database, mlist))[0]
    original = await original_of(database, delivery)
    async with database.write() as uow:
        gone = await memberships.find(uow, mlist.id, "m1@example.edu")
        assert gone is not None
        await memberships.remove(uow, mlist.id, gone.id)
        (packet,) = await packets.of_delivery(uow, delivery.id)
    assert original.own is not None
    making = Making(database, original.own, delivery.id, member_ids(packet))
    await making.reach(2)
    assert [own.is_gone for own in making.made] == [False, True]


async def test_slots_are_kept_with_the_message(database: Database) -> None:
    robot, mlist = await a_list(database, members=1)
    await with_settings(database, robot, mlist, footer=FOOTER)
    await receive(database, "m0@example.edu", mlist.address, a_message())
    delivery = (await posts_of(database, mlist))[0]
    async with database.read() as reader:
        slots = await deliveries.slots(reader, delivery.id)
        raw = await deliveries.outgoing(reader, delivery.id) or b""
    assert "person.email" in slots
    assert b"{{" not in raw
    assert delivery.personalization == "always"


async def test_where_some_share_a_copy_and_others_do_not_each_has_one_way_out(database: Database) -> None:
    robot, mlist = await a_list(database, members=3, personalization="on_bounce")
    await receive(database, "m0@example.edu", mlist.address, a_message())
    first = (await posts_of(database, mlist))[0]
    path = await verp_of(database, mlist, "m1@example.edu", first.id)
    assert (await receive(database, "", path, a_report())).code == 250
    await receive(database, "m0@example.edu", mlist.address, a_message(message_id="<2@example.edu>"))
    copies = await sent(database, mlist)
    assert set(copies) == {"", "m1@example.edu"}
    assert parsed(copies[""]).get_all("List-Unsubscribe") == [f"<mailto:welcome-unsubscribe@{robot.domain}>"]
    assert parsed(copies[""])["List-Unsubscribe-Post"] is None
    (own,) = parsed(copies["m1@example.edu"]).get_all("List-Unsubscribe") or []
    assert "/u/" in own
    assert parsed(copies["m1@example.edu"])["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


async def verp_of(database: Database, mlist: MailingList, address: str, delivery_id: int) -> str:
    async with database.read() as reader:
        hurt = await memberships.find(reader, mlist.id, address)
    assert hurt is not None
    return verp_address(mlist.name, mlist.domain, hurt.id, delivery_id, database.site.key("verp"))
