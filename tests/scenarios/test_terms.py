"""What each term is true for, beyond roles: dates, numbers, blocks of addresses, named filters, plug-ins."""

from dataclasses import replace

import pytest

from scenarios.dates import seconds_of
from scenarios.netmask import BadNetmask, block_of, lies_in
from tests.scenarios.world import World, answer, person, request

ALL = "smtp,dkim,md5,smime"
NOW = 1_700_000_000  # 14 November 2023, 22:13:20


async def holds(condition: str, world: World | None = None, **asked: object) -> bool | str:
    """Whether the condition is true; the class name of what went wrong where something did."""
    variables = {"current_date": str(NOW), "execution_date": str(NOW), "size": "12", "word": "pear"}
    given = request(variables={**variables, **asked}, identities=person("a@example.org", "b@example.org"))  # type: ignore[dict-item]
    decision = await answer(f"{condition} {ALL} -> do_it", given, world)
    return decision.error or decision.action == "do_it"


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("2023y", 1_672_531_200),
        ("2023y2m3d4h5min6sec", 1_675_397_106),
        ("2023y3d", 1_672_704_000),
        ("2023y0m0d", 1_672_531_200),
        ("5", 5),
        ("execution_date", NOW),
        ("execution_date-1d", NOW - 86_400),
        ("2023y1m1d+1d2h3min4sec", 1_672_624_984),
        ("2023y1m1d+1w", 1_673_136_000),
        ("2024y1m1d+1y", 1_735_603_200),
        ("2023y1m31d+1m", 1_677_801_600),
        ("2023y3m31d-1m", 1_677_542_400),
        ("2023y1m1d+1d+1d", NOW + 86_400),
        ("", NOW),
        ("2023-11-14", NOW),
        ("+1d", NOW),
        ("2023y1m1d+", NOW),
        ("9" * 200, NOW),
    ],
)
def test_dates_and_durations_are_read_as_they_have_always_been(written: str, seconds: int) -> None:
    assert seconds_of(written, NOW, NOW) == seconds


@pytest.mark.parametrize("written", ["2023y2m30d", "2023y13m", "2023y1m1d24h"])
def test_a_day_that_no_calendar_has_is_an_error(written: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        seconds_of(written, NOW, NOW)


async def test_older_includes_the_same_moment_and_newer_does_not() -> None:
    assert await holds(f"older([current_date],{NOW})")
    assert not await holds(f"newer([current_date],{NOW})")
    assert await holds("newer([execution_date],'2023y11m14d')")
    assert await holds("older('2023y11m14d+1d',[current_date])") is False


@pytest.mark.parametrize("sign", ["", "!"])
async def test_an_impossible_date_and_a_missing_clock_refuse_whatever_the_negation_says(sign: str) -> None:
    assert await holds(f"{sign}older('2023y2m30d',[current_date])") == "ValueError"
    decision = await answer(f"{sign}older(1,2) {ALL} -> do_it", request())
    assert (decision.action, decision.error) == ("reject", "UndefinedValue")


@pytest.mark.parametrize(
    ("one", "other", "is_less"),
    [
        ("[size]", "100", True),
        ("100", "[size]", False),
        ("'-3'", "'2.5'", True),
        ("' 5 '", "' 6 '", True),
        ("9", "'10 apples'", True),
        ("0", "apples", False),
        ("apple", "[word]", True),
        ("[word]", "Apple", False),
        ("''", "0", True),
        ("0", "''", False),
    ],
)
async def test_less_than_compares_numbers_as_numbers_and_words_as_words(
    one: str, other: str, is_less: bool
) -> None:
    assert await holds(f"less_than({one},{other})") is is_less


@pytest.mark.parametrize(
    ("block", "inside", "outside"),
    [
        ("192.0.2.0/24", "192.0.2.77", "192.0.3.1"),
        ("192.0.2.0:255.255.255.0", "192.0.2.77", "192.0.3.1"),
        ("192.0.2", "192.0.2.77", "192.0.3.1"),
        ("10.", "10.9.8.7", "11.0.0.1"),
        ("192.0.2.0-192.0.2.255", "192.0.2.77", "192.0.3.1"),
        ("192.0.2.1", "::ffff:192.0.2.1", "192.0.2.2"),
        ("2001:db8::/32", "2001:DB8::5", "2001:db9::5"),
        ("::1", "::1", "::2"),
        ("0.0.0.0/0", "203.0.113.9", "2001:db8::5"),
    ],
)
async def test_a_client_is_in_a_block_or_not(block: str, inside: str, outside: str) -> None:
    assert await holds(f"verify_netmask('{block}')", remote_addr=inside) is True
    assert await holds(f"verify_netmask('{block}')", remote_addr=outside) is False
    assert await holds(f"!verify_netmask('{block}')", remote_addr=outside) is True


@pytest.mark.parametrize("block", ["any", "default", "::/0"])
async def test_any_is_every_client_but_not_a_request_without_one(block: str) -> None:
    for client in ("192.0.2.77", "2001:db8::5"):
        assert await holds(f"verify_netmask('{block}')", remote_addr=client) is True
    assert await holds(f"verify_netmask('{block}')") is False


@pytest.mark.parametrize(
    "block",
    [
        "",
        "ANY",
        "192.0.2.1/24",
        "192.0.2.0/33",
        "300.0.0.1",
        "192.0.2.1-192.0.2.9",
        "192.0.2.0/255.255.255.0",
    ],
)
def test_what_is_no_block_of_addresses_is_refused(block: str) -> None:
    with pytest.raises(BadNetmask):
        block_of(block)


async def test_a_client_that_is_no_address_refuses() -> None:
    for sign in ("", "!"):
        assert await holds(f"{sign}verify_netmask(any)", remote_addr="proxy.example") == "BadNetmask"
    with pytest.raises(BadNetmask):
        lies_in("", block_of("any"))


FRIENDS = World(
    filters={
        "friends.txt": ("# ours\n; too\n\n*@friends.example\r\nA@Example.org\n", "x*y@*.example"),
        "empty.txt": ("",),
        "db.sql": ("db_type SQLite\ndb_name x\nstatement SELECT 1 FROM t WHERE a = [sender]\n",),
        "dir.ldap": ("host h\nsuffix dc=x\nfilter (mail=[user->email])\n",),
        "bad.sql": ("db_type SQLite\n",),
    },
    in_database=frozenset({"a@example.org"}),
)


@pytest.mark.parametrize(
    ("address", "is_listed"),
    [
        ("a@example.org", True),
        ("z@FRIENDS.example", True),
        ("xay@b.example", True),
        ("ours", False),
        ("z@friends.example.org", False),
        ("xy@example", False),
    ],
)
async def test_a_list_of_addresses_knows_wildcards_and_adds_up_over_the_search_path(
    address: str, is_listed: bool
) -> None:
    decision = await answer(f"search(friends.txt) {ALL} -> do_it", request(address), FRIENDS)
    assert (decision.action == "do_it") is is_listed


async def test_search_asks_databases_and_directories_with_the_values_of_the_request() -> None:
    assert await holds("search(db.sql)", FRIENDS) is True
    assert await holds("search(dir.ldap,[user->email])", FRIENDS) is True
    assert ("sql", "SELECT 1 FROM t WHERE a = :p0", "a@example.org") in FRIENDS.asked
    assert ("directory", "(mail=a@example.org)", "dc=x") in FRIENDS.asked


async def test_search_tests_every_address_of_the_person_only_where_the_text_says_so() -> None:
    world = World(filters={"f.txt": ("b@example.org",)})
    assert await holds("search(f.txt)", world) is False
    assert await holds("search(f.txt,[email])", world) is False
    assert await holds("search(f.txt,[user->email])", world) is True


@pytest.mark.parametrize("sign", ["", "!"])
async def test_a_filter_that_is_missing_or_broken_refuses_and_the_blocklist_may_be_missing(sign: str) -> None:
    assert await holds(f"{sign}search(nowhere.txt)", FRIENDS) == "FilterMissing"
    assert await holds(f"{sign}search(nowhere.ldap)", FRIENDS) == "FilterMissing"
    assert await holds(f"{sign}search(bad.sql)", FRIENDS) == "BadFilter"
    assert await holds(f"{sign}search(blocklist.txt)", FRIENDS) is (sign == "!")
    assert await holds(f"{sign}search(empty.txt)", FRIENDS) is (sign == "!")


async def test_a_plug_in_says_yes_or_no_and_silence_refuses() -> None:
    world = World(plugins={"yes": True, "no": False, "silent": None})
    assert await holds("CustomCondition::yes(1,[word],/x/)", world) is True
    assert world.asked[-1] == ("custom", "yes", "(('1',), ('pear',), ('x',))")
    assert await holds("!customcondition::no()", world) is True
    for name in ("silent", "unknown"):
        for sign in ("", "!"):
            assert await holds(f"{sign}CustomCondition::{name}()", world) == "ConditionFailed"


async def test_row_85_strict_ownership_leaves_the_listmasters_out() -> None:
    world = World(owners=frozenset({"o@x.org"}), listmasters=frozenset({"a@example.org"}))
    assert await holds("is_owner([listname],[sender])", world) is True
    assert await holds("is_owner_strict([listname],[sender])", world) is False
    assert await holds("is_owner_strict([listname],'o@x.org')", world) is True


async def test_a_rule_that_reads_the_list_refuses_everybody_where_there_is_none() -> None:
    world = World(listmasters=frozenset({"a@example.org"}))
    text = f"is_listmaster([sender]) {ALL} -> do_it\nis_owner([listname],[sender]) {ALL} -> do_it"
    asked = request(operation="create_list")
    assert (await answer(text, asked, world)).action == "do_it"
    decision = await answer(text, replace(asked, list_name=""), world)
    assert (decision.action, decision.reason) == ("reject", "error-performing-condition")
