"""Alive, ready, and in figures."""

from tests.server.pages_world import World


async def test_a_process_that_lives_says_so(pages: World) -> None:
    assert (await pages.browser.get("/healthz")).text == "ok\n"


async def test_readiness_names_database_schema_and_redis(pages: World) -> None:
    answer = await pages.browser.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "database": "ok", "schema": "current", "redis": "off"}


async def test_tables_of_another_version_are_not_ready(pages: World) -> None:
    pages.state.schema_head = "9999"
    answer = await pages.browser.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["schema"] == "other"


async def test_the_figures_follow_what_happens(pages: World) -> None:
    before = (await pages.browser.get("/metrics")).text
    assert "postroom_moderation_waiting 0.0" in before
    await pages.mail_in("announce@lists.example.test", "alice@example.edu", "News")
    await pages.mail_in("welcome@lists.example.test", "alice@example.edu", "Hello")
    after = (await pages.browser.get("/metrics")).text
    assert "postroom_moderation_waiting 1.0" in after
    assert 'postroom_packets{state="new"}' in after
    assert 'postroom_events_total{event="distributed"} 1.0' in after
    assert made(after, 'postroom_decisions_total{action="editorkey",operation="send"}') >= 1
    assert made(after, "postroom_scenarios_compiled_total") >= 1
    assert 'postroom_http_requests_total{place="/metrics",status="2xx"} 1.0' in after


def made(text: str, name: str) -> float:
    """A figure's value; these two count for the whole process, other tests included."""
    return next(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(f"{name} "))


async def test_lists_of_one_scenario_share_its_compiled_text(pages: World) -> None:
    await pages.mail_in("welcome@lists.example.test", "alice@example.edu", "Hello")
    name = "postroom_scenarios_compiled_total"
    before = made((await pages.browser.get("/metrics")).text, name)
    for n in range(5):
        await pages.mail_in("welcome@lists.example.test", "alice@example.edu", f"Hello {n}")
    assert made((await pages.browser.get("/metrics")).text, name) == before


async def test_figures_name_no_ticket_and_nobody(pages: World) -> None:
    link = await pages.subscription_link("dora@example.edu")
    await pages.browser.get(f"/t/{link}")
    text = (await pages.browser.get("/metrics")).text
    assert link not in text
    assert "@" not in text


async def test_a_graphql_operation_is_measured(pages: World) -> None:
    await pages.browser.post("/graphql", json={"query": "{ __typename }"})
    text = (await pages.browser.get("/metrics")).text
    assert 'postroom_graphql_seconds_count{kind="query"} 1.0' in text
    assert 'postroom_graphql_cost_count{kind="query"} 1.0' in text
