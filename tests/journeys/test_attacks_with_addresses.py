"""Somebody hostile in how an address is written: what two programs would read as two mailboxes is nobody's at every edge."""

import pytest

from delivery import reception
from mail.message import parse_message
from tests.journeys.hostile_world import Hostile
from tests.server.pages_world import HOST

START = """mutation ($input: SignInStartInput!) { signInStart(input: $input) {
  step { __typename } userErrors { code path } } }"""
ACT = """mutation ($input: {kind}Input!) {{ {name}(input: $input) {{ userErrors {{ code path }} }} }}"""
TWOFOLD = [
    "alice@example.edu,mallory@example.net",
    "alice@example.edu(@example.net",
    "alice(mallory@example.net)@example.edu",
    "<alice@example.edu>mallory@example.net",
    "@example.net:alice@example.edu",
    "=?utf-8?q?alice=40example.edu=3e=00?=@example.net",
    "=?x?q?alice=40example.edu=2c?=mallory@example.net",
    '"=?utf-7?q?&AGE-lice?="@example.edu',
    "alice@example.edu\r\nBcc: mallory@example.net",
    "alice@example.edu\0@example.net",
    "alice@example.edu @example.net",
    "alice@example.edu\u3000@example.net",
    "alice@[example.edu]",
    "alice@example.edu.",
    "alice@@example.edu",
]
# Odd, and still one mailbox at example.net to everybody who reads by the standard.
ODD = [
    '"alice@example.edu>,<mallory"@example.net',
    '"alice@example.edu"@example.net',
    "alice%example.edu@example.net",
    "example.edu!alice@example.net",
]


async def is_refused(hostile: Hostile, name: str, token: str, input: dict[str, object]) -> bool:
    document = ACT.format(kind=f"{name[0].upper()}{name[1:]}", name=name)
    answer = await hostile.ask(document, token, input=input)
    return bool(answer.get("errors") or answer["data"][name]["userErrors"])


@pytest.mark.parametrize("text", TWOFOLD)
async def test_an_address_of_two_readings_is_refused_at_every_edge(hostile: Hostile, text: str) -> None:
    """Pitfall 9."""
    mallory, carol = await hostile.session(hostile.mallory), await hostile.session(hostile.world.carol)
    talk = await hostile.id_of(hostile.talk, carol)
    before = len(await hostile.letters())
    asked = await hostile.ask(START, input={"provider": "ticket", "identifier": text})
    assert asked.get("errors") or asked["data"]["signInStart"]["userErrors"]
    inputs: list[tuple[str, str, dict[str, object]]] = [
        ("emailLink", mallory, {"email": text}),
        ("mailingListSubscribe", mallory, {"mailingListId": talk, "email": text}),
        ("subscribersAdd", carol, {"mailingListId": talk, "emails": [text]}),
        ("subscribersInvite", carol, {"mailingListId": talk, "emails": [text]}),
        ("roleGrant", carol, {"mailingListId": talk, "email": text, "kind": "OWNER"}),
    ]
    for name, token, input in inputs:
        assert await is_refused(hostile, name, token, input), name
    assert len(await hostile.letters()) == before
    # Alice may write to this list; Mallory may not, whatever she puts into the field, which ends with its line.
    reply = await posted(hostile, f"From: mallory@example.net, {text}" if "\r" in text else f"From: {text}")
    assert reply == 550


@pytest.mark.parametrize("text", ODD)
async def test_an_odd_address_is_one_mailbox_and_not_the_one_in_it(hostile: Hostile, text: str) -> None:
    """Pitfall 9: quotes, per cent and exclamation marks lead nowhere else."""
    asked = await hostile.ask(START, input={"provider": "ticket", "identifier": text})
    assert asked["data"]["signInStart"]["userErrors"] == []
    [letter] = await hostile.letters()
    assert letter.to == text
    [mailbox] = parse_message(letter.raw).mailboxes("To")
    assert (str(mailbox.address), mailbox.address.domain) == (text, "example.net")
    assert await posted(hostile, f"From: {text}") == 550


@pytest.mark.parametrize(
    "fields",
    [
        "From: mallory@example.net\r\nSender: alice@example.edu",
        "Sender: alice@example.edu\r\nFrom: mallory@example.net",
        "From: mallory@example.net\r\nReply-To: alice@example.edu\r\nResent-From: alice@example.edu",
        "From: alice@example.edu <mallory@example.net>",
        '"From": alice@example.edu\r\nFrom: mallory@example.net',
        "From: mallory@example.net\r\n From: alice@example.edu",
        "From: mallory@example.net\r\nfrom: alice@example.edu",
        "From: alice@example.edu, mallory@example.net\r\nSender: alice@example.edu",
        "From: Team: alice@example.edu;\r\nSender: mallory@example.net",
        "From: =?utf-8?q?alice=40example.edu?= <mallory@example.net>",
        "X-From: alice@example.edu",
    ],
)
async def test_nobody_but_the_one_author_in_from_is_the_author(hostile: Hostile, fields: str) -> None:
    """Pitfall 11: other fields, other boxes and the envelope lend nobody's rights."""
    assert await posted(hostile, fields) == 550
    assert await posted(hostile, "From: alice@example.edu") == 250


async def posted(hostile: Hostile, fields: str) -> int:
    """The answer to a mail to a list for its subscribers, of whom Alice is one; the envelope says that it is hers."""
    to = hostile.world.welcome.address
    raw = f"{fields}\r\nTo: {to}\r\nSubject: x\r\nMessage-ID: <a@{HOST}>\r\n\r\nWords.\r\n"
    return (await reception.receive(hostile.world.db, "alice@example.edu", to, raw.encode())).code
