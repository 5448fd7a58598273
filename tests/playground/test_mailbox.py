"""The mailbox keeps the newest messages, across restarts, and never half a record."""

from pathlib import Path

from playground.mailbox import BYTES, Mailbox


def _subjects(mailbox: Mailbox) -> list[str]:
    return [item.subject for item in mailbox.messages()]


def _fill(mailbox: Mailbox, first: int, last: int) -> None:
    for number in range(first, last + 1):
        mailbox.accept("a@x.org", ("b@x.org",), f"Subject: {number}\r\n\r\n\xe9\r\n".encode("latin-1"))


def test_each_recipient_of_a_transaction_gets_an_item() -> None:
    mailbox = Mailbox()
    mailbox.accept("a@x.org", ("b@x.org", "c@x.org"), b"Subject: one\r\n\r\n")
    assert [(item.to, item.sender, item.subject) for item in mailbox.messages()] == [
        ("b@x.org", "a@x.org", "one"),
        ("c@x.org", "a@x.org", "one"),
    ]


def test_only_the_newest_messages_are_kept_in_memory() -> None:
    mailbox = Mailbox(capacity=3)
    _fill(mailbox, 1, 5)
    assert _subjects(mailbox) == ["3", "4", "5"]
    assert mailbox.message(2) is None
    newest = mailbox.message(5)
    assert newest is not None
    assert newest.subject == "5"


def test_messages_after_a_number_can_be_asked_for() -> None:
    mailbox = Mailbox()
    _fill(mailbox, 1, 4)
    assert [item.number for item in mailbox.messages(after=2)] == [3, 4]


async def test_a_restart_shows_the_same_mail(tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path)
    _fill(mailbox, 1, 3)
    await mailbox.stop()
    again = Mailbox(tmp_path)
    assert [(item.to, item.sender, item.raw, item.received_at) for item in again.messages()] == [
        (item.to, item.sender, item.raw, item.received_at) for item in mailbox.messages()
    ]


async def test_the_files_hold_at_most_twice_the_capacity_and_the_newest_survive(tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path, capacity=4)
    _fill(mailbox, 1, 21)
    await mailbox.stop()
    lines = sum(len(path.read_bytes().splitlines()) for path in tmp_path.iterdir())
    assert 4 <= lines <= 8
    assert _subjects(Mailbox(tmp_path, capacity=4)) == ["18", "19", "20", "21"]


async def test_a_line_that_a_kill_cut_short_is_dropped_and_the_next_message_is_whole(tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path)
    _fill(mailbox, 1, 2)
    await mailbox.stop()
    with (tmp_path / "mailbox.jsonl").open("ab") as file:
        file.write(b'{"from": "a@x.org", "to": ["b@')
    again = Mailbox(tmp_path)
    assert _subjects(again) == ["1", "2"]
    _fill(again, 3, 3)
    await again.stop()
    assert _subjects(Mailbox(tmp_path)) == ["1", "2", "3"]


def test_big_messages_push_out_older_ones_before_they_fill_the_memory() -> None:
    mailbox = Mailbox()
    big = bytes(BYTES // 4)
    for number in range(5):
        mailbox.accept("a@x.org", (f"p{number}@x.org",), big)
    assert [item.to for item in mailbox.messages()] == ["p1@x.org", "p2@x.org", "p3@x.org", "p4@x.org"]
