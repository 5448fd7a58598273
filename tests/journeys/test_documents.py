"""The documents of a list, as members, owners and moderators meet them through the API and its links."""

import hashlib
import io
import re
import unicodedata
import zipfile

import httpx
import pytest
from sqlalchemy import select

from lists import decisions
from storage import documents as stored
from storage.query import Query
from storage.tables.decisions import decisions as table
from storage.tables.words import TokenScope
from tests.journeys.hostile_world import Hostile
from tests.journeys.shelf import TALK, Shelf, get, settings


async def test_a_file_comes_goes_and_is_read(
    hostile: Hostile, carol: Shelf, alice: Shelf, stranger: Shelf
) -> None:
    await carol.folder("Minutes")
    put = await carol.put("2026.txt", b"We met.", "Minutes")
    assert put["userErrors"] == []
    assert put["file"]["path"] == "/Minutes/2026.txt"
    assert put["decision"]["verdict"] == "ALLOW"
    seen = await alice.at("minutes/2026.TXT")
    assert (seen["size"], seen["author"], seen["viewerCanEdit"]) == ("7", "carol@example.edu", False)
    got = await get(hostile, seen["downloadUrl"])
    assert (got.status_code, got.content) == (200, b"We met.")
    assert got.headers["content-disposition"].startswith('attachment; filename="2026.txt"')
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["content-security-policy"].startswith("sandbox")
    assert got.headers["etag"] == f'"{hashlib.sha256(b"We met.").hexdigest()}"'
    assert (await get(hostile, seen["downloadUrl"], "HEAD")).headers["content-length"] == "7"
    assert await stranger.top() is None
    assert await stranger.at("Minutes") is None


async def test_a_file_gets_new_content_and_a_name_in_use_is_refused(hostile: Hostile, carol: Shelf) -> None:
    first = await carol.put("plan.txt", b"one")
    again = await carol.put("PLAN.txt", b"two")
    assert [each["code"] for each in again["userErrors"]] == ["TAKEN"]
    new = await carol.put("Plan.txt", b"three", replace=True)
    assert new["file"]["id"] == first["file"]["id"]
    assert (await get(hostile, new["file"]["downloadUrl"])).content == b"three"
    # What somebody was given a link to is the file, not the bytes of that day.
    assert (await get(hostile, first["file"]["downloadUrl"])).content == b"three"


async def test_moving_renaming_and_describing(hostile: Hostile, carol: Shelf, alice: Shelf) -> None:
    here, there = await carol.folder("here"), await carol.folder("there")
    await carol.folder("inner", "here")
    await carol.put("a.txt", b"a", "here/inner")
    answer = await carol.do(
        "sharedItemMove",
        "item { path }",
        item={"path": "here/inner"},
        mailingListId=await hostile.id_of(hostile.talk, carol.token or ""),
        parentId=there,
        name="Inside",
    )
    assert answer["item"]["path"] == "/there/Inside"
    assert (await alice.at("there/inside/a.txt"))["path"] == "/there/Inside/a.txt"
    assert await carol.refused(
        "sharedItemMove", item={"id": there}, parentId=await carol.id("there/Inside")
    ) == ["INVALID"]
    assert await carol.refused("sharedItemMove", item={"id": here}, parentId=here) == ["INVALID"]
    assert await carol.refused("sharedItemMove", item={"id": here}, name="There") == ["TAKEN"]
    assert await carol.refused("sharedItemMove", item={"id": await carol.id()}, name="top") == ["INVALID"]
    assert await alice.refused("sharedItemMove", item={"id": here}, name="mine") == ["FORBIDDEN"]
    told = await carol.do(
        "sharedFolderDescribe",
        "folder { header headerHtml footer }",
        folderId=here,
        header="*See* <script>alert(1)</script>",
    )
    assert told["folder"] == {
        "header": "*See* <script>alert(1)</script>",
        "headerHtml": "<p><em>See</em> &lt;script&gt;alert(1)&lt;/script&gt;</p>\n",
        "footer": None,
    }


async def test_the_trash_gives_back_what_was_removed(hostile: Hostile, carol: Shelf, alice: Shelf) -> None:
    await carol.folder("old")
    await carol.put("a.txt", b"a", "old")
    old = await carol.id("old")
    assert await alice.refused("sharedItemRemove", item={"id": old}) == ["FORBIDDEN"]
    gone = await carol.do("sharedItemRemove", "removedId", item={"id": old})
    assert gone["removedId"] == old
    assert await carol.names() == []
    assert await carol.at("old/a.txt") is None
    asked = await hostile.ask("query ($i: ID!) { node(id: $i) { id } }", carol.token, i=old)
    assert asked["data"]["node"] is None
    trash = "query ($a: EmailAddress!) { mailingList(address: $a) { documents { removed { itemId name } } } }"
    shown = await hostile.ask(trash, carol.token, a=TALK)
    assert shown["data"]["mailingList"]["documents"]["removed"] == [{"itemId": old, "name": "old"}]
    hidden = await hostile.ask(trash, alice.token, a=TALK)
    assert hidden["data"]["mailingList"]["documents"]["removed"] is None
    await carol.folder("Old")
    assert await carol.refused("sharedItemRestore", itemId=old) == ["TAKEN"]
    assert await alice.refused("sharedItemRestore", itemId=old, name="mine") == ["FORBIDDEN"]
    back = await carol.do("sharedItemRestore", "item { path }", itemId=old, name="older")
    assert back["item"]["path"] == "/older"
    assert await carol.names("older") == ["a.txt"]
    await carol.do("sharedItemRemove", item={"id": old})
    assert await carol.refused("sharedItemRemove", item={"id": old}) == []
    assert await carol.refused("sharedItemRestore", itemId=old) == ["NOT_FOUND"]


async def test_a_folder_open_under_a_closed_one_is_found_by_its_path_alone(
    hostile: Hostile, carol: Shelf, alice: Shelf
) -> None:
    await carol.folder("closed")
    await carol.folder("open", "closed")
    await carol.put("a.txt", b"a", "closed/open")
    await carol.rules("closed", read="owner")
    await carol.rules("closed/open", read="private")
    assert await alice.at("closed") is None
    assert await alice.names() == []
    assert await alice.found("open") == []
    seen = await alice.at("closed/open")
    assert (seen["path"], seen["parent"]) == ("/…/open", None)
    assert (await alice.at("closed/open/a.txt"))["path"] == "/…/open/a.txt"
    assert await alice.names("closed/open") == ["a.txt"]


async def test_a_binding_folder_gives_all_below_exactly_its_rules(
    hostile: Hostile, carol: Shelf, alice: Shelf, stranger: Shelf
) -> None:
    await carol.folder("a")
    await carol.folder("b", "a")
    await carol.put("c.txt", b"c", "a/b")
    await carol.rules("a", read="public")
    await carol.rules("a/b", read="owner", edit="private")
    assert await alice.at("a/b/c.txt") is None
    await carol.rules("a", read="public", isBinding=True)
    # Not the narrower of both: exactly the folder's.
    access = (await stranger.at("a/b/c.txt"))["access"]
    assert (access["isOverruled"], access["isInherited"], access["inheritedFrom"]) == (
        True,
        True,
        {"name": "a"},
    )
    access = (await carol.at("a/b"))["access"]
    assert (access["ownRead"], access["ownEdit"], access["read"], access["edit"]) == (
        "owner",
        "private",
        {"name": "public"},
        {"name": "owner"},
    )
    assert (await alice.at("a/b"))["viewerCanEdit"] is False
    await carol.rules("a", read="public")
    assert await alice.at("a/b/c.txt") is None
    assert (await carol.at("a/b"))["access"]["read"] == {"name": "owner"}


async def test_a_search_counts_neither_case_nor_accents_and_finds_nothing_hidden(
    carol: Shelf, alice: Shelf
) -> None:
    await carol.folder("Réunions")
    await carol.put("Compte-RENDU ÉTÉ.txt", b"a", "Réunions")
    await carol.put("été secret.txt", b"b")
    await carol.rules("été secret.txt", read="owner")
    assert await alice.found("ete") == ["/Réunions/Compte-RENDU ÉTÉ.txt"]
    assert await alice.found("REUNION") == ["/Réunions"]
    assert sorted(await carol.found("été")) == ["/Réunions/Compte-RENDU ÉTÉ.txt", "/été secret.txt"]


async def test_a_zip_holds_what_its_reader_may_read(hostile: Hostile, carol: Shelf, alice: Shelf) -> None:
    await carol.folder("Minutes")
    await carol.folder("empty", "Minutes")
    await carol.put("日本 🎉.txt", b"x" * 300_000, "Minutes")
    await carol.put("salaries.txt", b"hush", "Minutes")
    await carol.rules("Minutes/salaries.txt", read="owner")
    everything = await get(hostile, (await carol.at("Minutes"))["zipUrl"])
    assert everything.headers["content-disposition"].startswith('attachment; filename="Minutes.zip"')
    with zipfile.ZipFile(io.BytesIO(everything.content)) as made:
        assert sorted(made.namelist()) == ["Minutes/empty/", "Minutes/salaries.txt", "Minutes/日本 🎉.txt"]
        assert made.testzip() is None
    link = (await alice.at("Minutes"))["zipUrl"]
    some = await get(hostile, link)
    assert b"salaries" not in some.content
    with zipfile.ZipFile(io.BytesIO(some.content)) as made:
        assert sorted(made.namelist()) == ["Minutes/empty/", "Minutes/日本 🎉.txt"]
        assert made.read("Minutes/日本 🎉.txt") == b"x" * 300_000
    # What was closed meanwhile is closed for links that were given out before.
    await carol.rules("Minutes", read="owner")
    assert (await get(hostile, link)).status_code == 404


async def test_a_members_file_waits_for_a_moderator(hostile: Hostile, carol: Shelf, alice: Shelf) -> None:
    await settings(hostile, d_edit="editor")
    handed = await alice.put("wish.txt", b"please")
    assert [each["code"] for each in handed["userErrors"]] == ["NEEDS_MODERATION"]
    assert (handed["file"], handed["decision"]["verdict"]) == (None, "HOLD_FOR_MODERATOR")
    assert await carol.names() == []
    second = await alice.put("second.txt", b"too")
    assert second["file"] is None
    queue = """query ($a: EmailAddress!) { mailingList(address: $a) { moderation(first: 9) { edges { node {
      id kind subject author document { name path size downloadUrl } } } } } }"""
    waiting = (await hostile.ask(queue, carol.token, a=TALK))["data"]["mailingList"]["moderation"]["edges"]
    first, other = (edge["node"] for edge in waiting)
    assert (first["kind"], first["subject"], first["author"]) == (
        "DOCUMENT",
        "/wish.txt",
        "alice@example.edu",
    )
    page = await hostile.browser.get(f"/t/{await hostile.world.newest_link('carol@example.edu')}")
    assert "share the document /second.txt" in page.text
    [shown] = re.findall(r'href="([^"]*/documents/[^"]*)"', page.text)
    assert (await get(hostile, shown)).content == b"too"
    link = first["document"]["downloadUrl"]
    assert (await get(hostile, link)).content == b"please"
    decided = await hostile.codes(
        "moderationDecide", carol.token, {"itemIds": [first["id"]], "verdict": "APPROVE"}
    )
    assert decided == []
    assert (await get(hostile, link)).status_code == 404
    assert await alice.names() == ["wish.txt"]
    assert (await get(hostile, (await alice.at("wish.txt"))["downloadUrl"])).content == b"please"
    decided = await hostile.codes(
        "moderationDecide", carol.token, {"itemIds": [other["id"]], "verdict": "REJECT", "reason": "No room."}
    )
    assert decided == []
    assert await carol.names() == ["wish.txt"]
    assert "/second.txt" in (await hostile.letters("alice@example.edu"))[-1].raw.decode()
    # Everything but handing in takes the full right.
    assert await alice.refused("sharedFolderCreate", parentId=await alice.id(), name="mine") == ["FORBIDDEN"]
    assert await alice.refused("sharedItemRemove", item={"id": await alice.id("wish.txt")}) == ["FORBIDDEN"]


@pytest.mark.parametrize("name", ["é", "日本語.txt", "👩‍👩‍👧.png", "שלום.pdf", "a b%20c;'=.txt"])
async def test_a_name_in_any_script_comes_back_whole(hostile: Hostile, carol: Shelf, name: str) -> None:
    put = await carol.put(unicodedata.normalize("NFD", name))
    kept = put["file"]["name"]
    assert kept == unicodedata.normalize("NFC", name)
    got = await get(hostile, put["file"]["downloadUrl"])
    _, _, encoded = got.headers["content-disposition"].partition("filename*=UTF-8''")
    assert httpx.URL(f"http://x/?q={encoded}").params["q"] == kept
    assert (await carol.put(unicodedata.normalize("NFC", name)))["userErrors"][0]["code"] == "TAKEN"


async def test_the_tree_of_a_thousand_comes_in_one_request(hostile: Hostile, carol: Shelf) -> None:
    async with hostile.world.db.write() as uow:
        for number in range(20):
            folder = await stored.add(
                uow, hostile.talk.id, None, f"f{number:02}", slot=f"0/f{number:02}", author="x@y.example"
            )
            for inner in range(49):
                await stored.add(
                    uow,
                    hostile.talk.id,
                    folder,
                    f"n{inner:02}",
                    slot=f"{folder}/n{inner:02}",
                    author="x@y.example",
                )
    query = "query ($a: EmailAddress!) { mailingList(address: $a) { documents { tree(depth: 2) { name path updatedAt author viewerCanEdit } } } }"
    found = (await hostile.ask(query, carol.token, a=TALK))["data"]["mailingList"]["documents"]["tree"]
    assert len(found) == 1000
    assert [each["path"] for each in found[:3]] == ["/f00", "/f00/n00", "/f00/n01"]


async def test_pages_of_a_folder_go_on_where_they_ended(hostile: Hostile, carol: Shelf) -> None:
    for name in "cab":
        await carol.folder(name)
    query = """query ($a: EmailAddress!, $after: String) { mailingList(address: $a) { documents {
      children(first: 2, after: $after) { totalCount pageInfo { hasNextPage endCursor } edges { node { name } } } } } }"""
    one = (await hostile.ask(query, carol.token, a=TALK))["data"]["mailingList"]["documents"]["children"]
    assert ([edge["node"]["name"] for edge in one["edges"]], one["totalCount"]) == (["a", "b"], 3)
    two = await hostile.ask(query, carol.token, a=TALK, after=one["pageInfo"]["endCursor"])
    page = two["data"]["mailingList"]["documents"]["children"]
    assert ([edge["node"]["name"] for edge in page["edges"]], page["pageInfo"]["hasNextPage"]) == (
        ["c"],
        False,
    )


async def test_a_list_that_shares_nothing_has_no_documents(hostile: Hostile, carol: Shelf) -> None:
    top = await carol.id()
    await settings(hostile, documents_quota="0")
    assert await carol.top() is None
    assert await carol.refused("sharedFolderCreate", parentId=top, name="x") == ["NOT_FOUND"]


async def test_a_list_keeps_no_more_than_its_quota(hostile: Hostile, carol: Shelf) -> None:
    await settings(hostile, documents_quota="3k", document_size_limit="2k")
    upload = {
        "filename": "x",
        "contentType": "text/plain",
        "purpose": "SHARED_DOCUMENT",
        "parentId": await carol.id(),
    }
    assert await carol.refused("uploadCreate", size="2049", **upload) == ["TOO_LARGE"]
    assert (await carol.put("a", b"x" * 2048))["userErrors"] == []
    assert await carol.refused("uploadCreate", size="1025", **upload) == ["TOO_LARGE"]
    # The trash counts, until it is emptied.
    a = await carol.id("a")
    await carol.do("sharedItemRemove", item={"id": a})
    assert await carol.refused("uploadCreate", size="1025", **upload) == ["TOO_LARGE"]
    await carol.do("sharedItemRemove", item={"id": a})


async def test_a_token_that_may_not_read_sees_no_documents(hostile: Hostile, carol: Shelf) -> None:
    token = await hostile.api_token(hostile.world.carol, TokenScope.OWN)
    top = await carol.id()
    assert await Shelf(hostile, token).refused("sharedFolderCreate", parentId=top, name="x") == ["NOT_FOUND"]
    both = await hostile.api_token(hostile.world.carol, TokenScope.OWN, TokenScope.READ)
    assert await Shelf(hostile, both).refused("sharedFolderCreate", parentId=top, name="x") == []


async def test_it_is_kept_who_was_let_into_the_documents(
    hostile: Hostile, carol: Shelf, alice: Shelf
) -> None:
    await carol.folder("a")
    await carol.rules("a", read="public")
    assert (await alice.at("a"))["name"] == "a"
    await decisions.write_waiting(hostile.world.db, everything=True)
    kept = Query(
        select(table.c.operation, table.c.action, table.c.scenario, table.c.sender), lambda *row: row
    )
    async with hostile.world.db.read() as reader:
        rows = await reader.all(kept)
    assert ("d_read", "do_it", "public", "alice@example.edu") in rows
    assert ("d_read", "do_it", "private", "carol@example.edu") in rows
