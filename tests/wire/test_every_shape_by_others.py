"""Every shape in which a post leaves is signed so that programs of others agree: opendkim, Debian's dkimverify and arcverify."""

from pathlib import Path

import pytest

from delivery.evidence import Checks
from delivery.signing.keys import SigningKey
from storage.database import Database
from tests.delivery.authentication.signing import Zone
from tests.delivery.signing.verifying import key
from tests.delivery.test_flow import a_list
from tests.wire.nsd import need_program, run_beside_dns
from tests.wire.test_corpus_delivery import SHAPES, clock, house, sign_for
from tests.wire.test_signatures_by_others import zones

__all__ = ["clock"]
pytestmark = pytest.mark.system

_HEAD = (
    "From: Ana =?utf-8?q?Mu=C3=B1oz?= <ana@author.example>\r\nTo: shapes@lists.example.org\r\n"
    "Subject: {subject}\r\nMessage-ID: <{name}@author.example>\r\nDate: Mon, 18 Mar 2030 12:00:00 +0000\r\n"
    "MIME-Version: 1.0\r\n{more}\r\n{body}"
)
_PLAIN = "Content-Type: text/plain; charset=utf-8\r\n"
_NESTED = (
    "--outer\r\nContent-Type: multipart/alternative; boundary=inner\r\n\r\n"
    "--inner\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    "Caf=C3=A9\r\n--inner\r\nContent-Type: text/html; charset=us-ascii\r\n\r\n<p>Cafe</p>\r\n--inner--\r\n"
    "--outer\r\nContent-Type: message/rfc822\r\n\r\nSubject: inside\r\n\r\nDeep.\r\n--outer--\r\n"
)
MESSAGES = {
    "plain": ("Hello", _PLAIN, "A line.\r\n\r\n\r\n"),
    "eight-bit": (
        "Hello",
        f"{_PLAIN}Content-Transfer-Encoding: 8bit\r\n",
        "Größe  \t und\r\n.\r\n..\r\nÜber\r\n",
    ),
    "smtputf8": ("Grüße an alle", f"{_PLAIN}Content-Transfer-Encoding: 8bit\r\n", "東京\r\n"),
    "large": ("Hello", _PLAIN, "A line of some length, again and again.\r\n" * 2_500),
    "nested": ("Hello", "Content-Type: multipart/mixed; boundary=outer\r\n", _NESTED),
    "empty": ("Hello", _PLAIN, ""),
}


@pytest.mark.parametrize("shape", SHAPES)
async def test_others_find_what_leaves_in_this_shape_good(
    sqlite: Database, tmp_path: Path, shape: str
) -> None:
    need_program("opendkim-testmsg", "opendkim-tools")
    need_program("arcverify", "python3-dkim")
    signing = (key(),)
    settings = {"send": "public", "message_size_limit": "10000000", "subject_tag": "shapes"} | SHAPES[shape]
    robot, mlist = await a_list(sqlite, "shapes", 2, **settings)
    await sign_for(sqlite, robot, signing)
    # What was found out about a message when it came is what is sealed.
    checks = Checks(sqlite.site.clock, Zone(), "mx.example.org")
    found: dict[str, list[str]] = {}
    async with house(sqlite, checks) as through:
        for name, (subject, more, body) in MESSAGES.items():
            raw = _HEAD.format(name=name, subject=subject, more=more, body=body).encode()
            answer, taken = await through.sent(raw, mlist.address, 2 if shape == "personal" else 1)
            assert answer.startswith("250"), (name, answer)
            for number, copy in enumerate(taken):
                wrong = _said_by_others(tmp_path, copy.data, *signing)
                if wrong:
                    found[f"{name} {number}"] = wrong
    assert not found, found


def _said_by_others(place: Path, went: bytes, *keys: SigningKey) -> list[str]:
    """What other people's programs have against a message that left."""
    wrong = []
    opendkim = run_beside_dns(place, zones(*keys), ["opendkim-testmsg"], went)
    if opendkim.returncode or opendkim.stderr:
        wrong.append(f"opendkim: {opendkim.stderr.decode()}")
    dkimverify = run_beside_dns(place, zones(*keys), ["/usr/bin/dkimverify"], went)
    if b"signature ok" not in dkimverify.stdout:
        wrong.append(f"dkimverify: {dkimverify.stdout.decode()}{dkimverify.stderr.decode()}")
    arcverify = run_beside_dns(place, zones(*keys), ["/usr/bin/arcverify"], went)
    if b"cv=b'pass'" not in arcverify.stdout:
        wrong.append(f"arcverify: {arcverify.stdout.decode()}{arcverify.stderr.decode()}")
    return wrong
