"""Somebody hostile at the documents of a list: names, links, hidden folders, other people's ids, rules that were not meant."""

import asyncio
import json
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest

from tests.journeys.hostile_world import ELSEWHERE, Hostile
from tests.journeys.shelf import TALK, Shelf, get, send, settings

UPLOAD = {"filename": "x", "contentType": "text/html", "size": "5", "purpose": "SHARED_DOCUMENT"}
EXPLAIN = """query ($a: EmailAddress!, $do: ScenarioAction!) { mailingList(address: $a) {
  explainDecision(action: $do) { verdict } documents { viewerCanEdit } } }"""


class _Tags(HTMLParser):
    """Which tags, attributes and links a piece of HTML has."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One more tag."""
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]


@pytest.fixture
async def mallory(hostile: Hostile) -> Shelf:
    """The documents as Mallory meets them, who is a member and owns another list."""
    return Shelf(hostile, await hostile.session(hostile.mallory))


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "..",
        "a/b",
        "a\\b",
        "a\0b",
        "a\r\nSet-Cookie: x=y",
        "invoice\u202egpj.exe",
        "CON",
        "",
        "x" * 300,
    ],
)
async def test_no_name_leads_elsewhere(carol: Shelf, name: str) -> None:
    top = await carol.id()
    assert await carol.refused("sharedFolderCreate", parentId=top, name=name) == ["INVALID"]
    assert await carol.refused("uploadCreate", **{**UPLOAD, "filename": name}, parentId=top) == ["INVALID"]
    folder = await carol.folder("fine")
    assert await carol.refused("sharedItemMove", item={"id": folder}, name=name) == ["INVALID"]


async def test_a_page_that_was_uploaded_is_never_a_page_of_ours(hostile: Hostile, carol: Shelf) -> None:
    evil = b"<script>alert(document.cookie)</script>"
    for name, kind in (("a.html", "text/html"), ("b.svg", "image/svg+xml"), ("c", "text/html\r\nX: y")):
        put = await carol.put(name, evil, kind=kind)
        got = await get(hostile, put["file"]["downloadUrl"])
        assert got.content == evil
        assert got.headers["content-disposition"].startswith("attachment;")
        assert got.headers["content-security-policy"] == "sandbox; default-src 'none'"
        assert got.headers["x-content-type-options"] == "nosniff"
        assert "x" not in got.headers


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:x)",
        "![x](http://tracker.example/x.png)",
        "![x](javascript:alert(1))",
        "<javascript:alert(1)>",
        '[x](http://a.example "onmouseover=alert(1) x=\\"")',
        '[x](http://a.example/"onmouseover="alert(1))',
        "[x]: javascript:alert(1)\n\n[x]",
        "`<script>`\n\n    <script>alert(1)</script>",
        "<svg/onload=alert(1)>",
        "a <b onclick=alert(1)>c</b>",
    ],
)
async def test_a_description_runs_and_loads_nothing(carol: Shelf, text: str) -> None:
    folder = await carol.folder("f")
    told = await carol.do(
        "sharedFolderDescribe",
        "folder { header headerHtml footerHtml }",
        folderId=folder,
        header=text,
        footer=text,
    )
    shown: str = told["folder"]["headerHtml"]
    assert told["folder"]["header"] == text.strip()
    page = _Tags()
    page.feed(shown + told["folder"]["footerHtml"])
    assert page.tags <= {"p", "a", "code", "pre", "em", "strong"}
    assert page.attributes <= {"href", "rel", "title"}
    assert all(link.startswith(("http://", "https://", "mailto:")) for link in page.links)


async def test_a_hidden_folder_is_as_absent_whichever_way_it_is_asked(
    hostile: Hostile, carol: Shelf, mallory: Shelf
) -> None:
    """Pitfall 52."""
    await carol.folder("board")
    await carol.put("salaries.txt", b"hush", "board")
    ids = {path: await carol.id(path) for path in ("board", "board/salaries.txt")}
    own = await mallory.id()
    await carol.rules("board", read="owner", edit="owner")
    absent = await carol.folder("gone")
    await carol.do("sharedItemRemove", item={"id": absent})
    await carol.do("sharedItemRemove", item={"id": absent})
    for path, id in ids.items():
        assert await mallory.at(path) is None
        node = "query ($id: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id } }"
        found = await hostile.ask(node, mallory.token, id=id)
        assert found == {**found, "data": {"node": None, "nodes": [None]}}
        assert "errors" not in found
    lists = await hostile.id_of(hostile.talk, mallory.token or "")
    tries: list[tuple[str, dict[str, Any]]] = [
        ("sharedItemMove", {"name": "mine"}),
        ("sharedItemRemove", {}),
    ]
    for mutation, more in tries:
        said = set()
        refs: list[dict[str, Any]] = [{"item": {"id": ids["board"]}}, {"item": {"id": absent}}]
        refs += [
            {"item": {"path": path}, "mailingListId": lists}
            for path in ("board", "board/salaries.txt", "nothing")
        ]
        for ref in refs:
            payload = await mallory.do(mutation, **ref, **more)
            said.add(json.dumps(payload["userErrors"]))
        assert len(said) == 1, said
        assert "NOT_FOUND" in next(iter(said))
    for mutation, input in (
        ("sharedFolderCreate", {"parentId": ids["board"], "name": "x"}),
        ("uploadCreate", {**UPLOAD, "parentId": ids["board"]}),
        ("sharedAccessSet", {"itemId": ids["board"], "isInherited": True}),
        ("sharedItemRestore", {"itemId": ids["board"]}),
        ("sharedFolderDescribe", {"folderId": ids["board"], "header": "x"}),
        ("sharedItemMove", {"item": {"id": own}, "parentId": ids["board"]}),
    ):
        assert await mallory.refused(mutation, **input) == ["NOT_FOUND"], mutation
    assert "board" not in json.dumps(await mallory.top())


async def test_links_are_for_what_they_were_made_for(hostile: Hostile, carol: Shelf) -> None:
    file = (await carol.put("a", b"12345"))["file"]["downloadUrl"]
    made = await carol.do("uploadCreate", "upload { id url }", **UPLOAD, parentId=await carol.id())
    upload = made["upload"]["url"]
    assert (await send(hostile, file, b"54321")).status_code == 404
    assert (await get(hostile, upload)).status_code == 404
    assert (await get(hostile, file, "POST")).status_code == 405
    assert (await send(hostile, upload, b"123456")).status_code == 413
    assert (await send(hostile, upload, b"1234")).status_code == 400
    assert (await send(hostile, upload, b"12345")).status_code == 204
    assert (await send(hostile, upload, b"12345")).status_code == 404
    assert (await get(hostile, file)).content == b"12345"
    texts = {
        (await get(hostile, f"https://x/documents/{each}")).text
        for each in ("x", "x.y", "%2e%2e", file[-40:])
    }
    assert len(texts) == 1
    await carol.do("sharedItemRemove", item={"id": await carol.id("a")})
    assert (await get(hostile, file)).status_code == 404


async def test_nobody_names_the_upload_of_another(
    hostile: Hostile, carol: Shelf, alice: Shelf, mallory: Shelf
) -> None:
    await settings(hostile, d_edit="private")
    upload, status = await alice.upload(b"alice's")
    assert status == 204
    assert await mallory.refused(
        "sharedFileCreate", parentId=await mallory.id(), name="x", uploadId=upload
    ) == ["NOT_FOUND"]
    seen = await hostile.ask(
        "query ($i: ID!) { node(id: $i) { id ... on FileUpload { url } } }", mallory.token, i=upload
    )
    assert seen["data"] == {"node": None}
    assert await alice.refused("sharedFileCreate", parentId=await alice.id(), name="x", uploadId=upload) == []
    assert await alice.refused("sharedFileCreate", parentId=await alice.id(), name="y", uploadId=upload) == [
        "NOT_FOUND"
    ]


async def test_ids_of_documents_are_nothing_in_another_robot(hostile: Hostile, carol: Shelf) -> None:
    """Pitfall 52."""
    ids = [await carol.id(), await carol.folder("a")]
    there = await hostile.session(hostile.mallory, hostile.other_robot)
    for id in ids:
        found = await hostile.ask("query ($i: ID!) { node(id: $i) { id } }", there, host=ELSEWHERE, i=id)
        assert found["data"] == {"node": None}
        refused = await hostile.codes(
            "sharedFolderCreate", there, {"parentId": id, "name": "x"}, host=ELSEWHERE
        )
        assert refused == ["NOT_FOUND"]


async def test_documents_of_one_list_are_not_moved_into_another(
    hostile: Hostile, carol: Shelf, mallory: Shelf
) -> None:
    await settings(hostile, d_edit="private")
    item = await mallory.folder("a")
    hers = Shelf(hostile, mallory.token, hostile.hers.address)
    assert await mallory.refused("sharedItemMove", item={"id": item}, parentId=await hers.id()) == [
        "NOT_FOUND"
    ]
    assert await carol.names() == ["a"]


async def test_a_crowd_does_not_pass_the_quota(hostile: Hostile, carol: Shelf) -> None:
    await settings(hostile, documents_quota="2k")
    top = await carol.id()
    wanted = {**UPLOAD, "size": "1024", "parentId": top}
    codes = await asyncio.gather(*(carol.refused("uploadCreate", **wanted) for _ in range(6)))
    assert sorted(codes) == [[], [], *[["TOO_LARGE"]] * 4]


async def test_members_who_edit_set_no_rules(hostile: Hostile, carol: Shelf, mallory: Shelf) -> None:
    await settings(hostile, d_edit="private")
    folder = await mallory.folder("hers")
    assert await mallory.refused("sharedAccessSet", itemId=folder, isInherited=False, read="owner") == [
        "FORBIDDEN"
    ]
    assert await carol.refused("sharedAccessSet", itemId=folder, isInherited=True, read="public") == [
        "INVALID"
    ]
    assert await carol.refused("sharedAccessSet", itemId=folder, isInherited=False, read="no such") == [
        "INVALID"
    ]


async def test_a_replay_is_one_folder(carol: Shelf) -> None:
    top = await carol.id()
    both = [
        await carol.do(
            "sharedFolderCreate", "folder { id name }", parentId=top, name="a", clientMutationId="k"
        )
        for _ in range(2)
    ]
    assert both[0] == both[1]
    assert both[0]["userErrors"] == []


@pytest.mark.parametrize("policy", ["owner", "private", "private-https", "public"])
async def test_what_is_read_is_what_explaining_says(
    hostile: Hostile, carol: Shelf, mallory: Shelf, policy: str
) -> None:
    await settings(hostile, d_read=policy, d_edit="public")
    for shelf in (carol, mallory, Shelf(hostile, None)):
        told = (await hostile.ask(EXPLAIN, shelf.token, a=TALK, do="READ_DOCUMENTS"))["data"]["mailingList"]
        assert (told["explainDecision"]["verdict"] == "ALLOW") is (told["documents"] is not None)


@pytest.mark.parametrize("policy", ["editor", "owner", "private", "private-https", "public"])
async def test_what_is_changed_is_what_explaining_says(
    hostile: Hostile, carol: Shelf, mallory: Shelf, policy: str
) -> None:
    await settings(hostile, d_read="public", d_edit=policy)
    for number, shelf in enumerate((carol, mallory, Shelf(hostile, None))):
        told = (await hostile.ask(EXPLAIN, shelf.token, a=TALK, do="EDIT_DOCUMENTS"))["data"]["mailingList"]
        may = told["explainDecision"]["verdict"] == "ALLOW"
        assert told["documents"]["viewerCanEdit"] is may
        refused = await shelf.refused("sharedFolderCreate", parentId=await shelf.id(), name=f"n{number}")
        assert (refused == []) is may


async def test_a_refused_change_names_the_decision_behind_it(hostile: Hostile, mallory: Shelf) -> None:
    document = """mutation ($i: SharedFolderCreateInput!) { sharedFolderCreate(input: $i) {
      userErrors { code decisionId } } }"""
    input = {"parentId": await mallory.id(), "name": "x"}
    answer = await hostile.ask(document, mallory.token, i=input)
    [error] = answer["data"]["sharedFolderCreate"]["userErrors"]
    shown = await hostile.ask(
        "query ($i: ID!) { decision(id: $i) { decision { verdict scenario { name } } } }",
        mallory.token,
        i=error["decisionId"],
    )
    assert shown["data"]["decision"]["decision"] == {"verdict": "REJECT", "scenario": {"name": "owner"}}


async def test_strange_requests_for_bytes_are_answered_in_order(hostile: Hostile, carol: Shelf) -> None:
    file = (await carol.put("a", b"12345"))["file"]["downloadUrl"]
    for path in ("/documents/", "/documents/a/b", "/documents/%00", "/documents/" + "x" * 9000):
        found: httpx.Response = await hostile.browser.get(path)
        assert found.status_code == 404
    assert (await get(hostile, file + "?x=1")).status_code == 200
