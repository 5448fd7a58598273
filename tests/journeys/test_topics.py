"""The directory by topic, through the API: what is hidden from somebody is not there for them."""

from identity.actor import operator
from lists.roles import grant_listmaster
from lists.topics import set_topic
from tests.journeys.hostile_world import Hostile

TOPICS = (
    '{ robot { topics { name title } } mailingList(address: "talk@lists.example.test") { topics { name } } }'
)
UNDER = (
    """query ($t: String!) { mailingLists(filter: { topic: $t }) { totalCount edges { node { name } } } }"""
)


async def world_with_topics(hostile: Hostile) -> tuple[str, str]:
    """The list talk under two topics, one of them for listmasters; tokens of Carol, its owner, and of a listmaster."""
    robot = hostile.world.robot
    async with hostile.world.db.write() as uow:
        for name, title, policy in (("arts", "Arts", ""), ("arts/secret", "Hidden", "conceal")):
            await set_topic(uow, operator(robot), robot, name, title, policy)
        await grant_listmaster(uow, operator(robot), robot, hostile.mallory.main_address)
    boss = await hostile.session(hostile.mallory)
    carol = await hostile.session(hostile.world.carol)
    for token, topics in ((boss, ["arts/secret"]), (carol, ["arts"])):
        changed = await hostile.do(
            "mailingListUpdate",
            token,
            {
                "mailingListId": await hostile.id_of(hostile.talk, token),
                "settings": {
                    "topics": topics,
                    "scenarios": [{"action": "SEE_LIST", "scenario": "noconceal"}],
                },
            },
        )
        assert changed["userErrors"] == []
    return carol, boss


async def test_what_a_topics_policy_refuses_is_absent_by_every_path(hostile: Hostile) -> None:
    carol, boss = await world_with_topics(hostile)
    for token, names in ((None, ["arts"]), (carol, ["arts"]), (boss, ["arts", "arts/secret"])):
        seen = (await hostile.ask(TOPICS, token))["data"]
        assert [each["name"] for each in seen["robot"]["topics"]] == names
        assert [each["name"] for each in seen["mailingList"]["topics"]] == names
    for token, topic, names in (
        (carol, "arts", ["talk"]),
        (carol, "arts/secret", []),
        (carol, "never", []),
        (boss, "arts/secret", ["talk"]),
    ):
        found = (await hostile.ask(UNDER, token, t=topic))["data"]["mailingLists"]
        assert [edge["node"]["name"] for edge in found["edges"]] == names
        assert found["totalCount"] == len(names)


async def test_an_owner_is_told_the_same_of_a_hidden_and_of_an_absent_topic(hostile: Hostile) -> None:
    carol, _ = await world_with_topics(hostile)
    told = []
    for name in ("arts/secret", "arts/absent"):
        changed = await hostile.do(
            "mailingListUpdate",
            carol,
            {"mailingListId": await hostile.id_of(hostile.talk, carol), "settings": {"topics": [name]}},
        )
        [error] = changed["userErrors"]
        assert error["path"] == ["input", "settings", "topics"]
        told.append(str(error).replace(name, "..."))
    assert told[0] == told[1]
