"""At the command line `--as` lets the rules speak: the same use case, the same scenario, the same refusals."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from delivery.reception import receive
from server.commands.shell import opened
from storage.query import Query
from storage.tables.mail import audit
from tests.server.command_line import STAFF, Run

DOMAIN = "lists.example.org"
_IMPORTS = Query(select(audit.c.detail).where(audit.c.event == "members_imported").order_by(audit.c.id), str)
OWNER, BOSS, NOBODY_HERE = "carol@example.edu", "boss@example.edu", "eve@example.com"
PLAN = f"robots: {{{DOMAIN}: {{listmasters: [{BOSS}]}}}}"
TEXT = "title Nobody\ntrue() smtp,dkim,md5,smime -> reject(reason='add_owner')\n"
MEMBERS = "email\nann@example.edu\n"

# Each command, what is given to it, who may run it, and who may not: by a scenario, which leaves a decision, or by office.
BY_SCENARIO = [
    (("list", "create", f"news@{DOMAIN}"), "", BOSS, NOBODY_HERE),
    (("list", "show", STAFF), "", OWNER, NOBODY_HERE),
    (("list", "remind", STAFF), "", OWNER, NOBODY_HERE),
    (("membership", "import", STAFF, "-", "--quiet"), MEMBERS, OWNER, NOBODY_HERE),
    (("membership", "import", STAFF, "-", "--dry-run"), MEMBERS, BOSS, NOBODY_HERE),
    (("robot", "remind", DOMAIN), "", BOSS, OWNER),
    (("robot", "move", DOMAIN, "ann@example.edu", "ann@new.example"), "", BOSS, OWNER),
]
BY_OFFICE = [
    (("list", "set", STAFF, "priority=3"), "", OWNER, NOBODY_HERE),
    (("robot", "show", DOMAIN), "", BOSS, OWNER),
    (("robot", "set", DOMAIN, "create_list=closed"), "", BOSS, OWNER),
    (("delivery", "list", "--list", STAFF), "", OWNER, NOBODY_HERE),
    (("delivery", "show", "1"), "", OWNER, NOBODY_HERE),
    (("delivery", "audit", "1"), "", BOSS, NOBODY_HERE),
    (("delivery", "pause", "1"), "", OWNER, NOBODY_HERE),
    (("scenario", "set", "add.nobody", "-", "--list", STAFF), TEXT, OWNER, NOBODY_HERE),
    (("scenario", "set", "add.nobody", "-", "--robot", DOMAIN), TEXT, BOSS, OWNER),
    (("scenario", "show", "add.owner", "--list", STAFF), "", OWNER, NOBODY_HERE),
    (("scenario", "list", "--list", STAFF), "", OWNER, NOBODY_HERE),
    (("scenario", "remove", "add.mine", "--list", STAFF), "", OWNER, NOBODY_HERE),
    (("scenario", "explain", STAFF, "--sender", "ann@example.edu"), "", OWNER, NOBODY_HERE),
]
OPERATORS = [
    (("robot", "create", "other.example.org"), ""),
    (("delivery", "list"), ""),
    (("scenario", "set", "add.nobody", "-", "--site"), TEXT),
    (("plan", "-"), PLAN),
    (("apply", "-"), PLAN),
]


@pytest.fixture
def world(lists: Run) -> Run:
    """A list with an owner and a post, in a domain with a listmaster; strangers see that it is there, and no more."""
    lists("apply", "-", given=PLAN)
    lists("list", "set", STAFF, "info=private", "visibility=noconceal", "tracking=owner", "send=public")
    lists("robot", "set", DOMAIN, "move_user=listmaster")
    lists("membership", "import", STAFF, "-", "--quiet", given="email\nbob@example.edu\n")
    lists("scenario", "set", "add.mine", "-", "--list", STAFF, given=TEXT)
    asyncio.run(_post())
    return lists


async def _post() -> None:
    async with opened() as database:
        raw = f"From: bob@example.edu\r\nTo: {STAFF}\r\nSubject: x\r\nMessage-ID: <1@x>\r\n\r\nx\r\n"
        assert (await receive(database, "bob@example.edu", STAFF, raw.encode())).code == 250


def error_of(said: str) -> dict[str, Any]:
    """What a refusal tells a program."""
    found: dict[str, Any] = json.loads(said)["error"]
    return found


@pytest.mark.parametrize(
    ("words", "given", "allowed", "refused"), BY_SCENARIO, ids=lambda each: str(each)[:40]
)
def test_who_is_refused_by_a_scenario_gets_the_decisions_id_which_explains_itself(
    world: Run, words: tuple[str, ...], given: str, allowed: str, refused: str
) -> None:
    error = error_of(world(*words, "--as", refused, given=given, fails=1))
    assert error["code"] == "FORBIDDEN"
    told = world("scenario", "explain", error["decision"])
    assert (told["sender"], told["action"]) == (refused, "reject")
    world(*words, "--as", allowed, given=given)


@pytest.mark.parametrize(("words", "given", "allowed", "refused"), BY_OFFICE, ids=lambda each: str(each)[:40])
def test_who_holds_no_office_is_refused_as_everywhere_else(
    world: Run, words: tuple[str, ...], given: str, allowed: str, refused: str
) -> None:
    error = error_of(world(*words, "--as", refused, given=given, fails=1))
    assert error["code"] in {"FORBIDDEN", "NOT_FOUND"}
    world(*words, "--as", allowed, given=given)


@pytest.mark.parametrize(("words", "given"), OPERATORS, ids=lambda each: str(each)[:40])
def test_what_is_the_operators_is_nobody_elses_not_even_a_listmasters(
    world: Run, words: tuple[str, ...], given: str
) -> None:
    assert error_of(world(*words, "--as", BOSS, given=given, fails=1))["code"] == "FORBIDDEN"


def test_members_are_exported_for_owners_only(world: Run) -> None:
    assert "bob@example.edu" in world("membership", "export", STAFF, "--as", OWNER, plain=True)
    assert "FORBIDDEN" in world("membership", "export", STAFF, "--as", NOBODY_HERE, plain=True, fails=1)
    assert "FORBIDDEN" in world("export", "--as", BOSS, plain=True, fails=1)


def test_a_tree_of_scenarios_is_imported_by_whoever_runs_the_place(world: Run, tmp_path: Path) -> None:
    (tmp_path / "scenari").mkdir()
    (tmp_path / "scenari" / "send.ours").write_text("true() smtp,dkim,md5,smime -> do_it\n")
    words = ("scenario", "import", str(tmp_path), "--list", STAFF)
    assert error_of(world(*words, "--as", NOBODY_HERE, fails=1))["code"] == "FORBIDDEN"
    assert world(*words, "--as", OWNER)["written"] == 1


def test_a_paused_delivery_goes_on_for_its_owner(world: Run) -> None:
    world("delivery", "pause", "1")
    assert error_of(world("delivery", "resume", "1", "--as", NOBODY_HERE, fails=1))["code"] == "NOT_FOUND"
    assert world("delivery", "resume", "1", "--as", OWNER)["status"] == "queued"


def test_a_hidden_list_is_as_absent_as_one_that_never_was(world: Run) -> None:
    world("list", "set", STAFF, "visibility=conceal")
    assert world("list", "list", "--as", NOBODY_HERE) == {"lists": []}
    hidden = world("list", "show", STAFF, "--as", NOBODY_HERE, fails=1)
    assert hidden == world("list", "show", f"never@{DOMAIN}", "--as", NOBODY_HERE, fails=1)
    assert [each["address"] for each in world("list", "list", "--as", OWNER)["lists"]] == [STAFF]


def test_who_may_only_read_about_a_list_sees_its_subject_and_no_settings(world: Run) -> None:
    world("list", "set", STAFF, "info=open")
    shown = world("list", "show", STAFF, "--as", NOBODY_HERE)
    assert (shown["settings"], shown["members"]) == ({"subject": "The staff", "description": ""}, None)


def test_a_person_brings_all_addresses_that_are_theirs(world: Run) -> None:
    world("person", "create", OWNER)
    world("list", "set", STAFF, "remind=owner")
    assert world("list", "remind", STAFF, "--as", "Carol@Example.EDU")["reminded"] == 1


def test_what_is_no_address_is_nobody(world: Run) -> None:
    assert error_of(world("list", "show", STAFF, "--as", "carol", fails=1))["code"] == "INVALID"


@pytest.mark.parametrize(
    ("policy", "who", "code"),
    [
        ("owner", OWNER, None),
        ("owner", NOBODY_HERE, "FORBIDDEN"),
        ("closed", OWNER, "FORBIDDEN"),
        ("asking", OWNER, "CHALLENGE_REQUIRED"),
        ("letting", NOBODY_HERE, None),
    ],
)
def test_an_import_asks_who_may_add_and_the_operator_is_obeyed(
    world: Run, policy: str, who: str, code: str | None
) -> None:
    for name, action in (("asking", "request_auth([email])"), ("letting", "do_it")):
        text = f"true() smtp,dkim,md5,smime -> {action}\n"
        world("scenario", "set", f"add.{name}", "-", "--list", STAFF, given=text)
    world("list", "set", STAFF, f"add={policy}")
    words = ("membership", "import", STAFF, "-", "--quiet")
    if code is None:
        assert world(*words, "--as", who, given=MEMBERS)["added"] == 1
    elif code == "FORBIDDEN":
        assert error_of(world(*words, "--as", who, given=MEMBERS, fails=1))["code"] == code
    else:
        report = json.loads(world(*words, "--as", who, given=MEMBERS, fails=1))
        assert [each["code"] for each in report["problems"]] == [code]
    assert world(*words, given="email\nzoe@example.edu\n")["added"] == 1
    last = json.loads(asyncio.run(_last_import()))
    assert (last["operator_obeyed"], last["scenario"]) == (True, "operator")


def test_a_rule_about_the_target_is_asked_for_each_line_of_an_import(world: Run) -> None:
    text = "match([email],/@example\\.edu$/) smtp,dkim,md5,smime -> do_it\n" + TEXT.splitlines()[1] + "\n"
    world("scenario", "set", "add.ours", "-", "--list", STAFF, given=text)
    world("list", "set", STAFF, "add=ours")
    given = "email\nann@example.edu\nmallory@example.com\n"
    report = json.loads(
        world("membership", "import", STAFF, "-", "--quiet", "--as", OWNER, given=given, fails=1)
    )
    assert (report["added"], report["failed"]) == (1, 1)
    assert (report["problems"][0]["line"], report["problems"][0]["code"]) == (3, "FORBIDDEN")


async def _last_import() -> str:
    async with opened() as database, database.read() as reader:
        rows = await reader.all(_IMPORTS)
        return str(rows[-1])
