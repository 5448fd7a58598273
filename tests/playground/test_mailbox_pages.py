"""The mailbox as JSON keeps its promised shape, and its messages are decoded but never rendered."""

from datetime import UTC, datetime

from httpx import AsyncClient

from playground.mailbox import Mailbox

GREETING = (
    "From: Welcome <welcome@lists.example.org>\r\nTo: welcome@lists.example.org\r\n"
    "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    "Open https://lists.example.org/t/abc now, <b>Zoë</b>\r\n"
).encode()


async def test_scripts_get_exactly_the_promised_members_newest_last(
    browser: AsyncClient, mailbox: Mailbox
) -> None:
    mailbox.accept("owner@lists.example.org", ("alice@example.edu", "bob@example.edu"), GREETING)
    mailbox.accept("", ("alice@example.edu",), b"Subject: second\r\n\r\nx\r\n")
    items = (await browser.get("/playground/mailbox.json")).json()
    assert [set(item) for item in items] == [{"to", "from", "subject", "received_at", "raw"}] * 3
    assert [item["subject"] for item in items] == ["Grüße", "Grüße", "second"]
    assert items[0]["from"] == "owner@lists.example.org"
    assert items[0]["raw"] == GREETING.decode()
    received = datetime.fromisoformat(items[0]["received_at"])
    assert abs((datetime.now(UTC) - received).total_seconds()) < 60


async def test_one_recipient_is_asked_for_without_regard_to_case(
    browser: AsyncClient, mailbox: Mailbox
) -> None:
    mailbox.accept("a@x.org", ("Alice@example.edu", "bob@example.edu"), GREETING)
    items = (await browser.get("/playground/mailbox.json", params={"to": "alice@EXAMPLE.edu"})).json()
    assert [item["to"] for item in items] == ["Alice@example.edu"]
    assert (await browser.get("/playground/mailbox.json", params={"to": "eve@x.org"})).json() == []


async def test_the_page_gets_the_newest_first_with_numbers_and_recipients(
    browser: AsyncClient, mailbox: Mailbox
) -> None:
    for number in range(3):
        mailbox.accept("a@x.org", (f"p{number}@x.org",), GREETING)
    answer = (await browser.get("/playground/mailbox/newest.json")).json()
    assert [item["to"] for item in answer["items"]] == ["p2@x.org", "p1@x.org", "p0@x.org"]
    assert answer["total"] == 3
    assert answer["recipients"] == ["p0@x.org", "p1@x.org", "p2@x.org"]
    assert "raw" not in answer["items"][0]


async def test_one_message_comes_decoded_and_raw(browser: AsyncClient, mailbox: Mailbox) -> None:
    mailbox.accept("a@x.org", ("b@x.org",), GREETING)
    (item,) = (await browser.get("/playground/mailbox/newest.json")).json()["items"]
    letter = (await browser.get(f"/playground/mailbox/{item['number']}.json")).json()
    assert letter["text"] == "Open https://lists.example.org/t/abc now, <b>Zoë</b>\r\n"
    assert ["Subject", "Grüße"] in letter["fields"]
    assert letter["raw"] == GREETING.decode()
    assert letter["attachments"] == []


async def test_a_message_that_is_gone_is_said_to_be_gone(browser: AsyncClient) -> None:
    answer = await browser.get("/playground/mailbox/7.json")
    assert answer.status_code == 404
    assert answer.json() == {"message": "There is no such message any more."}


async def test_bytes_that_are_no_utf8_arrive_one_character_each(
    browser: AsyncClient, mailbox: Mailbox
) -> None:
    raw = b"Subject: x\r\n\r\ncaf\xe9\r\n"
    mailbox.accept("a@x.org", ("b@x.org",), raw)
    (item,) = (await browser.get("/playground/mailbox.json")).json()
    assert item["raw"].encode("latin-1") == raw


async def test_any_message_can_be_looked_at(browser: AsyncClient, mailbox: Mailbox) -> None:
    strange = [
        b"",
        b"no fields at all",
        b"Subject: =?x?q?\r\nContent-Type: text/plain; charset=nonsense\r\n\r\n\xff\r\n",
        (
            b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n--b\r\n"
            b"Content-Type: image/png\r\nContent-Disposition: attachment; filename=a.png\r\n\r\nx\r\n--b--\r\n"
        ),
        b"Content-Type: multipart/alternative; boundary=b\r\n\r\nnever closed",
        b"Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ntext\r\n",
        b"Date: never\r\nFrom: @@@\r\nTo: <\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!\r\n",
    ]
    for raw in strange:
        mailbox.accept("a@x.org", ("b@x.org",), raw)
    items = (await browser.get("/playground/mailbox/newest.json")).json()["items"]
    letters = [(await browser.get(f"/playground/mailbox/{item['number']}.json")) for item in items]
    assert [letter.status_code for letter in letters] == [200] * len(strange)
    assert letters[3].json()["attachments"][0]["filename"] == "a.png"
