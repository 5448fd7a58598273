"""What a spam filter before us wrote on a message."""

import pytest

from mail.message import parse_message
from mail.spam_status import spam_status


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        (b"X-Spam-Status: Yes, score=9.1 required=5\r\n", "spam"),
        (b"X-Spam-Status: No, score=0.1\r\n", "ham"),
        (b"x-spam-flag: YES\r\n", "spam"),
        (b"X-Spam-Status: No\r\nX-Spam-Status: Yes\r\n", "spam"),
        (b"X-Spam-Status: Yessir\r\nX-Spam-Flag: no\r\n", "ham"),
        (b"X-Spam-Status: unsure\r\n", "unsure"),
        (b"X-Spam-Score: 9\r\n", "unknown"),
        (b"", "unknown"),
    ],
)
def test_the_last_word_of_the_filter_counts(fields: bytes, status: str) -> None:
    assert spam_status(parse_message(b"From: a@x.example\r\n" + fields + b"\r\nx\r\n")) == status
