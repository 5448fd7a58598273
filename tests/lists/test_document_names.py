"""Names of documents: one spelling of each, in any script, and nothing that a file system takes otherwise."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lists.documents.names import BadName, checked_name, folded, media_type_of, name_key, slot


@pytest.mark.parametrize(
    "name",
    [
        "", "   ", ".", "..", "...", "a/b", "/etc/passwd", "..\\..\\x", "a\0b", "a\nb", "a\x7fb", "a\x1b[31m", "C:x", "a*",
        "what?", "a<b", "a|b", 'a"b', "CON", "con.txt", "nul", "LPT1.tar.gz", "name.", "a\u2028b", "invoice\u202egpj.exe",
        "a\u2066b", "\ud800", "x" * 256, "é" * 128, "\ufeffa",
    ],
)  # fmt: skip
def test_a_name_that_could_be_taken_for_something_else_is_refused(name: str) -> None:
    with pytest.raises(BadName):
        checked_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "é",
        "日本語",
        "👩‍👩‍👧.png",
        "שלום.pdf",
        "می‌خواهم",
        ".profile",
        "a..b",
        "console.txt",
        "100%;'=+&#.txt",
        "x" * 255,
    ],
)
def test_a_name_in_any_script_stays_as_it_is(name: str) -> None:
    assert checked_name(f" {unicodedata.normalize('NFD', name)} ") == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Straße", "STRASSE"),
        ("é", "e\u0301"),
        ("ＡＢＣ", "abc"),
        ("ﬁle", "FILE"),
        ("a\u00adb", "ab"),
        ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
    ],
)
def test_names_that_some_file_system_takes_for_the_same_are_the_same(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)
    assert slot(None, one) != slot(1, other)


def test_names_that_differ_in_an_accent_are_two_and_both_are_found() -> None:
    assert name_key("été") != name_key("ete")
    assert folded("Été") == folded("ETE") == "ete"


@given(st.text())
def test_no_text_becomes_a_name_that_leads_elsewhere(text: str) -> None:
    try:
        name = checked_name(text)
    except BadName:
        return
    assert not set(name) & set('/\\\0\r\n"')
    assert name not in ("", ".", "..")
    assert len(name.encode()) <= 255
    assert checked_name(name) == name
    assert name_key(name_key(name)) == name_key(name)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("text/Plain; charset=utf-8", "text/plain"),
        ("image/svg+xml", "image/svg+xml"),
        ("text/html\r\nSet-Cookie: a=b", "application/octet-stream"),
        ("nonsense", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
def test_a_media_type_is_one_or_any_bytes(said: str, kept: str) -> None:
    assert media_type_of(said) == kept
