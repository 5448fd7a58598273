"""What the DNS says about a key is told in words, and only the key itself passes."""

import base64

import pytest

from delivery.authentication.lookup import LookupFailed, Records
from delivery.signing.keys import public_part
from delivery.signing.published import Publication, check, record_of
from storage.tables.signing import Algorithm, DkimKey, KeyState
from tests.delivery.signing.verifying import key


def stored(algorithm: Algorithm = Algorithm.RSA2048) -> DkimKey:
    public = public_part(key(algorithm).private)
    return DkimKey(1, 1, None, "s1", algorithm, "", public, KeyState.NEW, 0, None, None, None)


class Answers:
    """A DNS that gives the same records for the one name."""

    def __init__(self, *records: bytes) -> None:
        self.records: Records = records

    async def txt(self, name: str) -> Records:
        assert name == "s1._domainkey.lists.example.org."
        return self.records


class Silence:
    """A DNS that does not answer."""

    async def txt(self, name: str) -> Records:
        raise LookupFailed(name)


OWN = record_of(stored(), "lists.example.org").text.encode()
PUBLIC = stored().public_key.encode()
OTHER = public_part(key(Algorithm.ED25519).private).encode()


@pytest.mark.parametrize(
    ("records", "publication", "words"),
    [
        ((OWN,), Publication.PUBLISHED, "shows this key"),
        ((OWN.replace(b"; ", b" ;  "),), Publication.PUBLISHED, "shows this key"),
        ((b"p=" + PUBLIC,), Publication.PUBLISHED, "shows this key"),
        ((b"p=" + PUBLIC[:50] + b" " + PUBLIC[50:],), Publication.PUBLISHED, "shows this key"),
        ((), Publication.ABSENT, "no TXT record"),
        ((OWN, OWN), Publication.SEVERAL, "2 TXT records"),
        ((b"v=DKIM1; k=rsa; p=" + OTHER,), Publication.OTHER_KEY, "another key"),
        ((b"v=DKIM1; k=ed25519; p=" + PUBLIC,), Publication.OTHER_KEY, "k=ed25519"),
        ((b"v=DKIM1; k=rsa; p=",), Publication.REVOKED, "revoked"),
        ((OWN + b"; t=y",), Publication.TESTING, "t=y"),
        ((OWN + b"; t=s:y",), Publication.TESTING, "t=y"),
        ((OWN + b"; h=sha1",), Publication.RESTRICTED, "SHA-256"),
        ((OWN + b"; s=tlsrpt",), Publication.RESTRICTED, "sign mail"),
        ((b"v=spf1 -all",), Publication.UNREADABLE, "not the record"),
        ((b"v=DKIM2; p=" + PUBLIC,), Publication.UNREADABLE, "not the record"),
        ((b"v=DKIM1; p=%%%",), Publication.UNREADABLE, "not the record"),
        ((b"\xff\xfe=;;;=",), Publication.UNREADABLE, "not the record"),
        ((b"",), Publication.UNREADABLE, "not the record"),
    ],
)
async def test_each_mistake_has_its_word_and_its_sentence(
    records: Records, publication: Publication, words: str
) -> None:
    found = await check(Answers(*records), stored(), "lists.example.org")
    assert found.publication is publication
    assert words in found.sentence
    assert found.is_published is (publication is Publication.PUBLISHED)


async def test_silence_is_not_absence() -> None:
    found = await check(Silence(), stored(), "lists.example.org")
    assert found.publication is Publication.UNANSWERED


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_the_record_is_cut_into_strings_that_a_server_can_hold(algorithm: Algorithm) -> None:
    record = record_of(stored(algorithm), "lists.example.org")
    assert "".join(record.strings) == record.text
    assert max(map(len, record.strings)) <= 255
    assert record.zone_line.startswith('s1._domainkey.lists.example.org. IN TXT ( "v=DKIM1; k=')
    assert base64.b64decode(record.text.partition("p=")[2])
