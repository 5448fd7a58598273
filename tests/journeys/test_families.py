"""Families of lists through the API: made from data, asked for by those who may, held by their constraints, left at once."""

from typing import Any

import pytest

from identity.actor import operator
from lists import mailing_lists, rosters
from lists.families import BoundByFamily
from lists.plan import read_plan
from lists.plan_changes import diff
from lists.robot_settings import update_robot
from storage import roles, scenario_texts
from storage.tables.words import ListStatus, RoleKind, TokenScope
from tests.journeys.families_world import DEFINITION, ENTRY, REPORT, defined, families_of, instance, made
from tests.journeys.hostile_world import ELSEWHERE, Hostile

LAW, ARTS = "family+law+year1", "family+arts+year2"
HOST = "lists.example.test"
RESULTS = "subscriptions { email outcome message mailingList { name } } asked"


async def family_id(hostile: Hostile, token: str | None) -> str:
    """The only family's global id, as a listmaster sees it."""
    [family] = await families_of(hostile, token)
    return str(family["id"])


async def instantiated(hostile: Hostile, token: str, *instances: dict[str, Any], **more: Any) -> Any:
    """The report of an instantiation; lists that are not named are closed."""
    given = {"familyId": await family_id(hostile, token), "instances": [*instances], "closeMissing": True}
    answer = await hostile.do("familyInstantiate", token, {**given, **more}, REPORT)
    assert answer["userErrors"] == []
    return answer["report"]


def numbers(report: dict[str, Any]) -> tuple[int, ...]:
    """Created, updated, closed, unchanged, failed."""
    return tuple(report[name] for name in ("created", "updated", "closed", "unchanged", "failed"))


async def test_data_make_lists_once_and_what_is_taken_out_is_closed(hostile: Hostile) -> None:
    await defined(hostile)
    token = await hostile.session(hostile.lena)
    both = (instance("law"), instance("arts", "year2"))
    assert numbers(await instantiated(hostile, token, *both, isDryRun=True)) == (2, 0, 0, 0, 0)
    assert await made(hostile, LAW) is None
    assert numbers(await instantiated(hostile, token, *both)) == (2, 0, 0, 0, 0)
    assert numbers(await instantiated(hostile, token, *both)) == (0, 0, 0, 2, 0)
    found = (await hostile.ask(ENTRY, token, a=f"{LAW}@{HOST}"))["data"]["mailingList"]
    assert (found["subject"], found["status"], found["family"]["name"]) == ("law, year1", "OPEN", "courses")
    assert [edge["node"]["email"] for edge in found["owners"]["edges"]] == ["law-secretary@example.edu"]
    report = await instantiated(hostile, token, both[0])
    assert numbers(report) == (0, 0, 1, 1, 0)
    closed = await made(hostile, ARTS)
    assert closed is not None
    assert closed.status is ListStatus.FAMILY_CLOSED
    assert numbers(await instantiated(hostile, token, *both)) == (0, 1, 0, 1, 0)
    assert (await made(hostile, ARTS)).status is ListStatus.OPEN  # type: ignore[union-attr]
    assert numbers(await instantiated(hostile, token, *both)) == (0, 0, 0, 2, 0)


async def test_a_bad_entry_is_told_by_its_place_and_stops_nobody(hostile: Hostile) -> None:
    await defined(hostile)
    token = await hostile.session(hostile.lena)
    await instantiated(hostile, token, instance("law"), instance("arts"))
    report = await instantiated(
        hostile,
        token,
        instance("law"),
        instance("LAW!"),
        instance("maths", "year9"),
        instance("law"),
        instance("physics"),
    )
    assert numbers(report) == (1, 0, 0, 1, 3)
    assert [problem["line"] for problem in report["problems"]] == [2, 3, 4]
    # Of an entry whose list nobody can tell, it might have been any: so none is closed.
    assert (await made(hostile, "family+arts+year1")).status is ListStatus.OPEN  # type: ignore[union-attr]
    answer = await hostile.do(
        "familyInstantiate",
        token,
        {"familyId": await family_id(hostile, token), "instances": [], "closeMissing": True},
    )
    assert [each["code"] for each in answer["userErrors"]] == ["INVALID"]
    assert (await made(hostile, LAW)).status is ListStatus.OPEN  # type: ignore[union-attr]


async def test_a_name_that_another_list_has_is_left_alone(hostile: Hostile) -> None:
    await defined(hostile)
    robot = hostile.world.robot
    async with hostile.world.db.write() as uow:
        await mailing_lists.create_list(uow, operator(robot), robot, LAW, "Somebody else's")
    token = await hostile.session(hostile.lena)
    report = await instantiated(hostile, token, instance("law"), instance("arts"))
    assert numbers(report) == (1, 0, 0, 0, 1)
    assert (await made(hostile, LAW)).subject == "Somebody else's"  # type: ignore[union-attr]


async def test_what_owners_change_stays_unless_the_family_or_its_data_say_otherwise(hostile: Hostile) -> None:
    await defined(hostile)
    token = await hostile.session(hostile.lena)
    await instantiated(hostile, token, instance("law"))
    carol = await owner_of(hostile, LAW)
    list_id = (await hostile.ask(ENTRY, carol, a=f"{LAW}@{HOST}"))["data"]["mailingList"]["id"]
    changed = {"mailingListId": list_id, "settings": {"subject": "Law, really"}}
    assert await hostile.codes("mailingListUpdate", carol, changed) == []
    assert numbers(await instantiated(hostile, token, instance("law"))) == (0, 0, 0, 1, 0)
    assert (await made(hostile, LAW)).subject == "Law, really"  # type: ignore[union-attr]
    await definition_with(hostile, 'subject: "{dept} ({year})"')
    assert numbers(await instantiated(hostile, token, instance("law"))) == (0, 1, 0, 0, 0)
    assert (await made(hostile, LAW)).subject == "law (year1)"  # type: ignore[union-attr]


async def definition_with(hostile: Hostile, subject: str) -> Any:
    """The family with another line for the directory."""
    return await defined(hostile, text=DEFINITION.replace('subject: "{dept}, {year}"', subject))


async def owner_of(hostile: Hostile, name: str) -> str:
    """The session of Carol, who owns a list from now on."""
    mlist = await made(hostile, name)
    assert mlist is not None
    async with hostile.world.db.write() as uow:
        row = (mlist.id, RoleKind.OWNER, "carol@example.edu", "carol@example.edu")
        await roles.add_many(uow, mlist.robot_id, [row])
    return await hostile.session(hostile.world.carol)


async def test_constraints_bind_owners_at_the_api_and_whoever_comes_with_a_plan_or_as_the_operator(
    hostile: Hostile,
) -> None:
    await defined(hostile)
    token = await hostile.session(hostile.lena)
    await instantiated(hostile, token, instance("law"))
    carol = await owner_of(hostile, LAW)
    found = (await hostile.ask(ENTRY, carol, a=f"{LAW}@{HOST}"))["data"]["mailingList"]
    assert {"setting": "review", "allowedValues": ["private"]} in found["family"]["constraints"]

    async def changed(action: str, scenario: str) -> list[dict[str, Any]]:
        settings = {"scenarios": [{"action": action, "scenario": scenario}]}
        given = {"mailingListId": found["id"], "settings": settings}
        problems: list[dict[str, Any]] = (await hostile.do("mailingListUpdate", carol, given))["userErrors"]
        return problems

    assert await changed("POST", "private") == []
    [refused] = await changed("POST", "closed")
    assert "courses" in refused["message"]
    assert "send" in refused["message"]
    assert await changed("REVIEW", "public") != []
    mlist = await made(hostile, LAW)
    assert mlist is not None
    async with hostile.world.db.write() as uow:
        with pytest.raises(BoundByFamily):
            await mailing_lists.update_settings(
                uow, operator(hostile.world.robot), mlist, {"review": "public"}
            )
    plan = read_plan(f"robots: {{{HOST}: {{lists: {{{LAW}: {{review: public}}}}}}}}")
    async with hostile.world.db.read() as reader:
        with pytest.raises(BoundByFamily):
            await diff(reader, plan)


async def test_an_owner_cannot_give_an_allowed_name_another_meaning(hostile: Hostile) -> None:
    await defined(hostile)
    token = await hostile.session(hostile.lena)
    await instantiated(hostile, token, instance("law"))
    carol = await owner_of(hostile, LAW)
    list_id = (await hostile.ask(ENTRY, carol, a=f"{LAW}@{HOST}"))["data"]["mailingList"]["id"]
    policy = {"mailingListId": list_id, "name": "private", "source": "true() smtp,dkim,md5,smime -> do_it"}
    for operation in ("review", "send", "include"):
        assert await hostile.codes("scenarioWrite", carol, {**policy, "operation": operation}) == ["INVALID"]
    assert await hostile.codes("scenarioWrite", carol, {**policy, "operation": "invite"}) == []


async def test_who_may_not_manage_families_neither_sees_nor_makes_them(hostile: Hostile) -> None:
    await defined(hostile)
    lena, mallory = await hostile.session(hostile.lena), await hostile.session(hostile.mallory)
    key = await family_id(hostile, lena)
    assert await families_of(hostile, None) == []
    assert await families_of(hostile, mallory) == []
    shown = await hostile.ask("query ($i: ID!) { node(id: $i) { id } }", mallory, i=key)
    assert shown["data"]["node"] is None
    wanted = {"familyId": key, "instances": [instance("law")]}
    one = {"familyId": key, **instance("law")}
    for token in (None, mallory):
        assert await hostile.codes("familyInstantiate", token, wanted) == ["NOT_FOUND"]
        assert await hostile.codes("familySignOff", token, {"familyId": key}) == ["NOT_FOUND"]
    assert await hostile.codes("familyListCreate", mallory, one) == ["NOT_FOUND"]
    assert await hostile.codes("familyListCreate", None, one) == ["REAUTHENTICATION_REQUIRED"]
    narrow = await hostile.api_token(hostile.lena, TokenScope.OWN)
    assert await hostile.codes("familyInstantiate", narrow, wanted) != []
    # Mallory runs the other domain, where the id of this one's family is worth nothing.
    there = await hostile.session(hostile.mallory, hostile.other_robot)
    assert await hostile.codes("familyInstantiate", there, wanted, host=ELSEWHERE) == ["NOT_FOUND"]
    assert await made(hostile, LAW) is None


async def test_somebody_entitled_asks_for_a_list_that_nobody_sees_until_a_listmaster_agrees(
    hostile: Hostile,
) -> None:
    await defined(hostile, "create_list: public_listmaster\n")
    world = hostile.world
    alice, lena = await hostile.session(world.alice), await hostile.session(hostile.lena)
    wanted = {"familyId": await family_id(hostile, alice), **instance("law")}
    answer = await hostile.do("familyListCreate", alice, wanted, "mailingList { name status }")
    assert answer["mailingList"] == {"name": LAW, "status": "PENDING"}
    assert await hostile.codes("familyListCreate", alice, wanted) == ["TAKEN"]
    mallory = await hostile.session(hostile.mallory)
    address = f"{LAW}@{HOST}"
    assert (await hostile.ask(ENTRY, mallory, a=address))["data"]["mailingList"] is None
    unknown = await world.mail_in(f"family+none+year1@{HOST}", "alice@example.edu", "Nobody")
    assert unknown == 550
    assert await world.mail_in(address, "alice@example.edu", "Too early") == 550
    assert await world.mail_in(f"{LAW}-request@{HOST}", "alice@example.edu", "help") == 550
    queue = """query ($a: EmailAddress!) { mailingList(address: $a) { moderation(first: 5) { edges { node { id kind
      author } } } } }"""
    [waiting] = (await hostile.ask(queue, lena, a=address))["data"]["mailingList"]["moderation"]["edges"]
    assert (waiting["node"]["kind"], waiting["node"]["author"]) == ("LIST_CREATION", "alice@example.edu")
    decided = {"itemIds": [waiting["node"]["id"]], "verdict": "APPROVE"}
    assert await hostile.codes("moderationDecide", mallory, decided) != []
    assert (await made(hostile, LAW)).status is ListStatus.PENDING  # type: ignore[union-attr]
    assert await hostile.codes("moderationDecide", lena, decided) == []
    assert await world.mail_in(address, "alice@example.edu", "Now") == 250
    found = (await hostile.ask(ENTRY, mallory, a=address))["data"]["mailingList"]
    # What Mallory has nothing to do with, she may ask for a list of: the family's rule says so.
    assert found["family"]["name"] == "courses"


async def test_without_the_right_to_make_lists_a_family_is_hidden_and_its_own_policy_wins(
    hostile: Hostile,
) -> None:
    await defined(hostile, "create_list: closed\n")
    async with hostile.world.db.write() as uow:
        robot = hostile.world.robot
        await update_robot(uow, operator(robot), robot, {"create_list": "public_listmaster"})
    lena, mallory = await hostile.session(hostile.lena), await hostile.session(hostile.mallory)
    key = await family_id(hostile, lena)
    assert await families_of(hostile, mallory) == []
    assert await hostile.codes("familyListCreate", lena, {"familyId": key, **instance("law")}) == [
        "FORBIDDEN"
    ]
    assert await made(hostile, LAW) is None


async def test_a_rule_reads_the_family_and_a_family_has_only_so_many_lists(hostile: Hostile) -> None:
    robot = hostile.world.robot
    rule = "equal([family->name],'courses') md5 -> do_it\ntrue() smtp,dkim,md5,smime -> reject"
    async with hostile.world.db.write() as uow:
        await scenario_texts.put(
            uow, robot_id=robot.id, list_id=None, operation="create_list", name="of_courses", text=rule
        )
    text = DEFINITION.replace("most_lists: 30", "most_lists: 2")
    await defined(hostile, "create_list: of_courses\n", text)
    alice = await hostile.session(hostile.world.alice)
    key = await family_id(hostile, alice)
    for dept, codes in (("law", []), ("arts", []), ("maths", ["INVALID"])):
        assert await hostile.codes("familyListCreate", alice, {"familyId": key, **instance(dept)}) == codes
    mlist = await made(hostile, LAW)
    assert mlist is not None
    async with hostile.world.db.read() as reader:
        held = {(role.kind, role.address) for role in await roles.of_list(reader, mlist.id)}
    assert (RoleKind.PRIVILEGED_OWNER, "alice@example.edu") in held


async def test_leaving_a_family_ends_every_subscription_but_those_that_must_stay(hostile: Hostile) -> None:
    await defined(hostile)
    world, robot = hostile.world, hostile.world.robot
    lena = await hostile.session(hostile.lena)
    await instantiated(hostile, lena, instance("law"), instance("arts"), instance("maths"))
    async with world.db.write() as uow:
        kept = await made(hostile, "family+maths+year1")
        assert kept is not None
        await mailing_lists.update_settings(uow, operator(robot), kept, {"unsubscribe": "closed"})
    alice = await hostile.session(world.alice)
    key = await family_id(hostile, alice)
    answer = await hostile.do("familySignOff", alice, {"familyId": key}, RESULTS)
    assert answer["userErrors"] == []
    assert {(each["mailingList"]["name"], each["outcome"]) for each in answer["subscriptions"]} == {
        ("family+arts+year1", "LEFT"), ("family+law+year1", "LEFT"), ("family+maths+year1", "REFUSED"),
    }  # fmt: skip
    for dept, there in (("law", []), ("arts", []), ("maths", ["alice@example.edu"])):
        mlist = await made(hostile, f"family+{dept}+year1")
        assert mlist is not None
        assert await world.members(mlist) == there
    # What is not of the family is not touched.
    assert "alice@example.edu" in await world.members(world.welcome)


async def test_somebody_elses_address_leaves_only_when_it_says_so_itself(hostile: Hostile) -> None:
    await defined(hostile, "create_list: public_listmaster\n")
    world = hostile.world
    lena, mallory = await hostile.session(hostile.lena), await hostile.session(hostile.mallory)
    await instantiated(hostile, lena, instance("law"))
    mlist = await made(hostile, LAW)
    assert mlist is not None
    key = await family_id(hostile, mallory)
    given = {"familyId": key, "email": "alice@example.edu"}
    answer = await hostile.do("familySignOff", mallory, given, RESULTS)
    assert (answer["subscriptions"], answer["asked"]) == ([], ["alice@example.edu"])
    absent = await hostile.do("familySignOff", mallory, {**given, "email": "none@example.edu"}, RESULTS)
    assert (absent["subscriptions"], absent["asked"]) == ([], ["none@example.edu"])
    assert await world.members(mlist) == ["alice@example.edu"]
    link = await world.newest_link("alice@example.edu")
    shown = await world.browser.get(f"/t/{link}")
    assert "courses" in shown.text
    assert await world.members(mlist) == ["alice@example.edu"]
    assert (await world.press(link)).status_code == 200
    assert await world.members(mlist) == []


async def test_a_mail_to_a_list_of_the_family_asks_before_it_leaves_all(hostile: Hostile) -> None:
    await defined(hostile)
    world, robot = hostile.world, hostile.world.robot
    await instantiated(hostile, await hostile.session(hostile.lena), instance("law"), instance("arts"))
    mlist = await made(hostile, LAW)
    assert mlist is not None
    async with world.db.write() as uow:
        await rosters.add(uow, operator(robot), mlist, ["bob@example.edu"], quiet=True)
    assert await world.mail_in(f"{LAW}-request@{HOST}", "alice@example.edu", "leave-family") == 250
    assert "alice@example.edu" in await world.members(mlist)
    await world.press(await world.newest_link("alice@example.edu"))
    assert await world.members(mlist) == ["bob@example.edu"]
