"""The handbook is rendered from Markdown, and only the handbook."""

from pathlib import Path

from httpx import AsyncClient


async def test_the_contents_name_every_document(browser: AsyncClient) -> None:
    text = (await browser.get("/docs")).text
    assert '<a href="/docs/start.md">How to start</a>' in text
    assert '<a href="/docs/decisions/0001.md">A decision</a>' in text
    assert "1.2.3" in text


async def test_an_index_of_the_handbooks_own_is_shown_with_links_that_lead_on(
    browser: AsyncClient, docs_folder: Path
) -> None:
    index = "# All of it\n\n[start](start.md), [a decision](decisions/0001.md), [us](https://example.org)\n"
    (docs_folder / "README.md").write_text(index)
    text = (await browser.get("/docs")).text
    for link in ("/docs/start.md", "/docs/decisions/0001.md", "https://example.org"):
        assert f'<a href="{link}">' in text
    assert "1.2.3" in text


async def test_a_document_is_rendered_with_its_tables(browser: AsyncClient) -> None:
    answer = await browser.get("/docs/start.md")
    assert answer.status_code == 200
    assert "<h1>How to start</h1>" in answer.text
    assert "<table>" in answer.text


async def test_html_in_a_document_stays_text(browser: AsyncClient) -> None:
    text = (await browser.get("/docs/start.md")).text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


async def test_a_document_is_found_without_its_ending_too(browser: AsyncClient) -> None:
    assert (await browser.get("/docs/start")).text == (await browser.get("/docs/start.md")).text


async def test_a_link_between_documents_leads_there(browser: AsyncClient) -> None:
    page = await browser.get("/docs/decisions/0001.md")
    assert 'href="../start.md"' in page.text
    assert (await browser.get(page.url.join("../start.md"))).status_code == 200


async def test_nothing_beside_the_handbook_can_be_read(browser: AsyncClient) -> None:
    for name in ("..%2fsecret.md", "%2e%2e/secret", "/etc/passwd", "nothing"):
        answer = await browser.get(f"/docs/{name}")
        assert answer.status_code == 404
        assert "Not for reading" not in answer.text


async def test_a_picture_of_the_handbook_is_shown_and_nothing_else_beside_it(
    browser: AsyncClient, docs_folder: Path
) -> None:
    (docs_folder / "images").mkdir()
    (docs_folder / "images" / "front.png").write_bytes(b"\x89PNG and more")
    (docs_folder / "images" / "notes.txt").write_text("Not for reading")
    answer = await browser.get("/docs/images/front.png")
    assert (answer.content, answer.headers["content-type"]) == (b"\x89PNG and more", "image/png")
    assert answer.headers["x-content-type-options"] == "nosniff"
    for name in ("notes.txt", "back.png", "..%2fstart.md"):
        assert (await browser.get(f"/docs/images/{name}")).status_code == 404
