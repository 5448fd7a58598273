"""Who sees whose mail comes back, and who lets it go on."""

from typing import Any

from lists.bounces.scores import Failure, failed
from storage import alerts, bounce_scores, memberships
from storage.database import Database
from storage.tables.words import BounceKind
from tests.conftest import Clock
from tests.resolvers.lists_world import Scene, watched_scene

PAGE = """query ($filter: BounceFilter) { mailingList(address: "talk@lists.example.test") {
  bounces(first: 10, filter: $filter) { totalCount edges { node { id score kind enhancedStatus count diagnostic probedAt
  stoppedAt firstAt lastAt membership { email } latest { kind enhancedStatus diagnostic at } } } } } }"""
MINE = (
    """{ viewer { user { memberships(first: 10) { edges { node { email bounce { id kind score } } } } } } }"""
)
OTHERS = """{ mailingList(address: "talk@lists.example.test") { subscribers(first: 10) {
  edges { node { email bounce { kind } } } } } }"""


async def hurt(scene: Scene, address: str, kind: BounceKind = BounceKind.HARD, times: int = 1) -> int:
    """Mail to a member comes back, as their own mail server says; the number of the membership."""
    async with scene.db.write() as uow:
        mlist = await scene.now("talk")
        member = await memberships.find(uow, mlist.id, address)
        assert member is not None
        for _ in range(times):
            await failed(uow, mlist, member, Failure(kind, "5.1.1", "550 no", is_proved=True))
    return member.id


async def page(scene: Scene, role: str, **filter: Any) -> list[dict[str, Any]]:
    found = await scene.data(role, PAGE, filter=filter or None)
    return [each["node"] for each in found["mailingList"]["bounces"]["edges"]]


async def test_owners_see_the_worst_first_and_narrow_it(database: Database, clock: Clock) -> None:
    async with watched_scene(database) as (scene, _):
        await scene.put("talk", "dead@a.example", "full@b.example", "choosy@c.example")
        await hurt(scene, "dead@a.example")
        await hurt(scene, "full@b.example", BounceKind.SOFT, times=2)
        await hurt(scene, "choosy@c.example", BounceKind.POLICY)
        rows = await page(scene, "owner")
        assert [(row["membership"]["email"], row["score"], row["kind"], row["count"]) for row in rows] == [
            ("dead@a.example", 20, "HARD", 1),
            ("full@b.example", 10, "SOFT", 2),
            ("choosy@c.example", 0, "POLICY", 1),
        ]
        assert len(rows[1]["latest"]) == 2
        assert rows[0]["diagnostic"] == "550 no"
        assert len(await page(scene, "owner", minimumScore=20)) == 1
        assert [row["kind"] for row in await page(scene, "owner", kind=["POLICY", "SOFT"])] == [
            "SOFT",
            "POLICY",
        ]
        assert len(await page(scene, "listmaster")) == 3


async def test_nobody_else_sees_them(database: Database) -> None:
    async with watched_scene(database) as (scene, _):
        await hurt(scene, "alice@example.edu")
        for role in ("subscriber", "stranger"):
            answer = await scene.ask(role, PAGE, filter=None)
            assert (answer["data"]["mailingList"] or {}).get("bounces") is None
            assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_a_member_sees_their_own_and_lets_their_mail_go_on(database: Database) -> None:
    async with watched_scene(database) as (scene, _):
        key = await hurt(scene, "alice@example.edu")
        async with scene.db.write() as uow:
            assert await bounce_scores.stop(uow, key)
        rows = (await scene.data("subscriber", MINE))["viewer"]["user"]["memberships"]["edges"]
        [mine] = [row["node"]["bounce"] for row in rows if row["node"]["bounce"]]
        assert mine["kind"] == "HARD"
        done = await scene.do("subscriber", "bouncesReset", {"bounceIds": [mine["id"]]}, "resetIds")
        assert done["resetIds"] == [mine["id"]]
        async with scene.db.read() as reader:
            assert await bounce_scores.by_ids(reader, [key]) == {}
        again = await scene.do("subscriber", "bouncesReset", {"bounceIds": [mine["id"]]}, "resetIds")
        assert again["resetIds"] == []


async def test_other_members_see_nothing_of_it(database: Database) -> None:
    async with watched_scene(database) as (scene, _):
        await scene.put("talk", "dead@a.example")
        await hurt(scene, "dead@a.example")
        found = (await scene.ask("subscriber", OTHERS))["data"]["mailingList"]["subscribers"]
        if found is not None:
            assert {row["node"]["email"]: row["node"]["bounce"] for row in found["edges"]}.get(
                "dead@a.example"
            ) is None


async def test_an_owner_lets_mail_go_on_and_a_member_cannot_for_another(database: Database) -> None:
    async with watched_scene(database) as (scene, _):
        await scene.put("talk", "dead@a.example")
        key = await hurt(scene, "dead@a.example")
        [row] = await page(scene, "owner")
        denied = await scene.do(
            "subscriber", "bouncesReset", {"bounceIds": [row["id"]]}, "userErrors { code }"
        )
        assert [each["code"] for each in denied["userErrors"]] == ["NOT_FOUND"]
        await scene.do("owner", "bouncesReset", {"bounceIds": [row["id"]]}, "resetIds")
        async with scene.db.read() as reader:
            assert await bounce_scores.by_ids(reader, [key]) == {}
            assert await alerts.waiting(reader, 1) == []
