"""The XML that is read, and the many things that are not."""

import pytest

from identity.strict_xml import BadXML, read_xml

GOOD = b'<a xmlns="urn:x" xmlns:y="urn:y"><y:b c="1" y:d="2"> one &amp; <![CDATA[<two>]]> </y:b><b/></a>'


def test_elements_texts_and_attributes_are_read_with_their_namespaces() -> None:
    root = read_xml(GOOD)
    assert root.name == "{urn:x}a"
    (one,) = root.named("{urn:y}b")
    assert (one.text, one.attributes) == ("one & <two>", {"c": "1", "{urn:y}d": "2"})
    assert [each.name for each in root.everything()] == ["{urn:x}a", "{urn:y}b", "{urn:x}b"]
    assert read_xml(b"<bare/>").name == "bare"


@pytest.mark.parametrize(
    "raw",
    [
        b"<!DOCTYPE a><a/>",
        b'<!DOCTYPE a SYSTEM "http://127.0.0.1:1/x.dtd"><a/>',
        b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>',
        b'<!DOCTYPE a [<!ENTITY e "x"><!ENTITY f "&e;&e;&e;&e;&e;&e;&e;&e;">]><a>&f;</a>',
        b'<!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1:1/x">%p;]><a/>',
        b'<!DOCTYPE a [<!ATTLIST a b CDATA "default">]><a/>',
        b"<a>&undefined;</a>",
        b"<a>alice<!-- -->@example.edu</a>",
        b"<a><?php x?></a>",
        b"<a/><b/>",
        b"<a/>trailing",
        b"<a>",
        b"",
        b"  ",
        b"no XML",
        b"<a>\xff</a>",
        b'<?xml version="1.0" encoding="utf-7"?><a>+ADw-b/+AD4-</a>\xff',
        "<a/>".encode("utf-16"),
        b"<a>\x00</a>",
        b'<a b="1" b="2"/>',
        b'<a xmlns:x="urn:x" xmlns:y="urn:x" x:b="1" y:b="2"/>',
        b"<y:a/>",
        b"<a>" * 31 + b"</a>" * 31,
        b"<a>" + b"<b/>" * 10_001 + b"</a>",
        b"<a>" + b"x" * 300_000 + b"</a>",
    ],
    ids=lambda raw: repr(raw[:40]),
)
def test_everything_else_that_xml_has_is_refused(raw: bytes) -> None:
    """Pitfalls 27, 28 and 41."""
    with pytest.raises(BadXML):
        read_xml(raw)


def test_a_declared_encoding_changes_nothing() -> None:
    assert read_xml('<?xml version="1.0" encoding="iso-8859-1"?><a>é</a>'.encode()).text == "é"
