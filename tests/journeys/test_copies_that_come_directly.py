"""Who is named in To or Cc has the message already, and may want no second copy from the list (row 132)."""

from typing import Any

from delivery.expanding import expand_all
from delivery.reception import receive
from identity.actor import operator
from identity.ledger import prove
from lists.robot_settings import update_robot
from storage import expansion, memberships
from storage.tables.words import AddressSource, Strength
from tests.conftest import Clock
from tests.journeys.hostile_world import Hostile
from tests.journeys.test_one_copy import change
from tests.journeys.test_personal_view import HOME, MAIN, WORK, ann, made, nodes, seen, takers_of

LIST = "all@lists.example.test"
EVE, BOB = "eve@evil.example", "bob@example.org"


async def got(hostile: Hostile, subject: str, *fields: str, author: str = EVE) -> set[str]:
    """Who of the list `all` gets a message with these fields."""
    head = [f"From: {author}", f"Subject: {subject}", f"Message-ID: <{subject}@x>", *fields]
    raw = "\r\n".join([*head, "", "hi", ""]).encode()
    assert (await receive(hostile.world.db, author, LIST, raw)).code == 250
    await expand_all(hostile.world.db, lambda: None)
    found = await takers_of(hostile, f"<{subject}@x>")
    assert len(found) == len({*found})
    return {*found}


async def wish(hostile: Hostile, token: str, **likes: Any) -> None:
    """Change what the viewer likes."""
    assert await hostile.codes("profileUpdate", token, likes) == []


async def test_who_skips_addressed_copies_gets_none_of_what_names_them(hostile: Hostile) -> None:
    token = await hostile.session(await ann(hostile))
    await made(hostile, "all", EVE, MAIN, BOB)
    everybody = {EVE, MAIN, BOB}
    assert await got(hostile, "before", f"To: {MAIN}, {LIST}") == everybody
    await change(hostile, token, MAIN, skipsAddressedCopies=True)
    assert await got(hostile, "list", f"To: {LIST}") == everybody
    assert await got(hostile, "none") == everybody
    for number, fields in enumerate(
        (
            [f"To: {LIST}", f"Cc: {MAIN}"],
            [f"To: {LIST}, Ann <{WORK}>"],
            [
                f"To: {LIST}",
                "Cc: =?utf-8?q?J=C3=BCrgen=2C?= <bob@example.net>, (who?) ANN@Home.Example (Ann)",
            ],
            [f'To: Friends: "Doe, Ann" <{HOME}>, x@example.net;, {LIST}'],
            [f"To: {LIST}, no address at all, <{MAIN}>"],
            [f"To: {LIST}", "Cc: x@example.net", f"Cc: y@example.net,\r\n\t{MAIN}"],
        )
    ):
        assert await got(hostile, f"named{number}", *fields) == {EVE, BOB}, fields
    assert await got(hostile, "name", f'To: "{MAIN}" <x@example.net>, {LIST}') == everybody
    await change(hostile, token, MAIN, skipsAddressedCopies=False)
    assert await got(hostile, "after", f"To: {MAIN}, {LIST}") == everybody


async def test_the_account_says_it_for_all_lists_and_a_list_otherwise(hostile: Hostile) -> None:
    token = await hostile.session(await ann(hostile))
    await made(hostile, "all", HOME, EVE)
    await wish(hostile, token, skipsAddressedCopies=True)
    [shown] = nodes((await seen(hostile, token))["memberships"])
    assert shown["skipsAddressedCopies"] is None
    assert await got(hostile, "account", f"To: {WORK}, {LIST}") == {EVE}
    await change(hostile, token, HOME, skipsAddressedCopies=False)
    assert await got(hostile, "list", f"To: {WORK}, {LIST}") == {EVE, HOME}
    await change(hostile, token, HOME, displayName="Ann")
    [shown] = nodes((await seen(hostile, token))["memberships"])
    assert shown["skipsAddressedCopies"] is False
    await change(hostile, token, HOME, skipsAddressedCopies=None)
    assert await got(hostile, "again", f"To: {WORK}, {LIST}") == {EVE}
    query = "{ viewer { user { preferences { skipsAddressedCopies } } } }"
    told = (await hostile.ask(query, token))["data"]["viewer"]["user"]["preferences"]
    assert told == {"skipsAddressedCopies": True}


async def test_somebody_on_the_list_twice_gets_no_copy_at_either_address(hostile: Hostile) -> None:
    token = await hostile.session(await ann(hostile))
    await made(hostile, "all", WORK, MAIN, EVE)
    await wish(hostile, token, skipsAddressedCopies=True)
    for number, named in enumerate((HOME, WORK, MAIN)):
        assert await got(hostile, f"one{number}", f"To: {LIST}", f"Cc: {named}") == {EVE}
    await wish(hostile, token, eachAddressGetsACopy=True)
    assert await got(hostile, "each", f"To: {LIST}", f"Cc: {HOME}") == {EVE}
    await change(hostile, token, WORK, skipsAddressedCopies=False)
    assert await got(hostile, "but", f"To: {LIST}", f"Cc: {HOME}") == {EVE, WORK}


async def test_who_gets_the_one_copy_decides(hostile: Hostile) -> None:
    token = await hostile.session(await ann(hostile))
    await made(hostile, "all", WORK, MAIN, EVE)
    await change(hostile, token, MAIN, skipsAddressedCopies=True)
    assert await got(hostile, "main", f"To: {WORK}") == {EVE}
    await change(hostile, token, WORK, isPreferred=True)
    assert await got(hostile, "work", f"To: {WORK}") == {EVE, WORK}


async def test_a_member_without_an_account_is_named_by_their_address(hostile: Hostile) -> None:
    await made(hostile, "all", BOB, EVE)
    carol = await hostile.session(hostile.world.carol)
    query = f"""{{ mailingList(address: "{LIST}") {{ subscribers(first: 9) {{ edges {{ node {{ id email }} }} }} }} }}"""
    rows = nodes((await hostile.ask(query, carol))["data"]["mailingList"]["subscribers"])
    [bob] = [each["id"] for each in rows if each["email"] == BOB]
    done = await hostile.do("membershipUpdate", carol, {"membershipId": bob, "skipsAddressedCopies": True})
    assert done["userErrors"] == []
    assert await got(hostile, "bob", f"To: {LIST}, Bob@EXAMPLE.org") == {EVE}
    assert await got(hostile, "other", f"To: {LIST}, bob+x@example.org") == {EVE, BOB}


async def test_a_tag_names_its_mailbox_where_the_domain_has_such_tags(hostile: Hostile) -> None:
    robot = hostile.world.robot
    async with hostile.world.db.write() as uow:
        await update_robot(
            uow, operator(robot), robot, {"subaddress_domains": "work.example=+ home.example=-"}
        )
    token = await hostile.session(await ann(hostile))
    await made(hostile, "all", MAIN, EVE)
    await wish(hostile, token, skipsAddressedCopies=True)
    for number, named in enumerate(("ann+x@work.example", "ann-y@home.example")):
        assert await got(hostile, f"tag{number}", f"To: {LIST}", f"Cc: {named}") == {EVE}
    assert await got(hostile, "plus", f"To: {LIST}", "Cc: ann+x@example.edu") == {EVE, MAIN}


async def test_a_member_under_a_tag_is_named_with_their_mailbox(hostile: Hostile) -> None:
    robot = hostile.world.robot
    async with hostile.world.db.write() as uow:
        await update_robot(uow, operator(robot), robot, {"subaddress_domains": "x.example=+ y.example=-"})
    await made(hostile, "all", "pat+lists@x.example", "pat-lists@y.example", EVE)
    carol = await hostile.session(hostile.world.carol)
    query = f"""{{ mailingList(address: "{LIST}") {{ subscribers(first: 9) {{ edges {{ node {{ id email }} }} }} }} }}"""
    for each in nodes((await hostile.ask(query, carol))["data"]["mailingList"]["subscribers"]):
        change_it = {"membershipId": each["id"], "skipsAddressedCopies": True}
        assert (await hostile.do("membershipUpdate", carol, change_it))["userErrors"] == []
    assert await got(hostile, "tags", f"To: {LIST}, pat@x.example", "Cc: pat-else@y.example") == {EVE}
    assert EVE in await got(hostile, "near", f"To: {LIST}, patricia@x.example")


async def test_only_an_address_in_force_here_names_a_person(hostile: Hostile, clock: Clock) -> None:
    person = await hostile.person(MAIN)
    day = 86_400_000_000
    async with hostile.world.db.write() as uow:
        for address, robot_id, expires_at in (
            (WORK, None, clock.now + day),
            (HOME, hostile.other_robot.id, None),
        ):
            await prove(
                uow, person.id, address, source=AddressSource.LDAP if robot_id is None else AddressSource.OIDC,
                strength=Strength.MD5, robot_id=robot_id, expires_at=expires_at,
            )  # fmt: skip
    await made(hostile, "all", MAIN, EVE)
    await wish(hostile, await hostile.session(person), skipsAddressedCopies=True)
    assert await got(hostile, "now", f"To: {LIST}, {WORK}") == {EVE}
    assert await got(hostile, "elsewhere", f"To: {LIST}, {HOME}") == {EVE, MAIN}
    clock.advance(days=2)
    assert await got(hostile, "later", f"To: {LIST}, {WORK}") == {EVE, MAIN}


async def test_the_counts_of_a_delivery_stay_true(hostile: Hostile) -> None:
    token = await hostile.session(await ann(hostile))
    await made(hostile, "all", WORK, MAIN, BOB, EVE)
    await wish(hostile, token, skipsAddressedCopies=True)
    await got(hostile, "counted", f"To: {MAIN}, {LIST}")
    query = f"""{{ mailingList(address: "{LIST}") {{ deliveries(first: 1) {{ edges {{ node {{
      id progress {{ total pending handedOver skipped }} packets {{ recipientCount }} }} }} }} }} }}"""
    carol = await hostile.session(hostile.world.carol)
    [sent] = nodes((await hostile.ask(query, carol))["data"]["mailingList"]["deliveries"])
    assert sent["progress"] == {"total": 2, "pending": 2, "handedOver": 0, "skipped": 0}
    assert sum(each["recipientCount"] for each in sent["packets"]) == 2
    audit = (
        "query ($id: ID!) { deliveryAudit(deliveryId: $id) { total accepted failed skipped pending addsUp } }"
    )
    told = (await hostile.ask(audit, carol, id=sent["id"]))["data"]["deliveryAudit"]
    assert told == {"total": 2, "accepted": 0, "failed": 0, "skipped": 0, "pending": 2, "addsUp": True}


async def test_a_list_that_is_cut_in_chunks_remembers_who_was_named(hostile: Hostile) -> None:
    token = await hostile.session(await ann(hostile))
    mlist = await made(hostile, "all", EVE, MAIN)
    crowd = [f"m{number}@many.example" for number in range(expansion.WHOLE)]
    async with hostile.world.db.write() as uow:
        rows = [memberships.row(address=each, address_key=each) for each in crowd]
        await memberships.add_many(uow, mlist.id, rows)
        for address in (WORK, HOME):
            await memberships.add(uow, mlist.id, address=address, address_key=address)
    await wish(hostile, token, skipsAddressedCopies=True)
    assert await got(hostile, "big", f"To: {HOME}, {LIST}") == {EVE, *crowd}
    await wish(hostile, token, eachAddressGetsACopy=True)
    assert await got(hostile, "each", f"To: {MAIN}, {LIST}") == {EVE, *crowd}
    assert await got(hostile, "none", f"To: {LIST}") == {EVE, *crowd, MAIN, WORK, HOME}


async def test_nobody_sees_what_another_skips(hostile: Hostile) -> None:
    token = await hostile.session(await ann(hostile))
    await made(hostile, "all", MAIN, "alice@example.edu", review="public")
    await change(hostile, token, MAIN, skipsAddressedCopies=True)
    alice = await hostile.session(hostile.world.alice)
    query = f"""{{ mailingList(address: "{LIST}") {{ subscribers(first: 9) {{ edges {{ node {{
      email skipsAddressedCopies }} }} }} }} }}"""
    rows = nodes((await hostile.ask(query, alice))["data"]["mailingList"]["subscribers"])
    assert {each["email"]: each["skipsAddressedCopies"] for each in rows} == {
        MAIN: None,
        "alice@example.edu": None,
    }
