"""The command line about a whole domain: its settings, reminders, and addresses that move."""

from tests.server.command_line import STAFF, Run

ROBOT = "lists.example.org"


def test_a_domains_settings_are_set_by_name_and_a_wrong_value_changes_nothing(lists: Run) -> None:
    found = lists("robot", "set", ROBOT, "create_list=closed", "subaddress_domains=univ.example=+")
    assert found["settings"]["create_list"] == "closed"
    assert found["settings"]["subaddress_domains"] == "univ.example=+"
    wrong = lists("robot", "set", ROBOT, "create_list=listmaster", "dkim_method=maybe", fails=1)
    assert "dkim_method" in wrong
    assert lists("robot", "show", ROBOT)["settings"] == found["settings"]
    assert "create_list" in lists("robot", "show", ROBOT, plain=True)


def test_a_policy_for_alternates_is_set_for_kinds_of_operation(lists: Run) -> None:
    found = lists("list", "set", STAFF, "alt_email_policy=own:MAIN_ONLY,post:STRENGTH(md5)")
    assert found["settings"]["alt_email_policy"] == "own:MAIN_ONLY,post:STRENGTH(md5)"
    assert (
        lists("list", "set", STAFF, "strict_main_address=true")["settings"]["alt_email_policy"] == "MAIN_ONLY"
    )


def test_topics_are_made_listed_and_removed(lists: Run) -> None:
    lists("topic", "set", "science", "--title", "The sciences")
    made = lists("topic", "set", "science/physics", "--visibility", "conceal")
    assert made == {"name": "science/physics", "title": "physics", "visibility": "conceal"}
    assert "Topic arts is there" in lists("topic", "set", "arts", "--robot", ROBOT, plain=True)
    found = lists("list", "set", STAFF, "topics=science/physics, arts", "visibility=noconceal")
    assert found["settings"]["topics"] == "arts, science/physics"
    assert [each["name"] for each in lists("topic", "list")["topics"]] == [
        "arts",
        "science",
        "science/physics",
    ]
    # A stranger sees neither the hidden topic nor, as the list's owner would, its name among the settings.
    seen = lists("topic", "list", "--as", "eve@example.com")["topics"]
    assert [each["name"] for each in seen] == ["arts", "science"]
    assert lists("list", "show", STAFF, "--as", "carol@example.edu")["settings"]["topics"] == "arts"
    assert "FORBIDDEN" in lists("topic", "set", "music", "--as", "eve@example.com", fails=1)
    assert "FORBIDDEN" in lists("topic", "remove", "arts", "--as", "carol@example.edu", fails=1)
    assert "CONFLICT" in lists("topic", "remove", "science", fails=1)
    lists("topic", "remove", "science/physics")
    lists("topic", "remove", "science")
    assert lists("list", "show", STAFF)["settings"]["topics"] == "arts"
    assert "NOT_FOUND" in lists("topic", "remove", "science", fails=1)


def test_a_list_is_shut_and_opened_again(lists: Run) -> None:
    assert lists("list", "close", STAFF) == {"address": STAFF, "status": "closed"}
    assert [each["status"] for each in lists("list", "list")["lists"]] == ["closed"]
    assert "FORBIDDEN" in lists("list", "open", STAFF, "--as", "carol@example.edu", fails=1)
    assert lists("list", "open", STAFF, plain=True) == f"List {STAFF}: open.\n"
    assert lists("list", "close", STAFF, "--as", "carol@example.edu") == {
        "address": STAFF,
        "status": "closed",
    }
    assert "NOT_FOUND" in lists("list", "close", "nobody@lists.example.org", fails=1)


def test_the_operator_reminds_and_moves(lists: Run) -> None:
    lists("membership", "import", STAFF, "-", "--quiet", given="email\nann@example.edu\nbob@example.edu\n")
    assert lists("list", "remind", STAFF) == {"reminded": 2}
    assert lists("robot", "remind", ROBOT) == {"reminded": 2}
    assert lists("robot", "move", ROBOT, "carol@example.edu", "carol@new.example") == {"moved": 1}
    assert lists("robot", "move", ROBOT, "ann@example.edu", "bob@example.edu") == {"moved": 1}
    assert lists("list", "show", STAFF)["members"] == 1
    assert [role["address"] for role in lists("list", "show", STAFF)["roles"]] == ["carol@new.example"]
