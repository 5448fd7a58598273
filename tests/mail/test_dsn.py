"""Notifications and complaints: who could not be reached, and who complained."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.dsn import DsnRecipient, is_dsn, parse_dsn, returned_message
from mail.feedback_report import parse_feedback_report
from mail.message import EmptyMessage, message_id, parse_message

REPORT = """\
From: MAILER-DAEMON@mx.example.net
Content-Type: multipart/report; report-type={kind}; boundary="b"

--b
Content-Type: text/plain

Sorry.
--b
Content-Type: message/{kind}

{fields}
--b
Content-Type: message/rfc822

Message-ID: <original@lists.example.org>
Subject: hello

text
--b--
"""


def dsn(fields: str) -> list[DsnRecipient]:
    """What a notification with these fields says."""
    return parse_dsn(parse_message(REPORT.format(kind="delivery-status", fields=fields).encode()))


def test_each_recipient_has_a_fate() -> None:
    assert dsn("""\
Reporting-MTA: dns; mx.example.net
Arrival-Date: Mon, 1 Jan 2026 00:00:00 +0000

Original-Recipient: rfc822;Alice@example.net
Final-Recipient: RFC822; <alice@mailbox.example.net>
Action: failed
Status: 5.1.1 (no such user)
Diagnostic-Code: smtp; 550 5.1.1
    User unknown

Final-Recipient: rfc822; bob@example.net
Action: Delayed
Status: 4.4.7
Will-Retry-Until: Tue, 2 Jan 2026 00:00:00 +0000

Final-Recipient: rfc822; carol@example.net
Action: relayed
Status: 2.0.0
""") == [
        DsnRecipient(
            "alice@mailbox.example.net", "Alice@example.net", "failed", "5.1.1", "550 5.1.1    User unknown"
        ),
        DsnRecipient("bob@example.net", None, "delayed", "4.4.7", ""),
        DsnRecipient("carol@example.net", None, "relayed", "2.0.0", ""),
    ]


@pytest.mark.parametrize(
    ("fields", "action", "status"),
    [
        ("Final-Recipient: rfc822; a@x.example\nAction: delayed\nStatus: 5.0.0", "delayed", "5.0.0"),
        ("Final-Recipient: rfc822; a@x.example\nStatus: 4.2.2", "delayed", "4.2.2"),
        ("Final-Recipient: a@x.example\nStatus: 5.2.2", "failed", "5.2.2"),
        ("Original-Recipient: rfc822;a@x.example\nAction: failed (x)", "failed", ""),
        ("Final-Recipient: rfc822;a@x.example\nDiagnostic-Code: smtp; 552 5.02.2 full", "failed", "5.2.2"),
        ("Final-Recipient: rfc822;a@x.example\nDiagnostic-Code: smtp; from 192.0.5.1.1", "failed", ""),
    ],
)
def test_what_a_server_left_out_is_filled_in_with_care(fields: str, action: str, status: str) -> None:
    (recipient,) = dsn(f"Reporting-MTA: dns; mx.example.net\n\n{fields}")
    assert (recipient.final_recipient, recipient.action, recipient.status) == ("a@x.example", action, status)


def test_an_internationalised_recipient_is_read() -> None:
    raw = REPORT.format(
        kind="global-delivery-status",
        fields="Reporting-MTA: dns; mx\n\nFinal-Recipient: utf-8; \\x{7528}\\x{6237}@x.example\nAction: failed\nStatus: 5.1.1",
    )
    assert parse_dsn(parse_message(raw.encode()))[0].final_recipient == "用户@x.example"


def test_the_original_message_comes_with_it() -> None:
    returned = returned_message(parse_message(REPORT.format(kind="delivery-status", fields="").encode()))
    assert returned is not None
    assert message_id(returned) == "<original@lists.example.org>"
    assert returned_message(parse_message(b"Subject: x\r\n\r\n")) is None


def test_an_ordinary_message_is_no_notification() -> None:
    message = parse_message(b"Subject: Undelivered Mail\r\n\r\nFinal-Recipient: rfc822; a@x.example\r\n")
    assert not is_dsn(message)
    assert parse_dsn(message) == []


def test_a_read_receipt_is_no_notification_of_delivery() -> None:
    raw = REPORT.format(kind="disposition-notification", fields="Final-Recipient: rfc822; a@x.example")
    assert not is_dsn(parse_message(raw.encode()))


def test_a_complaint_names_the_return_path() -> None:
    raw = REPORT.format(
        kind="feedback-report",
        fields="Feedback-Type: Abuse\nUser-Agent: X/1\nOriginal-Mail-From: <l-bounce+abc@example.org>\n"
        "Original-Rcpt-To: <a@x.example>\nOriginal-Rcpt-To: b@x.example",
    )
    report = parse_feedback_report(parse_message(raw.encode()))
    assert report is not None
    assert (report.kind, report.reverse_path) == ("abuse", "l-bounce+abc@example.org")
    assert report.recipients == ("a@x.example", "b@x.example")
    assert parse_feedback_report(parse_message(b"Subject: x\r\n\r\n")) is None


def test_a_huge_report_is_cut_short() -> None:
    assert len(dsn("x: y\n\n" + "Final-Recipient: rfc822; a@x.example\n\n" * 3000)) == 1000


@given(
    st.lists(
        st.sampled_from(
            [
                "Final-Recipient:",
                "rfc822;",
                "utf-8;",
                "\\x{110000}",
                "\\x{d800}",
                "\n",
                " ",
                "Status: 5.",
                "1.1",
                "Action:",
                "é",
            ]
        ),
        max_size=15,
    ).map("".join)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=100)
)
def test_no_report_raises(fields: str) -> None:
    for recipient in dsn(fields):
        assert recipient.final_recipient.encode()


@given(st.binary(max_size=200))
def test_no_bytes_in_a_report_raise(raw: bytes) -> None:
    head = (
        b"Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n"
    )
    try:
        message = parse_message(head + raw)
    except EmptyMessage:
        return
    assert all(recipient.action for recipient in parse_dsn(message))
    assert parse_feedback_report(message) is None
    assert returned_message(message) is None or b"rfc822" in raw
