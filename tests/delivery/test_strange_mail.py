"""A thousand strange messages: each gets an answer, none breaks anything, and none that was taken is lost."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from delivery.reception import receive
from mail.message import parse_message
from storage import deliveries, lists, posts
from storage.database import Database
from storage.tables.lists import MailingList
from tests.delivery.test_flow import a_list, a_message, posts_of

FIELD_NAMES = [
    "From", "Sender", "To", "Subject", "Message-ID", "In-Reply-To", "References", "Date", "MIME-Version", "Content-Type",
    "Content-Transfer-Encoding", "List-Id", "X-Loop", "Auto-Submitted", "Received", "Return-Path", "Precedence",
]  # fmt: skip
BODIES = st.one_of(
    st.sampled_from(
        [
            b"m0@example.edu",
            b"M <m0@example.edu>",
            b"=?utf-8?b?4pyT?= <m0@example.edu>",
            b"m0@example.edu, m1@example.edu",
            b"<1@example.edu>",
            b'multipart/mixed; boundary="x',
            b"text/plain; charset=iso-2022-jp",
            b"base64",
            b"=?gb18030?q?=81=30=81?=",
            b"",
        ]
    ),
    st.binary(max_size=60),
)
FIELDS = st.builds(
    lambda name, sep, body, end: name.encode() + sep + body + end,
    st.sampled_from(FIELD_NAMES),
    st.sampled_from([b": ", b":", b" : ", b"", b":\r\n "]),
    BODIES,
    st.sampled_from([b"\r\n", b"\n", b"\r"]),
)
MESSAGES = st.one_of(
    st.binary(min_size=0, max_size=300),
    st.builds(
        lambda fields, body: b"".join(fields) + b"\r\n" + body,
        st.lists(FIELDS, max_size=12),
        st.binary(max_size=200),
    ),
    st.builds(
        lambda at, what: a_message()[:at] + what + a_message()[at:],
        st.integers(0, 120),
        st.binary(max_size=12),
    ),
)
SUFFIXES = st.sampled_from(
    ["", "", "", "-request", "-owner", "-editor", "-subscribe", "-unsubscribe", "-bounce", "-bounce+aaaa"]
)
PATHS = st.sampled_from(["m0@example.edu", "", "x@example.net"])


@settings(
    max_examples=1_000,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
@given(raw=MESSAGES, suffix=SUFFIXES, path=PATHS)
async def test_strange_mail_is_answered_and_never_lost(
    sqlite: Database, raw: bytes, suffix: str, path: str
) -> None:
    mlist = await the_list(sqlite)
    before = await count(sqlite, mlist)
    reply = await receive(sqlite, path, f"welcome{suffix}@lists.example.org", raw)
    assert reply.code in {250, 550, 552, 554}, reply
    taken = await count(sqlite, mlist) - before
    assert taken in {0, 1}
    if taken:
        newest = (await posts_of(sqlite, mlist))[0]
        async with sqlite.read() as reader:
            kept = await posts.raw(reader, newest.message_id or 0) or b""
        assert kept == parse_message(raw).raw


async def count(database: Database, mlist: MailingList) -> int:
    async with database.read() as reader:
        return len(await deliveries.of_list(reader, mlist.id, before=2**62, limit=10_000))


async def the_list(database: Database) -> MailingList:
    async with database.read() as reader:
        found = await lists.find(reader, "welcome", "lists.example.org")
    return found or (await a_list(database, send="public"))[1]
